"""People are reminded once of each time of an appointment, if the business wants it and they agreed; others are not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from businesses.calendar import booking, reminders, setting_up
from businesses.calendar.booking import Guest
from businesses.calendar.tests.conftest import FILLINGS, NOW, Postbox, Shop, local, make_shop
from businesses.messenger import Refusal
from businesses.models import Appointment, AuditEntry, PhoneNumber, Reminder, ReminderChoices, ReminderResult
from businesses.tenancy import acting_for

DANA = "+972541234567"
NOON = local(12, day=25)
"""A Wednesday, two days from now."""
DAY_BEFORE = NOON - timedelta(days=1)


@pytest.fixture
def clinic(shop: Shop) -> Shop:
    """The barber, who reminds a day before and two hours before."""
    choose(shop)
    return shop


def choose(shop: Shop, **values: Any) -> None:
    known: dict[str, Any] = {"is_on": True, "second_hours": 2, "template": "remind", "fillings": FILLINGS}
    chosen = ReminderChoices(business=shop.business, **(known | values))
    setting_up.choose_reminders(chosen, now=NOW)


def booked(
    shop: Shop, *, start: datetime = NOON, now: datetime = NOW, agrees: bool = True, **guest: Any
) -> Appointment:
    person = Guest(**{"name": "Dana", "number": DANA, "agrees_to_reminder": agrees, **guest})
    return booking.book(shop.business, shop.cut, person, start=start, now=now, calendar=shop.ann)


def sweep(now: datetime) -> list[ReminderResult | None]:
    return [reminders.remind(each, now=now) for each in reminders.due(now=now)]


def test_each_reminder_comes_once_at_its_moment(clinic: Shop, postbox: Postbox) -> None:
    PhoneNumber.objects.create(business=clinic.business, number="+97231234567")
    booked(clinic)
    assert sweep(DAY_BEFORE - timedelta(seconds=1)) == []
    assert sweep(DAY_BEFORE) == [ReminderResult.SENT]
    values = {"1": "Dana", "2": "Wednesday, 25 November, 12:00", "3": "Haircut", "4": "+97231234567"}
    assert postbox.sent == [(DANA, "remind", {**values, "5": "Barber", "6": "Ann"})]
    assert sweep(DAY_BEFORE + timedelta(minutes=1)) == []
    assert sweep(NOON - timedelta(hours=2)) == [ReminderResult.SENT]
    assert sweep(NOON - timedelta(minutes=90)) == []
    assert len(postbox.keys) == 2


def test_words_are_in_the_templates_language(clinic: Shop, postbox: Postbox) -> None:
    postbox.language = "he"
    booked(clinic)
    sweep(DAY_BEFORE)
    assert postbox.sent[0][2]["2"] == "יום רביעי, 25 נובמבר, 12:00"


def test_a_cancelled_appointment_has_no_reminder(clinic: Shop, postbox: Postbox) -> None:
    made = booked(clinic)
    wanted = reminders.Due(made.pk, 24)
    booking.cancel(made, now=NOW)
    assert sweep(DAY_BEFORE) == []
    assert reminders.remind(wanted, now=DAY_BEFORE) is None
    booking.restore(made, now=NOW)
    assert sweep(DAY_BEFORE) == [ReminderResult.SENT]


def test_a_moved_appointment_has_the_reminders_of_its_new_time_only(clinic: Shop, postbox: Postbox) -> None:
    made = booked(clinic)
    assert sweep(DAY_BEFORE) == [ReminderResult.SENT]
    moved_to = local(15, day=30)
    booking.move(made, start=moved_to, now=DAY_BEFORE + timedelta(hours=1))
    assert sweep(NOON - timedelta(hours=2)) == []
    assert sweep(moved_to - timedelta(days=1)) == [ReminderResult.SENT]
    assert postbox.sent[1][2]["2"] == "Monday, 30 November, 15:00"
    assert Reminder.objects.count() == len(postbox.keys) == 2


def test_who_moves_it_after_the_reminders_moment_gets_the_next_one_only(clinic: Shop, postbox: Postbox) -> None:
    made = booked(clinic)
    booking.move(made, start=NOON + timedelta(hours=1), now=DAY_BEFORE + timedelta(hours=2))
    assert sweep(DAY_BEFORE + timedelta(hours=3)) == []
    assert sweep(NOON - timedelta(hours=1)) == [ReminderResult.SENT]


def test_another_calendar_at_the_same_time_is_no_other_time(clinic: Shop, postbox: Postbox) -> None:
    made = booked(clinic)
    booking.move(made, start=NOON, calendar=clinic.ben, now=DAY_BEFORE)
    assert sweep(DAY_BEFORE) == [ReminderResult.SENT]
    assert postbox.sent[0][2]["6"] == "Ben"


def test_one_made_later_than_the_reminders_moment_has_none(clinic: Shop, postbox: Postbox) -> None:
    booked(clinic, now=DAY_BEFORE + timedelta(minutes=1))
    assert sweep(DAY_BEFORE + timedelta(hours=1)) == []
    assert not Reminder.objects.exists()


def test_nobody_is_written_to_at_night(clinic: Shop, postbox: Postbox) -> None:
    booked(clinic, start=local(9, day=25))  # 2 hours before: at 7, so the evening before
    assert sweep(local(9, day=24)) == [ReminderResult.SENT]
    assert sweep(local(20, 29, day=24)) == []
    assert sweep(local(20, 30, day=24)) == [ReminderResult.SENT]


def test_after_an_outage_in_the_night_it_waits_for_the_morning(clinic: Shop, postbox: Postbox) -> None:
    booked(clinic, start=local(9, 30, day=25))
    assert sweep(local(22, day=24)) == []
    assert sweep(local(8, day=25)) == [ReminderResult.TOO_LATE, ReminderResult.SENT]


@pytest.mark.parametrize(
    ("is_marketing", "agreed", "by_booking", "result"),
    [
        (False, False, True, "sent"),
        (False, True, False, "sent"),
        (False, False, False, "not_agreed"),
        (True, False, True, "not_agreed"),
        (True, True, False, "sent"),
    ],
)
def test_only_who_agreed_is_reminded(
    clinic: Shop, postbox: Postbox, is_marketing: bool, agreed: bool, by_booking: bool, result: str
) -> None:
    postbox.is_marketing, postbox.agreed = is_marketing, agreed
    booked(clinic, agrees=by_booking)
    assert [str(each) for each in sweep(DAY_BEFORE)] == [result]
    assert len(postbox.sent) == (result == "sent")
    assert sweep(DAY_BEFORE + timedelta(minutes=1)) == []


def test_every_refusal_is_kept_and_nothing_is_sent(clinic: Shop, postbox: Postbox) -> None:
    booked(clinic)
    postbox.refusal = Refusal.OPTED_OUT
    assert sweep(DAY_BEFORE) == [ReminderResult.OPTED_OUT]
    postbox.refusal, postbox.fails = None, Refusal.BAD_VALUES
    assert sweep(NOON - timedelta(hours=2)) == [ReminderResult.BAD_VALUES]
    assert not postbox.sent
    assert {each.value for each in Refusal} - {"no_window"} <= {each.value for each in ReminderResult}
    assert ReminderResult.NO_NUMBER in reminders.UNREACHED


def test_without_a_number_or_template_it_is_said(clinic: Shop, postbox: Postbox) -> None:
    booked(clinic, number="")
    assert sweep(DAY_BEFORE) == [ReminderResult.NO_NUMBER]
    ReminderChoices.objects.update(template="gone")
    booked(clinic, start=NOON + timedelta(hours=2))
    assert sweep(DAY_BEFORE + timedelta(hours=2)) == [ReminderResult.NO_TEMPLATE]


def test_what_is_switched_on_is_for_moments_to_come(shop: Shop, postbox: Postbox) -> None:
    booked(shop, now=NOW - timedelta(days=3), start=NOW + timedelta(hours=23))
    choose(shop, second_hours=None)
    assert sweep(NOW + timedelta(minutes=1)) == []
    ReminderChoices.objects.update(since=NOW - timedelta(days=1))
    assert sweep(NOW + timedelta(minutes=1)) == [ReminderResult.SENT]


def test_only_businesses_that_want_it_and_their_own_appointments(clinic: Shop, postbox: Postbox) -> None:
    other = make_shop()
    with acting_for(other.business):
        booked(other)
    booked(clinic)
    assert sweep(DAY_BEFORE) == [ReminderResult.SENT]
    wanted = reminders.Due(Appointment.objects.get(business=clinic.business).pk, 2)
    ReminderChoices.objects.update(is_on=False)
    assert reminders.remind(wanted, now=NOON - timedelta(hours=2)) is None
    assert AuditEntry.objects.filter(kind="settings_changed").count() == 1
