"""Who could not be reminded by WhatsApp is called: once for each time, if it is still right when it is dialled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from businesses.calendar import booking, reminders, setting_up
from businesses.calendar.booking import Guest
from businesses.models import (
    Appointment,
    Business,
    Calendar,
    Membership,
    PhoneNumber,
    Reminder,
    ReminderChoices,
    Role,
    Service,
    ServiceCalendar,
    User,
)
from businesses.tenancy import acting_for
from calls import facts
from calls.known import Known
from calls.models import BlockedCaller, Call, OutgoingCall, OutgoingChoices, OutgoingState
from calls.outgoing import placing, progress, reminding
from calls.outgoing.calling import as_called
from calls.outgoing.rules import Why
from calls.telephone import dialling_out
from testing.broadcasts import make_sender, make_template
from testing.twilio import FakeTwilio, TwilioAccount, threaded_twilio
from whatsapp.models import DirectMessage, SuppressionCategory, SuppressionSource
from whatsapp.people import suppressions

DANA = "+972501234567"
NOON = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in Jerusalem, when the appointment is."""
DAY_BEFORE = NOON - timedelta(days=1)
BOOKED = NOON - timedelta(days=3)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeTwilio]:
    with threaded_twilio() as server:
        settings.TWILIO_API_URL, settings.PUBLIC_URL = server.url, "https://frontdesk.example"
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "token"
        server.accounts["AC1"] = TwilioAccount("token")
        yield server


@pytest.fixture
def clinic(db: None) -> Iterator[Business]:
    """A clinic that reminds a day before, and calls where that fails."""
    business = Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem", language="en")
    PhoneNumber.objects.create(number="+97235550100", business=business)
    with acting_for(business):
        calendar = Calendar.objects.create(business=business, name="Ann")
        service = Service.objects.create(business=business, name="Checkup", minutes=30)
        ServiceCalendar.objects.create(business=business, service=service, calendar=calendar)
        words = [{"type": "BODY", "text": "Hello {{name}}"}]
        make_template(make_sender(business), name="remind", language="en", category="UTILITY", components=words)
        OutgoingChoices.objects.create(business=business, enabled=True)
        choose(business)
        yield business


def choose(business: Business, *, now: datetime = BOOKED, **chosen: Any) -> None:
    known = {"is_on": True, "first_hours": 24, "template": "remind", "fillings": {"name": "name"}}
    setting_up.choose_reminders(
        ReminderChoices(business=business, **known | {"calls_unreached": True} | chosen), now=now
    )


def booked(business: Business, *, agrees: bool = True) -> Appointment:
    guest = Guest("Dana", DANA, agrees_to_reminder=agrees)
    return booking.book(business, Service.objects.get(), guest, start=NOON, now=BOOKED)


def remind(now: datetime = DAY_BEFORE) -> list[str]:
    return [str(reminders.remind(each, now=now)) for each in reminders.due(now=now)]


def unsendable(business: Business) -> Appointment:
    """An appointment of which nobody could be reminded, as the template is gone."""
    ReminderChoices.objects.update(template="gone")
    made = booked(business)
    assert remind() == ["no_template"]
    return made


def place(now: datetime) -> int:
    return sum(dialling_out.place(each, clock=lambda: now) for each in placing.due(now=now))


def the_call() -> tuple[str, str]:
    return OutgoingCall.objects.values_list("state", "why").get()


def test_where_nothing_could_be_sent_the_person_is_called_once(clinic: Business, account: FakeTwilio) -> None:
    made = unsendable(clinic)
    assert [reminding.ask_for_due(now=DAY_BEFORE + minutes * MINUTE) for minutes in (1, 2)] == [1, 0]
    row = OutgoingCall.objects.get()
    assert (row.appointment, row.appointment_at, row.number, row.who) == (made, NOON, DANA, "Dana")
    assert (row.basis, row.about, row.asked_by) == ("appointment", "", None)
    assert place(DAY_BEFORE + 2 * MINUTE) == 1
    progress.settle(OutgoingCall.objects.get(), OutgoingState.TALKED, why="", now=DAY_BEFORE + 5 * MINUTE)
    assert reminding.ask_for_due(now=DAY_BEFORE + 6 * MINUTE) == 0
    assert [form["To"] for form in account.calls] == [DANA]


@pytest.mark.parametrize(
    ("status", "at", "asked"),
    [
        ("failed", DAY_BEFORE + MINUTE, 1),
        ("pending", NOON - timedelta(hours=3, minutes=1), 0),
        ("accepted", NOON - timedelta(hours=3), 1),
        ("accepted", NOON - timedelta(minutes=29), 0),
        ("delivered", NOON - timedelta(hours=3), 0),
        ("read", NOON - timedelta(hours=3), 0),
    ],
)
def test_what_became_of_the_message_decides(clinic: Business, status: str, at: datetime, asked: int) -> None:
    booked(clinic)
    assert remind() == ["sent"]
    DirectMessage.objects.update(status=status)
    assert reminding.ask_for_due(now=at) == asked
    assert OutgoingCall.objects.count() == asked


def test_one_query_looks_in_every_business(clinic: Business) -> None:
    choose(clinic)
    booked(clinic)
    with CaptureQueriesContext(connection) as asked:
        assert reminding.ask_for_due(now=DAY_BEFORE) == 0
    assert len(asked) == 1, "nobody was reminded: no business is looked at by itself"


def test_at_night_nobody_is_called(clinic: Business) -> None:
    unsendable(clinic)
    assert reminding.ask_for_due(now=DAY_BEFORE.replace(hour=23)) == 0
    assert reminding.ask_for_due(now=NOON.replace(hour=6, minute=59)) == 0  # 8:59, and the owner says 9
    assert reminding.ask_for_due(now=NOON.replace(hour=7)) == 1


@pytest.mark.parametrize("change", ["moved", "cancelled", "delivered", "late", "unwanted", "removed", "another number"])
def test_what_has_changed_is_seen_before_it_is_dialled(clinic: Business, account: FakeTwilio, change: str) -> None:
    made = booked(clinic)
    remind()
    DirectMessage.objects.update(status="failed")
    assert reminding.ask_for_due(now=DAY_BEFORE + MINUTE) == 1
    now, why = DAY_BEFORE + 2 * MINUTE, Why.CHANGED
    match change:
        case "moved":
            booking.move(made, start=NOON + timedelta(hours=2), now=now)
        case "cancelled":
            booking.cancel(made, now=now)
        case "delivered":
            DirectMessage.objects.update(status="delivered")
            why = Why.REMINDED
        case "late":
            now, why = NOON - timedelta(minutes=29), Why.TOO_NEAR
        case "unwanted":
            choose(clinic, calls_unreached=False)
            why = Why.NOT_WANTED
        case "removed":
            made.delete()
        case _:
            Appointment.objects.update(number="+972501234568")
    assert place(now) == 0
    assert the_call() == ("not_allowed", why)
    assert account.calls == []


def test_a_moved_appointment_has_a_call_of_its_new_time(clinic: Business, account: FakeTwilio) -> None:
    made = unsendable(clinic)
    reminding.ask_for_due(now=DAY_BEFORE + MINUTE)
    booking.move(made, start=NOON + timedelta(days=2), now=DAY_BEFORE + 2 * MINUTE)
    place(DAY_BEFORE + 3 * MINUTE)
    assert reminding.ask_for_due(now=DAY_BEFORE + 4 * MINUTE) == 0
    later = DAY_BEFORE + timedelta(days=2)
    assert remind(later) == ["no_template"]
    assert reminding.ask_for_due(now=later + MINUTE) == 1
    assert place(later + MINUTE) == 1
    assert OutgoingCall.objects.count() == 2


def test_a_call_that_would_come_too_late_is_not_waited_for(clinic: Business, account: FakeTwilio) -> None:
    OutgoingChoices.objects.update(most_a_day=1)
    unsendable(clinic)
    reminding.ask_for_due(now=DAY_BEFORE + MINUTE)
    OutgoingCall.objects.create(business=clinic, number="+972501234569", asked_at=NOON, dialled_at=NOON, state="talked")
    assert place(NOON - timedelta(hours=1)) == 0
    assert OutgoingCall.objects.values_list("state", "why").get(number=DANA) == ("not_allowed", "calls_today")


@pytest.mark.parametrize("objection", ["blocked", "opted_out"])
def test_who_is_blocked_or_opted_out_is_never_called(clinic: Business, objection: str) -> None:
    unsendable(clinic)
    if objection == "blocked":
        BlockedCaller.objects.create(business=clinic, number=DANA, blocked_at=BOOKED)
    else:
        category, source = SuppressionCategory.MARKETING, SuppressionSource.REPLY
        suppressions.suppress(clinic, DANA, category=category, source=source, now=BOOKED)
    assert [reminding.ask_for_due(now=DAY_BEFORE + minutes * MINUTE) for minutes in (1, 2)] == [0, 0]
    assert the_call() == ("not_allowed", objection)


def test_who_was_to_get_no_reminder_is_not_called(clinic: Business) -> None:
    booked(clinic, agrees=False)
    assert remind() == ["not_agreed"]
    Reminder.objects.update(result="no_template")  # as it is where nobody has looked whether they agreed
    assert reminding.ask_for_due(now=DAY_BEFORE + MINUTE) == 0
    assert not OutgoingCall.objects.exists()


def test_a_number_that_somebody_said_on_the_telephone_is_nobodys_agreement(clinic: Business) -> None:
    call = Call.objects.create(business=clinic, twilio_call_sid="CA1", called_number="+97235550100", started_at=BOOKED)
    made = booked(clinic, agrees=False)
    Appointment.objects.update(made_by="call", call=call.pk)
    remind()
    Reminder.objects.update(result="no_number")  # no WhatsApp can be behind it
    assert reminding.ask_for_due(now=DAY_BEFORE + MINUTE) == 0
    assert the_call() == ("not_allowed", Why.NOT_AGREED)
    OutgoingCall.objects.all().delete()
    Call.objects.update(caller_number=DANA)
    assert reminding.ask_for_due(now=DAY_BEFORE + MINUTE) == 1
    assert OutgoingCall.objects.get().appointment == made


def test_only_where_it_is_wanted_and_for_what_comes_then(clinic: Business) -> None:
    choose(clinic, calls_unreached=False)
    booked(clinic)
    remind()
    DirectMessage.objects.update(status="failed")
    assert reminding.ask_for_due(now=DAY_BEFORE + MINUTE) == 0
    choose(clinic, now=DAY_BEFORE + MINUTE)
    assert reminding.ask_for_due(now=DAY_BEFORE + 2 * MINUTE) == 0
    ReminderChoices.objects.update(calls_since=DAY_BEFORE)
    OutgoingChoices.objects.update(enabled=False)
    assert reminding.ask_for_due(now=DAY_BEFORE + 2 * MINUTE) == 0
    OutgoingChoices.objects.update(enabled=True)
    choose(clinic, now=DAY_BEFORE + 2 * MINUTE, second_hours=2)
    assert reminding.ask_for_due(now=DAY_BEFORE + 2 * MINUTE) == 1, "another choice changes nothing of it"


def test_another_call_to_the_person_is_not_this_one(clinic: Business, account: FakeTwilio) -> None:
    unsendable(clinic)
    other = OutgoingCall.objects.create(business=clinic, number=DANA, asked_at=BOOKED, due_at=NOON)
    assert reminding.ask_for_due(now=DAY_BEFORE + MINUTE) == 0
    OutgoingCall.objects.filter(pk=other.pk).update(state="cancelled")
    assert reminding.ask_for_due(now=DAY_BEFORE + 2 * MINUTE) == 1


def test_a_busy_line_is_tried_again_for_the_same_time(clinic: Business, account: FakeTwilio) -> None:
    made = unsendable(clinic)
    reminding.ask_for_due(now=DAY_BEFORE + MINUTE)
    place(DAY_BEFORE + MINUTE)
    progress.note_status(OutgoingCall.objects.get(), "busy", call_sid="", now=DAY_BEFORE + 2 * MINUTE)
    again = OutgoingCall.objects.get(try_number=2)
    assert (again.appointment, again.appointment_at, again.state) == (made, NOON, "waiting")
    booking.cancel(made, now=DAY_BEFORE + 3 * MINUTE)
    assert place(DAY_BEFORE + timedelta(hours=1)) == 0
    assert len(account.calls) == 1


def test_the_assistant_knows_why_it_calls_and_says_nothing_of_it_first(clinic: Business, account: FakeTwilio) -> None:
    OutgoingChoices.objects.update(words="Hello {name}, you asked {business} to call.")
    made = unsendable(clinic)
    reminding.ask_for_due(now=DAY_BEFORE + MINUTE)
    call = Call.objects.create(
        business=clinic, twilio_call_sid="CA1", called_number=DANA, started_at=DAY_BEFORE, is_outgoing=True
    )
    OutgoingCall.objects.update(call=call)

    def told() -> tuple[str, str]:
        calling, known, may_be_kept = as_called(clinic, call, Known())
        assert known.calling is not None
        assert not may_be_kept
        return calling.greeting_text, facts.outgoing(known.calling)

    first, section = told()
    assert first == "Hello Dana, this is the automated assistant of Clinic. We have a short message for you."
    assert section.splitlines()[-1] == "> Checkup, Wednesday, 25 November, 12:00, with Ann"
    assert "Ask whether you are speaking to Dana before you say a word" in section
    booking.cancel(made, now=DAY_BEFORE + MINUTE)
    assert "was moved or cancelled just now" in told()[1]
    assert "Checkup" not in told()[1]


@pytest.mark.parametrize(("language", "label"), [("en", "Call by the assistant:"), ("he", "שיחה של העוזר:")])
def test_the_appointments_page_says_what_became_of_it(
    clinic: Business, client: Client, language: str, label: str
) -> None:
    made = unsendable(clinic)
    user = User.objects.create_user("owner@clinic.test", "pw")
    Membership.objects.create(business=clinic, user=user, role=Role.OWNER)
    client.force_login(user)
    address = f"/b/clinic/calendar/appointments/{made.pk}/"
    assert label not in client.get(address).content.decode()
    reminding.ask_for_due(now=DAY_BEFORE + MINUTE)
    call = Call.objects.create(business=clinic, twilio_call_sid="CA1", called_number=DANA, started_at=DAY_BEFORE)
    OutgoingCall.objects.update(state="talked", call=call)
    page = client.get(address, headers={"Accept-Language": language}).content.decode()
    assert label in page
    assert f"/b/clinic/calls/{call.pk}/" in page
    listed = client.get("/b/clinic/calls/outgoing/").content.decode()
    assert f'href="{address}"' in listed
