"""What the assistant can do about appointments: truthful about what is taken, and only for the caller's own number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from businesses.calendar.tests.conftest import NOW, Shop, local, make_shop
from businesses.models import Appointment
from businesses.tenancy import acting_for
from calls.models import Call
from calls.tests.conftest import make_call
from calls.tools import running
from calls.tools.registry import offered_by

TOOLS = {"find_slots", "book_appointment", "move_appointment", "cancel_appointment", "own_appointments"}
TEN, NOON = "2026-11-23T10:00", "2026-11-23T12:00"
DANA, ELI = "+972501234567", "+972501234568"


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    made = make_shop()
    with acting_for(made.business):
        yield made


def calling(shop: Shop, number: str = DANA) -> Call:
    return make_call(shop.business, caller_number=number)


def ask(call: Call, tool: str, /, **arguments: str) -> dict[str, Any]:
    done = running.run_tool(
        call.pk, call.business, tool_call_id=uuid4().hex, name=tool, arguments=json.dumps(arguments), now=NOW
    )
    told: dict[str, Any] = json.loads(done.output)
    return told


def test_offered_once_there_is_something_to_book(shop: Shop) -> None:
    assert {each.tool.name for each in offered_by(shop.business)} >= TOOLS
    shop.cut.is_active = False
    shop.cut.save()
    assert not {each.tool.name for each in offered_by(shop.business)} & TOOLS


def test_free_times_are_told_in_the_business_zone_as_people_say_them(shop: Shop) -> None:
    told = ask(calling(shop), "find_slots", service="haircut", day="2026-11-24", from_time="14:00")
    assert told["outcome"] == "found"
    assert told["now"] == "Monday, 23 November, 08:00"
    assert told["free"][0] == {"start": "2026-11-24T14:00", "say": "Tuesday, 24 November, 14:00", "with": "Ann"}
    assert len(told["free"]) == 6


def test_an_unknown_service_or_person_gets_those_that_there_are(shop: Shop) -> None:
    told = ask(calling(shop), "find_slots", service="massage")
    assert (told["outcome"], told["there_are"]) == ("no_such_service", ["Haircut"])
    told = ask(calling(shop), "find_slots", with_whom="Zoe")
    assert (told["outcome"], told["there_are"]) == ("no_such_calendar", ["Ann", "Ben"])
    assert ask(calling(shop), "find_slots", with_whom="ben")["free"][0]["with"] == "Ben"
    assert ask(calling(shop), "find_slots", day="tomorrow")["outcome"] == "bad_time"


def test_a_booking_is_on_record_with_its_call_and_made_once(shop: Shop) -> None:
    call = calling(shop)
    for _each in range(2):  # the model asks again in the same words
        told = ask(call, "book_appointment", start=TEN, name="Dana", with_whom="Ann")
        assert (told["outcome"], told["say"], told["with"]) == ("booked", "Monday, 23 November, 10:00", "Ann")
    made = Appointment.objects.get()
    assert (made.starts_at, made.name, made.number, made.call) == (local(10), "Dana", DANA, call.pk)


def test_a_second_caller_for_the_same_time_is_told_the_truth_and_the_next_times(shop: Shop) -> None:
    for number in (DANA, ELI):
        ask(calling(shop, number), "book_appointment", start=TEN, name="First")
    told = ask(calling(shop, "+972501234569"), "book_appointment", start=TEN, name="Late")
    assert told["outcome"] == "taken"
    assert [each["start"][11:] for each in told["free"]] == ["11:00", "11:30", "12:00"]
    assert Appointment.objects.count() == 2


def test_moving_and_cancelling_the_callers_own(shop: Shop) -> None:
    ask(calling(shop), "book_appointment", start=TEN, name="Dana")
    later = calling(shop)
    assert ask(later, "own_appointments")["appointments"][0]["start"] == TEN
    assert ask(later, "move_appointment", to=NOON)["from"] == "Monday, 23 November, 10:00"
    assert ask(later, "move_appointment", to=TEN)["outcome"] == "moved"
    assert ask(later, "move_appointment", to=NOON)["outcome"] == "moved"  # to and fro: each is done
    assert Appointment.objects.get().starts_at == local(12)
    assert ask(later, "cancel_appointment")["outcome"] == "cancelled"
    assert not Appointment.objects.get().is_booked
    assert ask(later, "book_appointment", start=NOON, name="Dana")["outcome"] == "booked"


@pytest.mark.parametrize("number", [ELI, "", "anonymous"])
def test_nobody_elses_appointment_is_told_moved_or_cancelled(shop: Shop, number: str) -> None:
    ask(calling(shop), "book_appointment", start=TEN, name="Dana")
    other = calling(shop, number)
    assert ask(other, "own_appointments")["outcome"] == "no_appointment"
    assert ask(other, "cancel_appointment", which=TEN)["outcome"] == "no_appointment"
    assert ask(other, "move_appointment", to=NOON, which=TEN)["outcome"] == "no_appointment"
    assert Appointment.objects.get().is_booked


def test_of_several_the_caller_says_which(shop: Shop) -> None:
    call = calling(shop)
    for start in (TEN, NOON):
        ask(call, "book_appointment", start=start, name="Dana")
    told = ask(call, "cancel_appointment")
    assert (told["outcome"], [each["start"] for each in told["appointments"]]) == ("which_one", [TEN, NOON])
    assert ask(call, "cancel_appointment", which=NOON)["outcome"] == "cancelled"
    assert ask(call, "cancel_appointment")["start"] == TEN


def test_what_still_holds_is_not_done_again_whatever_was_done_since(shop: Shop) -> None:
    """The model asks once more for what it has had, as it does when its session was lost."""
    call = calling(shop)
    for start in (TEN, NOON):
        ask(call, "book_appointment", start=start, name="Dana")
    assert ask(call, "cancel_appointment", which=NOON)["outcome"] == "cancelled"
    assert ask(call, "book_appointment", start=TEN, name="Dana")["outcome"] == "booked"
    assert ask(call, "cancel_appointment", which=NOON)["outcome"] == "cancelled"
    assert [each.starts_at for each in Appointment.objects.filter(status="booked")] == [local(10)]


def test_a_time_at_which_the_caller_has_nothing_is_nobodys_appointment(shop: Shop) -> None:
    call = calling(shop)
    ask(call, "book_appointment", start=TEN, name="Dana")
    for tool, more in (("cancel_appointment", {}), ("move_appointment", {"to": "2026-11-23T15:00"})):
        told = ask(call, tool, which=NOON, **more)
        assert (told["outcome"], [each["start"] for each in told["appointments"]]) == ("which_one", [TEN])
    assert Appointment.objects.get().starts_at == local(10)


def test_what_is_too_near_or_not_offered_is_refused_and_stays(shop: Shop) -> None:
    call = calling(shop)
    assert ask(call, "book_appointment", start="2026-11-27T10:00", name="Dana")["outcome"] == "not_offered"
    ask(call, "book_appointment", start=TEN, name="Dana")
    shop.cut.notice_hours = 5
    shop.cut.save()
    assert ask(call, "cancel_appointment")["outcome"] == "too_late"
    assert ask(call, "move_appointment", to="2026-11-24T10:00")["outcome"] == "too_late"
    assert Appointment.objects.get().is_booked


@pytest.mark.django_db(transaction=True)
def test_callers_at_once_share_what_is_left() -> None:
    """Six calls ask for a time that two chairs have."""
    shop = make_shop()
    calls = [calling(shop, f"+9725012345{number}") for number in range(60, 66)]
    barrier = Barrier(len(calls))

    def run(call: Call) -> str:
        try:
            barrier.wait(10)
            outcome: str = ask(call, "book_appointment", start=TEN, name="Caller")["outcome"]
            return outcome
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        outcomes = sorted(pool.map(run, calls))
    assert outcomes == ["booked"] * 2 + ["taken"] * 4
