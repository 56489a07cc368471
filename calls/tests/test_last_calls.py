"""The settings show for each number that callers dial when it was last called, and a link that calls it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from businesses.last_calls import last_calls
from businesses.models import Business, PhoneNumber
from businesses.tenancy import acting_for
from calls.models import BROWSER, CallStatus
from calls.tests.conftest import make_business, make_call
from calls.tests.test_greeting_pages import client_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CALLED, SILENT, OFF = "+97231230010", "+97231230011", "+97231230012"


@pytest.fixture
def business(db: None) -> Iterator[Business]:
    business = make_business(time_zone="Asia/Jerusalem")
    business.phone_numbers.all().delete()
    for number in (CALLED, SILENT, OFF):
        PhoneNumber.objects.create(business=business, number=number, is_active=number != OFF)
    with acting_for(business):
        for hours in (3, 1, 2):
            at = NOW - timedelta(hours=hours)
            make_call(business, called_number=CALLED, status=CallStatus.ENDED, started_at=at, ended_at=at)
        tried = {"called_number": SILENT, "caller_number": BROWSER}  # nobody dialled
        make_call(business, status=CallStatus.ENDED, started_at=NOW, ended_at=NOW, **tried)
        yield business


def test_the_last_call_counts_and_a_trial_does_not(business: Business) -> None:
    assert last_calls(business) == {CALLED: NOW - timedelta(hours=1)}


def test_each_number_can_be_called_and_says_whether_calls_arrive(business: Business) -> None:
    text = client_of(business).get(f"/b/{business.slug}/settings/").content.decode()
    assert [f'href="tel:{number}"' in text for number in (CALLED, SILENT, OFF)] == [True, True, False]
    assert "Calls arrive here. The last came on 23 Nov 2026, 13:00." in text
    assert text.count("No call has arrived here yet") == 1


def test_calls_of_another_business_say_nothing(business: Business) -> None:
    other = Business.objects.create(name="Other", slug="other-one")
    with acting_for(other):
        assert last_calls(other) == {}
