"""Appointments by the API: what is free, and booking, moving and cancelling by the functions that the pages use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Status
from ninja.params.functions import Query

from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.calendar.offers import Slot, free_slots
from businesses.errors import SlotNotOffered, SlotTaken
from businesses.models import Appointment, AppointmentStatus, Business, Calendar, MadeBy, Service
from businesses.phone_numbers import NotDialable, dialable_e164
from businesses.validators import one_line
from frontdesk.api.appointment_shapes import (
    AppointmentIn,
    AppointmentOut,
    Calendars,
    Conflict,
    FreeOut,
    MoveIn,
    Services,
)
from frontdesk.api.entry import token_of
from frontdesk.api.once import created
from frontdesk.api.paging import MOST, USUAL, page
from frontdesk.api.problems import Refused
from frontdesk.api.shapes import Page, Problem

router = Router()

_FROM = Query(None, alias="from", description="Only what begins at this time or later.")
_UNTIL = Query(None, description="Only what begins before this time.")
_SAY = {
    "taken": "This time is taken. free has the next ones.",
    "not_offered": "This time can't be booked: outside of the hours, too soon or too far. free has the next ones.",
    "too_late": "It is too near to be moved without outside_hours.",
    "cancelled": "This appointment is cancelled.",
}


@router.get("/services", response=Services, operation_id="listServices")
def list_services(request: HttpRequest) -> Any:
    """List all services, by name."""
    rows = Service.objects.filter(business=token_of(request).business).prefetch_related("offers")
    return {"items": [_service(each) for each in rows]}


@router.get("/calendars", response=Calendars, operation_id="listCalendars")
def list_calendars(request: HttpRequest) -> Any:
    """List all calendars, by name."""
    rows = Calendar.objects.filter(business=token_of(request).business)
    return {"items": [{"id": each.pk, "name": each.name, "is_active": each.is_active} for each in rows]}


@router.get(
    "/services/{uuid:service_id}/free", response={200: FreeOut, 404: Problem, 422: Problem}, operation_id="listFree"
)
def list_free(  # noqa: PLR0917 - the query string
    request: HttpRequest,
    service_id: UUID,
    calendar: UUID | None = None,
    since: datetime | None = _FROM,
    until: datetime | None = _UNTIL,
    limit: int = Query(USUAL, ge=1, le=MOST),
) -> Any:
    """List the first times that callers could book now; each once, in the calendar that has the most time."""
    business = token_of(request).business
    service = get_object_or_404(Service.objects.prefetch_related("offers"), business=business, pk=service_id)
    only = None
    if calendar is not None:
        only = [get_object_or_404(Calendar, business=business, pk=calendar, offers__service=service, is_active=True)]
    first, last = (_moment(each, business) if each else None for each in (since, until))
    found: Sequence[Slot] = ()
    if service.is_active:
        found = free_slots(business, service, now=timezone.now(), calendars=only, first=first, until=last, most=limit)
    return {"service": _service(service), "items": _slots(found, business)}


@router.get(
    "/appointments", response={200: Page[AppointmentOut], 400: Problem, 422: Problem}, operation_id="listAppointments"
)
def list_appointments(  # noqa: PLR0917 - the query string
    request: HttpRequest,
    cursor: str | None = None,
    limit: int = Query(USUAL, ge=1, le=MOST),
    since: datetime | None = _FROM,
    until: datetime | None = _UNTIL,
    number: str = Query("", max_length=40),
    status: AppointmentStatus | None = None,
) -> Any:
    """List appointments, the latest start first."""
    business = token_of(request).business
    rows = Appointment.objects.filter(business=business).select_related("service", "calendar")
    given: dict[str, Any] = {
        "starts_at__gte": _moment(since, business) if since else None,
        "starts_at__lt": _moment(until, business) if until else None,
        "number": _number(number, business) if number else None,
        "status": status,
    }
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    found, following = page(rows, cursor, limit, by="starts_at")
    return {"items": [_shown(each, business) for each in found], "next": following}


@router.get(
    "/appointments/{uuid:appointment_id}", response={200: AppointmentOut, 404: Problem}, operation_id="getAppointment"
)
def get_appointment(request: HttpRequest, appointment_id: UUID) -> Any:
    """Get one appointment."""
    return _one(request, appointment_id)


@router.post(
    "/appointments",
    response={201: AppointmentOut, 200: AppointmentOut, 404: Problem, 409: Conflict, 422: Problem},
    operation_id="book",
)
def book(request: HttpRequest, given: AppointmentIn) -> Any:
    """Book a time. With an Idempotency-Key a repeated request gets the appointment that the first one made (200)."""
    business = token_of(request).business
    made, is_new = created(request, business, lambda: _booked(business, given))
    return Status(201 if is_new else 200, _one(request, made))


Answers = {200: AppointmentOut, 404: Problem, 409: Conflict, 422: Problem}


@router.post("/appointments/{uuid:appointment_id}/move", response=Answers, operation_id="moveAppointment")
def move(request: HttpRequest, appointment_id: UUID, given: MoveIn) -> Any:
    """Move it to another time or calendar. Moved to where it is, it stays as it is and nobody is told."""
    business, found = token_of(request).business, _found(request, appointment_id)
    calendar = get_object_or_404(Calendar, business=business, pk=given.calendar) if given.calendar else None
    start = _moment(given.starts_at, business)
    _tried(
        business,
        lambda: booking.move(
            found, start=start, now=timezone.now(), calendar=calendar, by_caller=not given.outside_hours
        ),
    )
    return _one(request, appointment_id)


@router.post(
    "/appointments/{uuid:appointment_id}/cancel", response={200: AppointmentOut, 404: Problem}, operation_id="cancel"
)
def cancel(request: HttpRequest, appointment_id: UUID) -> Any:
    """Cancel it; its time is free at once. Cancelled again, it stays as it is."""
    booking.cancel(_found(request, appointment_id), now=timezone.now())
    return _one(request, appointment_id)


def _booked(business: Business, given: AppointmentIn) -> UUID:
    service = get_object_or_404(Service, business=business, pk=given.service)
    calendar = get_object_or_404(Calendar, business=business, pk=given.calendar) if given.calendar else None
    number = _number(given.number, business) if given.number.strip() else ""
    name = one_line(given.name)
    if not name and not number:
        raise Refused(422, "Say who it is for: a name, a number, or both.")
    guest = Guest(name, number, one_line(given.note), agrees_to_reminder=given.reminder_agreed)
    start = _moment(given.starts_at, business)
    made = _tried(
        business,
        lambda: booking.book(
            business,
            service,
            guest,
            start=start,
            now=timezone.now(),
            calendar=calendar,
            made_by=MadeBy.PROGRAM,
            only_offered=not given.outside_hours,
        ),
    )
    return made.pk


def _tried(business: Business, act: Callable[[], Appointment]) -> Appointment:
    try:
        return act()
    except (SlotTaken, SlotNotOffered) as error:
        code = "taken" if isinstance(error, SlotTaken) else str(error.reason)
        raise Refused(409, _SAY[code], code=code, free=_slots(error.free, business, written=True)) from None


def _moment(given: datetime, business: Business) -> datetime:
    """Returns a moment; one without an offset is the business's local time. Refuses what no calendar shows."""
    if not 2000 < given.year < 2100:
        raise Refused(422, "Give a time of this century.")
    return given if given.tzinfo else given.replace(tzinfo=ZoneInfo(business.time_zone))


def _number(given: str, business: Business) -> str:
    try:
        return dialable_e164(given, business.region())
    except NotDialable:
        raise Refused(422, "This is no telephone number. Write it in full, like +972501234567.") from None


def _found(request: HttpRequest, appointment_id: UUID) -> Appointment:
    rows = Appointment.objects.select_related("business", "service", "calendar")
    return get_object_or_404(rows, business=token_of(request).business, pk=appointment_id)


def _one(request: HttpRequest, appointment_id: UUID) -> dict[str, Any]:
    return _shown(_found(request, appointment_id), token_of(request).business)


def _service(service: Service) -> dict[str, Any]:
    return {
        "id": service.pk,
        "name": service.name,
        "minutes": service.minutes,
        "is_active": service.is_active,
        "calendars": [each.calendar_id for each in service.offers.all()],
    }


def _slots(slots: Sequence[Slot], business: Business, *, written: bool = False) -> list[dict[str, Any]]:
    zone = ZoneInfo(business.time_zone)
    local = [(each.start.astimezone(zone), each.calendar.pk) for each in slots]
    return [{"starts_at": at.isoformat() if written else at, "calendar": key} for at, key in local]


def _shown(appointment: Appointment, business: Business) -> dict[str, Any]:
    zone = ZoneInfo(business.time_zone)
    return {
        "id": appointment.pk,
        "service": appointment.service_id,
        "service_name": appointment.service.name,
        "calendar": appointment.calendar_id,
        "calendar_name": appointment.calendar.name,
        "starts_at": appointment.starts_at.astimezone(zone),
        "ends_at": appointment.ends_at.astimezone(zone),
        "status": appointment.status,
        "name": appointment.name,
        "number": appointment.number or None,
        "note": appointment.note,
        "booked_by": appointment.made_by,
        "call": appointment.call,
        "made_at": appointment.made_at,
        "reminder_agreed": appointment.reminder_agreed_at is not None,
    }
