"""Several people want the same time at the same moment: exactly one gets it, the others are told the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.calendar.tests.conftest import NOW, Shop, local, make_shop
from businesses.errors import SlotTaken
from businesses.models import Appointment, AuditEntry, Calendar
from businesses.tenancy import acting_for

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 6


def at_once(shop: Shop, acts: list[Callable[[], object]]) -> list[object]:
    """Do all at the same moment, each in a thread. Returns what each gave, or the `SlotTaken` that it raised."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            with acting_for(shop.business):
                barrier.wait(10)
                return act()
        except SlotTaken as taken:
            return taken
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def book(shop: Shop, number: int, **options: object) -> Callable[[], object]:
    guest = Guest(name=f"Caller {number}", number=f"+9725012345{number:02}")
    given = {"start": local(10), "now": NOW, "call": uuid4(), **options}
    return lambda: booking.book(shop.business, shop.cut, guest, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("chairs", [1, 2])
def test_who_wants_the_last_time_at_once(chairs: int) -> None:
    shop = make_shop()
    with acting_for(shop.business):
        Calendar.objects.exclude(pk__in=[shop.ann.pk, shop.ben.pk][:chairs]).update(is_active=False)
    results = at_once(shop, [book(shop, number) for number in range(PEOPLE)])
    assert Counter(type(each) for each in results) == {Appointment: chairs, SlotTaken: PEOPLE - chairs}
    for each in results:
        if isinstance(each, SlotTaken):
            assert [slot.start for slot in each.free] == [local(11), local(11, 30), local(12)]
    with acting_for(shop.business):
        assert Appointment.objects.count() == AuditEntry.objects.count() == chairs


def test_a_booking_and_two_moves_to_one_time() -> None:
    shop = make_shop()
    with acting_for(shop.business):
        old = [
            booking.book(shop.business, shop.cut, Guest(), start=local(12), now=NOW, calendar=calendar)
            for calendar in (shop.ann, shop.ben)
        ]
    moves = [lambda each=each: booking.move(each, start=local(10), now=NOW, calendar=shop.ann) for each in old]
    results = at_once(shop, [*moves, book(shop, 1, calendar=shop.ann)])
    assert Counter(type(each) for each in results) == {Appointment: 1, SlotTaken: 2}
    with acting_for(shop.business):
        assert Appointment.objects.filter(starts_at=local(10)).count() == 1


def test_one_form_sent_twice_at_once_books_once() -> None:
    shop = make_shop()
    key = uuid4()
    results = at_once(shop, [book(shop, 1, key=key, calendar=shop.ann) for _each in range(PEOPLE)])
    assert {each.pk for each in results if isinstance(each, Appointment)} == {key}
    assert len(results) == PEOPLE
    with acting_for(shop.business):
        assert Appointment.objects.count() == 1
