"""Starting, pausing, resuming and ending broadcasts.

Every change of state is one conditional UPDATE whose row count decides, committed together with its entry in the
broadcast's history. The loser of a race gets `IllegalChange`, and nothing has happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from businesses import audit
from businesses.audit import AuditKind
from businesses.models import User
from whatsapp import doorbell, recipients
from whatsapp.broadcasts import categories, course, people_files, telling
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast, BroadcastEvent, EventKind, Recipient
from whatsapp.people import file_names
from whatsapp.reasons import NO_REASON, Reason
from whatsapp.states import (
    OPEN,
    UNSENT,
    BroadcastStatus,
    PauseReason,
    RecipientStatus,
    broadcast_states_before,
)

LATE_AFTER_S = 300
"""A scheduled broadcast that starts later than this is marked as late in its history."""
CANCEL_BATCH = 5_000
AT_ONCE: Final = timedelta(0)
ALWAYS: Final = Q()
BEGINNINGS = (EventKind.RUNNING, EventKind.RESUMED, EventKind.REOPENED, EventKind.RETRIED)
NOT_STARTED = (BroadcastStatus.DRAFT, BroadcastStatus.SCHEDULED, BroadcastStatus.MISSED, BroadcastStatus.FAILED)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A change of state, its entry in the history, and the fields that change with it."""

    to: BroadcastStatus
    kind: EventKind
    data: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


def start_or_schedule(
    broadcast: Broadcast,
    *,
    refuse_unsendable: Callable[[Broadcast], None],
    now: datetime,
    actor: User | None = None,
    undo_for: timedelta = AT_ONCE,
) -> None:
    """Start a broadcast that `refuse_unsendable` accepts; a draft with a future start time is scheduled instead.

    One that starts begins to send after `undo_for`.

    Raises:
        IllegalChange: it can't be started from its present state.
        NotSendable: it must not be started as it is; nothing has changed.
    """
    if broadcast.status not in NOT_STARTED:
        raise IllegalChange(BroadcastStatus(broadcast.status), BroadcastStatus.PREPARING)
    refuse_unsendable(broadcast)
    waits = broadcast.scheduled_at is not None and now < broadcast.scheduled_at
    if broadcast.status == BroadcastStatus.DRAFT and waits:
        schedule(broadcast, now=now, actor=actor)
    else:
        _start(broadcast, now=now, actor=actor, undo_for=undo_for)


def _start(
    broadcast: Broadcast,
    *,
    now: datetime,
    actor: User | None = None,
    late_s: int | None = None,
    undo_for: timedelta = AT_ONCE,
) -> None:
    """Begin to send, without a check: whoever starts or schedules it has checked it. Raises `IllegalChange`.

    `late_s`: seconds since its scheduled time, if it had one.
    """
    with transaction.atomic():
        data = {} if late_s is None else {"late_s": late_s}
        change = StatusChange(BroadcastStatus.PREPARING, EventKind.STARTED, data, {"started_at": now + undo_for})
        apply(broadcast, change, now, actor, only_from=NOT_STARTED)
        if broadcast.audience_ready_at and not can_be_undone(broadcast, now):
            finish_preparing(broadcast, now=now)


def can_be_undone(broadcast: Broadcast, now: datetime) -> bool:
    """Returns whether it was started, and begins to send only later (`taking_back`)."""
    starts_at = broadcast.started_at
    return broadcast.status == BroadcastStatus.PREPARING and starts_at is not None and starts_at > now


def schedule(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Let the broadcast start automatically at its `scheduled_at`. Raises `IllegalChange`."""
    data = {"wall_time": broadcast.scheduled_wall_time, "zone": broadcast.scheduled_zone}
    apply(broadcast, StatusChange(BroadcastStatus.SCHEDULED, EventKind.SCHEDULED, data), now, actor)


def fire(broadcast: Broadcast, *, now: datetime) -> None:
    """Start a scheduled broadcast that is due, or mark it as missed. Raises `IllegalChange`."""
    scheduled_at, not_after = broadcast.scheduled_at, broadcast.not_after
    if not_after and now > not_after:
        data = {"not_after": not_after.astimezone(UTC).isoformat()}
        apply(broadcast, StatusChange(BroadcastStatus.MISSED, EventKind.MISSED, data), now)
        return
    late_s = (now - scheduled_at).total_seconds() if scheduled_at else 0.0
    if late_s > LATE_AFTER_S:
        Broadcast.objects.filter(pk=broadcast.pk).update(is_late=True)
    _start(broadcast, now=now, late_s=round(late_s))


def finish_preparing(broadcast: Broadcast, *, now: datetime) -> None:
    """The audience is frozen: begin to send. Raises `IllegalChange`."""
    change = StatusChange(BroadcastStatus.RUNNING, EventKind.RUNNING, {"people": broadcast.total or 0})
    with transaction.atomic():
        apply(broadcast, change, now)
        course.begin(broadcast)
        transaction.on_commit(lambda: file_names.fill(broadcast))  # contacts are locked before broadcasts, never after


def fail_preparing(broadcast: Broadcast, *, now: datetime, because: Reason) -> None:
    """The audience can't be frozen: mark the broadcast as failed; nothing was sent. Raises `IllegalChange`."""
    change = StatusChange(BroadcastStatus.FAILED, EventKind.FAILED, because.kept(), because.kept())
    apply(broadcast, change, now)


def pause(
    broadcast: Broadcast,
    *,
    now: datetime,
    reason: PauseReason = PauseReason.USER,
    because: Reason | None = None,
    resume_at: datetime | None = None,
    actor: User | None = None,
) -> None:
    """Stop sending; messages under way are finished. Raises `IllegalChange`.

    `because` adds detail to `reason`. With `resume_at` the broadcast resumes automatically.
    """
    data = {"pause_reason": reason.value} | _kept(because)
    fields = _kept(because) | {"pause_reason": reason, "resume_at": resume_at}
    apply(broadcast, StatusChange(BroadcastStatus.PAUSED, EventKind.PAUSED, data, fields), now, actor)


def resume(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Continue exactly where it stopped. Resuming after a trial of the first messages releases the rest.

    Resuming a pause for the template's new category accepts the category that the pause names.
    """
    to = BroadcastStatus.RUNNING if broadcast.audience_ready_at else BroadcastStatus.PREPARING
    fields: dict[str, Any] = {}
    data: dict[str, Any] = {}
    if broadcast.pause_reason == PauseReason.CANARY_REVIEW:
        fields["canary_reviewed_at"] = now
    with transaction.atomic():
        if broadcast.pause_reason == PauseReason.CATEGORY:
            data["category"] = broadcast.cause_data["new_category"]
            categories.accept(broadcast, data["category"])
        change = StatusChange(to, EventKind.RESUMED, data, fields)
        apply(broadcast, change, now, actor, only_from=(BroadcastStatus.PAUSED,))


def cancel(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Stop for good. Messages under way are finished; `finish_cancelling` marks the rest. Raises `IllegalChange`."""
    apply(broadcast, StatusChange(BroadcastStatus.CANCELLING, EventKind.CANCELLED), now, actor)


def finish_cancelling(broadcast: Broadcast, *, now: datetime) -> bool:
    """Mark unsent rows as cancelled. Returns whether the broadcast has ended. Safe to repeat and to interrupt."""
    while _cancel_some(broadcast):
        pass
    return _end(broadcast, StatusChange(BroadcastStatus.CANCELLED, EventKind.ENDED), now)


def complete_if_done(broadcast: Broadcast, *, now: datetime) -> bool:
    """End a running broadcast that has nothing left to send. Returns whether it was ended."""
    return _end(broadcast, StatusChange(BroadcastStatus.COMPLETED, EventKind.COMPLETED), now)


def reopen(broadcast: Broadcast, *, now: datetime, because: Reason, actor: User | None = None) -> None:
    """Run a completed broadcast again: rows proved to be unsent, or are retried. Raises `IllegalChange`."""
    fields = {"completed_at": None, "settled_at": None}
    change = StatusChange(BroadcastStatus.RUNNING, EventKind.REOPENED, because.kept(), fields)
    apply(broadcast, change, now, actor, only_from=(BroadcastStatus.COMPLETED,))


def go_on(broadcast: Broadcast, *, now: datetime, because: Reason, actor: User | None = None) -> bool:
    """Run the broadcast again if it was completed, since rows proved to be unsent. Returns False if it was cancelled.

    Call it in the transaction that changes the rows: it holds the broadcast's lock from here on.
    """
    current = recipients.locked(broadcast)
    if current.status == BroadcastStatus.COMPLETED:
        reopen(current, now=now, actor=actor, because=because)
    return current.status not in {BroadcastStatus.CANCELLED, BroadcastStatus.CANCELLING}


def running_since(broadcast: Broadcast) -> datetime | None:
    """Returns when it last began to run: by itself, or after somebody who had seen its failures resumed it."""
    begun = BroadcastEvent.objects.filter(broadcast=broadcast, kind__in=BEGINNINGS)
    return begun.order_by("-id").values_list("at", flat=True).first()


def record(
    broadcast: Broadcast,
    kind: EventKind,
    *,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    actor: User | None = None,
) -> None:
    """Add an entry to the broadcast's history; `BroadcastEvent` says which keys `data` may have."""
    BroadcastEvent.objects.create(
        business_id=broadcast.business_id, broadcast=broadcast, at=now, kind=kind, data=dict(data or {}), actor=actor
    )


_BEGINS = (BroadcastStatus.SCHEDULED, BroadcastStatus.PREPARING)
_NOT_PAUSED = {"pause_reason": "", "resume_at": None, **NO_REASON}


def _kept(because: Reason | None) -> dict[str, Any]:
    return because.kept() if because else {}


def apply(
    broadcast: Broadcast,
    change: StatusChange,
    now: datetime,
    actor: User | None = None,
    *,
    only_from: tuple[BroadcastStatus, ...] | None = None,
    only_if: Q = ALWAYS,
) -> None:
    """Make a change from the states that lead to it, or `only_from` some, with its history. Raises `IllegalChange`."""
    legal = broadcast_states_before(change.to) if only_from is None else only_from
    found = Broadcast.objects.filter(only_if, pk=broadcast.pk, status__in=legal)
    if change.to in _BEGINS:  # what was looked at, and nothing that has been taken back or is being edited
        found = found.filter(epoch=broadcast.epoch, edition=broadcast.edition, next_step="")
    with transaction.atomic():
        changed = found.update(status=change.to, epoch=F("epoch") + 1, **{**_NOT_PAUSED, **change.fields})
        broadcast.refresh_from_db()
        if not changed:
            raise IllegalChange(BroadcastStatus(broadcast.status), change.to)
        if change.to == BroadcastStatus.RUNNING:
            people_files.drop(broadcast)
        record(broadcast, change.kind, now=now, data=change.data, actor=actor)
        if actor is not None or audit.is_machine():
            note_person(broadcast, change.kind, actor)
        doorbell.ring()


def note_person(broadcast: Broadcast, kind: EventKind, actor: User | None) -> None:
    """Write what a person, or an operator's command, did to the broadcast into the business's audit log, too."""
    starts = kind in {EventKind.STARTED, EventKind.SCHEDULED}
    what = AuditKind.BROADCAST_STARTED if starts else AuditKind.BROADCAST_STEERED
    details = {"broadcast": str(broadcast.pk), "name": broadcast.name, "step": kind.value}
    audit.record(broadcast.business, what, person=actor, **details)


def _end(broadcast: Broadcast, change: StatusChange, now: datetime) -> bool:
    """Move to a final state, unless a row is still open. Returns whether it did.

    Whoever reopens a row holds the broadcast's lock (see `recipients.locked`).
    """
    still_open = Recipient.objects.filter(broadcast=OuterRef("pk"), status__in=OPEN)
    with transaction.atomic():
        recipients.locked(broadcast)
        ended = (
            Broadcast.objects.filter(pk=broadcast.pk, status__in=broadcast_states_before(change.to))
            .exclude(Exists(still_open))
            .update(status=change.to, epoch=F("epoch") + 1, completed_at=now, **_NOT_PAUSED)
        )
        if ended:
            people_files.drop(broadcast)
            record(broadcast, change.kind, now=now, data=change.data)
            telling.finished(broadcast, change.to, now=now)
    broadcast.refresh_from_db()
    return bool(ended)


def _cancel_some(broadcast: Broadcast) -> int:
    """Cancel some unsent rows and return their number. Rows locked by another process are left for the next call."""
    with transaction.atomic():
        unsent = Recipient.objects.filter(broadcast=broadcast, status__in=UNSENT)
        ids = list(unsent.select_for_update(skip_locked=True).values_list("pk", flat=True)[:CANCEL_BATCH])
        return recipients.free(unsent.filter(pk__in=ids), to=RecipientStatus.CANCELLED)
