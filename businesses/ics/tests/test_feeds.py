"""What other calendars see of the appointments, read by a library that isn't ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import icalendar
import pytest
import time_machine
from django.test import Client

from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.calendar.tests.conftest import NOW, Shop, local
from businesses.ics import feeds
from businesses.models import Appointment, Calendar, CalendarFeed
from businesses.pages import calendar_feed
from businesses.tenancy import acting_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def book(shop: Shop, hour: int, name: str = "Dana", *, note: str = "", calendar: Calendar | None = None) -> Appointment:
    with acting_for(shop.business):
        guest = Guest(name, "+972501234567", note)
        return booking.book(shop.business, shop.cut, guest, start=local(hour), now=NOW, calendar=calendar or shop.ann)


def subscribe(shop: Shop, calendar: Calendar | None) -> str:
    with acting_for(shop.business):
        return f"/calendar/feed/{feeds.make(shop.business, calendar, by=None, now=NOW)[1]}.ics"


def events(address: str) -> list[Any]:
    answer = Client().get(address)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return icalendar.Calendar.from_ical(answer.content).events


def test_an_appointment_is_an_event_that_moves_and_goes(shop: Shop) -> None:
    made, address = book(shop, 10), subscribe(shop, shop.ann)
    [first] = events(address)
    assert (first.start, first.end) == (local(10), local(11))
    assert b"DTSTART:20261123T080000Z\r\n" in Client().get(address).content, "in UTC"
    assert (first["SUMMARY"], first["LOCATION"], first["DESCRIPTION"]) == ("Dana – Haircut", "Ann", "+972501234567")
    assert first["URL"].endswith(f"/b/{shop.business.slug}/calendar/appointments/{made.pk}/")
    with acting_for(shop.business):
        for number in (1, 2):  # in the same second
            booking.move(made, start=local(11 + number), now=NOW)
    [moved] = events(address)
    assert moved["UID"] == first["UID"]
    assert moved.start == local(13)
    assert (first["SEQUENCE"], moved["SEQUENCE"]) == (0, 2)
    assert moved["LAST-MODIFIED"].dt > first["LAST-MODIFIED"].dt
    with acting_for(shop.business):
        booking.cancel(made, now=NOW)
        assert events(address) == []
        booking.restore(made, now=NOW + timedelta(minutes=1))
    [back] = events(address)
    assert back["SEQUENCE"] > moved["SEQUENCE"]


def test_a_file_is_one_that_every_program_reads(shop: Shop) -> None:
    note = "שורה ראשונה; עם, סימנים\\ וטקסט ארוך מאוד מאוד שצריך לקפל אותו באמצע\nBEGIN:VEVENT\x07"
    book(shop, 10, "נועה \u202eלוי", note=note)
    body = Client().get(subscribe(shop, shop.ann)).content
    lines = body.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert body.count(b"\nBEGIN:VEVENT") == 1
    for needed in (b"PRODID:-//Frontdesk//Appointments//EN", b"METHOD:PUBLISH", b"X-PUBLISHED-TTL:PT15M"):
        assert needed in lines
    [event] = icalendar.Calendar.from_ical(body).events
    assert event["DESCRIPTION"] == f"+972501234567\n{note[:-1]}"


def test_an_empty_calendar_holds_a_component_all_the_same(shop: Shop) -> None:
    body = Client().get(subscribe(shop, shop.ann)).content
    assert icalendar.Calendar.from_ical(body).subcomponents


def test_a_calendar_shows_its_own_and_the_business_all_of_its_appointments(shop: Shop) -> None:
    book(shop, 10)
    book(shop, 11, "Eli", calendar=shop.ben)
    old = book(shop, 14, "Old")
    with acting_for(shop.business):
        ago = timedelta(days=31)
        Appointment.objects.filter(pk=old.pk).update(
            starts_at=old.starts_at - ago, ends_at=old.ends_at - ago, held_from=old.held_from - ago,
            held_until=old.held_until - ago,
        )  # fmt: skip
    assert [str(each["SUMMARY"]) for each in events(subscribe(shop, shop.ben))] == ["Eli – Haircut"]
    assert len(events(subscribe(shop, None))) == 2


def test_what_is_unchanged_is_not_sent_again(shop: Shop) -> None:
    made, address, client = book(shop, 10), subscribe(shop, shop.ann), Client()
    etag = client.get(address)["ETag"]
    assert client.get(address, headers={"if-none-match": etag}).status_code == 304
    with time_machine.travel(NOW + timedelta(hours=3)):
        assert client.get(address, headers={"if-none-match": f"W/{etag}"}).status_code == 304
    with acting_for(shop.business):
        booking.move(made, start=local(15), now=NOW)
    assert client.get(address, headers={"if-none-match": etag}).status_code == 200


def test_a_renewed_or_revoked_address_answers_nobody(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    first = subscribe(shop, shop.ann)
    second, client = subscribe(shop, shop.ann), Client()
    assert [client.get(each).status_code for each in (first, second, "/calendar/feed/x.ics")] == [404, 200, 404]
    assert client.post(second).status_code == 405
    monkeypatch.setattr(calendar_feed, "AN_HOUR", 1)
    refused = client.get(second)
    assert (refused.status_code, 0 < int(refused["Retry-After"]) <= 3600) == (429, True)
    with acting_for(shop.business):
        row = CalendarFeed.objects.get()
        assert row.last_used_at == NOW
        assert row.token_hash not in second
        feeds.revoke(row)
    assert client.get(second).status_code == 404
