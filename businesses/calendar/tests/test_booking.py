"""Booking, moving and cancelling: what callers and members may do, and what is told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from businesses.calendar import booking, offers
from businesses.calendar.booking import Guest, Reason
from businesses.calendar.tests.conftest import NOW, Shop, local
from businesses.errors import SlotNotOffered, SlotTaken
from businesses.models import Appointment, AppointmentStatus, AuditEntry, BusyTime, MadeBy, ServiceCalendar

DANA = Guest(name="Dana", number="+972501234567")
CALL = uuid4()


def book(shop: Shop, start: Any, **options: Any) -> Appointment:
    """Book as a caller."""
    return booking.book(shop.business, shop.cut, DANA, **{"start": start, "now": NOW, "call": CALL, **options})


def test_a_caller_books(shop: Shop) -> None:
    made = book(shop, local(10))
    kept = Appointment.objects.get()
    assert (kept.pk, kept.starts_at, kept.ends_at) == (made.pk, local(10), local(11))
    assert (kept.name, kept.number, kept.made_by, kept.call) == ("Dana", "+972501234567", MadeBy.CALL, CALL)
    entry = AuditEntry.objects.get()
    assert entry.kind == "appointment"
    assert entry.details == {"step": "made", "appointment": str(made.pk), "call": str(CALL)}


def test_a_second_caller_gets_the_other_chair_and_a_third_the_next_times(shop: Shop) -> None:
    first, second = book(shop, local(10)), book(shop, local(10))
    assert {first.calendar, second.calendar} == {shop.ann, shop.ben}
    with pytest.raises(SlotTaken) as refused:
        book(shop, local(10))
    assert [slot.start for slot in refused.value.free] == [local(11), local(11, 30), local(12)]
    assert Appointment.objects.count() == 2


def test_times_that_overlap_in_part_are_taken(shop: Shop) -> None:
    book(shop, local(10), calendar=shop.ann)
    for start in (local(9, 30), local(10, 30)):
        with pytest.raises(SlotTaken):
            book(shop, start, calendar=shop.ann)
    book(shop, local(9), calendar=shop.ann)
    book(shop, local(11), calendar=shop.ann)


def test_what_is_kept_free_around_an_appointment_counts(shop: Shop) -> None:
    shop.cut.before_minutes, shop.cut.after_minutes = 10, 20
    shop.cut.save()
    made = book(shop, local(10), calendar=shop.ann)
    assert (made.held_from, made.held_until) == (local(9, 50), local(11, 20))
    with pytest.raises(SlotTaken):
        book(shop, local(11, 0), calendar=shop.ann)
    book(shop, local(11, 30), calendar=shop.ann)  # its own ten minutes before begin when the twenty are over
    with pytest.raises(SlotTaken) as refused:
        book(shop, local(12, 30), calendar=shop.ann)
    assert refused.value.free[0].start == local(13)


def test_busy_times_are_taken(shop: Shop) -> None:
    BusyTime.objects.create(business=shop.business, calendar=shop.ann, starts_at=local(12), ends_at=local(13))
    with pytest.raises(SlotTaken):
        book(shop, local(12, 30), calendar=shop.ann)
    assert book(shop, local(12, 30)).calendar == shop.ben


@pytest.mark.parametrize(
    "start",
    [
        local(8),  # before the opening
        local(16, 30),  # ends after closing
        local(10, 10),  # no whole step
        local(10, day=27),  # a Friday
        NOW - timedelta(days=1),
    ],
)
def test_callers_get_only_what_is_offered(shop: Shop, start: Any) -> None:
    with pytest.raises(SlotNotOffered) as refused:
        book(shop, start)
    assert refused.value.reason == Reason.NOT_OFFERED
    assert len(refused.value.free) == offers.SHOWN
    assert not Appointment.objects.exists()


def test_notice_and_how_far_ahead(shop: Shop) -> None:
    shop.cut.notice_hours, shop.cut.ahead_days = 3, 2
    shop.cut.save()
    with pytest.raises(SlotNotOffered):
        book(shop, local(10, 30))  # in two and a half hours
    book(shop, local(11))
    with pytest.raises(SlotNotOffered):
        book(shop, local(9, day=26))
    book(shop, local(16, day=24))


def test_a_member_books_outside_of_the_hours_but_never_twice(shop: Shop) -> None:
    made = book(shop, local(19, 5, day=27), call=None, calendar=shop.ann)
    assert made.made_by == MadeBy.PERSON
    with pytest.raises(SlotTaken):
        book(shop, local(19, 50, day=27), call=None, calendar=shop.ann)
    with pytest.raises(SlotNotOffered):
        book(shop, NOW + timedelta(days=4_000), call=None)


def test_who_is_switched_off_takes_nothing_new(shop: Shop) -> None:
    shop.ann.is_active = False
    shop.ann.save()
    assert book(shop, local(10)).calendar == shop.ben
    with pytest.raises(SlotNotOffered):
        book(shop, local(12), calendar=shop.ann)
    shop.cut.is_active = False
    with pytest.raises(SlotNotOffered) as refused:
        book(shop, local(12))
    assert refused.value.free == ()


def test_a_calendar_takes_only_services_that_it_offers(shop: Shop) -> None:
    ServiceCalendar.objects.filter(calendar=shop.ann).delete()
    with pytest.raises(SlotNotOffered):
        book(shop, local(10), calendar=shop.ann)


def test_the_same_key_books_once(shop: Shop) -> None:
    key = uuid4()
    assert book(shop, local(10), key=key).pk == book(shop, local(10), key=key).pk == key
    assert Appointment.objects.count() == AuditEntry.objects.count() == 1


def test_nobody_fills_a_calendar_by_ringing_up(shop: Shop) -> None:
    for hour in range(9, 14):
        book(shop, local(hour))
    with pytest.raises(SlotNotOffered) as refused:
        book(shop, local(15))
    assert refused.value.reason == Reason.TOO_MANY
    book(shop, local(15), call=None)


def test_moving_keeps_the_length_and_frees_the_old_time(shop: Shop) -> None:
    made = book(shop, local(10), calendar=shop.ann)
    shop.cut.minutes = 30
    shop.cut.save()
    moved = booking.move(made, start=local(10, 30), now=NOW, by_caller=True)
    assert (moved.starts_at, moved.ends_at) == (local(10, 30), local(11, 30))
    assert AuditEntry.objects.first().details["after"] == "2026-11-23 10:30"  # type: ignore[union-attr]
    book(shop, local(10), calendar=shop.ann)


def test_moving_to_what_is_taken_changes_nothing(shop: Shop) -> None:
    made = book(shop, local(10), calendar=shop.ann)
    book(shop, local(12), calendar=shop.ann)
    with pytest.raises(SlotTaken) as refused:
        booking.move(made, start=local(12, 30), now=NOW, by_caller=True)
    assert refused.value.free[0].start == local(13)
    assert Appointment.objects.get(pk=made.pk).starts_at == local(10)
    assert booking.move(made, start=local(12, 30), now=NOW, calendar=shop.ben).calendar == shop.ben


def test_moving_to_where_it_is_tells_nobody(shop: Shop) -> None:
    made = book(shop, local(10), calendar=shop.ann)
    booking.move(made, start=local(10), now=NOW)
    assert AuditEntry.objects.count() == 1


def test_cancelling_frees_the_time_and_is_told_once(shop: Shop) -> None:
    made = book(shop, local(10), calendar=shop.ann)
    for _each in range(2):
        assert booking.cancel(made, now=NOW, by_caller=True).status == AppointmentStatus.CANCELLED
    assert [entry.details["step"] for entry in AuditEntry.objects.all()] == ["cancelled", "made"]
    book(shop, local(10), calendar=shop.ann)


def test_a_cancellation_is_taken_back_while_the_time_is_free(shop: Shop) -> None:
    made = book(shop, local(10), calendar=shop.ann)
    booking.cancel(made, now=NOW)
    assert booking.restore(made, now=NOW).is_booked
    booking.cancel(made, now=NOW)
    book(shop, local(10), calendar=shop.ann)
    with pytest.raises(SlotTaken):
        booking.restore(made, now=NOW)
    with pytest.raises(SlotNotOffered) as refused:
        booking.move(made, start=local(14), now=NOW)
    assert refused.value.reason == Reason.CANCELLED


def test_callers_respect_notice_when_they_move_or_cancel_and_members_need_not(shop: Shop) -> None:
    made = book(shop, local(10))
    shop.cut.notice_hours = 3
    shop.cut.save()
    with pytest.raises(SlotNotOffered) as refused:
        booking.move(made, start=local(15), now=NOW, by_caller=True)
    assert refused.value.reason == Reason.TOO_LATE
    with pytest.raises(SlotNotOffered) as refused:
        booking.cancel(made, now=NOW, by_caller=True)
    assert refused.value.reason == Reason.TOO_LATE
    assert not booking.cancel(made, now=NOW).is_booked


def test_the_database_itself_refuses_overlaps(shop: Shop) -> None:
    """Whatever code writes: a new row, a move into another calendar, and a cancellation that is taken back."""
    made, other = book(shop, local(10), calendar=shop.ann), book(shop, local(10), calendar=shop.ben)
    booking.cancel(other, now=NOW)
    rows = Appointment.objects.filter(pk=other.pk)
    rows.update(calendar=shop.ann)
    for forbidden in (
        lambda: rows.update(status=AppointmentStatus.BOOKED),
        lambda: Appointment.objects.bulk_create([_copy(made)]),
    ):
        with pytest.raises(IntegrityError, match="overlap"), transaction.atomic():
            forbidden()
    rows.update(calendar=shop.ben, status=AppointmentStatus.BOOKED)
    with pytest.raises(IntegrityError, match="overlap"), transaction.atomic():
        rows.update(calendar=shop.ann)


def _copy(made: Appointment) -> Appointment:
    values = {field.attname: getattr(made, field.attname) for field in Appointment._meta.concrete_fields}
    return Appointment(**values | {"id": uuid4()})
