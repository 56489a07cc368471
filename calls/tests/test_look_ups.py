"""The tools that look something up: opening hours of other days, and what doesn't fit into every call."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from businesses.knowledge import budget, entries
from businesses.models import Business, SpecialDays, WeekHours
from businesses.tenancy import acting_for
from calls.line.admission import open_stream
from calls.models import Call, ToolRun
from calls.plan import CallPlan
from calls.telephone import stream_tokens
from calls.tests.conftest import make_business, make_call
from calls.tools.running import run_tool

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)  # Monday
FRIDAY = date(2026, 12, 4)


@pytest.fixture
def clinic() -> Business:
    business = make_business()
    with acting_for(business):
        WeekHours.objects.create(business=business, monday=[["08:00", "18:00"]], friday=[["08:00", "12:00"]])
    return business


def planned(business: Business) -> tuple[Call, CallPlan]:
    call = make_call(business, started_at=NOW)
    token = stream_tokens.issue(call, now=NOW)
    return call, open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid=f"MZ{call.pk.hex[:8]}", now=NOW)


def run(business: Business, name: str, **arguments: Any) -> dict[str, Any]:
    call, _plan = planned(business)
    written = json.dumps(arguments)
    done = run_tool(call.pk, business, tool_call_id="1", name=name, arguments=written, now=NOW)
    told: dict[str, Any] = json.loads(done.output)
    return told


def tools_of(business: Business) -> set[str]:
    _call, plan = planned(business)
    return {each.tool.name for each in plan.tools}


def test_are_you_open_on_friday_the_fourth(clinic: Business) -> None:
    told = run(clinic, "opening_hours", first_day="2026-12-04")
    assert told["days"] == [{"day": "Friday, 4 December 2026", "hours": "08:00 to 12:00"}]
    assert ToolRun._base_manager.get().code == "told"


def test_exceptions_are_told_with_their_names(clinic: Business) -> None:
    with acting_for(clinic):
        SpecialDays.objects.create(business=clinic, first_day=FRIDAY, last_day=FRIDAY, name="Staff outing")
    told = run(clinic, "opening_hours", first_day="2026-12-03", days=2)
    assert [(each["hours"], each.get("because")) for each in told["days"]] == [
        ("closed", None),
        ("closed", "Staff outing"),
    ]


@pytest.mark.parametrize("day", ["2020-01-01", "2031-01-01", "9999-12-31"])
def test_a_day_that_is_over_or_far_away_is_asked_about(clinic: Business, day: str) -> None:
    told = run(clinic, "opening_hours", first_day=day)
    assert "days" not in told
    assert ToolRun._base_manager.get().code == "no_such_day"


@pytest.mark.parametrize("arguments", [{"first_day": "Friday"}, {"first_day": "2026-12-04", "days": 99}, {}])
def test_what_is_no_day_is_refused(clinic: Business, arguments: dict[str, Any]) -> None:
    assert "days" not in run(clinic, "opening_hours", **arguments)


def test_hours_are_offered_where_there_are_any(clinic: Business) -> None:
    assert "opening_hours" in tools_of(clinic)
    WeekHours._base_manager.all().delete()
    assert "opening_hours" not in tools_of(clinic)


def test_what_fits_is_told_and_nothing_is_looked_up(clinic: Business) -> None:
    with acting_for(clinic):
        entries.add_all(clinic, [("Parking", "Behind\nthe house.")])
    _call, plan = planned(clinic)
    assert "# What the business has written down\n- Parking: Behind the house.\n\n" in plan.instructions
    assert "look_up" not in plan.instructions
    assert "look_up" not in {each.tool.name for each in plan.tools}


def test_what_does_not_fit_is_named_and_looked_up(clinic: Business) -> None:
    with acting_for(clinic):
        entries.add_all(clinic, [("Parking", "Behind the house."), *((f"Crown {n}", "gold " * 750) for n in range(6))])
    _call, plan = planned(clinic)
    assert "More is known, among them: Crown 3" in plan.instructions
    assert "Call `look_up` before you say that you do not know." in plan.instructions
    assert budget.tokens(plan.instructions) < budget.OPENAIS_LIMIT
    assert "look_up" in {each.tool.name for each in plan.tools}
    told = run(clinic, "look_up", about="crown 5")
    assert told["found"][0]["subject"] == "Crown 5"
    assert run(clinic, "look_up", about="elephants")["found"] == []


def test_a_call_is_told_nothing_of_what_is_off_or_anothers(clinic: Business) -> None:
    other = make_business()
    with acting_for(other):
        entries.add_all(other, [("Secret", "Of another business.")])
    with acting_for(clinic):
        entries.add_all(clinic, [("Old prices", "Nothing.")])
        entries.switch(entries.entries_of(clinic)[0], is_on=False)
    _call, plan = planned(clinic)
    assert "# What the business has written down" not in plan.instructions
    assert run(clinic, "look_up", about="secret")["found"] == []


def test_hours_of_a_business_are_its_own(clinic: Business) -> None:
    other = make_business()
    with acting_for(other):
        WeekHours.objects.create(business=other, friday=[["20:00", "23:00"]])
        SpecialDays.objects.create(business=other, first_day=FRIDAY, last_day=FRIDAY + timedelta(days=1))
    assert run(clinic, "opening_hours", first_day="2026-12-04")["days"][0]["hours"] == "08:00 to 12:00"
