"""What is booked next: for the home page, at once after each change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.calendar.soon import SHOWN, booked_next
from businesses.calendar.tests.conftest import NOW, Shop, local
from businesses.models import Appointment


@pytest.fixture(autouse=True)
def nothing_is_remembered(shop: Shop) -> None:
    cache.clear()


def book(shop: Shop, hour: int, name: str = "Dana", number: str = "") -> Appointment:
    return booking.book(shop.business, shop.cut, Guest(name, number), start=local(hour), now=NOW, calendar=shop.ann)


def test_the_nearest_come_first_and_what_is_over_is_not_shown(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for hour in (15, 9, 12, 10, 13, 14, 16):
        book(shop, hour, f"At {hour}")
    assert [each.who for each in booked_next(shop.business, now=NOW)] == ["At 9", "At 10", "At 12", "At 13", "At 14"]
    with django_assert_num_queries(0):
        later = booked_next(shop.business, now=local(10) + timedelta(minutes=30))
    assert [each.who for each in later] == ["At 10", "At 12", "At 13", "At 14", "At 15"]
    assert len(later) == SHOWN


def test_whoever_books_moves_or_cancels_sees_it_at_once(
    shop: Shop, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def shown() -> list[tuple[str, str]]:
        return [(each.who, each.calendar) for each in booked_next(shop.business, now=NOW)]

    assert shown() == []
    with django_capture_on_commit_callbacks(execute=True):
        made = book(shop, 9, "", "+972501234567")
    assert shown() == [("+972501234567", "Ann")]
    with django_capture_on_commit_callbacks(execute=True):
        made = booking.move(made, start=local(10), now=NOW, calendar=shop.ben)
    assert shown() == [("+972501234567", "Ben")]
    with django_capture_on_commit_callbacks(execute=True):
        booking.cancel(made, now=NOW)
    assert shown() == []
