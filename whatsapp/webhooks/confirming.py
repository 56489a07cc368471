"""Telling people that their opt-out or opt-in was understood: one free text, within 24 h of their message."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from businesses.credentials import CredentialsUnreadable
from businesses.tenancy import across_businesses, acting_for
from whatsapp.models import InboundAction, InboundMessage
from whatsapp.people.messaging_settings import settings_of
from whatsapp.providers.base import Account, SendOutcome
from whatsapp.providers.registry import account_of, provider_for
from whatsapp.sending.threads import DatabaseThread

if TYPE_CHECKING:
    import aiohttp

logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=24)
BATCH = 50


async def confirm_choices(http: aiohttp.ClientSession, database: DatabaseThread, now: datetime) -> None:
    """Reply to every opt-out and opt-in without a reply. A reply whose outcome is unknown is not repeated."""
    for message in await database.run(unconfirmed, now):
        claimed = await database.run(claim, message, now)
        if claimed is None:
            continue
        account, text = claimed
        provider = provider_for(account.provider)
        result = await provider.send_text(http, account, message.address, text)
        if result.outcome in {SendOutcome.SAFE_RETRY, SendOutcome.THROTTLED, SendOutcome.RETRY}:
            await database.run(put_back, message)
        logger.info("Answered an opt-out or opt-in of business %s: %s", message.business_id, result.outcome)


def unconfirmed(now: datetime) -> list[InboundMessage]:
    """Returns opt-outs and opt-ins without a reply that may still be replied to."""
    with across_businesses():  # one loop serves every business
        return list(unconfirmed_rows(now).select_related("sender__business").order_by("received_at")[:BATCH])


def unconfirmed_rows(now: datetime) -> QuerySet[InboundMessage]:
    """Returns the rows that `unconfirmed` chooses from. Expects the businesses to be set."""
    return InboundMessage.objects.exclude(action="").filter(confirmed_at=None, received_at__gt=now - WINDOW)


def claim(message: InboundMessage, now: datetime) -> tuple[Account, str] | None:
    """Claim the reply for this process; None if another process has it, or if the number's secrets can't be read."""
    business = message.sender.business
    with acting_for(business):
        if not InboundMessage.objects.filter(pk=message.pk, confirmed_at=None).update(confirmed_at=now):
            return None
        settings = settings_of(business)
        with translation.override(business.language):
            if message.action == InboundAction.NO_PROMOS:
                text = _("You will get no more advertising from us. Write START to get it again.")
            elif message.action == InboundAction.OPT_OUT:
                text = settings.opt_out_reply or _(
                    "You will get no more messages from us. Write START to get them again."
                )
            else:
                text = settings.opt_in_reply or _("Welcome back: you will get our messages again.")
        try:
            return account_of(message.sender), text
        except CredentialsUnreadable:
            return None


def put_back(message: InboundMessage) -> None:
    """Release a message whose reply certainly did not leave, so that it is tried again later."""
    with acting_for(message.sender.business):
        InboundMessage.objects.filter(pk=message.pk).update(confirmed_at=None)
