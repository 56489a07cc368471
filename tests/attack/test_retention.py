"""Keeping days: what is defended is that old data really goes, that what is still needed stays, that a killed night
loses nothing, and that no owner goes beyond the operator's bounds.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile

from businesses.keeping import kinds, retention
from businesses.keeping.kinds import Bounds, Kind
from businesses.models import AuditEntry, Business, Retention
from businesses.tenancy import acting_for
from calls.models import Call, TraceChunk, Turn
from calls.records import recording
from frontdesk import env
from tests.attack.world_of_a_person import NOW, PHONE, World, make_world
from whatsapp.inbox.direct_messages import window_end
from whatsapp.keeping import news
from whatsapp.models import (
    Attempt,
    Broadcast,
    ConsentChange,
    Contact,
    DirectMessage,
    InboundMessage,
    Recipient,
    Suppression,
    WebhookNews,
)
from whatsapp.states import OPEN

pytestmark = pytest.mark.django_db

DAYS = {Kind.TRANSCRIPTS: 60, Kind.TRACES: 20, Kind.CALLERS: 50, Kind.MESSAGES: 40, Kind.NEWS: 10}


class Killed(Exception):
    """The process ends here."""


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def north() -> World:
    world = make_world("north", "+97231230001")
    world.business.recordings_kept_days = 5
    world.business.save()
    with acting_for(world.business):
        Retention.objects.create(business=world.business, **{f"{kind}_days": days for kind, days in DAYS.items()})
    return world


def after(days: float) -> dict[Kind, int]:
    return retention.sweep(now=NOW + timedelta(days=days))


def there(world: World) -> dict[str, int]:
    """Returns what is there of the kinds that have days."""
    with acting_for(world.business):
        return {
            "recordings": Call.objects.filter(is_recorded=True).count(),
            "news": news.news_of(world.business).count(),
            "traces": TraceChunk.objects.count(),
            "messages": InboundMessage.objects.count() + DirectMessage.objects.count(),
            "callers": Call.objects.exclude(caller_number="").count(),
            "turns": Turn.objects.count(),
        }


def test_each_kind_goes_when_its_days_are_over_and_not_before(north: World) -> None:
    left = there(north)
    over = {"recordings": 5, "news": 10, "traces": 20, "messages": 40, "callers": 50, "turns": 60}
    for name, days in over.items():
        after(days)
        assert there(north) == left, f"{name} went too soon"
        after(days + 0.01)
        left[name] = 1 if name == "messages" else 0  # a reply to a broadcast stays, empty, in its counts
        assert there(north) == left, name


def test_of_an_old_broadcast_the_counts_stay_and_nobody_is_named(north: World) -> None:
    with acting_for(north.business):
        ended, running = north.counts()
        after(41)
        assert north.counts() == [ended, running]
        rows = Recipient.objects.filter(broadcast=north.ended)
        assert not rows.exclude(params={}).exists()
        assert not rows.filter(address__startswith="+").exists()
        assert not Attempt.objects.filter(recipient__in=rows).exists()
        assert Recipient.objects.filter(broadcast=north.running, address=PHONE, status__in=OPEN).exists()


def test_a_broadcast_that_may_still_send_is_not_touched(north: World) -> None:
    with acting_for(north.business):
        long_ago = NOW - timedelta(days=900)
        Broadcast.objects.filter(pk=north.running.pk).update(created_at=long_ago, completed_at=long_ago)
        before = list(Recipient.objects.filter(broadcast=north.running).order_by("pk").values())
        after(3000)
        assert list(Recipient.objects.filter(broadcast=north.running).order_by("pk").values()) == before


def test_a_draft_that_nobody_started_is_given_up_with_its_file(
    north: World, django_capture_on_commit_callbacks: Any
) -> None:
    with acting_for(north.business):
        drafts = Broadcast.objects.filter(pk=north.running.pk)
        drafts.update(status="draft", started_at=None, created_at=NOW, audience_ready_at=None)
        draft = drafts.get()
        draft.audience_file.save("x", ContentFile(f"phone\n{PHONE}".encode()))
        with django_capture_on_commit_callbacks(execute=True):
            after(41)
        assert drafts.get().status == "cancelled"
        assert not Recipient.objects.filter(address=PHONE).exists()
        assert not Path(draft.audience_file.path).exists()


def test_opt_outs_agreements_and_contacts_stay(north: World) -> None:
    with acting_for(north.business):
        before = [list(model.objects.order_by("pk").values()) for model in (Suppression, ConsentChange, Contact)]
        after(4000)
        assert [list(m.objects.order_by("pk").values()) for m in (Suppression, ConsentChange, Contact)] == before


def test_the_newest_message_of_an_open_window_stays(north: World, settings: Any) -> None:
    """Even if an operator's bounds allowed less than a day."""
    settings.KEPT_DAYS_LIMITS = {"messages": (1, 1)}
    now = NOW + timedelta(hours=23)
    with acting_for(north.business):
        assert kinds.days_of(north.business)[Kind.MESSAGES] == 31
        retention.sweep(now=now)
        assert window_end(north.sender, PHONE, now) == NOW + timedelta(hours=24)


def test_traces_hold_words_and_go_with_them(north: World) -> None:
    with acting_for(north.business):
        Retention.objects.update(transcripts_days=3, traces_days=900)
        assert kinds.days_of(north.business)[Kind.TRACES] == 3


@pytest.mark.parametrize("batches", range(1, 12))
def test_killed_between_any_two_batches_the_next_night_does_the_rest(
    north: World, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    with acting_for(north.business):
        counts = north.counts()
    batch, done = retention._batch, iter(range(batches))

    def killed(*arguments: Any) -> int:
        if next(done, None) is None:
            raise Killed
        return batch(*arguments)

    with monkeypatch.context() as context:
        context.setattr(retention, "_batch", killed)
        after(61)
    assert any(there(north).values())
    after(61)
    assert there(north) == {"recordings": 0, "news": 0, "traces": 0, "messages": 1, "callers": 0, "turns": 0}
    with acting_for(north.business):
        assert north.counts() == counts


def test_a_recording_whose_removal_was_killed_half_way_is_removed_the_next_night(north: World) -> None:
    with acting_for(north.business):
        for path in recording._paths(north.business.pk, north.call.pk):
            path.unlink()
    after(6)
    assert there(north)["recordings"] == 0


def test_one_business_in_trouble_does_not_keep_the_data_of_others(
    north: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Business.objects.create(name="A", slug="a", pk="00000000-0000-4000-8000-000000000000")
    of = retention.sweep_business

    def fails_for_one(business: Business, **options: Any) -> Any:
        if business.slug == "a":
            raise RuntimeError
        return of(business, **options)

    monkeypatch.setattr(retention, "sweep_business", fails_for_one)
    after(61)
    assert there(north)["turns"] == 0


def test_notices_about_nobodys_numbers_go_too(north: World) -> None:
    WebhookNews.objects.create(
        provider="cloud", number_id="404", dedupe_key="x", received_at=NOW, applied_at=NOW, payload={"from": PHONE}
    )
    assert news.remove_old_of_nobody(before=NOW + timedelta(days=1), most=500) == 1
    assert there(north)["news"] == 2


# Bounds and choices -------------------------------------------------------------------------------------------
def test_the_operators_bounds_hold_whatever_is_stored(north: World, settings: Any) -> None:
    settings.KEPT_DAYS_LIMITS = {"recordings": (1, 2), "transcripts": (90, 100)}
    with acting_for(north.business):
        days = kinds.days_of(Business.objects.get(pk=north.business.pk))
    assert (days[Kind.RECORDINGS], days[Kind.TRANSCRIPTS]) == (2, 90)


def test_no_operator_goes_below_what_is_still_needed(settings: Any) -> None:
    settings.KEPT_DAYS_LIMITS = {"messages": (1, 5), "news": (1, 9999)}
    assert kinds.bounds_of(Kind.MESSAGES) == Bounds(31, 31)
    assert kinds.bounds_of(Kind.NEWS) == Bounds(8, 365)


@pytest.mark.parametrize("written", ["recordings", "recordings=0-5", "recordings=9-5", "films=1-5", "audit=1-x"])
def test_bounds_that_can_not_be_read_stop_the_start(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT_DAYS_LIMITS", written)
    with pytest.raises(ImproperlyConfigured, match="Write NAME=FEWEST-MOST"):
        env.ranges("KEPT_DAYS_LIMITS", list(Kind))


def test_every_kind_can_be_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT_DAYS_LIMITS", ",".join(f"{kind}=1-2" for kind in Kind))
    found = env.ranges(
        "KEPT_DAYS_LIMITS", ("news", "messages", "recordings", "transcripts", "traces", "callers", "audit")
    )
    assert set(found) == set(Kind)


def test_a_change_is_in_the_audit_log_with_before_and_after(north: World) -> None:
    with acting_for(north.business):
        assert retention.choose(north.business, {Kind.MESSAGES: 90, Kind.RECORDINGS: 9, Kind.NEWS: 10})
        assert not retention.choose(north.business, {Kind.MESSAGES: 90, Kind.RECORDINGS: 9, Kind.NEWS: 10})
        entries = AuditEntry.objects.filter(kind="retention_changed").order_by("pk")
        assert [entry.details["changes"] for entry in entries] == [
            {"recordings_kept_days": [5, 9]},
            {"messages_days": [40, 90]},
        ]
        assert Business.objects.get(pk=north.business.pk).recordings_kept_days == 9
