"""Booking, moving and cancelling, without doubles.

Each action locks the calendars that it may book in, in one order, looks what is taken and writes, all in one
transaction: of two people who want the last time, the second waits a moment and is told the truth. Behind that the
database itself refuses overlapping rows (migration `appointments`). On SQLite every transaction excludes all others.

Callers are bound to hours, steps and notice. Members may book outside of them, but never what is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from businesses import audit
from businesses.audit import AuditKind
from businesses.calendar import offers, telling
from businesses.calendar.availability import hours_by_calendar, loads, offering, shape_of, taken
from businesses.calendar.slots import Span, is_free
from businesses.errors import SlotNotOffered, SlotTaken
from businesses.happenings import Happening
from businesses.models import Appointment, AppointmentStatus, Business, Calendar, MadeBy, Service

MOST_UPCOMING = 5
"""Appointments that one telephone number may have ahead, by calls: nobody fills a calendar by ringing up."""
_FARTHEST = timedelta(days=2 * 366)
_FARTHEST_BACK = timedelta(days=366)
_AROUND = timedelta(days=1)


class Reason(StrEnum):
    """Why a time can't be booked, moved or cancelled."""

    NOT_OFFERED = "not_offered"
    """Outside of the hours, too soon, too late, or in a calendar or service that can't be booked."""
    TOO_LATE = "too_late"
    """The appointment is too near for a caller to move or cancel it."""
    TOO_MANY = "too_many"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom the appointment is for. `number`: E.164, or "" if unknown."""

    name: str = ""
    number: str = ""
    note: str = ""
    agrees_to_reminder: bool = False


def book(
    business: Business,
    service: Service,
    guest: Guest,
    *,
    start: datetime,
    now: datetime,
    calendar: Calendar | None = None,
    call: UUID | None = None,
    key: UUID | None = None,
    made_by: MadeBy = MadeBy.PERSON,
    only_offered: bool = False,
) -> Appointment:
    """Book a time, in any calendar that offers the service if none is given. Expects the business to be set.

    `call`: the call whose caller books; without it `made_by` says who does. `only_offered`: bound as callers are.
    A `key` that was used before returns what it booked.

    Raises:
        SlotTaken: the time is not free; the error has the next ones.
        SlotNotOffered: it can't be booked at all.
    """
    with transaction.atomic():
        calendars = _locked([each for each in offering(business, service) if calendar in {None, each}])
        if key is not None and (made := Appointment.objects.filter(business=business, pk=key).first()):
            return made
        if call is not None and guest.number:
            _demand_few(business, guest.number, now)
        wish = _Wish(business, service, start.astimezone(UTC), now, by_caller=only_offered or call is not None)
        found = _choose(wish, [each for each in calendars if each.is_active])  # as it is now, not as it was
        held = shape_of(service).held(wish.start)
        appointment = Appointment(
            id=key or uuid4(),
            business=business,
            calendar=found,
            service=service,
            starts_at=wish.start,
            ends_at=wish.start + shape_of(service).length,
            held_from=held.start,
            held_until=held.end,
            name=guest.name,
            number=guest.number,
            note=guest.note,
            made_by=MadeBy.CALL if call else made_by,
            call=call,
            made_at=now,
            reminder_agreed_at=now if guest.agrees_to_reminder else None,
        )
        _write(appointment, wish, calendars, is_new=True)
        _note(appointment, "made")
        telling.told(appointment, Happening.APPOINTMENT_MADE, now=now)
        return appointment


def move(
    appointment: Appointment,
    *,
    start: datetime,
    now: datetime,
    calendar: Calendar | None = None,
    by_caller: bool = False,
) -> Appointment:
    """Move an appointment to another time, in its own calendar if none is given. It keeps its length.

    Moved to where it is, it stays as it is and nobody is told.

    Raises:
        SlotTaken, SlotNotOffered: as `book` does; the appointment keeps its time.
    """
    business, service = appointment.business, appointment.service
    with transaction.atomic():
        target = calendar or appointment.calendar
        _locked([target, appointment.calendar])
        current = _current(appointment)
        if not current.is_booked:
            raise SlotNotOffered(Reason.CANCELLED)
        target = calendar or current.calendar
        wish = _Wish(business, service, start.astimezone(UTC), now, by_caller=by_caller, but=current.pk)
        if (wish.start, target.pk) == (current.starts_at, current.calendar_id):
            return current
        _demand_notice(current, now, by_caller=by_caller)
        _choose(wish, [target])
        before, shift, left = current.starts_at, wish.start - current.starts_at, current.calendar
        current.calendar = target
        current.moved_at = now if shift else current.moved_at
        current.starts_at, current.ends_at = wish.start, current.ends_at + shift
        current.held_from, current.held_until = current.held_from + shift, current.held_until + shift
        current.changed_at = _change(current, now)
        _write(current, wish, [target])
        _note(current, "moved", before=_clock(before, business), after=_clock(wish.start, business))
        telling.told(current, Happening.APPOINTMENT_MOVED, now=now, moved_from=before, left=left)
        return current


def cancel(appointment: Appointment, *, now: datetime, by_caller: bool = False) -> Appointment:
    """Cancel an appointment; its time is free at once. Cancelled again, it stays as it is and nobody is told.

    Raises:
        SlotNotOffered: it is too near for a caller to cancel it.
    """
    with transaction.atomic():
        _locked([appointment.calendar])
        current = _current(appointment)
        if not current.is_booked:
            return current
        _demand_notice(current, now, by_caller=by_caller)
        current.status, current.cancelled_at = AppointmentStatus.CANCELLED, now
        current.changed_at = _change(current, now)
        current.save(update_fields=["status", "cancelled_at", "changed_at"])
        _note(current, "cancelled")
        telling.told(current, Happening.APPOINTMENT_CANCELLED, now=now)
        return current


def restore(appointment: Appointment, *, now: datetime) -> Appointment:
    """Take a cancellation back, if the time is still free.

    Raises:
        SlotTaken: somebody has it by now.
    """
    with transaction.atomic():
        calendars = _locked([appointment.calendar])
        current = _current(appointment)
        if current.is_booked:
            return current
        wish = _Wish(current.business, current.service, current.starts_at, now, by_caller=False, but=current.pk)
        held = Span(current.held_from, current.held_until)
        if not is_free(held, taken(current.business, calendars, held.start, held.end)[current.calendar_id]):
            raise SlotTaken(wish.others(calendars))
        current.status, current.cancelled_at = AppointmentStatus.BOOKED, None
        current.changed_at = _change(current, now)
        _write(current, wish, calendars)
        _note(current, "rebooked")
        telling.told(current, Happening.APPOINTMENT_MADE, now=now)
        return current


@dataclass(frozen=True, slots=True)
class _Wish:
    """A start that somebody wants. `but`: the appointment that is to be moved there."""

    business: Business
    service: Service
    start: datetime
    now: datetime
    by_caller: bool
    but: UUID | None = None

    def others(self, calendars: Sequence[Calendar]) -> list[offers.Slot]:
        """Returns the next free times: after the wanted one, or the first ones if there are none."""
        active = [calendar for calendar in calendars if calendar.is_active]
        for first in (self.start, None):
            if found := offers.free_slots(
                self.business, self.service, now=self.now, calendars=active, first=first, but=self.but
            ):
                return found
        return []


def _choose(wish: _Wish, calendars: Sequence[Calendar]) -> Calendar:
    """Returns the emptiest calendar in which the start is free."""
    allowed = [calendar for calendar in calendars if _is_allowed(wish, calendar)] if not wish.by_caller else []
    if wish.by_caller and wish.service.is_active:
        hours = hours_by_calendar(wish.business, calendars)
        allowed = [
            calendar
            for calendar in calendars
            if offers.is_offered(
                wish.business, wish.service, calendar, wish.start, hours=hours[calendar.pk], now=wish.now
            )
        ]
    if not allowed:
        raise SlotNotOffered(Reason.NOT_OFFERED, wish.others(calendars) if wish.service.is_active else ())
    held = shape_of(wish.service).held(wish.start)
    spans = taken(wish.business, allowed, held.start - _AROUND, held.end + _AROUND, but=wish.but)
    free = [calendar for calendar in allowed if is_free(held, spans[calendar.pk])]
    if not free:
        raise SlotTaken(wish.others(calendars))
    busyness = loads(spans)
    return min(free, key=lambda calendar: (busyness[calendar.pk], calendar.name))


def _is_allowed(wish: _Wish, calendar: Calendar) -> bool:
    """Returns whether a member may book this start: any minute that a person could mean."""
    return (
        calendar.business_id == wish.business.pk
        and wish.start.second == wish.start.microsecond == 0
        and -_FARTHEST_BACK <= wish.start - wish.now <= _FARTHEST
    )


def _demand_few(business: Business, number: str, now: datetime) -> None:
    ahead = Appointment.objects.filter(
        business=business, number=number, starts_at__gt=now, status=AppointmentStatus.BOOKED, made_by=MadeBy.CALL
    )
    if ahead.count() >= MOST_UPCOMING:
        raise SlotNotOffered(Reason.TOO_MANY)


def _demand_notice(appointment: Appointment, now: datetime, *, by_caller: bool) -> None:
    if by_caller and appointment.starts_at < now + timedelta(hours=appointment.service.notice_hours):
        raise SlotNotOffered(Reason.TOO_LATE)


def _locked(calendars: Sequence[Calendar]) -> list[Calendar]:
    """Returns these calendars as they are now, each locked until the transaction ends."""
    rows = Calendar.objects.filter(pk__in={calendar.pk for calendar in calendars})
    return list(rows.select_for_update(no_key=True).order_by("pk"))


def _current(appointment: Appointment) -> Appointment:
    """Returns the row as it is now, locked: somebody may have moved or cancelled it meanwhile."""
    rows = Appointment.objects.select_related("business", "calendar", "service")
    return rows.select_for_update(of=("self",)).get(pk=appointment.pk)


def _change(appointment: Appointment, now: datetime) -> datetime:
    """Returns when it is changed: each time a second later at least, since other calendars count changes in seconds."""
    return max(now, (appointment.changed_at or appointment.made_at) + timedelta(seconds=1))


def _write(appointment: Appointment, wish: _Wish, calendars: Sequence[Calendar], *, is_new: bool = False) -> None:
    """Write the row. The database refuses one that overlaps, should the locks ever not hold."""
    try:
        with transaction.atomic():
            appointment.save(force_insert=is_new)
    except IntegrityError as error:
        if "overlap" not in str(error):
            raise
        raise SlotTaken(wish.others(calendars)) from error


def _clock(moment: datetime, business: Business) -> str:
    return f"{moment.astimezone(ZoneInfo(business.time_zone)):%Y-%m-%d %H:%M}"


def _note(appointment: Appointment, step: str, **details: Any) -> None:
    if appointment.call and step == "made":
        details["call"] = str(appointment.call)
    details["appointment"] = str(appointment.pk)
    audit.record(appointment.business, AuditKind.APPOINTMENT, step=step, **details)
