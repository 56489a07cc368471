"""Workers that are killed, slow or many: no file is lost, and none outlives its row."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import make_sender
from testing.meta import ThreadedMeta
from whatsapp.media import claims, fetching, files
from whatsapp.media.tests.conftest import PICTURE, Clock, Patients, content_of
from whatsapp.models import InboundMedia
from whatsapp.providers.sandbox.shelf import Trouble


def test_a_claimed_file_is_nobody_elses_until_the_claim_runs_out(at_meta: Patients, clock: Clock) -> None:
    media = at_meta.send(PICTURE, "image/jpeg")
    killed = claims.claim_next(clock())
    assert killed is not None
    assert killed.media_id == media.pk
    assert at_meta.work() == 0
    clock.forward(seconds=claims.LEASE.total_seconds() + 1)
    assert at_meta.work() == 1
    assert content_of(media) == PICTURE


def test_a_worker_killed_between_the_file_and_its_row_leaves_both_to_the_next(
    at_meta: Patients, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = at_meta.send(PICTURE, "image/jpeg")
    claim = claims.claim_next(clock())
    assert claim is not None

    def die(*_given: object, **_values: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(claims, "settle", die)
        with pytest.raises(KeyboardInterrupt):
            fetching.fetch(claim, clock=clock)
    media.refresh_from_db()
    assert (media.status, content_of(media)) == ("waiting", None), "a row says whether a file is whole"
    clock.forward(minutes=6)
    at_meta.work()
    assert content_of(media) == PICTURE


def test_a_worker_that_was_overtaken_changes_nothing(at_meta: Patients, clock: Clock) -> None:
    media = at_meta.send(PICTURE, "image/jpeg")
    stalled = claims.claim_next(clock())
    assert stalled is not None
    clock.forward(minutes=6)
    at_meta.work()
    kept_at = content_of(media) and media.kept_at
    clock.forward(minutes=6)
    fetching.fetch(stalled, clock=clock)
    assert (content_of(media), media.kept_at) == (PICTURE, kept_at)
    assert not claims.give_up(stalled, "gone")  # type: ignore[arg-type]
    assert content_of(media) == PICTURE


def test_a_file_whose_row_is_erased_while_it_arrives_is_not_kept(
    at_meta: Patients, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = at_meta.send(PICTURE, "image/jpeg")
    settle = files.settle

    def settle_and_erase(*given: object) -> None:
        settle(*given)  # type: ignore[arg-type]
        InboundMedia.objects.filter(pk=media.pk).delete()

    monkeypatch.setattr(files, "settle", settle_and_erase)
    assert at_meta.work() == 1
    assert [path for folder in files._folders() for path in folder.iterdir()] == []


def test_no_more_than_a_few_at_once(at_meta: Patients, clock: Clock) -> None:
    for _file in range(claims.FETCHERS + 2):
        at_meta.send(PICTURE, "image/jpeg")
    taken = [claims.claim_next(clock()) for _worker in range(claims.FETCHERS + 1)]
    assert [claim is not None for claim in taken] == [True] * claims.FETCHERS + [False]
    assert len({claim.media_id for claim in taken if claim}) == claims.FETCHERS


def test_a_business_with_many_files_holds_nobody_up(at_meta: Patients, meta: ThreadedMeta, clock: Clock) -> None:
    for _file in range(5):
        at_meta.send(PICTURE, "image/jpeg")
    clock.forward(hours=1)
    small = Business.objects.create(name="Small", slug="small")
    with acting_for(small):
        its = Patients(make_sender(small, number_id="2055", account_id="3077"), meta.shelf, clock)
        its.send(PICTURE, "image/jpeg")
    first, second = claims.claim_next(clock()), claims.claim_next(clock())
    assert first is not None
    assert second is not None
    assert {first.business_id, second.business_id} == {at_meta.sender.business_id, small.pk}


def test_a_member_asks_again(at_meta: Patients, clock: Clock) -> None:
    media = at_meta.send(PICTURE, "image/jpeg", Trouble.FORBIDDEN, times=1)
    at_meta.work()
    assert claims.ask_again(media, now=clock())
    media.refresh_from_db()
    assert (media.status, media.problem, media.tries) == ("waiting", "", 0)
    at_meta.work()
    assert content_of(media) == PICTURE
    assert not claims.ask_again(media, now=clock()), "it is here"


def test_a_file_that_is_being_fetched_is_not_asked_for_again(at_meta: Patients, clock: Clock) -> None:
    media = at_meta.send(PICTURE, "image/jpeg")
    claim = claims.claim_next(clock())
    assert not claims.ask_again(media, now=clock())
    assert claim is not None
    fetching.fetch(claim, clock=clock)
    assert content_of(media) == PICTURE


def test_the_night_removes_files_that_no_row_keeps(at_meta: Patients, clock: Clock) -> None:
    kept, lost = at_meta.send(PICTURE, "image/jpeg"), at_meta.send(PICTURE, "image/jpeg")
    at_meta.work()
    folder = files._folders()[0]
    (folder / f"{lost.pk}.{kept.pk}").write_bytes(b"half")
    nobodys = folder.with_name("8f9a0b0c-0000-4000-8000-000000000000")
    nobodys.mkdir()
    (nobodys / str(kept.pk)).write_bytes(b"of a business that is gone")
    lost.message.delete()
    assert files.remove_orphans(now=clock()) == 0, "some are being written"
    old = (clock() - files.STALE - timedelta(hours=1)).timestamp()
    for path in [*folder.iterdir(), *nobodys.iterdir()]:
        os.utime(path, (old, old))
    assert files.remove_orphans(now=clock()) == 3
    assert [path.name for path in folder.iterdir()] == [str(kept.pk)]
    assert not nobodys.exists()
    assert content_of(kept) == PICTURE
