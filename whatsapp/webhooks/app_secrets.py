"""Which Meta app signs a webhook: the installation's, or one that a business has for its own number."""

from __future__ import annotations

import json

from django.conf import settings

from businesses.credentials import CredentialsUnreadable
from businesses.tenancy import across_businesses
from whatsapp.models import Provider, Sender
from whatsapp.providers.cloud.webhooks import split


def app_secret(body: bytes) -> str:
    """Returns the secret that the signature of this body must be made with; "" if there is none.

    A business's own app may report only on that business's numbers: a webhook that names any other number or account
    must be signed by the installation's app.
    """
    numbers, accounts = _named(body)
    with across_businesses():  # the numbers in it tell the business
        senders = list(Sender.objects.filter(provider=Provider.CLOUD, account_id__in=accounts))
    own = {_own_secret(sender) for sender in senders}
    known = {sender.number_id for sender in senders}
    if len(own) == 1 and numbers <= known and len({sender.business_id for sender in senders}) == 1:
        return own.pop() or settings.WHATSAPP_APP_SECRET
    return settings.WHATSAPP_APP_SECRET


def _named(body: bytes) -> tuple[set[str], set[str]]:
    try:
        parcels = split(body)
    except (ValueError, json.JSONDecodeError):
        return set(), set()
    return {parcel.number_id for parcel in parcels if parcel.number_id}, {parcel.account_id for parcel in parcels}


def _own_secret(sender: Sender) -> str:
    try:
        return sender.credentials.get("app_secret", "")
    except CredentialsUnreadable:
        return ""
