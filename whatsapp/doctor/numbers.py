"""Every active WhatsApp number: does its provider still show it to our token? And Meta's way to our webhook."""

from __future__ import annotations

import http.client
import secrets
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from businesses.doctor import table
from businesses.doctor.table import ADDRESS, ASK_S, Check
from businesses.doctor.verdicts import Verdict, not_tried, ok, wrong
from businesses.doctor.web import Answer, fetch, no_answer, not_ours
from businesses.tenancy import across_businesses, acting_for
from whatsapp.models import Sender
from whatsapp.numbers.asking import ask
from whatsapp.providers.base import NotProved, ProviderUnavailable


def register() -> None:
    """Have it tried."""
    table.register("meta's way here", _way, needs=(ADDRESS,))
    table.register("whatsapp", _numbers, needs=(table.TABLES,))


def echoed(answer: Answer, challenge: str) -> Verdict:
    """Returns whether the webhook answered Meta's challenge."""
    if answer.status == 403:
        return wrong(
            "The webhook does not accept WHATSAPP_VERIFY_TOKEN.",
            "The web processes must have the same one as this command: restart them after changing .env.",
        )
    if answer.status != 200:
        return not_ours(answer)
    if answer.body.decode("utf-8", "replace") != challenge:
        return wrong("Something else answers for the webhook.", "Let the proxy pass /whatsapp/ on to a web process.")
    return ok("The webhook answers Meta's challenge.")


def refused(error: ProviderUnavailable) -> Verdict:
    """Returns what it means that the provider does not confirm a number, or does not answer."""
    if isinstance(error, NotProved):
        return wrong(str(error), "Its owner can enter a new token on the number's page; or run connect_whatsapp again.")
    return wrong(str(error), "Try again. If it stays so, let port 443 out to the provider.")


def _way() -> Iterator[Check]:
    yield Check("challenge", _ask_challenge)


def _numbers() -> Iterator[Check]:
    with across_businesses():  # every business's active numbers: the installation must reach them all
        senders = list(
            Sender.objects.filter(proved_account__isnull=False)
            .select_related("business")
            .order_by("business__slug", "created_at")
        )
    for place, sender in enumerate(senders, start=1):
        name = f"{sender.business.slug}, number {place} ({sender.provider})"
        yield Check(name, partial(_ask_sender, sender))


def _ask_challenge() -> Verdict:
    if not settings.WHATSAPP_VERIFY_TOKEN:
        return not_tried("WHATSAPP_VERIFY_TOKEN is not set: Meta can't be told to post here.")
    challenge = secrets.token_hex(8)
    asked = {"hub.mode": "subscribe", "hub.verify_token": settings.WHATSAPP_VERIFY_TOKEN, "hub.challenge": challenge}
    url = f"{settings.PUBLIC_URL}{reverse('whatsapp-webhook-cloud')}"
    try:
        return echoed(fetch(f"{url}?{urlencode(asked)}"), challenge)
    except (OSError, http.client.HTTPException) as error:
        return no_answer(error, url)


def _ask_sender(sender: Sender) -> Verdict:
    with acting_for(sender.business), translation.override("en"):
        try:
            ask(sender, lambda provider, http, account: provider.prove(http, account, vouched=True), timeout_s=ASK_S)
        except ProviderUnavailable as error:
            return refused(error)
    return ok("Its provider shows the number to our token.")
