"""Recording the answers of a wave: rows and attempts together, in one transaction.

A row changes only while it is `sending` (or `unknown`, if the sweeper was faster) with the same attempt that was
answered. If a webhook was faster than the answer, only the message id is added.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from whatsapp import recipients
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.course import Change, Times
from whatsapp.models import (
    Attempt,
    AttemptOutcome,
    Broadcast,
    MessageTemplate,
    Recipient,
    SuppressionCategory,
    SuppressionSource,
)
from whatsapp.people import suppressions
from whatsapp.providers.base import SendOutcome, SendResult
from whatsapp.reasons import Cause, reason
from whatsapp.sending.bulk import update_rows
from whatsapp.sending.claims import Departure
from whatsapp.sending.outcomes import NextState, change_for, error_class
from whatsapp.states import UNSENT, RecipientStatus

_OUTCOMES = {
    SendOutcome.ACCEPTED: AttemptOutcome.ACCEPTED,
    SendOutcome.HELD: AttemptOutcome.ACCEPTED,
    SendOutcome.UNKNOWN: AttemptOutcome.UNKNOWN,
}
_AWAITING = (RecipientStatus.SENDING, RecipientStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Landing:
    """An attempt that has ended."""

    departure: Departure
    result: SendResult


def record(broadcast: Broadcast, landings: Sequence[Landing], *, others_succeed: bool, now: datetime) -> list[Change]:
    """Commit the answers of one wave. `others_succeed`: other messages of the broadcast were accepted.

    Returns what changes in the broadcast's course; the caller counts it, last in its transaction.
    """
    by_row = {landing.departure.row.id: landing for landing in landings}
    with transaction.atomic(savepoint=False):
        rows = Recipient.objects.filter(pk__in=by_row).order_by("pk").select_for_update()
        states = rows.values_list("pk", "attempt_id", "status", "provider_message_id", "accepted_at")
        changes, late_ids, times, is_late = [], [], Counter[tuple[datetime | None, datetime | None]](), False
        for pk, attempt_id, status, message_id, sent_at in states:
            landing = by_row[pk]
            if attempt_id != landing.departure.attempt_id:
                continue
            if status in _AWAITING:
                changes.append(_new_values(landing, others_succeed, now))
                times[sent_at, changes[-1]["accepted_at"]] += 1
                is_late |= status == RecipientStatus.UNKNOWN
            elif message_id is None and landing.result.message_id:
                late_ids.append({"pk": pk, "provider_message_id": landing.result.message_id, "accepted_at": now})
                times[sent_at, now] += 1
        if is_late:
            _open_again(broadcast, changes, now)
        update_rows(Recipient, changes)
        update_rows(Recipient, late_ids)
        _finish_attempts(landings, now)
        if any(landing.result.outcome is SendOutcome.HELD for landing in landings):
            MessageTemplate.objects.filter(pk=broadcast.template_id).update(held_at=now)
        _suppress(broadcast, landings, now)
    return [Change(broadcast.pk, Times(old), Times(new), people) for (old, new), people in times.items()]


def _open_again(broadcast: Broadcast, changes: Sequence[dict[str, Any]], now: datetime) -> None:
    """Reopen the broadcast: the sweeper was faster than some answers, and it may have ended without the unsent rows."""
    unsent = [change for change in changes if change["status"] in UNSENT]
    if unsent and not lifecycle.go_on(broadcast, now=now, because=reason(Cause.ANSWERS_LATE)):
        for change in unsent:
            change.update(recipients.freed(RecipientStatus.CANCELLED))


def _new_values(landing: Landing, others_succeed: bool, now: datetime) -> dict[str, Any]:
    row, result = landing.departure.row, landing.result
    change: NextState = change_for(
        result,
        attempts=row.attempt_no + 1,
        refusals=row.refusals,
        others_succeed=others_succeed,
        now=now,
        chance=random.random(),  # noqa: S311 - spreads retries
    )
    accepted = change.status in {RecipientStatus.ACCEPTED, RecipientStatus.HELD}
    return {
        "pk": row.id,
        **recipients.freed(change.status, next_attempt_at=change.next_attempt_at),
        "skip_reason": change.skip_reason,
        "refusals": change.refusals,
        "provider_message_id": result.message_id or None,
        "accepted_at": now if accepted else None,
        "failed_at": now if change.status == RecipientStatus.FAILED else None,
        "error_code": result.code[:20],
        "error_class": error_class(result),
        "error_text": result.text[:500],
    }


def _finish_attempts(landings: Sequence[Landing], now: datetime) -> None:
    update_rows(
        Attempt,
        [
            {
                "pk": landing.departure.attempt_id,
                "finished_at": now,
                "outcome": _OUTCOMES.get(landing.result.outcome, AttemptOutcome.REJECTED),
                "http_status": landing.result.http_status,
                "provider_message_id": landing.result.message_id,
                "error": _error(landing.result),
            }
            for landing in landings
        ],
    )


def _error(result: SendResult) -> dict[str, Any] | None:
    if result.outcome in {SendOutcome.ACCEPTED, SendOutcome.HELD}:
        return None
    return dict(result.error) or {"class": result.outcome.value, "text": result.text}


def _suppress(broadcast: Broadcast, landings: Sequence[Landing], now: datetime) -> None:
    for landing in landings:
        if landing.result.outcome is SendOutcome.SUPPRESS:
            suppressions.suppress(
                broadcast.business,
                landing.departure.row.address,
                category=SuppressionCategory.MARKETING,
                source=SuppressionSource.PROVIDER,
                now=now,
            )
