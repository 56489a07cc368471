"""Calls that remind of an appointment where WhatsApp did not: asking for them, and whether one is still right.

The reminders that `businesses/calendar/reminders.py` has decided are the queue: a sweep looks for those of appointments
to come that reached nobody (`unreached.py`), for businesses that want it. An appointment has one call for each of its
times, by a constraint of the database; who dies before the row is committed has asked for nothing. Whether the call is
still right is looked at again when it is dialled.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from businesses import messenger
from businesses.known_people import people_with
from businesses.models import Appointment, AppointmentStatus, Business, Reminder, ReminderChoices, ReminderResult
from businesses.tenancy import across_businesses, acting_for
from calls.models import OutgoingCall, OutgoingChoices, OutgoingState
from calls.outgoing import asking, unreached
from calls.outgoing.asking import Asked
from calls.outgoing.choices import choices_of
from calls.outgoing.hours import hours_for
from calls.outgoing.rules import Why
from calls.outgoing.unreached import Reminded

logger = logging.getLogger(__name__)

AHEAD: Final = timedelta(days=3)
"""No reminder is sent earlier: 48 hours before, or in the evening before that."""


def ask_for_due(*, now: datetime) -> int:
    """Ask for the calls about appointments of which WhatsApp reminded nobody. Returns how many were asked for."""
    with across_businesses():  # the workers serve the whole installation; each call is then asked for as its business
        found = list(_with_somebody(now).select_related("business").order_by("pk"))
    asked = 0
    for choices in found:
        with acting_for(choices.business):
            asked += sum(_ask(each, now=now) for each in _due(choices, now))
    return asked


def wanting() -> QuerySet[ReminderChoices]:
    """Returns the choices of businesses that want such calls. Expects the businesses to be set."""
    on = OutgoingChoices.objects.filter(enabled=True).values("business")
    return ReminderChoices.objects.filter(is_on=True, calls_since__isnull=False, business__in=on)


def _with_somebody(now: datetime) -> QuerySet[ReminderChoices]:
    """Returns those of them whose business `_due` looks at somebody of, by one query for all."""
    of_this_time = {"appointment": OuterRef("pk")}
    since = OuterRef(OuterRef("calls_since"))
    reminded = Reminder.objects.filter(**of_this_time, starts_at=OuterRef("starts_at"), at__gte=since)
    asked = OutgoingCall.objects.filter(**of_this_time, appointment_at=OuterRef("starts_at"))
    booked = Appointment.objects.filter(business=OuterRef("business"), status=AppointmentStatus.BOOKED)
    soon = booked.filter(starts_at__gte=now + unreached.USEFUL, starts_at__lte=now + AHEAD).exclude(number="")
    return wanting().filter(Exists(soon.filter(Exists(reminded), ~Exists(asked))))


def refusal_of(row: OutgoingCall, *, now: datetime) -> Why | None:
    """Returns why a call that was asked for is not made any more. Expects the business to be set."""
    appointment, starts_at = row.appointment, row.appointment_at
    if appointment is None or starts_at is None:
        return Why.CHANGED
    choices = ReminderChoices.objects.filter(business=row.business_id, is_on=True, calls_since__isnull=False)
    return unreached.refusal(
        starts_at,
        _reminders(row.business, [appointment], now).get(appointment.pk, []),
        is_as_it_was=is_as_it_was(row, appointment),
        is_wanted=choices.exists(),
        now=now,
    )


def is_as_it_was(row: OutgoingCall, appointment: Appointment) -> bool:
    """Returns whether the appointment is still booked at the time, and for the number, that the call is about."""
    same = (appointment.starts_at, appointment.number) == (row.appointment_at, row.number)
    return same and appointment.is_booked


def _due(choices: ReminderChoices, now: datetime) -> list[Appointment]:
    """Returns the appointments about which a person is to be called now."""
    business, calling = choices.business, choices_of(choices.business)
    of_this_time = {"business": business, "appointment": OuterRef("pk")}
    reminded = Reminder.objects.filter(**of_this_time, starts_at=OuterRef("starts_at"), at__gte=choices.calls_since)
    asked = OutgoingCall.objects.filter(**of_this_time, appointment_at=OuterRef("starts_at"))
    booked = Appointment.objects.filter(business=business, status=AppointmentStatus.BOOKED)
    waiting = booked.filter(
        Exists(reminded), ~Exists(asked), starts_at__gte=now + unreached.USEFUL, starts_at__lte=now + AHEAD
    )
    found = list(waiting.exclude(number="").order_by("starts_at", "pk"))
    reminders = _reminders(business, found, now)
    undelivered = timedelta(hours=choices.undelivered_hours)
    return [
        each
        for each in found
        if unreached.may_need_a_call(reminders[each.pk])
        and unreached.is_called_for(
            each.starts_at,
            reminders[each.pk],
            hours_for(business, calling, each.number),
            undelivered=undelivered,
            now=now,
        )
    ]


def _reminders(business: Business, appointments: Sequence[Appointment], now: datetime) -> dict[UUID, list[Reminded]]:
    """Returns the reminders of the appointments' present times, by appointment."""
    rows = Reminder.objects.filter(
        business=business, appointment__in=appointments, starts_at=F("appointment__starts_at")
    )
    found = list(rows.order_by("at"))
    standings = messenger.standings(business, [row.message for row in found if row.message])
    by_key = {each.pk: each for each in appointments}
    reminders: dict[UUID, list[Reminded]] = defaultdict(list)
    for row in found:
        how = unreached.reached(
            ReminderResult(row.result),
            standings.get(row.message) if row.message else None,
            has_agreed=_has_agreed(by_key[row.appointment_id], ReminderResult(row.result), now),
        )
        reminders[row.appointment_id].append(Reminded(row.at, how))
    return reminders


def _has_agreed(appointment: Appointment, result: ReminderResult, now: datetime) -> bool:
    """Returns whether the person has agreed to be reminded; whoever was sent something has."""
    if result == ReminderResult.SENT or appointment.reminder_agreed_at is not None:
        return True
    return messenger.has_agreed(appointment.business, appointment.number, now=now)


def _ask(found: Appointment, *, now: datetime) -> bool:
    """Ask for the call, or note why the person can't be called at all. Returns whether it was asked for by this."""
    business = found.business
    with transaction.atomic():
        # Locked, so that two workers ask once. Whether it was moved meanwhile is looked at before the call is dialled.
        Business.every.select_for_update(no_key=True).get(pk=business.pk)
        asked = OutgoingCall.objects.filter(business=business, appointment=found, appointment_at=found.starts_at)
        if asked.exists():
            return False
        person = people_with(business, [found.number]).get(found.number)
        who = found.name or (person.name if person else "")
        answer = asking.ask(business, found.number, who=who, appointment=found, by=None, now=now)
        if isinstance(answer, Asked):
            return answer.is_new  # else another call to them is under way, and the next sweep asks again
        OutgoingCall.objects.create(
            business=business, appointment=found, appointment_at=found.starts_at, number=found.number, who=who[:120],
            state=OutgoingState.NOT_ALLOWED, why=answer, asked_at=now, ended_at=now,
        )  # fmt: skip
    logger.info("outgoing call about appointment %s of business %s is not made: %s", found.pk, business.pk, answer)
    return False
