"""Reminders of appointments by WhatsApp, where the business wants them.

The appointments are the queue: a sweep looks for booked ones whose moment has come (`moments.py`) and that have no
`Reminder` of their time yet. The row and the message (`businesses.messenger`) are written in one transaction, under a
lock of the appointment, so that whoever is killed leaves both or none, and nobody is reminded of a time that is just
being moved or cancelled. The sending loop does the rest.

A moved appointment is another time, which has its own reminders. Who booked or moved it later than the moment of a
reminder gets none: they have just agreed on it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from businesses import messenger
from businesses.calendar import moments, reminder_words
from businesses.calendar.moments import Quiet
from businesses.messenger import MessageRefused, Refusal
from businesses.models import (
    Appointment,
    AppointmentStatus,
    Business,
    HoursBefore,
    Reminder,
    ReminderChoices,
    ReminderResult,
)
from businesses.tenancy import across_businesses, acting_for

logger = logging.getLogger(__name__)

MOST: Final = 200
"""Reminders of one sweep."""
UNREACHED: Final = frozenset(ReminderResult) - {ReminderResult.SENT, ReminderResult.TOO_LATE}
"""Results of which the person knows nothing by WhatsApp, and could be told otherwise."""


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder whose moment has come."""

    appointment: UUID
    hours: int


def due(*, now: datetime) -> list[Due]:
    """Returns what is to be decided now, for every business that reminds and where it is not night."""
    with across_businesses():  # the workers serve the whole installation; each is then decided for its business
        return [each for _number, each in zip(range(MOST), _waiting(now), strict=False)]


def upcoming(now: datetime) -> QuerySet[Appointment]:
    """Returns the first of the appointments among which those of `due` are. Expects the businesses to be set.

    Asked for any of them, PostgreSQL would read the table until it meets one, and they were written last.
    """
    longest = timedelta(hours=max(HoursBefore)) + timedelta(days=1)  # a night may move a reminder forward
    reminding = ReminderChoices.objects.filter(is_on=True).values("business")
    booked = Appointment.objects.filter(status=AppointmentStatus.BOOKED, business__in=reminding)
    soon = booked.filter(starts_at__gt=now, starts_at__lte=now + longest).order_by("starts_at")
    return Appointment.objects.filter(pk=Subquery(soon.values("pk")[:1]))


def remind(wanted: Due, *, now: datetime) -> ReminderResult | None:
    """Decide about one reminder, and have it sent. Returns None if it was decided or is not to be."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        found = Appointment.objects.select_related("business").filter(pk=wanted.appointment).first()
    if found is None:
        return None
    with acting_for(found.business), transaction.atomic():
        rows = Appointment.objects.select_related("business", "service", "calendar")
        current = rows.select_for_update(of=("self",), no_key=True).filter(pk=found.pk).first()
        choices = ReminderChoices.objects.filter(business=found.business, is_on=True).first()
        if current is None or choices is None or not _is_due(current, wanted.hours, choices, now):
            return None
        mine = Reminder.objects.filter(appointment=current, starts_at=current.starts_at, hours=wanted.hours)
        if mine.exists():
            return None
        key = uuid5(NAMESPACE_URL, f"reminder:{current.pk}:{current.starts_at.isoformat()}:{wanted.hours}")
        result = _decide(current, wanted.hours, choices, key, now)
        Reminder.objects.create(
            business=current.business,
            appointment=current,
            starts_at=current.starts_at,
            hours=wanted.hours,
            result=result,
            message=key if result is ReminderResult.SENT else None,
            at=now,
        )
    logger.info("reminder of appointment %s of business %s: %s", current.pk, current.business_id, result.value)
    return result


def choices_of(business: Business) -> ReminderChoices:
    """Returns what a business has chosen; the defaults (unsaved) if it has chosen nothing."""
    return ReminderChoices.objects.filter(business=business).first() or ReminderChoices(business=business)


def are_on(business: Business) -> bool:
    """Returns whether the business reminds people at all."""
    return ReminderChoices.objects.filter(business=business, is_on=True).exists()


def next_moments(appointment: Appointment, choices: ReminderChoices, *, now: datetime) -> list[datetime]:
    """Returns when the person will be reminded of this appointment, as far as that is to come."""
    if not (choices.is_on and appointment.is_booked):
        return []
    return sorted(moment for moment in _moments(appointment, choices).values() if moment > now)


def _waiting(now: datetime) -> Iterator[Due]:
    wanted: dict[tuple[int, datetime], list[ReminderChoices]] = defaultdict(list)
    for choices in ReminderChoices.objects.filter(is_on=True).select_related("business"):
        quiet, zone = _quiet(choices), ZoneInfo(choices.business.time_zone)
        if not quiet.has(now, zone):
            for hours in choices.hours:
                wanted[hours, moments.horizon(now, hours, quiet, zone)].append(choices)
    for (hours, latest), group in wanted.items():
        by_business = {choices.business_id: choices for choices in group}
        for appointment in _candidates(by_business, hours, now, latest).iterator(chunk_size=500):
            if _is_due(appointment, hours, by_business[appointment.business_id], now):
                yield Due(appointment.pk, hours)


def _candidates(businesses: Collection[UUID], hours: int, now: datetime, latest: datetime) -> QuerySet[Appointment]:
    """Returns appointments up to the horizon that are undecided; those that were settled too late are left out."""
    decided = Reminder.objects.filter(appointment=OuterRef("pk"), starts_at=OuterRef("starts_at"), hours=hours)
    return (
        Appointment.objects.select_related("business")
        .annotate(settled_at=Coalesce("moved_at", "made_at"))
        .filter(
            ~Exists(decided),
            business__in=businesses,
            status=AppointmentStatus.BOOKED,
            starts_at__gt=now,
            starts_at__lte=latest,
            settled_at__lte=F("starts_at") - timedelta(hours=hours),
        )
        .order_by("starts_at", "pk")
    )


def _is_due(appointment: Appointment, hours: int, choices: ReminderChoices, now: datetime) -> bool:
    moment = _moments(appointment, choices).get(hours)
    settled_at = max(each for each in (appointment.made_at, appointment.moved_at, choices.since) if each is not None)
    return (
        appointment.is_booked
        and moment is not None
        and settled_at <= moment <= now < appointment.starts_at
        and not _quiet(choices).has(now, ZoneInfo(appointment.business.time_zone))
    )


def _moments(appointment: Appointment, choices: ReminderChoices) -> dict[int, datetime]:
    zone = ZoneInfo(appointment.business.time_zone)
    return moments.moments(appointment.starts_at, choices.hours, _quiet(choices), zone)


def _quiet(choices: ReminderChoices) -> Quiet:
    return Quiet(choices.quiet_from, choices.quiet_until)


def _decide(appointment: Appointment, hours: int, choices: ReminderChoices, key: UUID, now: datetime) -> ReminderResult:
    """Have the person written to, or return why not. A marketing template needs a consent, any other a yes to it."""
    business, number = appointment.business, appointment.number
    if moments.is_too_late(appointment.starts_at, hours, now):
        return ReminderResult.TOO_LATE
    refusal = messenger.may_message(business, number) if number else Refusal.NO_NUMBER
    if refusal is not None:
        return ReminderResult(refusal.value)
    template = messenger.template_named(business, choices.template)
    if template is None:
        return ReminderResult.NO_TEMPLATE
    said_yes = appointment.reminder_agreed_at is not None and not template.is_marketing
    if not said_yes and not messenger.has_agreed(business, number, now=now):
        return ReminderResult.NOT_AGREED
    values = reminder_words.values_of(appointment, choices.fillings, template.language)
    try:
        messenger.send_template(business, number, template.name, values, key=key, now=now)
    except MessageRefused as refused:
        return ReminderResult(refused.why.value)
    return ReminderResult.SENT
