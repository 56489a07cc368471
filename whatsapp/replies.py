"""Answering a person in free text, within 24 hours of their last message (WhatsApp: customer service window)."""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import datetime, timedelta

import aiohttp
from django.utils.translation import gettext as _

from businesses.credentials import CredentialsUnreadable
from businesses.models import Business, User
from whatsapp.errors import WhatsappError
from whatsapp.models import InboundMessage, Reply, ReplyState
from whatsapp.providers.base import Account, Outcome, SendResult
from whatsapp.providers.registry import account_of, provider_for

logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=24)
LONGEST = 4096
TIMEOUT_S = 20
_STATES = {
    Outcome.ACCEPTED: ReplyState.SENT,
    Outcome.HELD: ReplyState.SENT,
    Outcome.UNKNOWN: ReplyState.UNKNOWN,
}


def last_message(business: Business, address: str) -> InboundMessage | None:
    """The newest message of a person, which opens the window."""
    return InboundMessage.objects.filter(business=business, address=address).order_by("-received_at").first()


def open_until(message: InboundMessage) -> datetime:
    """Until when the person may be answered in free text."""
    return message.received_at + WINDOW


def reply(message: InboundMessage, text: str, *, form: uuid.UUID, now: datetime, by: User) -> Reply:
    """Send an answer. `form` is the form that it was written in: sent twice, it is answered once.

    Raises:
        WhatsappError: it was not sent; the text says why.
    """
    if now >= open_until(message):
        raise WhatsappError(
            _("The 24 hours since their last message are over. WhatsApp allows only a template now: send a broadcast.")
        )
    kept, is_new = Reply.objects.get_or_create(
        business_id=message.business_id,
        form=form,
        defaults={
            "sender": message.sender,
            "address": message.address,
            "text": text,
            "written_by": by,
            "written_at": now,
        },
    )
    if is_new:
        _deliver(kept, message)
    return kept


def _deliver(kept: Reply, message: InboundMessage) -> None:
    try:
        account = account_of(message.sender)
    except CredentialsUnreadable:
        kept.state, kept.error_text = ReplyState.FAILED, _("The number's access has to be set up again.")
    else:
        result = asyncio.run(_post(account, kept))
        kept.state = _STATES.get(result.outcome, ReplyState.FAILED)
        kept.provider_message_id = result.message_id
        if kept.state == ReplyState.FAILED:
            kept.error_text = (str(result.rule.explanation) if result.rule else result.text)[:500]
    kept.save(update_fields=["state", "provider_message_id", "error_text"])
    logger.info("Reply %s of business %s: %s", kept.pk, kept.business_id, kept.state)
    if kept.state == ReplyState.FAILED:
        raise WhatsappError(_("The answer was not sent. %(why)s") % {"why": kept.error_text})


async def _post(account: Account, kept: Reply) -> SendResult:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as http:
        return await provider_for(account.provider).send_text(http, account, kept.address, kept.text)
