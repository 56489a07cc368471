"""Sending messages to one person, with a commit before and after the request, as in a broadcast.

A message that never left is tried again for a while. One that may have been accepted is not: it stays unknown until
a report about it comes, and its writer sees that on the page.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from businesses.credentials import CredentialsUnreadable
from businesses.tenancy import across_businesses, acting_for
from whatsapp.inbox.direct_messages import window_end
from whatsapp.inbox.wishes import refuses
from whatsapp.models import DirectKind, DirectMessage, MessageTemplate
from whatsapp.providers.base import Account, Message, SendOutcome, SendResult
from whatsapp.providers.registry import account_of, provider_for, template_as_it_is
from whatsapp.reasons import Cause, Reason, reason
from whatsapp.sending import day_limits, known_as, letter_costs, spending
from whatsapp.sending.costs import from_micros, micros
from whatsapp.sending.limiter import limiter
from whatsapp.sending.outcomes import error_class
from whatsapp.sending.threads import DatabaseThread
from whatsapp.states import RecipientStatus
from whatsapp.template_variables import unfillable_part

if TYPE_CHECKING:
    import aiohttp

logger = logging.getLogger(__name__)

BATCH = 20
MOST_TRIES = 6
FIRST_WAIT = timedelta(seconds=2)
_AGAIN = {SendOutcome.SAFE_RETRY, SendOutcome.THROTTLED, SendOutcome.RETRY}
_FIXED = {
    SendOutcome.ACCEPTED: RecipientStatus.ACCEPTED,
    SendOutcome.HELD: RecipientStatus.HELD,
    SendOutcome.UNKNOWN: RecipientStatus.UNKNOWN,
}
_AWAITING = (RecipientStatus.SENDING, RecipientStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that this process may post now."""

    message: DirectMessage
    account: Account
    template: Message | None


async def send_waiting(http: aiohttp.ClientSession, database: DatabaseThread, now: datetime) -> None:
    """Post every message that is waiting."""
    due = await database.run(waiting, now)
    await asyncio.gather(*(_send(http, database, message, now) for message in due))


async def _send(http: aiohttp.ClientSession, database: DatabaseThread, message: DirectMessage, now: datetime) -> None:
    letter = await database.run(claim, message, now)
    if letter is None:
        return
    result = await _post(http, letter)
    await database.run(land, message, result, now)
    logger.info("Wrote to one person for business %s: %s", message.business_id, result.outcome)


def waiting(now: datetime) -> list[DirectMessage]:
    """Returns messages to send, oldest first. Messages of a dead process are marked as unknown."""
    with across_businesses():  # one loop serves every business
        lost(now).update(status=RecipientStatus.UNKNOWN, lease_until=None, error_class=SendOutcome.UNKNOWN.value)
        return list(due_rows(now).select_related("sender__business", "template").order_by("created_at")[:BATCH])


def due_rows(now: datetime) -> QuerySet[DirectMessage]:
    """Returns the messages to send. Expects the businesses to be set."""
    return DirectMessage.objects.filter(status=RecipientStatus.PENDING).exclude(next_attempt_at__gt=now)


def lost(now: datetime) -> QuerySet[DirectMessage]:
    """Returns the messages of dead processes. Expects the businesses to be set."""
    return DirectMessage.objects.filter(status=RecipientStatus.SENDING, lease_until__lt=now)


def claim(message: DirectMessage, now: datetime) -> Letter | None:
    """Claim a message for this process; None if another process has it, or if it can't be sent any more."""
    with acting_for(message.sender.business):
        try:
            account = account_of(message.sender)
            monthly = spending.monthly_budget(message.sender.business)
            problem = _unsendable(message, monthly, now)
        except CredentialsUnreadable:  # of the number, or the key that recognizes erased people
            _give_up(message, reason(Cause.CREDENTIALS_UNREADABLE), now)
            return None
        if problem:
            _give_up(message, problem, now)
            return None
        limiter().chat(message.sender, now.timestamp())
        lease = now + timedelta(seconds=2 * settings.WHATSAPP_TIMEOUT_S + 1)
        cost = letter_costs.price_of(message, now)
        with transaction.atomic():
            waits = DirectMessage.objects.filter(pk=message.pk, status=RecipientStatus.PENDING)
            counted = waits.select_for_update(skip_locked=True).values_list("cost_micros", flat=True).first()
            if counted is None:
                return None
            leaving = {"status": RecipientStatus.SENDING, "tries": message.tries + 1, "lease_until": lease}
            waits.update(**leaving, cost_micros=micros(cost))
            if not spending.reserve(message.sender.business, None, cost - from_micros(counted), monthly, now):
                transaction.set_rollback(True)  # another process was faster: the next turn says so
                return None
            unpriced = 0 if letter_costs.has_price(message, now) else 1
            day_limits.count(message.sender.business, 1, cost, now, unpriced=unpriced)
        return Letter(message, account, _template_message(message))


def _unsendable(message: DirectMessage, monthly: Decimal | None, now: datetime) -> Reason | None:
    """Returns why a message can't be sent any more; None if it can."""
    if because := day_limits.read(message.sender.business, now).because:
        return because
    if because := letter_costs.over_budget(message, monthly, now):
        return because
    if message.kind != DirectKind.REPLY:
        return _unsendable_template(message, message.template)
    is_open = window_end(message.sender, message.address, now) is not None
    return None if is_open else reason(Cause.WINDOW_OVER)


def _unsendable_template(message: DirectMessage, template: MessageTemplate | None) -> Reason | None:
    if template is None:
        return reason(Cause.TEMPLATE_GONE)
    is_to_a_person = message.kind == DirectKind.TEMPLATE
    if is_to_a_person and refuses(message.sender.business, message.address, template.category):
        return reason(Cause.OPTED_OUT_SINCE)  # while it waited, or the template is of another category now
    part = unfillable_part(template.components)
    return reason(Cause.TEMPLATE_UNFILLABLE, part=part) if part else None


def land(message: DirectMessage, result: SendResult, now: datetime) -> None:
    """Record the answer. If a report came before it, only the message id is added."""
    known_as.learn(message.sender.business, [(message.address, result)], now)
    tries = message.tries + 1
    again = result.outcome in _AGAIN and tries < MOST_TRIES
    status = RecipientStatus.PENDING if again else _FIXED.get(result.outcome, RecipientStatus.FAILED)
    wait = max(FIRST_WAIT * 2.0 ** (tries - 1), timedelta(seconds=result.retry_after_s or 0))
    with acting_for(message.sender.business):
        row = DirectMessage.objects.filter(pk=message.pk)
        changed = row.filter(status__in=_AWAITING).update(
            status=status,
            lease_until=None,
            next_attempt_at=now + wait if again else None,
            provider_message_id=result.message_id or None,
            accepted_at=now if result.outcome in {SendOutcome.ACCEPTED, SendOutcome.HELD} else None,
            failed_at=now if status == RecipientStatus.FAILED else None,
            error_code=result.code[:20],
            error_class=error_class(result),
            error_text=result.text[:500],
        )
        if not changed and result.message_id:
            row.filter(provider_message_id=None).update(provider_message_id=result.message_id)


async def _post(http: aiohttp.ClientSession, letter: Letter) -> SendResult:
    provider = provider_for(letter.account.provider)
    if letter.template:
        return await provider.send(http, letter.account, letter.template)
    message = letter.message
    return await provider.send_text(http, letter.account, message.address, message.text, message.pk)


def _template_message(message: DirectMessage) -> Message | None:
    if message.template is None or message.kind == DirectKind.REPLY:
        return None
    is_phone = message.address.startswith("+")
    return Message(message.pk, message.address, is_phone, template_as_it_is(message.template), message.params)


def _give_up(message: DirectMessage, why: Reason, now: datetime) -> None:
    DirectMessage.objects.filter(pk=message.pk, status=RecipientStatus.PENDING).update(
        status=RecipientStatus.FAILED, failed_at=now, next_attempt_at=None, **why.kept()
    )
