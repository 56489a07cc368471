"""What becomes of the messages that a dead process had under way, by its logbook (`logbook`).

What it had not begun to post goes back to `pending`; what it was answered is accepted. The rest is the sweeper's, who
makes it unknown when its lease ends.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from businesses.tenancy import across_businesses
from whatsapp import recipients
from whatsapp.broadcasts import course, lifecycle
from whatsapp.broadcasts.course import Change, Times
from whatsapp.models import Attempt, AttemptOutcome, Broadcast, MessageTemplate, Recipient
from whatsapp.reasons import Cause, reason
from whatsapp.sending import logbook
from whatsapp.sending.logbook import DeadBook
from whatsapp.states import RecipientStatus

logger = logging.getLogger(__name__)

_AWAITING = (RecipientStatus.SENDING, RecipientStatus.UNKNOWN)


def books() -> Path | None:
    """Returns where sending processes of this installation keep their books on this machine (`logbook.books_of`)."""
    used = connection.settings_dict
    return logbook.books_of(f"{used['ENGINE']} {used['HOST']} {used['PORT']} {used['NAME']}")


def settle(now: datetime) -> int:
    """Settle what dead processes of this machine have left. Returns the number of messages."""
    settled = 0
    for path in logbook.books_at(books()):
        with logbook.taken_over(path) as book:
            if book is not None:
                settled += _settle(book, now)
    return settled


def _settle(book: DeadBook, now: datetime) -> int:
    with across_businesses():  # the dead process may have sent for any business
        unsent = _unsent(book.planned, now)
        accepted = _accepted(book.accepted, RecipientStatus.ACCEPTED, now)
        held = _accepted(book.held, RecipientStatus.HELD, now)
    logger.info("A sending process died: %d messages were not posted, %d were accepted", unsent, accepted + held)
    return unsent + accepted + held


def _unsent(attempts: Collection[uuid.UUID], now: datetime) -> int:
    rows = Recipient.objects.filter(attempt_id__in=attempts, status__in=_AWAITING)
    return sum(
        _take_back(broadcast, rows, now) for broadcast in Broadcast.objects.filter(pk__in=rows.values("broadcast"))
    )


def _take_back(broadcast: Broadcast, rows: QuerySet[Recipient], now: datetime) -> int:
    with transaction.atomic():
        recipients.locked(broadcast)
        mine = rows.filter(broadcast=broadcast).select_for_update().order_by("pk")
        found = dict(mine.values_list("pk", "attempt_id"))
        if not found:
            return 0
        goes_on = lifecycle.go_on(broadcast, now=now, because=reason(Cause.NEVER_ARRIVED))
        to = RecipientStatus.PENDING if goes_on else RecipientStatus.CANCELLED
        ended = Attempt.objects.filter(pk__in=[attempt for attempt in found.values() if attempt])
        ended.update(outcome=AttemptOutcome.REJECTED, finished_at=now, error={"class": "safe_retry"})
        return recipients.free(Recipient.objects.filter(pk__in=found), to=to, error_class="", error_text="")


def _accepted(message_ids: Mapping[uuid.UUID, str], to: RecipientStatus, now: datetime) -> int:
    moved = 0
    for attempt, message_id in message_ids.items():
        row = Recipient.objects.filter(attempt_id=attempt, status__in=_AWAITING)
        try:
            with transaction.atomic():
                left = row.select_for_update().values_list("broadcast", "accepted_at").first()
                if left is None or not recipients.free(
                    row, to=to, provider_message_id=message_id, accepted_at=now, error_class="", error_text=""
                ):
                    continue
                Attempt.objects.filter(pk=attempt).update(
                    outcome=AttemptOutcome.ACCEPTED, finished_at=now, provider_message_id=message_id
                )
                if to == RecipientStatus.HELD:
                    templates = MessageTemplate.objects.filter(broadcasts__recipients__attempt_id=attempt)
                    MessageTemplate.objects.filter(pk__in=templates.values("pk")).update(held_at=now)
                course.count([Change(left[0], Times(left[1]), Times(now))], now)
        except IntegrityError:  # another message has the id: this one stays unknown
            continue
        moved += 1
    return moved
