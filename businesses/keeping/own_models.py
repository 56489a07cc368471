"""What becomes of the rows of this app's models."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses.keeping import booked, table, told
from businesses.keeping.deleting import delete_some
from businesses.keeping.kinds import Kind
from businesses.keeping.table import Because, Rule
from businesses.models import (
    AddressKey,
    ApiCreation,
    ApiToken,
    Appointment,
    AuditEntry,
    Business,
    BusyTime,
    Calendar,
    CalendarFeed,
    CalendarMail,
    CalendarSource,
    DailyLimits,
    DayUsage,
    Erasure,
    Invitation,
    KnowledgeEntry,
    Membership,
    Reminder,
    ReminderChoices,
    Retention,
    Service,
    ServiceCalendar,
    SpecialDays,
    WebhookDelivery,
    WebhookEndpoint,
    WeekHours,
)

KEYS_KEPT = timedelta(days=2)
"""How long the API knows an Idempotency-Key again."""
RULES = (
    Rule(Membership, because=Because.MEMBERS),
    Rule(Invitation, because=Because.MEMBERS),
    Rule(AuditEntry, kept=Kind.AUDIT, because=Because.FINAL),
    Rule(Erasure, kept=Kind.AUDIT, because=Because.FINAL),
    Rule(Retention, because=Because.NO_PERSON),
    Rule(AddressKey, because=Because.NO_PERSON),
    Rule(DailyLimits, because=Because.NO_PERSON),
    Rule(KnowledgeEntry, because=Because.COUNTS),
    Rule(WeekHours, because=Because.COUNTS),
    Rule(SpecialDays, because=Because.COUNTS),
    Rule(DayUsage, because=Because.COUNTS),
    Rule(Appointment, kept=Kind.CALLERS, erased=True),
    Rule(Reminder, kept=Kind.CALLERS, erased=True),
    Rule(ReminderChoices, because=Because.COUNTS),
    Rule(BusyTime, because=Because.NO_PERSON),
    Rule(Calendar, because=Because.MEMBERS),
    Rule(CalendarFeed, because=Because.NO_PERSON),
    Rule(CalendarMail, because=Because.NO_PERSON),
    Rule(CalendarSource, because=Because.NO_PERSON),
    Rule(Service, because=Because.NO_PERSON),
    Rule(ServiceCalendar, because=Because.NO_PERSON),
    Rule(ApiToken, because=Because.NO_PERSON),
    Rule(ApiCreation, fixed=KEYS_KEPT, because=Because.NO_PERSON),
    Rule(WebhookEndpoint, because=Because.NO_PERSON),
    Rule(WebhookDelivery, fixed=told.KEPT, erased=True),
)


def remove_old_entries(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove old entries of the audit log."""
    old = AuditEntry.objects.filter(business=business, at__lt=before).order_by("at")
    return delete_some(old, most)


def remove_old_erasures(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove requests that were done long ago."""
    old = Erasure.objects.filter(business=business, finished_at__lt=before).values_list("pk", flat=True)
    return Erasure.objects.filter(pk__in=list(old[:most])).delete()[0]


def remove_old_keys(business: Business, *, now: datetime, most: int, **_before: object) -> int:
    """Remove the keys of what was created by the API days ago."""
    old = ApiCreation.objects.filter(business=business, at__lt=now - KEYS_KEPT).values_list("pk", flat=True)
    return ApiCreation.objects.filter(pk__in=list(old[:most])).delete()[0]


def register() -> None:
    """Register the rules."""
    table.register(
        rules=RULES,
        holdings=(told.HOLDING, *booked.HOLDINGS),
        removers=(
            (Kind.AUDIT, remove_old_entries),
            (Kind.AUDIT, remove_old_erasures),
            (Kind.NEWS, told.remove_old),
            (Kind.CALLERS, booked.remove_old),
            (Kind.NEWS, remove_old_keys),
        ),
    )
