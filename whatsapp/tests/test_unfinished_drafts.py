"""Drafts that were left are removed at night, with what belongs to them; and no file of people outlives its draft."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast
from whatsapp import recipients
from whatsapp.audience.choice import FileChoice
from whatsapp.broadcasts import creation, drafts, lifecycle, people_files
from whatsapp.keeping.ending import EMPTY_KEPT, remove_unfinished_drafts
from whatsapp.models import Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.states import BroadcastStatus, NextStep

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
BEFORE = NOW - timedelta(days=365)
TABLE = b"phone,first_name\n0501234567,Dana\n"


@pytest.fixture
def draft(sender: Sender, template: MessageTemplate) -> Broadcast:
    return drafts.begin(sender.business, template, sender)


def left_at(broadcast: Broadcast, moment: datetime, step: str) -> Broadcast:
    Broadcast.objects.filter(pk=broadcast.pk).update(created_at=moment, next_step=step)
    return broadcast


def remove(business: Business, most: int = 100) -> int:
    return remove_unfinished_drafts(business, before=BEFORE, now=NOW, most=most)


def stored() -> list[str]:
    return default_storage.listdir(people_files.FOLDER)[1] if default_storage.exists(people_files.FOLDER) else []


def test_a_draft_without_people_goes_after_a_day_and_others_when_they_are_too_old(
    clinic: Business, sender: Sender, template: MessageTemplate
) -> None:
    def begun(moment: datetime, step: str) -> Broadcast:
        return left_at(drafts.begin(clinic, template, sender), moment, step)

    kept = [
        begun(NOW - EMPTY_KEPT, NextStep.PEOPLE),
        begun(BEFORE, NextStep.DETAILS),
        begun(BEFORE - MOMENT, ""),  # it could be started: it is given up by another rule
    ]
    gone = [begun(NOW - EMPTY_KEPT - MOMENT, NextStep.PEOPLE), begun(BEFORE - MOMENT, NextStep.DETAILS)]
    under_way = left_at(make_broadcast(sender, template, addresses(2)), BEFORE - MOMENT, NextStep.PEOPLE)
    assert remove(clinic) == 2
    assert remove(clinic) == 0, "safe to run twice"
    assert set(Broadcast.objects.all()) == {*kept, under_way}
    assert not Broadcast.objects.filter(pk__in=[one.pk for one in gone]).exists()


def test_its_people_and_its_file_go_with_it(clinic: Business, draft: Broadcast) -> None:
    drafts.choose_people(draft, FileChoice(), edition=draft.edition, file=io.BytesIO(TABLE))
    Recipient.objects.create(business=clinic, broadcast=draft, address=addresses(1)[0], address_kind="phone")
    assert len(stored()) == 1
    left_at(draft, BEFORE - MOMENT, NextStep.DETAILS)
    assert remove(clinic) == 1
    assert (stored(), Recipient.objects.count()) == ([], 0)


def test_the_oldest_go_first_and_no_more_than_asked(
    clinic: Business, sender: Sender, template: MessageTemplate
) -> None:
    old = NOW - timedelta(days=9)
    made = [
        left_at(drafts.begin(clinic, template, sender), old + timedelta(days=n), NextStep.PEOPLE) for n in (2, 0, 1)
    ]
    assert remove(clinic, most=2) == 2
    assert list(Broadcast.objects.all()) == [made[0]]


def test_one_that_is_finished_at_this_moment_is_left_and_others_still_go(
    clinic: Business, sender: Sender, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = NOW - timedelta(days=9)
    started, empty = (
        left_at(drafts.begin(clinic, template, sender), old + timedelta(days=n), NextStep.PEOPLE) for n in range(2)
    )
    real = recipients.locked

    def locked(broadcast: Broadcast) -> Broadcast:
        if broadcast.pk == started.pk:
            Broadcast.objects.filter(pk=started.pk).update(status=BroadcastStatus.SCHEDULED, next_step="")
        return real(broadcast)

    monkeypatch.setattr(recipients, "locked", locked)
    assert remove(clinic) == 1
    assert list(Broadcast.objects.all()) == [started]
    assert not Broadcast.objects.filter(pk=empty.pk).exists()


# Files without a row ----------------------------------------------------------------------------------------------
def fail(*_given: Any, **_more: Any) -> None:
    raise RuntimeError("The database is away.")


def test_a_file_of_a_draft_that_is_not_changed_after_all_is_deleted(
    draft: Broadcast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    drafts.choose_people(draft, FileChoice(), edition=draft.edition, file=io.BytesIO(TABLE))
    [first] = stored()
    monkeypatch.setattr(drafts, "_remove_people", fail)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        drafts.choose_people(draft, FileChoice(), edition=draft.edition, file=io.BytesIO(TABLE))
    assert stored() == [first], "the earlier file is still the draft's"
    draft.refresh_from_db()
    assert draft.audience_file.name == f"{people_files.FOLDER}/{first}"


def test_a_file_of_a_broadcast_that_is_not_created_after_all_is_deleted(
    clinic: Business, sender: Sender, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "record", fail)
    new = creation.NewBroadcast(template, sender, FileChoice(), file=io.BytesIO(TABLE))
    with pytest.raises(RuntimeError):
        creation.create(clinic, new, now=NOW)
    assert (stored(), Broadcast.objects.count()) == ([], 0)


def test_a_file_that_a_killed_process_left_is_deleted_at_night(draft: Broadcast) -> None:
    drafts.choose_people(draft, FileChoice(), edition=draft.edition, file=io.BytesIO(TABLE))
    [named] = stored()
    orphans = [default_storage.save(f"{people_files.FOLDER}/{name}", io.BytesIO(TABLE)) for name in ("old", "new")]
    long_ago = (NOW - timedelta(days=3)).timestamp()
    for name in (f"{people_files.FOLDER}/{named}", orphans[0]):
        os.utime(default_storage.path(name), (long_ago, long_ago))
    os.utime(default_storage.path(orphans[1]), (NOW.timestamp(), NOW.timestamp()))
    assert people_files.remove_orphans(now=NOW) == 1
    assert people_files.remove_orphans(now=NOW) == 0
    assert sorted(stored()) == sorted([named, "new"])
