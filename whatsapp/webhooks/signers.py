"""Whose secret made a webhook's signature. Returns the name that is stored with the news (`webhooks.origin`).

Only the secrets of proved senders are tried: a secret that somebody typed opens nothing until the provider has
answered for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings

from businesses.credentials import CredentialsUnreadable
from businesses.tenancy import across_businesses
from whatsapp.models import Provider, Sender
from whatsapp.webhooks.origin import INSTALLATION

_ENDS = 1_000
_MOST_WORDS = 100
_MOST_SENDERS = 50
_MOST_APPS = 4
_QUOTED = re.compile(rb'"([A-Za-z0-9_]{1,64})"')
"""Bytes at each end, the words in them, and the candidates. Meta's bodies begin with the id of the first account."""

Fits = Callable[[str], bool]
"""Whether the request's signature was made with this secret."""


def meta_app(body: bytes, fits: Fits) -> str | None:
    """Returns `INSTALLATION`, or the key of a business's own Meta app; None if no known app signed this.

    The installation's secret comes first, so that its webhooks cost no query. The body isn't parsed: tried are the apps
    of the accounts whose ids stand at its beginning or end, so that a stranger's body costs one small query and at
    most four hashes.
    """
    if settings.WHATSAPP_APP_SECRET and fits(settings.WHATSAPP_APP_SECRET):
        return INSTALLATION
    named = {word.decode() for word in _QUOTED.findall(body[:_ENDS] + b"\n" + body[-_ENDS:])[:_MOST_WORDS]}
    with across_businesses():  # which app signed it tells the business
        senders = Sender.objects.filter(
            provider=Provider.CLOUD, account_id__in=named, app_key__gt="", proved_account__isnull=False
        )
        apps = {sender.app_key: sender for sender in senders.order_by("pk")[:_MOST_SENDERS]}
    tried = list(apps.items())[:_MOST_APPS]
    return next((key for key, sender in tried if fits(_secret(sender, "app_secret"))), None)


def twilio_account(account_sid: str, fits: Fits) -> str | None:
    """Returns the account that a webhook names if a token of that account signed it, else None.

    Twilio signs with the token of the account that owns the number. The body may name any account: it then has to be
    signed with that account's token, and speaks for that account's numbers only.
    """
    if not account_sid:
        return None
    if account_sid == settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and fits(settings.TWILIO_AUTH_TOKEN):
        return account_sid
    with across_businesses():  # the account tells the business
        numbers = Sender.objects.filter(provider=Provider.TWILIO, account_id=account_sid, proved_account__isnull=False)
        tokens = {_secret(sender, "auth_token") for sender in numbers}
    return account_sid if any(fits(token) for token in tokens) else None


def _secret(sender: Sender, name: str) -> str:
    try:
        return sender.credentials.get(name, "")
    except CredentialsUnreadable:
        return ""
