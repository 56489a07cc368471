"""Whether a number's provider reports to us: asking it to, and when it last did."""

from __future__ import annotations

from datetime import datetime

from whatsapp.models import InboundMessage, Sender
from whatsapp.numbers.asking import ASK_TIMEOUT_S, ask


def ask_for_reports(sender: Sender, *, timeout_s: float = ASK_TIMEOUT_S) -> None:
    """Have the provider send news of the account to the app of the number's token. Safe to repeat.

    Raises:
        ProviderUnavailable: it did not answer, or refused.
    """
    ask(sender, lambda provider, http, account: provider.subscribe(http, account), timeout_s=timeout_s)


def last_heard(sender: Sender) -> datetime | None:
    """Returns when news of the number last came through the webhook: a person's message or a status; None if never."""
    messages = InboundMessage.objects.filter(sender=sender).order_by("-received_at")
    written = messages.values_list("received_at", flat=True).first()
    return max(filter(None, (written, sender.last_status_event_at)), default=None)
