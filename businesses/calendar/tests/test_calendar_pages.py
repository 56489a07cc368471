"""The pages of appointments, from a business without any to a cancellation that is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.calendar.tests.conftest import NOW, Shop, local, make_shop
from businesses.membership import add_member
from businesses.models import Appointment, Business, BusyTime, Calendar, Role, Service, User
from businesses.tenancy import acting_for

DAY = "2026-11-23"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def signed_in(business: Business, role: Role = Role.OWNER) -> Client:
    user = User.objects.create_user(f"{uuid4().hex}@frontdesk.test", "pw")
    add_member(business, user, role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


@pytest.fixture
def pages(shop: Shop) -> Client:
    return signed_in(shop.business, Role.STAFF)


def at(shop: Shop, page: str) -> str:
    return f"/b/{shop.business.slug}/calendar/{page}"


def form(shop: Shop, **values: object) -> dict[str, object]:
    given = {
        "service": shop.cut.pk,
        "calendar": "",
        "day": DAY,
        "time": "10:00",
        "name": "Dana",
        "number": "",
        "note": "",
    }
    return given | {"key": uuid4()} | values


def test_an_owner_sets_it_up_from_nothing(db: None) -> None:
    business = Business.objects.create(name="New", slug="new-one", language="en", time_zone="Asia/Jerusalem")
    client = signed_in(business)
    base = "/b/new-one/calendar/"
    assert "Add the first calendar" in client.get(base).content.decode()
    calendar = {"name": "Ann", "own_hours": "on", "monday": "9-12, 13:00-17:00", "is_active": "on"}
    assert client.post(f"{base}calendars/", calendar).url == f"{base}services/"  # type: ignore[attr-defined]
    assert "Add the first service" in client.get(base).content.decode()
    with acting_for(business):
        ann = Calendar.objects.get()
    assert ann.hours[0] == [["09:00", "12:00"], ["13:00", "17:00"]]
    service = {"name": "Cut", "minutes": 30, "before_minutes": 0, "after_minutes": 0, "step_minutes": 30}
    service |= {"notice_hours": 1, "ahead_days": 30, "offered_by": ann.pk, "is_active": "on"}
    assert client.post(f"{base}services/", service).status_code == 302
    assert f"start={DAY}T10:00" in client.get(f"{base}?day={DAY}").content.decode()
    again = client.post(f"{base}services/", service)
    assert (again.status_code, "of this name already" in again.content.decode()) == (422, True)


def test_hours_that_nobody_understands_are_refused_with_what_was_typed(shop: Shop) -> None:
    client = signed_in(shop.business)
    answer = client.post(at(shop, f"calendars/{shop.ann.pk}/"), {"name": "Ann", "own_hours": "on", "monday": "noon"})
    assert answer.status_code == 422
    assert 'value="noon"' in answer.content.decode()
    with acting_for(shop.business):
        assert Calendar.objects.get(pk=shop.ann.pk).hours == shop.ann.hours


def test_a_member_books_and_sees_it_in_the_day_and_the_week(shop: Shop, pages: Client) -> None:
    wanted = form(shop, number="050-123-4567", calendar=shop.ann.pk)
    for _each in range(2):  # a double click
        assert pages.post(at(shop, "book/"), wanted).status_code == 302
    with acting_for(shop.business):
        made = Appointment.objects.get()
    assert (made.starts_at, made.number, made.made_by) == (local(10), "+972501234567", "person")
    for query in ("", "&view=week", f"&view=week&calendar={shop.ann.pk}", f"&calendar={shop.ann.pk}"):
        assert str(made.pk) in pages.get(at(shop, f"?day={DAY}{query}")).content.decode(), query
    assert str(made.pk) not in pages.get(at(shop, f"?day={DAY}&calendar={shop.ben.pk}")).content.decode()


def test_a_taken_time_offers_the_next_and_one_press_takes_it(shop: Shop, pages: Client) -> None:
    with acting_for(shop.business):
        booking.book(shop.business, shop.cut, Guest("First"), start=local(10), now=NOW, calendar=shop.ann)
    answer = pages.post(at(shop, "book/"), form(shop, calendar=shop.ann.pk))
    assert answer.status_code == 422
    content = answer.content.decode()
    assert "This time is taken." in content
    pick = f"{DAY}T11:00:00+02:00"
    assert f'value="{pick}"' in content
    assert pages.post(at(shop, "book/"), form(shop, calendar=shop.ann.pk, pick=pick)).status_code == 302
    with acting_for(shop.business):
        assert Appointment.objects.filter(starts_at=local(11)).count() == 1


def test_moving_cancelling_and_undo(shop: Shop, pages: Client) -> None:
    with acting_for(shop.business):
        made = booking.book(shop.business, shop.cut, Guest("Dana"), start=local(10), now=NOW, calendar=shop.ann)
    page = at(shop, f"appointments/{made.pk}/")
    moved = {"day": DAY, "time": "12:00", "calendar": shop.ben.pk}
    assert pages.post(f"{page}move/", moved).status_code == 302
    pages.post(f"{page}cancel/")
    assert "Undo: book it again" in pages.get(page).content.decode()
    pages.post(f"{page}restore/")
    with acting_for(shop.business):
        found = Appointment.objects.get()
        assert (found.starts_at, found.calendar, found.is_booked) == (local(12), shop.ben, True)
        booking.cancel(found, now=NOW)
        booking.book(shop.business, shop.cut, Guest("Other"), start=local(12), now=NOW, calendar=shop.ben)
    assert pages.post(f"{page}restore/").status_code == 409


def test_time_is_kept_free_and_given_back(shop: Shop, pages: Client) -> None:
    with acting_for(shop.business):
        booking.book(shop.business, shop.cut, Guest("Dana"), start=local(10), now=NOW, calendar=shop.ann)
    wanted = {"calendar": shop.ann.pk, "day": DAY, "time": "09:00", "until": "12:00", "note": "Course"}
    answer = pages.post(at(shop, "busy/"), wanted, follow=True).content.decode()
    assert "1 appointment is booked then, and stays." in answer
    assert "Course" in pages.get(at(shop, f"?day={DAY}")).content.decode()
    assert pages.post(at(shop, "busy/"), wanted | {"until": "08:00"}).status_code == 422
    with acting_for(shop.business):
        busy = BusyTime.objects.get()
    pages.post(at(shop, f"busy/{busy.pk}/remove/"))
    with acting_for(shop.business):
        assert not BusyTime.objects.exists()


def test_what_was_booked_can_be_switched_off_but_not_removed(shop: Shop) -> None:
    client = signed_in(shop.business)
    with acting_for(shop.business):
        booking.book(shop.business, shop.cut, Guest("Dana"), start=local(10), now=NOW, calendar=shop.ann)
    for page in (f"services/{shop.cut.pk}/", f"calendars/{shop.ann.pk}/"):
        answer = client.post(at(shop, f"{page}remove/"), follow=True)
        assert "Switch it off instead" in answer.content.decode()
    client.post(at(shop, f"calendars/{shop.ben.pk}/remove/"))
    with acting_for(shop.business):
        assert list(Calendar.objects.all()) == [shop.ann]
        assert Service.objects.exists()


@pytest.mark.parametrize(
    "query", ["?day=0001-01-01", "?day=9999-12-31&view=week", "?day=x", "?calendar=x", "book/?start=0001-01-01T00:00"]
)
def test_addresses_that_make_no_sense(shop: Shop, pages: Client, query: str) -> None:
    assert pages.get(at(shop, query)).status_code == 200


def test_days_that_no_calendar_has_are_refused(shop: Shop, pages: Client) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        assert pages.post(at(shop, "book/"), form(shop, day=day)).status_code == 422
        busy = {"calendar": shop.ann.pk, "day": day, "time": "00:00", "until": "12:00"}
        assert pages.post(at(shop, "busy/"), busy).status_code == 422


def test_a_day_on_which_clocks_change_shows_every_hour(shop: Shop, pages: Client) -> None:
    with acting_for(shop.business):
        Calendar.objects.update(hours=[[["00:00", "00:00"]]] * 7)
    for day in ("2026-03-27", "2026-10-25"):
        content = pages.get(at(shop, f"?day={day}")).content.decode()
        assert all(f">{hour:02}:30<" in content for hour in range(24)), day


def test_the_zone_is_that_of_the_business(shop: Shop, pages: Client) -> None:
    start = datetime(2026, 11, 23, 22, 30, tzinfo=UTC) - timedelta(days=1)
    with acting_for(shop.business):
        booking.book(shop.business, shop.cut, Guest("Night"), start=start, now=NOW, calendar=shop.ann)
    assert "Night" in pages.get(at(shop, f"?day={DAY}")).content.decode()
