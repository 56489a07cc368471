"""Owners join a calendar with Google's, and see why it doesn't work any more."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from businesses.calendar.tests.conftest import Shop, make_shop
from businesses.calendar.tests.test_calendar_pages import signed_in
from businesses.ics import sources
from businesses.ics.busy import Busy
from businesses.models import AuditEntry, BusyTime, Calendar, CalendarFeed, CalendarSource, Membership, Role
from businesses.tenancy import acting_for

pytestmark = pytest.mark.django_db

ADDRESS = re.compile(r"https?://[^\"<\s]+/calendar/feed/[\w-]{43}\.ics")


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


def page(shop: Shop, action: str = "") -> str:
    return f"/b/{shop.business.slug}/calendar/calendars/{shop.ann.pk}/links/{action}"


@pytest.mark.parametrize("of_all", [False, True])
def test_an_address_is_made_shown_once_renewed_and_revoked(shop: Shop, of_all: bool) -> None:
    client = signed_in(shop.business)
    at = f"/b/{shop.business.slug}/calendar/links/" if of_all else page(shop)
    made = client.post(f"{at}feed/").content.decode()
    [address] = set(ADDRESS.findall(made))
    assert f"webcal:{address.partition(':')[2]}" in made
    path = address[address.index("/calendar/feed") :]
    assert Client().get(path).status_code == 200
    again = client.get(at).content.decode()
    assert not ADDRESS.search(again), "shown only once"
    assert "Last used" in again
    [renewed] = set(ADDRESS.findall(client.post(f"{at}feed/").content.decode()))
    assert Client().get(path).status_code == 404
    assert client.post(f"{at}feed/revoke/").url == at  # type: ignore[attr-defined]
    assert Client().get(renewed[renewed.index("/calendar/feed") :]).status_code == 404
    with acting_for(shop.business):
        assert not CalendarFeed.objects.exists()
        noted = list(AuditEntry.objects.order_by("at").values_list("details", flat=True))
    assert [step for each in noted if (step := each.get("step", "")).startswith("feed")] == [
        *("feed_made", "feed_renewed", "feed_removed")
    ]
    assert path.split("/")[-1][:43] not in str(noted)


def test_another_calendar_is_entered_and_forgotten(shop: Shop) -> None:
    client = signed_in(shop.business)
    refused = client.post(page(shop, "source/"), {"url": "ftp://x.example/a.ics"})
    assert refused.status_code == 422
    assert "This is not the address of a calendar" in refused.content.decode()
    assert client.post(page(shop, "source/"), {"url": "webcal://x.example/s3cret/a.ics"}).status_code == 302
    shown = client.get(page(shop)).content.decode()
    assert ("x.example" in shown, "s3cret" in shown) == (True, False)
    now = timezone.now()
    with acting_for(shop.business):
        source = CalendarSource.objects.get()
        sources.store(source, [Busy(now, now + timedelta(hours=1), "")])
        CalendarSource.objects.update(
            problem="status", status=404, checked_at=now, worked_at=now - timedelta(days=1), due_at=now
        )
    failing = client.get(page(shop)).content.decode()
    assert "may not be read, or is gone (404)" in failing
    assert "The busy times are those of" in failing
    listed = client.get(f"/b/{shop.business.slug}/calendar/busy/").content.decode()
    assert "/remove/" not in listed, "what comes from elsewhere is not removed here"
    assert "Busy elsewhere" in client.get(f"/b/{shop.business.slug}/calendar/?view=week").content.decode()
    assert client.post(page(shop, "remove/")).status_code == 302
    with acting_for(shop.business):
        assert not BusyTime.objects.exists()
    assert client.post(page(shop, "fetch/")).status_code == 404


def test_a_member_is_chosen_for_mails_and_nobody_else(shop: Shop) -> None:
    client, other = signed_in(shop.business), make_shop()
    assert signed_in(other.business).get(page(shop)).status_code == 404
    with acting_for(other.business):
        others = Membership.objects.get()
    with acting_for(shop.business):
        mine = Membership.objects.get()
    assert client.post(page(shop, "mail/"), {"member": others.pk}).status_code == 422
    for member, kept in ((mine.pk, mine.pk), ("", None)):
        assert client.post(page(shop, "mail/"), {"member": member}).status_code == 302
        with acting_for(shop.business):
            assert Calendar.objects.get(pk=shop.ann.pk).mailed_id == kept
    assert "Mail each appointment to" in client.get(page(shop)).content.decode()
    with acting_for(shop.business):
        assert AuditEntry.objects.filter(details__changes__mailed=[None, mine.user.email]).exists()


def test_staff_have_no_business_with_addresses(shop: Shop) -> None:
    client = signed_in(shop.business, Role.STAFF)
    assert [client.post(page(shop, each)).status_code for each in ("feed/", "source/", "remove/")] == [404] * 3
