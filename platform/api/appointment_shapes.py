"""What the addresses of appointments take and give. Field descriptions are those of openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Schema
from pydantic import StringConstraints

from frontdesk.api.shapes import Given, Problem, Short

Moment = Annotated[
    datetime, Field(description="ISO 8601. Without an offset it is local time of the business: 2027-01-31T09:00.")
]


class ServiceOut(Schema):
    """What can be booked. `calendars` offer it."""

    id: UUID
    name: str
    minutes: int
    is_active: bool
    calendars: list[UUID]


class CalendarOut(Schema):
    """The time of one person or one room."""

    id: UUID
    name: str
    is_active: bool


class SlotOut(Schema):
    """A time that can be booked, in local time with its offset, and the calendar that has it free."""

    starts_at: datetime
    calendar: UUID


class Services(Schema):
    """All services."""

    items: list[ServiceOut]


class Calendars(Schema):
    """All calendars."""

    items: list[CalendarOut]


class FreeOut(Schema):
    """The first free times of a service, the nearest first."""

    service: ServiceOut
    items: list[SlotOut]


class AppointmentOut(Schema):
    """An appointment. Times are local, with their offset; `call` is the call that booked it."""

    id: UUID
    service: UUID
    service_name: str
    calendar: UUID
    calendar_name: str
    starts_at: datetime
    ends_at: datetime
    status: str
    name: str
    number: str | None
    note: str
    booked_by: str
    call: UUID | None
    made_at: datetime
    reminder_agreed: bool


class AppointmentIn(Given):
    """A new appointment. `calendar`: empty for the one that has the most time. `number` may be in local form."""

    service: UUID
    calendar: UUID | None = None
    starts_at: Moment
    name: Annotated[str, StringConstraints(max_length=120)] = ""
    number: Annotated[str, StringConstraints(max_length=40)] = ""
    note: Annotated[str, StringConstraints(max_length=500)] = ""
    reminder_agreed: bool = Field(False, description="They agreed to be reminded by WhatsApp.")
    outside_hours: bool = Field(False, description="Also where callers are offered nothing. Never over what is taken.")


class MoveIn(Given):
    """Another time, or another calendar. Without `calendar` it stays in its own."""

    starts_at: Moment
    calendar: UUID | None = None
    outside_hours: bool = Field(False, description="Also where callers are offered nothing, and at short notice.")


class Conflict(Problem):
    """Why a time is not to be had. `code`: `taken`, `not_offered`, `too_late` or `cancelled`; `free`: the next ones."""

    code: Short
    free: list[SlotOut] = Field(default_factory=list)
