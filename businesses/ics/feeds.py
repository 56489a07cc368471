"""Secret addresses to which other calendars subscribe: making them, whose one is, and what it shows.

What is cancelled is left out: who subscribes takes the file as the whole, and removes what is no longer in it. Marked
as cancelled, an event would stay in view: struck through in some programs, as if nothing had happened in others.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from businesses import audit
from businesses.audit import AuditKind
from businesses.ics.writing import Event, calendar_file
from businesses.models import Appointment, AppointmentStatus, Business, Calendar, CalendarFeed, User
from businesses.public_address import public_url
from businesses.tenancy import across_businesses

PAST: Final = timedelta(days=30)
MOST: Final = 5_000
"""Appointments in a file, the nearest ones."""
_HINT: Final = 6
_USED_EVERY: Final = timedelta(minutes=5)


def make(business: Business, calendar: Calendar | None, *, by: User | None, now: datetime) -> tuple[CalendarFeed, str]:
    """Returns a new address's row, and its secret, which can't be read again. The one before it ends.

    Expects the business to be set. Without a calendar, it shows all of them.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        Business.every.select_for_update(no_key=True).get(pk=business.pk)  # two pages at once can't make two
        before, _rows = CalendarFeed.objects.filter(business=business, calendar=calendar).delete()
        row = CalendarFeed.objects.create(
            business=business,
            calendar=calendar,
            token_hash=_hash(token),
            hint=token[:_HINT],
            made_by=by,
            made_at=now,
        )
        _note(row, "renewed" if before else "made")
    return row, token


def revoke(row: CalendarFeed) -> None:
    """Take an address back: from now on it answers nobody."""
    with transaction.atomic():
        _note(row, "removed")
        row.delete()


def of(business: Business, calendar: Calendar | None) -> CalendarFeed | None:
    """Returns the address of a calendar, or of all of them, if there is one."""
    return CalendarFeed.objects.filter(business=business, calendar=calendar).select_related("made_by").first()


def found(token: str, *, now: datetime) -> CalendarFeed | None:
    """Returns whose secret it is, with business and calendar; None for one that nobody made, or that has ended."""
    with across_businesses():  # the secret is all that says whose request this is; what follows acts for that business
        rows = CalendarFeed.objects.select_related("business", "calendar")
        row = rows.filter(token_hash=_hash(token)).first()
        if row is not None:
            old = Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_EVERY)
            CalendarFeed.objects.filter(old, pk=row.pk).update(last_used_at=now)
    return row


def file_of(feed: CalendarFeed, *, now: datetime) -> bytes:
    """Returns what is booked, from 30 days ago on, as an ICS file. Expects the business to be set."""
    business = feed.business
    booked = Appointment.objects.filter(
        business=business, status=AppointmentStatus.BOOKED, ends_at__gt=now - PAST
    ).select_related("service", "calendar", "business")
    if feed.calendar is not None:
        booked = booked.filter(calendar=feed.calendar)
    events = [event_of(appointment) for appointment in booked.order_by("starts_at", "pk")[:MOST]]
    name = f"{business.name}: {feed.calendar.name}" if feed.calendar else business.name
    return calendar_file(events, name=name, zone=business.time_zone)


def event_of(appointment: Appointment) -> Event:
    """Returns an appointment as other calendars show it. Its relations should be loaded."""
    address = reverse("appointment", args=[appointment.business.slug, appointment.pk])
    who = appointment.name or appointment.number
    service = appointment.service.name
    return Event(
        key=str(appointment.pk),
        start=appointment.starts_at,
        end=appointment.ends_at,
        title=f"{who} – {service}" if who else service,
        made_at=appointment.made_at,
        changed_at=appointment.changed_at or appointment.made_at,
        description="\n".join(line for line in (appointment.number, appointment.note) if line),
        place=appointment.calendar.name,
        url=f"{public_url()}{address}",
    )


def _hash(token: str) -> str:
    """Returns what is stored of a secret. It is random and long, so that a plain hash can't be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


def _note(row: CalendarFeed, step: str) -> None:
    name = row.calendar.name if row.calendar else ""
    audit.record(row.business, AuditKind.CALENDAR_LINK, step=f"feed_{step}", name=name)
