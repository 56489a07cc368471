"""Erasing a person: what is defended is that nothing of them is left, that nobody else loses anything, that counts stay
what they were, that an erased person is not messaged again, and that only owners of the business may ask for it.
"""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db.models import QuerySet

from businesses.credentials import CredentialsUnreadable
from businesses.keeping import erasing, table
from businesses.keeping.fingerprints import PREFIX
from businesses.keeping.person import Person
from businesses.models import AuditEntry, Business, Erasure
from businesses.tenancy import acting_for
from businesses.tests.rows import everything
from calls.models import Call, Turn
from calls.records import recording
from tests.attack.world_of_a_person import NAME, NOW, OTHER, PHONE, USER_ID, World, left_of_the_person, make_world
from whatsapp.importing.contact_import import import_contacts
from whatsapp.models import (
    Broadcast,
    ConsentChange,
    Contact,
    ContactImport,
    InboundMessage,
    Recipient,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    WebhookNews,
)
from whatsapp.people import suppressions
from whatsapp.states import RecipientStatus
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.origin import INSTALLATION

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def north() -> World:
    return make_world("north", "+97231230001")


@pytest.fixture
def south() -> World:
    return make_world("south", "+97231230002")


def person_of(world: World) -> Person:
    found = table.found("contact", world.business, world.contact.pk)
    assert found is not None
    return found


def erase(world: World, *, batches: int = 1000) -> bool:
    """Ask for it and work for so many batches. Returns whether it is done."""
    left = iter(range(batches - 1))
    with acting_for(world.business):
        asked = Erasure.objects.filter(finished_at=None).first() or erasing.ask(person_of(world), now=NOW)
    return erasing.work(world.business, asked.pk, clock=lambda: NOW, keep_going=lambda: next(left, None) is not None)


def test_the_world_names_the_person_everywhere(north: World) -> None:
    """Else the search below would prove nothing."""
    places = {place.partition(".")[0] for place in left_of_the_person(north.business)}
    assert len(left_of_the_person(north.business)) >= 30
    assert {"calls", "whatsapp", "admin"} <= places


def test_nothing_is_left_in_any_column_or_file(north: World) -> None:
    assert erase(north)
    assert left_of_the_person(north.business) == []


def test_nobody_else_loses_anything(north: World, south: World) -> None:
    before = _rows_of(south.business)
    with acting_for(north.business):
        others = Call.objects.exclude(pk=north.call.pk).get()
    erase(north)
    assert _rows_of(south.business) == before
    assert left_of_the_person(south.business), "the same number at another business"
    with acting_for(north.business):
        assert Contact.objects.get().phone == OTHER
        assert Turn.objects.get().call_id == others.pk
        assert recording.recording_of(others) is not None
        assert Recipient.objects.filter(address=OTHER, params={"first_name": "Dana"}).count() == 2


def _rows_of(business: Business) -> dict[str, list[dict[str, Any]]]:
    return {
        label: [row for row in rows if business.pk in {row.get("business_id"), row.get("id")}]
        for label, rows in everything().items()
    }


def test_counts_stay_what_they_were(north: World) -> None:
    with acting_for(north.business):
        (ended, running), calls = north.counts(), Call.objects.count()
    erase(north)
    with acting_for(north.business):
        ended_now, running_now = north.counts()
        assert ended_now == ended
        assert (running_now.total, running_now.by_state[RecipientStatus.SKIPPED]) == (running.total, 1)
        assert Call.objects.count() == calls
        assert Call.objects.get(pk=north.call.pk).minutes_charged == 2
        assert InboundMessage.objects.filter(recipient__broadcast=north.ended).count() == 1, "the reply still counts"
        assert ContactImport.objects.get(status="done").rejected == 2


@pytest.mark.parametrize("batches", range(1, 15))
def test_killed_after_any_batch_the_next_worker_finishes(
    north: World, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 1)
    with acting_for(north.business):
        before = north.counts()[0]
    assert not erase(north, batches=batches)
    assert erase(north)
    assert left_of_the_person(north.business) == []
    with acting_for(north.business):
        assert north.counts()[0] == before
        asked = Erasure.objects.get()
    assert (asked.addresses, asked.call) == ([], None)
    assert (asked.removed["contacts"], asked.removed["turns"], asked.removed["broadcasts"]) == (1, 1, 3)


def test_a_worker_that_died_holding_it_is_followed_by_another(north: World) -> None:
    with acting_for(north.business):
        asked = erasing.ask(person_of(north), now=NOW)
        Erasure.objects.update(lease_token=asked.pk, lease_until=NOW + timedelta(seconds=30))
    assert not erase(north)
    with acting_for(north.business):
        assert Contact.objects.count() == 2, "another worker has it"
        Erasure.objects.update(lease_until=NOW - timedelta(seconds=1))
    assert erase(north)


def test_a_worker_that_lost_its_lease_stops(north: World) -> None:
    with acting_for(north.business):
        asked = erasing.ask(person_of(north), now=NOW)

    def another_takes_over() -> bool:
        with acting_for(north.business):
            return bool(Erasure.objects.update(lease_token=asked.pk))

    assert not erasing.work(north.business, asked.pk, clock=lambda: NOW, keep_going=another_takes_over)
    with acting_for(north.business):
        assert Contact.objects.count() == 2
        assert Erasure.objects.get().lease_token == asked.pk


# What must not be messaged again ----------------------------------------------------------------------------
def test_what_remains_is_a_fingerprint_that_keeps_the_next_import_from_messaging(north: World) -> None:
    erase(north)
    with acting_for(north.business):
        listed = Suppression.objects.all()
        assert {entry.category for entry in listed} == {SuppressionCategory.MARKETING, SuppressionCategory.ALL}
        assert all(entry.address.startswith(PREFIX) and not entry.note for entry in listed)
        assert ConsentChange.objects.get(what="agreed").address.startswith(PREFIX)
        import_contacts(north.business, io.BytesIO(f"phone,name\n{PHONE},{NAME}\n".encode()), now=NOW)
        assert suppressions.blocked(north.business, [PHONE, OTHER], "MARKETING") == {PHONE}
        assert suppressions.blocked(north.business, [PHONE, USER_ID], "UTILITY") == {USER_ID}, "they had stopped all"


def test_a_person_who_comes_back_and_agrees_may_be_messaged(north: World) -> None:
    erase(north)
    with acting_for(north.business):
        for address in (PHONE, USER_ID):
            assert suppressions.lift(north.business, address, now=NOW, categories=list(SuppressionCategory))
        assert suppressions.blocked(north.business, [PHONE, USER_ID], "MARKETING") == set()


def test_a_fingerprint_of_one_business_is_no_fingerprint_of_another(north: World, south: World) -> None:
    erase(north)
    erase(south)
    ours, theirs = (_hidden(world.business) for world in (north, south))
    assert ours.isdisjoint(theirs)


def _hidden(business: Business) -> set[str]:
    with acting_for(business):
        return set(Suppression.objects.values_list("address", flat=True))


def test_without_the_key_nobody_is_messaged(north: World, settings: Any) -> None:
    erase(north)
    settings.FIELD_ENCRYPTION_KEYS = ["bm90LXRoZS1rZXktdGhhdC13YXMtdXNlZC1iZWZvcmU="]
    with acting_for(north.business), pytest.raises(CredentialsUnreadable):
        suppressions.blocked(north.business, [PHONE], "MARKETING")


def test_the_place_of_an_erased_address_is_never_messaged(north: World) -> None:
    """A lost answer that is sent again, or a retry, would otherwise go to no address at all."""
    erase(north)
    with acting_for(north.business):
        row = Recipient.objects.get(broadcast=north.ended, status="delivered")
        assert row.address is not None
        assert suppressions.blocked(north.business, [row.address], "UTILITY") == {row.address}
        assert not suppressions.suppress(
            north.business,
            row.address,
            category=SuppressionCategory.ALL,
            source=SuppressionSource.PROVIDER,
            now=NOW,
        )


# What is still being written ----------------------------------------------------------------------------------
def test_it_waits_for_a_call_a_message_under_way_and_unread_news(north: World) -> None:
    with acting_for(north.business):
        calls, rows = Call.objects.filter(pk=north.call.pk), Recipient.objects.filter(broadcast=north.running)
        theirs = rows.filter(address=PHONE)
        news: QuerySet[Any] = WebhookNews.objects.filter(payload__one__from=PHONE[1:])
        obstacles: dict[str, tuple[QuerySet[Any], dict[str, Any], dict[str, Any]]] = {
            "call_running": (calls, {"status": "live"}, {"status": "ended"}),
            "message_leaving": (theirs, {"status": "sending", "skip_reason": ""}, {"status": "accepted"}),
            "news_arriving": (news, {"applied_at": None}, {"applied_at": NOW}),
        }
    for code, (found, set_up, over) in obstacles.items():
        with acting_for(north.business):
            found.update(**set_up)
        assert not erase(north)
        with acting_for(north.business):
            assert Erasure.objects.get().waits_for == code
            assert Contact.objects.count() == 2, "nothing is erased while it waits"
            found.update(**over)
    assert erase(north)


def test_it_waits_for_files_that_are_being_read_and_removes_those_that_nobody_reads(north: World) -> None:
    with acting_for(north.business):
        Broadcast.objects.filter(pk=north.ended.pk).update(audience_ready_at=None, status="preparing")
        broadcast = Broadcast.objects.get(pk=north.ended.pk)
        broadcast.audience_file.save("x", ContentFile(f"phone\n{PHONE}".encode()))
        assert not erase(north)
        Broadcast.objects.filter(pk=broadcast.pk).update(status="failed")
        file = broadcast.audience_file.path
    assert erase(north)
    assert not Path(file).exists()


def test_a_late_report_does_not_bring_the_message_id_back(north: World) -> None:
    erase(north)
    with acting_for(north.business):
        row = Recipient.objects.get(broadcast=north.ended, status="delivered")
    news = {
        "field": "statuses",
        "number_id": north.sender.number_id,
        "one": {
            "id": "wamid.new",
            "status": "read",
            "timestamp": str(int(NOW.timestamp())),
            "biz_opaque_callback_data": str(row.attempt_id),
        },
    }
    WebhookNews.objects.create(
        provider="cloud",
        kind="status",
        verified_by=INSTALLATION,
        number_id=north.sender.number_id,
        dedupe_key="k",
        payload=news,
        received_at=NOW,
    )
    apply_news(NOW)
    with acting_for(north.business):
        row.refresh_from_db()
    assert (row.status, row.provider_message_id) == ("read", f"erased:{row.pk}")


def test_the_audit_log_says_that_it_was_done_and_not_to_whom(north: World) -> None:
    erase(north)
    with acting_for(north.business):
        entry = AuditEntry.objects.get(kind="person_erased")
    assert entry.details["number"] == "+972…4567"
    assert entry.details["rows"] > 10


def test_the_caller_of_one_call_who_withheld_the_number_can_be_erased(north: World) -> None:
    with acting_for(north.business):
        Call.objects.filter(pk=north.call.pk).update(caller_number="")
        person = table.found("call", north.business, north.call.pk)
        assert person is not None
        asked = erasing.ask(person, now=NOW)
        assert erasing.work(north.business, asked.pk, clock=lambda: NOW, keep_going=lambda: True)
        assert not Turn.objects.filter(call=north.call).exists()
        assert Contact.objects.count() == 2


def test_nobody_in_particular_can_not_be_erased(north: World) -> None:
    with acting_for(north.business), pytest.raises(erasing.NobodyNamed):
        erasing.ask(Person(north.business), now=NOW)
