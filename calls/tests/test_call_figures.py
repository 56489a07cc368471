"""The figures of calls: who was answered and who was missed, today and in a week, and the list behind each number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.models import BROWSER, Call, CallOutcome, CallStatus
from calls.records.call_figures import CallFigure, calls_of_home
from calls.tests.conftest import make_business, make_call
from calls.tests.test_greeting_pages import client_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def business(db: None) -> Iterator[Business]:
    business = make_business(time_zone="Asia/Jerusalem")
    with acting_for(business):
        yield business


def ended(business: Business, outcome: CallOutcome, *, ago: timedelta = timedelta(0), **values: Any) -> Call:
    opened = None if outcome == CallOutcome.REFUSED else NOW - ago
    fields = {"caller_number": "+972501234567", "stream_opened_at": opened, "minutes_charged": Decimal(2)}
    return make_call(
        business, status=CallStatus.ENDED, outcome=outcome, started_at=NOW - ago, ended_at=NOW - ago,
        **(fields | values),
    )  # fmt: skip


def numbers(client: Client, business: Business, figure: str) -> int:
    answer = client.get(f"/b/{business.slug}/calls/?figure={figure}")
    return len(answer.context["listing"].rows)


def test_a_try_in_the_browser_is_neither_answered_nor_missed(business: Business) -> None:
    for outcome in (CallOutcome.COMPLETED, CallOutcome.FAILED, CallOutcome.REFUSED):
        ended(business, outcome, caller_number=BROWSER)
    found = calls_of_home(business, now=NOW)
    assert (found.today.answered, found.today.missed) == (0, 0)
    assert found.today.minutes == 6, "tries are billed"
    client = client_of(business)
    assert [numbers(client, business, figure) for figure in CallFigure.values] == [0, 0, 3]


def test_the_list_behind_a_number_has_as_many_calls(business: Business) -> None:
    for outcome in CallOutcome:
        ended(business, outcome)
    found = calls_of_home(business, now=NOW).today
    client = client_of(business)
    assert (found.answered, found.missed) == (3, 3)
    assert [numbers(client, business, figure) for figure in ("answered", "missed")] == [3, 3]


def test_the_week_is_told_from_the_one_before(business: Business) -> None:
    completed, failed = CallOutcome.COMPLETED, CallOutcome.FAILED
    for days, outcome in [(0, completed), (6, completed), (6, failed), (7, completed), (13, failed), (14, failed)]:
        ended(business, outcome, ago=timedelta(days=days))
    found = calls_of_home(business, now=NOW)
    assert (found.today.answered, found.week.answered, found.week_before.answered) == (1, 2, 1)
    assert (found.today.missed, found.week.missed, found.week_before.missed) == (0, 1, 1)
    assert found.week.minutes == 6
