"""Busy times from another calendar: they block, what fails takes none away, and nothing else is known of a person."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from businesses.calendar import booking, offers
from businesses.calendar.booking import Guest
from businesses.calendar.tests.conftest import NOW, Shop, local
from businesses.credentials import encrypt_text
from businesses.errors import SlotTaken
from businesses.ics import feeds, fetching, sources
from businesses.ics.tests.conftest import Elsewhere
from businesses.ics.tests.files import calendar, event
from businesses.models import AuditEntry, BusyTime, CalendarSource
from businesses.tenancy import acting_for

pytestmark = pytest.mark.django_db(transaction=True)

NOON = (":20261123T100000Z", ":20261123T110000Z")
"""Noon until one in Jerusalem."""


def enter(shop: Shop, url: str) -> CalendarSource:
    with acting_for(shop.business):
        return sources.enter(shop.ann, url, now=NOW)


def fetch(at: datetime = NOW) -> int:
    return fetching.fetch_due(clock=lambda: at, keep_going=lambda: True)


def row(shop: Shop) -> CalendarSource:
    with acting_for(shop.business):
        return CalendarSource.objects.get()


def busy(shop: Shop) -> list[tuple[int, int]]:
    """Returns the hours of the busy times, as they are stored (UTC)."""
    with acting_for(shop.business):
        return [(each.starts_at.hour, each.ends_at.hour) for each in BusyTime.objects.order_by("starts_at")]


def test_a_busy_time_is_not_offered_and_not_booked_by_anybody(shop: Shop, elsewhere: Elsewhere) -> None:
    elsewhere.file = calendar(event(*NOON, "SUMMARY:Divorce lawyer", "DESCRIPTION:Secret"))
    enter(shop, elsewhere.url)
    assert fetch() == 1
    with acting_for(shop.business):
        found = offers.free_slots(shop.business, shop.cut, now=NOW, calendars=[shop.ann], first=local(11))
        assert [slot.start for slot in found[:2]] == [local(11), local(13)]
        for call in (None, shop.business.pk):
            with pytest.raises(SlotTaken):
                booking.book(
                    shop.business, shop.cut, Guest("Dana"), start=local(12), now=NOW, calendar=shop.ann, call=call
                )
        [kept] = BusyTime.objects.all()
        assert kept.note == "", "what somebody does elsewhere is not stored"
    assert busy(shop) == [(10, 11)]


def test_what_changed_there_changes_here(shop: Shop, elsewhere: Elsewhere) -> None:
    two = event(":20261124T100000Z", ":20261124T110000Z", uid="two")
    overlapping = event(":20261123T103000Z", ":20261123T120000Z", uid="three")
    elsewhere.file, elsewhere.etag = calendar(event(*NOON), overlapping, two), '"1"'
    enter(shop, elsewhere.url)
    fetch()
    assert busy(shop) == [(10, 12), (10, 11)], "times that touch are one"
    with acting_for(shop.business):
        kept = BusyTime.objects.get(starts_at__day=24).pk
    assert fetch(NOW + timedelta(minutes=14)) == 0
    assert fetch(NOW + timedelta(minutes=15)) == 1
    elsewhere.file, elsewhere.etag = calendar(two), '"2"'
    assert fetch(NOW + timedelta(minutes=30)) == 1
    assert busy(shop) == [(10, 11)]
    with acting_for(shop.business):
        assert BusyTime.objects.get().pk == kept, "what stays is not written again"
    assert fetch(NOW + timedelta(hours=13)) == 1
    assert elsewhere.asked == ["", '"1"', '"1"', ""], "twice a day the file is read though it is unchanged"


def test_an_address_that_fails_keeps_what_is_known_and_is_asked_less_and_less(shop: Shop, elsewhere: Elsewhere) -> None:
    elsewhere.file = calendar(event(*NOON))
    enter(shop, elsewhere.url)
    fetch()
    at = NOW + timedelta(minutes=15)
    for status, file, problem in (
        (503, b"", "status"),
        (200, b"<html>Sign in</html>", "not_a_calendar"),
        (200, elsewhere.file[:-40], "not_a_calendar"),
        (200, b"x" * (fetching.MOST_BYTES + 1), "too_large"),
    ):
        elsewhere.status, elsewhere.file = status, file
        assert fetch(at) == 1
        failed = row(shop)
        assert (failed.problem, failed.worked_at, busy(shop)) == (problem, NOW, [(10, 11)])
        at = failed.due_at
    assert [fetching.pause_after(failures) for failures in (0, 1, 2, 30)] == [
        *(timedelta(minutes=minutes) for minutes in (15, 30, 60)),
        timedelta(hours=6),
    ]
    elsewhere.status, elsewhere.file = 200, calendar()
    fetch(at)
    again = row(shop)
    assert (again.problem, again.failures, again.worked_at, busy(shop)) == ("", 0, at, [])


def test_who_is_killed_loses_nothing_and_two_workers_dont_fetch_the_same(shop: Shop, elsewhere: Elsewhere) -> None:
    elsewhere.file = calendar(event(*NOON))
    enter(shop, elsewhere.url)
    assert fetching._claim_next(NOW) is not None  # and then it is killed
    assert fetch(NOW + timedelta(seconds=119)) == 0
    assert fetch(NOW + fetching.CLAIM) == 1
    assert busy(shop) == [(10, 11)]


def test_what_comes_late_for_an_address_that_is_gone_is_not_stored(shop: Shop, elsewhere: Elsewhere) -> None:
    elsewhere.file = calendar(event(*NOON))
    enter(shop, elsewhere.url)
    late = fetching._claim_next(NOW)
    assert late is not None
    enter(shop, elsewhere.url.replace("basic", "other"))
    result = fetching._fetch(elsewhere.url, "", "Asia/Jerusalem", NOW)
    assert result.found
    fetching._settle(late, result, NOW)
    assert busy(shop) == []


def test_an_appointment_of_ours_that_comes_back_does_not_block_itself(shop: Shop, elsewhere: Elsewhere) -> None:
    with acting_for(shop.business):
        made = booking.book(shop.business, shop.cut, Guest("Dana"), start=local(12), now=NOW, calendar=shop.ann)
        feed, _token = feeds.make(shop.business, shop.ann, by=None, now=NOW)
        own = feeds.file_of(feed, now=NOW)
    foreign = event(":20261123T130000Z", ":20261123T140000Z", uid="frontdesk-appointment-not-one")
    elsewhere.file = own.replace(b"END:VCALENDAR", calendar(foreign).split(b"EN\r\n", 1)[1].rstrip())
    enter(shop, elsewhere.url)
    fetch()
    assert busy(shop) == [(13, 14)]
    with acting_for(shop.business):
        booking.move(made, start=local(12, 30), now=NOW)


def test_an_address_is_a_secret_and_is_forgotten_with_its_times(shop: Shop, elsewhere: Elsewhere) -> None:
    elsewhere.file = calendar(event(*NOON))
    enter(shop, elsewhere.url)
    fetch()
    with acting_for(shop.business):
        stored = CalendarSource.objects.get()
        told = str(list(AuditEntry.objects.values_list("details", flat=True)))
        assert "secret-7c1" not in stored.encrypted_url + str(stored) + told
        assert "localhost" in told
        CalendarSource.objects.update(encrypted_url=encrypt_text("https://x.example/")[:-8] + "AAAAAAAA", due_at=NOW)
    fetch()
    assert (row(shop).problem, busy(shop)) == ("undecrypted", [(10, 11)])
    with acting_for(shop.business):
        sources.remove(stored)
    assert busy(shop) == []
    assert sources.normal(" WEBCAL://p1.icloud.example/x ") == "https://p1.icloud.example/x"
