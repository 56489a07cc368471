"""The course of a broadcast, kept as it happens: how many were sent, delivered, read and had replied in each step.

It is what the chart shows and what the rate is computed from, so that a page reads some hundred steps and not every
person. Whoever changes one of these times in a row counts the change, in the same transaction and last in it: courses
are locked after everything else, so that no two transactions wait for each other.

A broadcast that began before courses were kept is counted from its rows, once, by a worker when somebody first looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Min, QuerySet

from whatsapp.broadcasts import cut_times
from whatsapp.models import Broadcast, BroadcastCourse, CourseStep, InboundMessage, Recipient

_WIDTHS: Final = (
    (timedelta(minutes=10), timedelta(seconds=5)),
    (timedelta(hours=6), timedelta(minutes=1)),
    (timedelta(days=3), timedelta(minutes=15)),
)
_WIDEST: Final = timedelta(hours=6)
SERIES: Final = {"sent": "accepted_at", "delivered": "delivered_at", "read": "read_at"}
"""What is counted, and the time of a recipient that says so. Replies have no column there."""


@dataclass(frozen=True, slots=True)
class Times:
    """When a person was reached, as their row says; `replied` is their first reply."""

    sent: datetime | None = None
    delivered: datetime | None = None
    read: datetime | None = None
    replied: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The times of `people` persons of a broadcast become others, or only their state does (`has_moved`)."""

    broadcast: UUID
    before: Times
    after: Times
    people: int = 1
    has_moved: bool = False


class Step(NamedTuple):
    """The people who were reached from `at` on, for as long as `width` says."""

    at: datetime
    sent: int = 0
    delivered: int = 0
    read: int = 0
    replied: int = 0


def width(age: timedelta) -> timedelta:
    """Returns how long a step lasts that begins at this age of a course: the older it is, the longer."""
    return next((step for until, step in _WIDTHS if age < until), _WIDEST)


def step_of(moment: datetime, begins_at: datetime, now: datetime) -> datetime:
    """Returns the beginning of the step that a moment belongs to.

    A provider's clock may differ from ours: what it says of the future was now, what it says of before was the start.
    """
    age = max(min(moment, now) - begins_at, timedelta(0))
    step = width(age)
    return begins_at + age // step * step


def begins_at(broadcast: Broadcast) -> datetime:
    """Returns when the course of a broadcast begins."""
    return broadcast.started_at or broadcast.created_at


def begin(broadcast: Broadcast) -> None:
    """Begin the course of a broadcast of which nothing has been sent yet."""
    BroadcastCourse.objects.bulk_create(
        [
            BroadcastCourse(
                business_id=broadcast.business_id,
                broadcast=broadcast,
                begins_at=begins_at(broadcast),
                is_counted=True,
            )
        ],
        ignore_conflicts=True,
    )


def count(changes: Iterable[Change], now: datetime) -> None:
    """Count changes, and forget what was counted before; call it last in the transaction that makes them."""
    changed = [change for change in changes if change.has_moved or change.before != change.after]
    if changed:
        heads = _locked({change.broadcast for change in changed})
        _add(_sums(changed, heads, now))
        _forget_tallies(heads.values())


def forget_tallies(broadcasts: Collection[UUID]) -> None:
    """Have the people of broadcasts counted anew (`tallies`); call it last in the transaction that moves them."""
    _forget_tallies(_locked(broadcasts).values())


def _forget_tallies(locked: Iterable[BroadcastCourse]) -> None:
    if kept := [head.pk for head in locked if head.tally is not None]:
        BroadcastCourse.objects.filter(pk__in=kept).update(tally=None)


def kept(broadcast: Broadcast) -> list[Step] | None:
    """Returns the steps of a course, in order; None if it has not been counted yet."""
    rows = CourseStep.objects.filter(course__broadcast=broadcast, course__is_counted=True).values_list(*Step._fields)
    steps = [Step._make(row) for row in rows]
    if not steps and not BroadcastCourse.objects.filter(broadcast=broadcast, is_counted=True).exists():
        return None
    return steps


def of(broadcast: Broadcast, now: datetime) -> list[Step]:
    """Returns the steps of a course, in order; if it has not been counted yet, it is now, which takes its time."""
    steps = kept(broadcast)
    if steps is None:
        _count_rows(broadcast, now)
        steps = kept(broadcast)
    return steps or []


def sent_before(rows: QuerySet[Recipient], broadcast: Broadcast) -> list[Change]:
    """Returns the changes of rows that are about to lose the time at which they were sent."""
    return [Change(broadcast.pk, Times(sent=at), Times(), people) for at, people in _by_second(rows, "accepted_at")]


def _by_second(rows: QuerySet[Recipient], field: str) -> list[tuple[datetime, int]]:
    """Returns each second of a time of these rows, and how many have it."""
    seconds = rows.filter(**{f"{field}__isnull": False}).order_by().annotate(second=cut_times.second(field))
    counted = seconds.values_list("second").annotate(people=Count("pk"))
    return [(cut_times.moment(second), people) for second, people in counted]


def _locked(broadcasts: Collection[UUID]) -> dict[UUID, BroadcastCourse]:
    """Lock the heads of courses, and return them by broadcast. Heads that are missing are made."""
    heads = BroadcastCourse.objects.filter(broadcast__in=broadcasts).order_by("broadcast").select_for_update()
    found = {head.broadcast_id: head for head in heads}
    if missing := set(broadcasts) - found.keys():
        BroadcastCourse.objects.bulk_create(
            [
                BroadcastCourse(business_id=business, broadcast_id=pk, begins_at=started_at or created_at)
                for pk, business, started_at, created_at in Broadcast.objects.filter(pk__in=missing)
                .order_by("pk")
                .values_list("pk", "business_id", "started_at", "created_at")
            ],
            ignore_conflicts=True,
        )
        found = {head.broadcast_id: head for head in heads.all()}
    return found


def _count_rows(broadcast: Broadcast, now: datetime) -> None:
    """Count the course of a broadcast from its rows, unless somebody else just did.

    Whoever changes a row waits for the head's lock: either the change is committed, and counted here, or it finds
    the course counted and adds itself.
    """
    with transaction.atomic():
        head = _locked({broadcast.pk})[broadcast.pk]
        if head.is_counted:
            return
        head.is_counted = True
        head.save(update_fields=["is_counted"])
        changes = [
            Change(broadcast.pk, Times(), Times(**{name: at}), people)
            for name, field in SERIES.items()
            for at, people in _by_second(Recipient.objects.filter(broadcast=broadcast), field)
        ]
        replies = InboundMessage.objects.filter(recipient__broadcast=broadcast).order_by()
        for _row, first in replies.values_list("recipient").annotate(first=Min("received_at")):
            changes.append(Change(broadcast.pk, Times(), Times(replied=first)))
        _add(_sums(changes, {broadcast.pk: head}, now))


_Sums = dict[tuple[UUID, int, datetime], list[int]]
_NAMES = tuple(Times.__dataclass_fields__)


def _sums(changes: Sequence[Change], heads: Mapping[UUID, BroadcastCourse], now: datetime) -> _Sums:
    """Returns what changes in each step (business, course, time): a number for each of `_NAMES`."""
    sums: defaultdict[tuple[UUID, int, datetime], list[int]] = defaultdict(lambda: [0] * len(_NAMES))
    for change in changes:
        head = heads.get(change.broadcast)
        if head is None or not head.is_counted:
            continue
        for place, name in enumerate(_NAMES):
            old, new = getattr(change.before, name), getattr(change.after, name)
            if old == new:
                continue
            for moment, people in ((old, -change.people), (new, change.people)):
                if moment is not None:
                    step = step_of(moment, head.begins_at, now)
                    sums[head.business_id, head.pk, step][place] += people
    return {key: numbers for key, numbers in sums.items() if any(numbers)}


def _add(sums: _Sums) -> None:
    """Add numbers to steps, which are begun where there are none yet, in one statement."""
    if not sums:
        return
    table = CourseStep._meta.db_table
    prepare = CourseStep._meta.get_field("at").get_db_prep_save
    key = CourseStep._meta.get_field("business").get_db_prep_save
    columns = ", ".join(f'"{name}"' for name in ("business_id", "course_id", "at", *_NAMES))
    row = f"({', '.join(['%s'] * (3 + len(_NAMES)))})"
    added = ", ".join(f'"{name}" = "{table}"."{name}" + EXCLUDED."{name}"' for name in _NAMES)
    values: list[Any] = []
    for (business, course, at), numbers in sorted(sums.items(), key=str):
        values += [key(business, connection), course, prepare(at, connection), *numbers]
    with connection.cursor() as cursor:
        cursor.execute(  # only names of columns are put into the text; values are passed as parameters
            f'INSERT INTO "{table}" ({columns}) VALUES {", ".join([row] * len(sums))} '  # noqa: S608
            f'ON CONFLICT ("course_id", "at") DO UPDATE SET {added}',
            values,
        )
