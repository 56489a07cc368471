"""Appointments by the API: what is free is booked once, moved and cancelled, and a conflict says what is free."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache

from businesses.calendar.tests.conftest import NOW, Shop, local, make_shop
from businesses.models import Appointment, AuditEntry, BusyTime
from businesses.tenancy import acting_for
from tests.test_api import Program

pytestmark = pytest.mark.django_db

TEN = "2026-11-23T10:00:00+02:00"


@pytest.fixture
def shop() -> Iterator[Shop]:
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield make_shop()


@pytest.fixture
def program(shop: Shop) -> Program:
    return Program(shop.business)


def new(shop: Shop, **values: object) -> dict[str, object]:
    return {"service": str(shop.cut.pk), "starts_at": "2026-11-23T10:00", "name": "Dana", **values}


def test_what_is_free_is_booked_moved_and_cancelled(shop: Shop, program: Program) -> None:
    (service,) = program("get", "/services")[1]["items"]
    names = {each["id"]: each["name"] for each in program("get", "/calendars")[1]["items"]}
    assert (service["name"], {names[each] for each in service["calendars"]}) == ("Haircut", {"Ann", "Ben"})
    free = program("get", f"/services/{service['id']}/free?from=2026-11-23T09:45&limit=2")[1]["items"]
    assert [each["starts_at"] for each in free] == [TEN, "2026-11-23T10:30:00+02:00"]
    status, made = program("post", "/appointments", new(shop, number="054-123-4567", reminder_agreed=True))
    assert (status, made["starts_at"], made["number"], made["booked_by"]) == (201, TEN, "+972541234567", "program")
    assert made["reminder_agreed"] is True
    path = f"/appointments/{made['id']}"
    moved = program("post", f"{path}/move", {"starts_at": "2026-11-23T11:00:00Z"})[1]
    assert (moved["starts_at"], moved["calendar"]) == ("2026-11-23T13:00:00+02:00", made["calendar"])
    assert program("post", f"{path}/cancel")[1]["status"] == "cancelled"
    assert program("post", f"{path}/cancel")[0] == 200
    status, problem = program("post", f"{path}/move", {"starts_at": "2026-11-23T12:00"})
    assert (status, problem["code"]) == (409, "cancelled")
    assert program("get", path)[1]["status"] == "cancelled"
    with acting_for(shop.business):
        steps = AuditEntry.objects.filter(kind="appointment").order_by("at", "pk").values_list("details", flat=True)
        assert {(each["step"], each["token"]) for each in steps} == {
            (step, "CRM") for step in ("made", "moved", "cancelled")
        }


def test_a_repeated_request_books_once(shop: Shop, program: Program) -> None:
    key = {"Idempotency-Key": "visit-17"}
    first = program("post", "/appointments", new(shop), **key)
    again = program("post", "/appointments", new(shop), **key)
    assert (first[0], again[0], first[1]) == (201, 200, again[1])
    assert program("post", "/appointments", new(shop, name="Avi"), **key)[0] == 422
    with acting_for(shop.business):
        assert Appointment.objects.count() == 1


def test_a_conflict_says_why_and_what_is_free(shop: Shop, program: Program) -> None:
    ann = str(shop.ann.pk)
    assert program("post", "/appointments", new(shop, calendar=ann))[0] == 201
    status, problem = program("post", "/appointments", new(shop, calendar=ann), **{"Idempotency-Key": "late"})
    assert (status, problem["code"], problem["status"]) == (409, "taken", 409)
    assert problem["free"][0] == {"starts_at": "2026-11-23T11:00:00+02:00", "calendar": ann}
    night = new(shop, starts_at="2026-11-23T20:00")
    status, problem = program("post", "/appointments", night)
    assert (status, problem["code"]) == (409, "not_offered")
    assert program("post", "/appointments", night | {"outside_hours": True})[0] == 201
    with acting_for(shop.business):
        assert Appointment.objects.count() == 2
        BusyTime.objects.create(business=shop.business, calendar=shop.ben, starts_at=local(9), ends_at=local(17))
    later = program("get", f"/services/{shop.cut.pk}/free?calendar={shop.ben.pk}&limit=1")[1]["items"]
    assert datetime.fromisoformat(later[0]["starts_at"]) == local(9, day=24)


def test_lists_are_of_a_time_a_person_or_a_state(shop: Shop, program: Program) -> None:
    for hour, number in ((9, "+972541234567"), (12, "+972541234568"), (15, "+972541234567")):
        program("post", "/appointments", new(shop, starts_at=f"2026-11-23T{hour:02}:00", number=number))

    def starts(query: str) -> list[str]:
        return [each["starts_at"][11:13] for each in program("get", f"/appointments?{query}")[1]["items"]]

    assert starts("") == ["15", "12", "09"]
    assert starts("from=2026-11-23T12:00&until=2026-11-23T15:00") == ["12"]
    assert starts("number=054-123-4567&status=booked") == ["15", "09"]
    assert starts("status=cancelled") == []
    first = program("get", "/appointments?limit=2")[1]
    assert [
        each["starts_at"][11:13] for each in program("get", f"/appointments?cursor={first['next']}")[1]["items"]
    ] == ["09"]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"name": ""}, 422),
        ({"number": "12"}, 422),
        ({"starts_at": "soon"}, 422),
        ({"starts_at": "9999-12-31T23:59"}, 422),
        ({"starts_at": "0001-01-01T00:00"}, 422),
        ({"service": str(uuid4())}, 404),
        ({"calendar": str(uuid4())}, 404),
        ({"nmae": "Dana"}, 422),
    ],
)
def test_what_can_mean_nothing_books_nothing(shop: Shop, program: Program, values: dict[str, str], status: int) -> None:
    answered, problem = program("post", "/appointments", new(shop, **values))
    assert (answered, problem["status"]) == (status, status)
    with acting_for(shop.business):
        assert not Appointment.objects.exists()
    assert program("get", f"/services/{shop.cut.pk}/free?until=9999-12-31T23:59")[0] == 422
