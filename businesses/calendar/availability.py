"""What a calendar's hours are, and what is taken in it. Expects the business to be set (`acting_for`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from businesses.calendar.slots import Shape, Span
from businesses.hours.calendar import Hours, read_pairs
from businesses.hours.reading import hours_of
from businesses.models import Appointment, AppointmentStatus, Business, BusyTime, Calendar, Service


def shape_of(service: Service) -> Shape:
    """Returns how long an appointment of this service lasts, and what it takes of a calendar."""
    return Shape(
        length=timedelta(minutes=service.minutes),
        before=timedelta(minutes=service.before_minutes),
        after=timedelta(minutes=service.after_minutes),
        step=timedelta(minutes=service.step_minutes),
    )


def hours_by_calendar(business: Business, calendars: Collection[Calendar]) -> dict[UUID, Hours | None]:
    """Returns each calendar's hours: its own week or the business's, on special days always the business's.

    None: neither has hours that can be reckoned with.
    """
    general = hours_of(business)
    found: dict[UUID, Hours | None] = {}
    for calendar in calendars:
        if calendar.hours is None:
            found[calendar.pk] = general
        else:
            week = tuple(read_pairs(pairs) for pairs in calendar.hours)
            zone = ZoneInfo(business.time_zone)
            found[calendar.pk] = replace(general, week=week) if general else Hours(zone, week)
    return found


def opened(hours: Hours | None, first: datetime, until: datetime) -> Iterator[Span]:
    """Yields the openings that may have a part between two moments."""
    if hours is None:
        return
    day = first.astimezone(hours.zone).date() - timedelta(days=1)  # a night that began the day before
    while day <= until.astimezone(hours.zone).date():
        for start, end in hours.intervals(day):
            yield Span(start, end)
        day += timedelta(days=1)


def taken(
    business: Business, calendars: Collection[Calendar], first: datetime, until: datetime, *, but: UUID | None = None
) -> dict[UUID, list[Span]]:
    """Returns what is taken in each calendar between two moments: appointments, without one (`but`), and busy times.

    Two queries.
    """
    found: dict[UUID, list[Span]] = {calendar.pk: [] for calendar in calendars}
    held = Appointment.objects.filter(
        business=business,
        calendar__in=list(found),
        status=AppointmentStatus.BOOKED,
        held_from__lt=until,
        held_until__gt=first,
    )
    if but is not None:
        held = held.exclude(pk=but)
    busy = BusyTime.objects.filter(business=business, calendar__in=list(found), starts_at__lt=until, ends_at__gt=first)
    for calendar_id, start, end in held.order_by().values_list("calendar", "held_from", "held_until"):
        found[calendar_id].append(Span(start, end))
    for calendar_id, start, end in busy.order_by().values_list("calendar", "starts_at", "ends_at"):
        found[calendar_id].append(Span(start, end))
    return found


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Returns when a day begins (UTC)."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def offering(business: Business, service: Service) -> list[Calendar]:
    """Returns the calendars that can be booked for a service, by name."""
    return list(Calendar.objects.filter(business=business, offers__service=service, is_active=True))


def loads(spans: Mapping[UUID, Collection[Span]]) -> dict[UUID, timedelta]:
    """Returns how much of each calendar is taken."""
    return {key: sum((span.end - span.start for span in each), timedelta(0)) for key, each in spans.items()}
