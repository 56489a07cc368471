"""The next occurrences of a stored series, and keeping the one that is due next in its row."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from whatsapp.models import BroadcastSeries, SeriesStatus
from whatsapp.people.messaging_settings import settings_of
from whatsapp.series.repeats import BadRepeat, Occasion, Repeat, from_kept, upcoming

SHOWN = 5


def repeat_of(series: BroadcastSeries) -> Repeat | None:
    """Returns the rule; None if a newer version of this program wrote it."""
    try:
        return from_kept(series.repeat)
    except BadRepeat:
        return None


def next_occasions(series: BroadcastSeries, *, now: datetime, most: int = SHOWN) -> list[Occasion]:
    """Returns when it occurs next: from the occurrence that is due, or if none is, from now on."""
    repeat = repeat_of(series)
    if repeat is None or series.status in {SeriesStatus.STOPPED, SeriesStatus.ENDED}:
        return []
    if repeat.times is not None:
        most = min(most, repeat.times - series.made)
    if series.status == SeriesStatus.ACTIVE and series.next_on:
        return upcoming(repeat, most=most, behind=series.next_on - timedelta(days=1))
    return upcoming(repeat, most=most, from_moment=now, behind=last_dealt_with(series))


def last_dealt_with(series: BroadcastSeries) -> date | None:
    """Returns the newest date of which an occurrence is on record: there is never a second one of it."""
    return series.occurrences.order_by("-on").values_list("on", flat=True).first()


def late_after(series: BroadcastSeries) -> timedelta:
    """Returns how late an occurrence may still be sent."""
    minutes = series.late_after_minutes
    return timedelta(minutes=settings_of(series.business).late_after_minutes if minutes is None else minutes)


def look_ahead(locked: BroadcastSeries, *, from_moment: datetime | None, behind: date | None) -> None:
    """Set the next occurrence in a row that is locked and active; without another one it has ended."""
    repeat = repeat_of(locked)
    is_used_up = repeat is None or (repeat.times is not None and locked.made >= repeat.times)
    found = [] if repeat is None or is_used_up else upcoming(repeat, most=1, from_moment=from_moment, behind=behind)
    locked.is_waiting = False
    if found:
        locked.next_on, locked.next_at, locked.try_at = found[0].on, found[0].at, found[0].at
    else:
        locked.next_on = locked.next_at = locked.try_at = None
        locked.status = SeriesStatus.ENDED
