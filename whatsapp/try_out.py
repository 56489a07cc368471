"""One message of a broadcast to oneself, before anybody else gets it. It is no recipient and counts nowhere."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from datetime import datetime

import aiohttp
from django.utils.translation import gettext as _

from businesses.models import User
from whatsapp import lifecycle
from whatsapp.errors import WhatsappError
from whatsapp.messaging_settings import region_of
from whatsapp.models import Broadcast, Recipient
from whatsapp.phone_numbers import NotANumber, to_e164
from whatsapp.providers.base import Account, Message, Outcome, SendResult
from whatsapp.providers.registry import account_of, provider_for, template_of
from whatsapp.states import RecipientStatus

TIMEOUT_S = 20
TAKEN = (Outcome.ACCEPTED, Outcome.HELD)


def send_test(broadcast: Broadcast, number: str, *, now: datetime, actor: User) -> str:
    """Send the message, with the values of the first person, to a number; the number as E.164.

    Raises:
        WhatsappError: it is no number, or WhatsApp did not take the message; the text says why.
    """
    try:
        address = to_e164(number, region_of(broadcast.business)).e164
    except NotANumber as error:
        raise WhatsappError(str(error)) from None
    message = Message(uuid.uuid4(), address, True, template_of(broadcast), first_values(broadcast))
    result = asyncio.run(_post(account_of(broadcast.sender), message))
    lifecycle.record(broadcast, "test message", now=now, detail=result.outcome.value, actor=actor)
    if result.outcome not in TAKEN:
        why = str(result.rule.explanation) if result.rule else result.text
        raise WhatsappError(_("The test message was not sent. %(why)s") % {"why": why})
    return address


def first_values(broadcast: Broadcast) -> Mapping[str, str]:
    """The values of the first person who will get a message; none before anybody is known."""
    rows = Recipient.objects.filter(broadcast=broadcast).exclude(status=RecipientStatus.SKIPPED)
    values: Mapping[str, str] = rows.order_by("pk").values_list("params", flat=True).first() or {}
    return values


async def _post(account: Account, message: Message) -> SendResult:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as http:
        return await provider_for(account.provider).send(http, account, message)
