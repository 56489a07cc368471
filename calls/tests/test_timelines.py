"""Time lines are made once after a call, are kept small, and are drawn quickly however long the call was."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from businesses.hidden import HIDDEN_ID
from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from calls.audio.tracks import Recorded
from calls.conversation.commands import KeepTurn, NextStep, Speaker
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import CallerFrame, StreamResumed
from calls.models import Call, CallOutcome, CallStatus, CallTimeline, TraceChunk, Turn
from calls.pages.timeline import _corners
from calls.records import finishing, recording, timelines
from calls.records.levels import STEPS_PER_S, Flag, Levels, loudness
from calls.records.moments import Moment, Sort
from calls.records.timelines import Timeline
from calls.records.traces import Decided, TraceLine, encode
from calls.tests.conftest import NOW, kept, make_business, make_call
from calls.tests.test_call_pages import address
from calls.tests.test_certificates import CACHED
from calls.tests.test_greeting_pages import client_of
from calls.tests.test_time_line_facts import TALK, line_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LATER = NOW + timedelta(minutes=1)


def make_ended(business: Business, trace: list[TraceLine] | None = None, **values: Any) -> Call:
    defaults = {
        "status": CallStatus.ENDED, "outcome": CallOutcome.COMPLETED, "stream_opened_at": NOW,
        "ended_at": NOW + timedelta(seconds=12), "settings": asdict(CACHED), "caller_number": "+972501234567",
    }  # fmt: skip
    call = make_call(business, **{**defaults, **values})
    with acting_for(business):
        if trace:
            TraceChunk.objects.create(business=business, call=call, position=0, data=encode(trace))
        timelines.want(call, now=NOW)
    return call


def made(call: Call) -> Timeline:
    with acting_for(call.business):
        found, is_under_way = timelines.of_call(Call.objects.get(pk=call.pk), now=LATER)
    assert found is not None
    assert not is_under_way
    return found


# Made once --------------------------------------------------------------------------------------------------
def test_a_call_that_has_ended_gets_its_time_line_and_its_certificate(business: Business) -> None:
    call = make_ended(business, line_of(TALK))
    assert call.pk in timelines.due(now=LATER)
    assert timelines.make(call.pk, now=LATER)
    assert Sort.COMMIT in [moment.sort for moment in made(call).moments]
    assert kept(call).certificate["verdict"] == "heard_whole"
    assert kept(call).certificate["heard_at_s"] == 2.04
    assert call.pk not in timelines.due(now=LATER)
    assert not timelines.make(call.pk, now=LATER)


def test_the_end_of_a_call_asks_for_it(business: Business) -> None:
    call = make_call(business, status=CallStatus.LIVE, stream_opened_at=NOW, alive_at=NOW)
    with acting_for(business):
        finishing.end_if_open(
            call.pk, next_step=NextStep.HANG_UP, failed=False, reason=EndReason.CALLER_LEFT, now=LATER
        )
    assert timelines.due(now=LATER) == [call.pk]


def test_a_claim_keeps_others_away_and_expires(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_ended(business, line_of(TALK))

    def killed(*_args: object) -> None:
        assert not timelines.make(call.pk, now=LATER)  # another worker, meanwhile
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(timelines, "levels_of", lambda *_a, **_k: killed())
        with pytest.raises(KeyboardInterrupt):
            timelines.make(call.pk, now=LATER)
    assert timelines.due(now=LATER) == []
    assert timelines.make(call.pk, now=LATER + timedelta(minutes=6))


def test_one_that_always_kills_its_worker_is_given_up(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_ended(business, line_of(TALK))
    monkeypatch.setattr(timelines, "levels_of", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt))
    for attempt in range(timelines.MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            timelines.make(call.pk, now=LATER + timedelta(minutes=6 * attempt))
    assert timelines.due(now=LATER + timedelta(days=1)) == []


def test_a_call_that_goes_on_meanwhile_is_made_anew(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_ended(business, line_of(TALK))

    def goes_on(*_args: object, **_more: object) -> Levels:
        timelines.want(call, now=LATER)
        return Levels()

    with monkeypatch.context() as patch:
        patch.setattr(timelines, "levels_of", goes_on)
        assert not timelines.make(call.pk, now=LATER)
    assert timelines.due(now=LATER) == [call.pk]
    assert timelines.make(call.pk, now=LATER)


def test_a_damaged_trace_gives_none_and_is_not_tried_again(business: Business) -> None:
    call = make_ended(business)
    with acting_for(business):
        TraceChunk.objects.create(business=business, call=call, position=0, data=zlib.compress(b'{"format": 99}\n'))
    assert not timelines.make(call.pk, now=LATER)
    assert timelines.due(now=LATER + timedelta(days=1)) == []


def test_an_erased_one_does_not_come_back(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_ended(business, line_of(TALK))

    def erased(*_args: object, **_more: object) -> Levels:
        CallTimeline.objects.filter(call=call).delete()
        return Levels()

    monkeypatch.setattr(timelines, "levels_of", erased)
    assert not timelines.make(call.pk, now=LATER)
    with acting_for(business):
        assert not CallTimeline.objects.exists()


def test_nothing_is_made_for_the_business_that_tries_the_installation() -> None:
    hidden = make_business(pk=HIDDEN_ID)
    with across_businesses():
        timelines.want(make_call(hidden), now=NOW)
        assert not CallTimeline.objects.exists()


def test_a_second_stream_lies_where_its_turns_do(business: Business) -> None:
    words = KeepTurn(1, Speaker.CALLER, 500, text="and now?")
    second: list[TraceLine] = [StreamResumed(0.0, first_was_heard=True), CallerFrame(0.52, 3000), Decided(0.6, words)]
    call = make_ended(business, [*line_of(TALK), *second])
    with acting_for(business):
        Turn.objects.create(
            business=business, call=call, position=1, speaker="caller", text="and now?", started_ms=30_500
        )
    assert timelines.make(call.pk, now=LATER)
    assert made(call).levels.caller[int(30.5 * STEPS_PER_S)] == loudness(3000)
    assert made(call).seconds == pytest.approx(30.5, abs=0.1)


def test_of_a_recording_alone_the_voices_are_drawn(business: Business, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    call = make_ended(business, is_recorded=True)
    recording.write(business.pk, call.pk, Recorded(caller=((0, b"\x10" * 8000),), assistant=((8000, b"\x20" * 8000),)))
    assert timelines.make(call.pk, now=LATER)
    found = made(call)
    assert (found.has_trace, found.seconds) == (False, 2.0)
    assert found.levels.caller[10] > 150
    assert found.levels.assistant[10] < found.levels.assistant[60]


def test_what_is_kept_is_read_back() -> None:
    levels = Levels(
        bytearray(b"\x01\x02"), bytearray(b"\x03"), bytearray(), bytearray(b"\x05\x06\x07"), bytearray(b"\x08")
    )
    timeline = Timeline(levels, [Moment(1500, Sort.PAUSE, {"by": "voice", "rms": 900})])
    assert timelines.unpacked(timelines.packed(timeline)) == timeline
    assert timelines.unpacked(zlib.compress(json.dumps({"format": 99}).encode() + b"\n")) is None


# The page ---------------------------------------------------------------------------------------------------
@pytest.fixture
def owner(business: Business) -> Client:
    return client_of(business)


def page_of(owner: Client, call: Call, query: str = "") -> str:
    answer = owner.get(address(call.business, f"{call.pk}/{query}"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_what_happened(
    owner: Client, business: Business, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    call = make_ended(business, line_of(TALK))
    timelines.make(call.pk, now=LATER)
    with django_assert_max_num_queries(12):
        page = page_of(owner, call)
    for words in ("What happened", "Heard whole at 2.0 s", "The caller interrupted", "Loudness 1500, threshold"):
        assert words in page, words
    assert 'class="sign commit"' in page
    assert 'data-seconds="12"' in page


def test_a_part_of_it_by_links_that_work_without_scripts(owner: Client, business: Business) -> None:
    call = make_ended(business, line_of(TALK))
    timelines.make(call.pk, now=LATER)
    page = page_of(owner, call, "?from=5&seconds=5")
    assert 'data-from="5"' in page
    assert "The caller interrupted" in page
    assert "?from=0&amp;seconds=5#timeline" in page
    assert "The first words began" not in page


@pytest.mark.parametrize(
    "query", ["?from=x&seconds=-1", "?from=99999999999999999999", "?seconds=0", "?from=²&seconds=٣"]
)
def test_a_part_that_can_not_be_is_the_nearest_one(owner: Client, business: Business, query: str) -> None:
    call = make_ended(business, line_of(TALK))
    timelines.make(call.pk, now=LATER)
    assert "data-timeline" in page_of(owner, call, query)


def test_an_older_call_gets_its_time_line_when_it_is_looked_at(owner: Client, business: Business) -> None:
    call = make_ended(business, line_of(TALK))
    with acting_for(business):
        CallTimeline.objects.all().delete()
    assert "The time line is being drawn" in page_of(owner, call)
    assert timelines.due(now=timezone.now()) == [call.pk]


def test_a_call_of_which_nothing_is_left_has_none(owner: Client, business: Business) -> None:
    call = make_ended(business)
    timelines.make(call.pk, now=LATER)
    assert 'id="timeline"' not in page_of(owner, call)


def test_half_an_hour_is_drawn_by_no_more_than_its_width_shows(owner: Client, business: Business) -> None:
    steps = 1800 * STEPS_PER_S
    voice = bytes(loudness(rms) for rms in (900, 3000, 40, 30, 2000)) * (steps // 5)
    flags = bytearray([Flag.MARK | Flag.VOICE]) * steps
    levels = Levels(bytearray(voice), bytearray(voice), bytearray(voice), bytearray(voice), flags)
    facts: dict[str, str | int | float] = {"by": "voice", "rms": 900, "threshold": 200, "frames": 3}
    moments = [Moment(at * 1000, Sort.PAUSE, dict(facts)) for at in range(1800)]
    call = make_ended(business)
    with acting_for(business):
        CallTimeline.objects.update(data=timelines.packed(Timeline(levels, moments)), due_at=None)
        Turn.objects.bulk_create(
            Turn(
                business=business, call=call, speaker="caller", text="yes", position=at, started_ms=at * 6000,
                ended_ms=at * 6000 + 900,
            )
            for at in range(300)
        )  # fmt: skip
    page = page_of(owner, call)
    (picture,) = re.findall(r'<svg viewBox="0 0 1000.*?</svg>', page, re.DOTALL)
    assert len(picture) < 250_000
    assert page.count("<tr>") == 1 + 200


def test_a_level_that_stays_is_drawn_by_its_ends() -> None:
    points = [("1", "9"), ("3", "9"), ("5", "9"), ("7", "8"), ("9", "9"), ("11", "9"), ("13", "9")]
    assert _corners(points) == [points[0], points[2], points[3], points[4], points[6]]
    assert [_corners(points[:1]), _corners(points[:2])] == [points[:1], points[:2]]
