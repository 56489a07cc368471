"""Making the broadcasts of recurring ones when they are due: each occurrence exactly once.

The row of the series is locked, and the occurrence, its broadcast and the next date are committed together: a process
that is killed leaves either nothing or all of it, and a second one finds the date dealt with. The unique constraint on
(series, date) would refuse it anyway. From there the broadcast is like any other (docs/broadcasts.md).
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from businesses.tenancy import across_businesses, acting_for
from whatsapp.broadcasts import creation, lifecycle
from whatsapp.broadcasts.creation import NewBroadcast, Timing
from whatsapp.broadcasts.schedule import WALL_TIME_FORMAT
from whatsapp.errors import BadAudience
from whatsapp.models import Broadcast, BroadcastSeries, Occurrence, Outcome, SeriesPause, SeriesStatus, WindowZone
from whatsapp.numbers.refreshing import refresh_for
from whatsapp.reasons import Cause
from whatsapp.series.dates import late_after, look_ahead, repeat_of
from whatsapp.series.plans import choice_of, locked
from whatsapp.series.standing import has_moved, problems_of
from whatsapp.series.steering import hold

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 50
NOTHING_DUE = "no occurrence is due"
TRY_AGAIN = timedelta(minutes=5)
"""After this time it is tried again if the template or the number can't send right now, or if something failed."""
MOST_LATE = 400
"""Dates of one series that one call writes off: a year of days. The next call goes on."""


def make_due(now: datetime) -> int:
    """Make the broadcasts that are due, in any number of processes. Returns how many series were looked at."""
    found = due(now)
    for series in found:
        with acting_for(series.business):
            try:
                meet(series, now=now)
            except Exception:
                logger.exception("Series %s failed; it is tried again", series.pk)
                _postpone(series, now, is_waiting=False)
    return len(found)


def due(now: datetime) -> list[BroadcastSeries]:
    """Returns series that are to be looked at, the longest overdue first."""
    with across_businesses():  # one task serves every business, each series as its own business
        rows = due_rows(now).select_related("business", "sender", "template")
        return list(rows.order_by("try_at")[:MOST_AT_ONCE])


def occurs_now(now: datetime) -> bool:
    """Tell whether an occurrence waits to be made."""
    with across_businesses():  # see `due`
        return due_rows(now).exists()


def due_rows(now: datetime) -> QuerySet[BroadcastSeries]:
    """Returns the series that are to be looked at. Expects the businesses to be set."""
    return BroadcastSeries.objects.filter(status=SeriesStatus.ACTIVE, try_at__lte=now, business__is_active=True)


def meet(series: BroadcastSeries, *, now: datetime) -> None:
    """Deal with the occurrence that is due: make its broadcast, skip it, pause the series, or try again later."""
    refresh_for(series, now=now)  # asks the provider: never in the transaction
    with transaction.atomic():
        current = locked(series)
        if current.status != SeriesStatus.ACTIVE:
            return  # somebody paused or stopped it
        _write_off_late(current, now)
        if current.status == SeriesStatus.ACTIVE and current.next_at is not None and current.next_at <= now:
            _make(current, now)


def _write_off_late(current: BroadcastSeries, now: datetime) -> None:
    for _number in range(MOST_LATE):
        if current.next_at is None or now <= current.next_at + late_after(current):
            return
        _note(current, Outcome.UNSENDABLE if current.is_waiting else Outcome.LATE)


def _make(current: BroadcastSeries, now: datetime) -> None:
    if has_moved(current):
        return hold(current, SeriesPause.CATEGORY)
    if current.template.content_hash != current.template_hash:
        return hold(current, SeriesPause.TEMPLATE)
    if problems_of(current):
        return _postpone(current, now, is_waiting=True)
    try:
        with transaction.atomic():
            broadcast = creation.create(current.business, _plan(current), now=now)
    except BadAudience as error:
        if error.reason.cause == Cause.NOBODY_CHOSEN:
            return _note(current, Outcome.NOBODY)
        return hold(current, SeriesPause.PEOPLE)
    _note(current, Outcome.MADE, broadcast)
    lifecycle.schedule(broadcast, now=now)
    lifecycle.fire(broadcast, now=now)
    return None


def _plan(current: BroadcastSeries) -> NewBroadcast:
    """Returns what this occurrence's broadcast is created from. Its latest start counts from its own time."""
    repeat = repeat_of(current)
    if repeat is None or current.next_on is None or current.next_at is None:
        raise ValueError(NOTHING_DUE)
    local = current.next_at.astimezone(ZoneInfo(repeat.zone))
    return NewBroadcast(
        template=current.template,
        sender=current.sender,
        choice=replace(choice_of(current), besides=current.next_on.isoformat()),
        name=f"{current.name} · {current.next_on.isoformat()}",
        timing=Timing(
            wall_time=local.strftime(WALL_TIME_FORMAT),
            zone=repeat.zone,
            late_after_minutes=int(late_after(current).total_seconds()) // 60,
            send_from=current.send_from,
            send_until=current.send_until,
            window_zone=WindowZone(current.window_zone),
        ),
        budget=current.budget,
    )


def _note(current: BroadcastSeries, outcome: Outcome, broadcast: Broadcast | None = None) -> None:
    """Write down what became of the occurrence that is due, and look ahead to the next."""
    if current.next_on is None or current.next_at is None:
        raise ValueError(NOTHING_DUE)
    Occurrence.objects.create(
        business_id=current.business_id,
        series=current,
        on=current.next_on,
        at=current.next_at,
        outcome=outcome,
        broadcast=broadcast,
    )
    current.made += outcome == Outcome.MADE
    look_ahead(current, from_moment=None, behind=current.next_on)
    current.save(update_fields=["made", "status", "next_on", "next_at", "try_at", "is_waiting"])


def _postpone(series: BroadcastSeries, now: datetime, *, is_waiting: bool) -> None:
    """Try again later; `is_waiting`: because it can't be sent right now."""
    rows = BroadcastSeries.objects.filter(pk=series.pk, status=SeriesStatus.ACTIVE, next_on=series.next_on)
    rows.update(try_at=now + TRY_AGAIN, is_waiting=is_waiting)
