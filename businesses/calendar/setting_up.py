"""Changing services, calendars and busy times, each with its entry in the audit log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import models, transaction

from businesses import audit
from businesses.audit import AuditKind
from businesses.changes import changes
from businesses.models import (
    Appointment,
    AppointmentStatus,
    Business,
    BusyTime,
    Calendar,
    Membership,
    ReminderChoices,
    Service,
    ServiceCalendar,
)

_TIMING = {"is_on", "first_hours", "second_hours", "quiet_from", "quiet_until"}


def save_service(service: Service, calendars: Collection[Calendar]) -> None:
    """Save a service and which calendars offer it."""
    with transaction.atomic():
        _save(service)
        offers = ServiceCalendar.objects.filter(business=service.business, service=service)
        offers.exclude(calendar__in=calendars).delete()
        known = set(offers.values_list("calendar", flat=True))
        ServiceCalendar.objects.bulk_create(
            [
                ServiceCalendar(business=service.business, service=service, calendar=calendar)
                for calendar in calendars
                if calendar.pk not in known
            ]
        )


def save_calendar(calendar: Calendar) -> None:
    """Save a calendar. The first one offers every service that nobody offers yet."""
    with transaction.atomic():
        is_new = calendar._state.adding
        _save(calendar)
        if is_new:
            lonely = Service.objects.filter(business=calendar.business, offers=None)
            ServiceCalendar.objects.bulk_create(
                [ServiceCalendar(business=calendar.business, service=service, calendar=calendar) for service in lonely]
            )


def mail_to(calendar: Calendar, member: Membership | None) -> None:
    """Store to whom the calendar's appointments are mailed from now on; None: to nobody."""
    with transaction.atomic():
        row = Calendar.objects.select_related("mailed__user").get(pk=calendar.pk)
        before, after = (each.user.email if each else None for each in (row.mailed, member))
        Calendar.objects.filter(pk=row.pk).update(mailed=member)
        calendar.mailed = member
        if before != after:
            found = {"mailed": [before, after]}
            audit.record(row.business, AuditKind.SETTINGS_CHANGED, of=row._meta.label, name=row.name, changes=found)


def has_appointments(row: Calendar | Service) -> bool:
    """Returns whether something was ever booked: then the row can be switched off, but not removed."""
    return Appointment.objects.filter(**{row._meta.model_name or "": row}, business=row.business).exists()


def remove(row: Calendar | Service) -> bool:
    """Remove a row in which nothing was ever booked. Returns whether it is gone."""
    with transaction.atomic():
        type(row)._default_manager.select_for_update().filter(pk=row.pk).first()
        if has_appointments(row):
            return False
        audit.record(row.business, AuditKind.SETTINGS_CHANGED, of=row._meta.label, name=row.name, step="deleted")
        row.delete()
    return True


def block(calendar: Calendar, *, starts_at: datetime, ends_at: datetime, note: str) -> tuple[BusyTime, int]:
    """Keep a time of a calendar free of new appointments. Returns it, and how many are booked in it already."""
    with transaction.atomic():
        made = BusyTime.objects.create(
            business=calendar.business, calendar=calendar, starts_at=starts_at, ends_at=ends_at, note=note
        )
        booked = Appointment.objects.filter(
            business=calendar.business,
            calendar=calendar,
            status=AppointmentStatus.BOOKED,
            held_from__lt=ends_at,
            held_until__gt=starts_at,
        )
        return made, booked.count()


def choose_reminders(chosen: ReminderChoices, *, now: datetime) -> None:
    """Store how a business reminds people. What was not chosen before is for moments from now on."""
    with transaction.atomic():
        before = ReminderChoices.objects.filter(business=chosen.business).first()
        differences = changes(before or ReminderChoices(business=chosen.business), chosen)
        chosen.pk = before.pk if before else None
        since = before.calls_since if before and before.calls_unreached else now
        chosen.calls_since = since if chosen.calls_unreached else None
        if chosen.since is None or differences.keys() & _TIMING:
            chosen.since = now
        chosen.save()
        if differences:
            label = ReminderChoices._meta.label
            audit.record(chosen.business, AuditKind.SETTINGS_CHANGED, of=label, changes=differences)


def _save(row: models.Model) -> None:
    business: Business = row.business  # type: ignore[attr-defined]
    name: str = row.name  # type: ignore[attr-defined]
    label = row._meta.label
    if row._state.adding:
        row.save(force_insert=True)
        audit.record(business, AuditKind.SETTINGS_CHANGED, of=label, name=name, step="made")
        return
    before = type(row)._default_manager.get(pk=row.pk)
    row.save()
    if changed := changes(before, row):
        audit.record(business, AuditKind.SETTINGS_CHANGED, of=label, name=name, changes=changed)
