"""The pages of calls: what they show, to whom, and with how many queries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from businesses.models import Business, PhoneNumber, Role
from businesses.tenancy import acting_for
from calls.audio.tracks import Recorded
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.greetings import recordings
from calls.line import live_control
from calls.line.admission import open_stream
from calls.models import Call, CallOutcome, CallStatus, GreetingAudio, GreetingState, Turn
from calls.pages import try_call
from calls.records import costs, recording
from calls.tests.conftest import NOW, make_business, make_call, make_live_call
from calls.tests.test_greeting_pages import client_of
from testing.markup import compact

CALLER = "+972501234567"
TODAY = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def business(db: None) -> Business:
    business = make_business(greeting_text="Hello", fallback_number="+12125559999")
    PhoneNumber.objects.create(number="+97235550100", business=business)
    return business


@pytest.fixture
def owner(business: Business) -> Client:
    return client_of(business)


def address(business: Business, path: str = "") -> str:
    return f"/b/{business.slug}/calls/{path}"


def make_ended(business: Business, **values: Any) -> Call:
    defaults = {"caller_number": CALLER, "status": CallStatus.ENDED, "outcome": CallOutcome.COMPLETED}
    opened = {"stream_opened_at": NOW, "ended_at": NOW + timedelta(seconds=65)}
    return make_call(business, **{**defaults, **opened, **values})


def shown(answer: Any) -> list[Call]:
    return list(answer.context["listing"].rows)


# The list ---------------------------------------------------------------------------------------------------
def test_the_list_filters_by_day_number_outcome_and_missed(owner: Client, business: Business) -> None:
    old = make_ended(business, started_at=NOW)
    today = make_ended(business, started_at=TODAY, caller_number="+15005550001")
    missed = make_ended(business, started_at=TODAY, outcome=CallOutcome.REFUSED, caller_number="")
    make_ended(make_business())
    assert set(shown(owner.get(address(business)))) == {old, today, missed}
    assert set(shown(owner.get(address(business, "?day=today")))) == {today, missed}
    assert shown(owner.get(address(business, "?day=today&figure=missed"))) == [missed]
    assert shown(owner.get(address(business, "?number=050-123"))) == [old]
    assert shown(owner.get(address(business, "?outcome=refused"))) == [missed]
    assert shown(owner.get(address(business, "?since=2026-11-23&until=2026-11-23"))) == [old]
    page = owner.get(address(business, "?number=99999"))
    assert "No calls found" in page.content.decode()


def test_page_nine_of_three_is_page_three(owner: Client, business: Business) -> None:
    for number in range(101):
        make_ended(business, started_at=NOW + timedelta(minutes=number))
    answer = owner.get(address(business, "?page=9"))
    assert (answer.context["listing"].number, len(shown(answer))) == (3, 1)
    assert "No calls yet" not in answer.content.decode()


@pytest.mark.parametrize("query", ["since=tomorrow", "since=2026-11-24&until=2026-11-23", "number=--", "outcome=fine"])
def test_a_wrong_filter_is_said_next_to_it_and_kept(owner: Client, business: Business, query: str) -> None:
    answer = owner.get(address(business, f"?{query}"))
    assert answer.status_code == 422
    assert 'class="errorlist"' in answer.content.decode()
    assert shown(answer) == []


def test_without_calls_it_says_how_to_make_one(owner: Client, business: Business) -> None:
    page = owner.get(address(business)).content.decode()
    assert "No calls yet" in page
    assert "+972 3-555-0100" in page


def test_the_list_asks_the_database_the_same_however_long_it_is(
    owner: Client, business: Business, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(60):
        make_ended(business)
    with django_assert_max_num_queries(10):
        answer = owner.get(address(business))
    assert (len(shown(answer)), "?page=2" in answer.content.decode()) == (50, True)


# One call ----------------------------------------------------------------------------------------------------
def test_a_calls_page(owner: Client, business: Business, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    call = make_ended(
        business, end_reason=EndReason.CALLER_LEFT, summary="Asked for hours.", latencies={"felt": [400, 600]},
        model="gpt-realtime-2.1", minutes_charged=Decimal("1.09"),
        usage={
            "input_tokens": 3_000_000, "input_text_tokens": 1_000_000, "input_audio_tokens": 2_000_000,
            "input_cached_tokens": 1_000_000, "input_cached_audio_tokens": 1_000_000, "output_text_tokens": 0,
            "output_audio_tokens": 1_000_000, "total_tokens": 4_000_000,
        },
    )  # fmt: skip
    said = {"business": business, "call": call, "ended_ms": 3000}
    Turn.objects.create(
        **said, position=0, speaker="assistant", text="One two <three> four", heard_text="One two", started_ms=0,
        interrupted_ms=1500,
    )  # fmt: skip
    Turn.objects.create(**said, position=1, speaker="caller", text="Wait!", heard_text="", started_ms=1400)
    with django_assert_max_num_queries(12):
        page = compact(owner.get(address(business, f"{call.pk}/")).content.decode())
    assert "One two <del>&lt;three&gt; four</del>" in page
    assert "not heard: the caller interrupted" in page
    assert "<del>Wait!" not in page
    for words in ("+972 50-123-4567", "1:05", "The caller hung up.", "0.50 seconds", "up to 0.60", "$100.400"):
        assert words in page, words
    assert "<audio" not in page


def test_a_price_that_nobody_knows_is_called_so(owner: Client, business: Business) -> None:
    used = {"input_tokens": 10, "total_tokens": 20}
    for model in ("gpt-realtime-9", ""):
        call = make_ended(business, model=model, usage=used)
        page = owner.get(address(business, f"{call.pk}/")).content.decode()
        assert ("<dd>No price known</dd>" in page, "$" in page) == (True, False)
    unused = make_ended(business, model="gpt-realtime-9", usage={})
    assert "OpenAI cost" not in owner.get(address(business, f"{unused.pk}/")).content.decode()


def test_costs() -> None:
    usage = {"input_tokens": 10, "input_text_tokens": 4, "input_audio_tokens": 6, "output_text_tokens": 1}
    whole = {**usage, "output_audio_tokens": 2}
    assert costs.cost_of("gpt-realtime-2.1", whole) == (Decimal(4 * 4 + 6 * 32 + 24 + 2 * 64)) / 1_000_000
    assert costs.cost_of("gpt-realtime-9", whole) is None
    assert costs.cost_of("", whole) is None
    assert costs.cost_of("gpt-realtime-2.1", usage) is None
    assert costs.cost_of("gpt-realtime-2.1", {**whole, "input_cached_tokens": 3}) is None
    assert costs.cost_of("gpt-realtime-2.1", {}) is None


@pytest.mark.parametrize("path", ["", "turns/", "recording.wav"])
def test_another_businesss_call_does_not_exist(owner: Client, business: Business, path: str) -> None:
    theirs = make_ended(make_business(), is_recorded=True)
    assert owner.get(address(business, f"{theirs.pk}/{path}")).status_code == 404
    assert owner.get(address(theirs.business, f"{theirs.pk}/{path}")).status_code == 404
    assert Client().get(address(business, f"{theirs.pk}/{path}")).status_code == 302


# The recording ---------------------------------------------------------------------------------------------
@pytest.fixture
def recorded(business: Business, settings: Any, tmp_path: Path) -> tuple[str, bytes]:
    """The address of a recording, and all of it."""
    settings.MEDIA_ROOT = tmp_path
    call = make_ended(business, is_recorded=True)
    recording.write(business.pk, call.pk, Recorded(((0, bytes(range(200))),), ((50, b"\x31" * 100),)))
    found = recording.recording_of(call)
    assert found is not None
    return address(business, f"{call.pk}/recording.wav"), found.part(0, found.size)


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-", 0, 844), ("bytes=0-43", 0, 44), ("bytes=100-103", 100, 104), ("bytes=840-9999", 840, 844),
     ("bytes=-4", 840, 844), ("bytes=-9999", 0, 844)],
)  # fmt: skip
def test_a_part_of_the_recording(
    business: Business, recorded: tuple[str, bytes], wanted: str, start: int, end: int
) -> None:
    where, whole = recorded
    answer = client_of(business, Role.STAFF).get(where, headers={"Range": wanted})
    assert (answer.status_code, answer["Content-Range"]) == (206, f"bytes {start}-{end - 1}/844")
    assert answer.content == whole[start:end]


def test_all_of_the_recording_and_none(owner: Client, recorded: tuple[str, bytes], business: Business) -> None:
    where, whole = recorded
    for headers in ({}, {"Range": "bytes=0-1,5-6"}, {"Range": "lines=1-2"}, {"Range": "bytes=-"}):
        answer = owner.get(where, headers=headers)
        assert (answer.status_code, answer["Accept-Ranges"], answer["Content-Type"]) == (200, "bytes", "audio/wav")
        assert answer.content == whole
    beyond = owner.get(where, headers={"Range": "bytes=844-"})
    assert (beyond.status_code, beyond["Content-Range"], beyond.content) == (416, "bytes */844", b"")
    assert owner.get(address(business, f"{make_ended(business).pk}/recording.wav")).status_code == 404


def test_a_long_recording_comes_in_parts(
    owner: Client, recorded: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("businesses.pages.byte_ranges.LARGEST_PART", 100)
    where, whole = recorded
    answer = owner.get(where, headers={"Range": "bytes=10-"})
    assert (answer["Content-Range"], answer.content) == ("bytes 10-109/844", whole[10:110])
    streamed: Any = owner.get(where)
    assert streamed["Content-Length"] == "844"

    async def read() -> bytes:
        return b"".join([part async for part in streamed.streaming_content])

    assert async_to_sync(read)() == whole


def test_whether_calls_are_recorded_is_the_businesss_choice(business: Business) -> None:
    for choice in (True, False):
        business.record_calls = choice
        business.save()
        call = make_call(business)
        from calls.telephone.stream_tokens import issue  # noqa: PLC0415

        token = issue(call, now=NOW)
        plan = open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)
        assert plan.is_recorded is choice


# Live calls ---------------------------------------------------------------------------------------------------
@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    heard: list[tuple[object, ...]] = []
    monkeypatch.setattr(live_control, "ask", lambda call_id, step, dial="": heard.append((call_id, step, dial)))
    return heard


def make_running(business: Business) -> Call:
    return make_live_call(business, caller_number=CALLER, alive_at=datetime.now(UTC), started_at=datetime.now(UTC))


def test_live_calls_show_who_speaks_and_the_last_words(
    owner: Client, business: Business, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    calls = [make_running(business) for _ in range(5)]
    make_running(make_business())
    make_ended(business)
    for call in calls:
        for position in range(9):
            Turn.objects.create(
                business=business, call=call, position=position, speaker="caller", text=f"word{position}",
                started_ms=position, ended_ms=None if position == 8 else 1,
            )  # fmt: skip
    with django_assert_max_num_queries(10):
        page = owner.get(address(business, "live/"), headers={"HX-Request": "true"}).content.decode()
    assert page.count("data-call=") == 5
    assert "<html" not in page
    assert "Caller is speaking" in page
    assert ("word8" in page, "word3" in page, "word2" in page) == (True, True, False)
    assert 'value="+12125559999"' in page


def test_a_member_hangs_up_or_takes_over(owner: Client, business: Business, asked: list[Any]) -> None:
    call = make_running(business)
    assert owner.post(address(business, f"{call.pk}/hang-up/")).status_code == 302
    assert owner.post(address(business, f"{call.pk}/transfer/"), {"number": "050-123-4567"}).status_code == 302
    assert asked == [(call.pk, "hang_up", ""), (call.pk, "transfer", "+972501234567")]


@pytest.mark.parametrize("number", ["", "not a number", "03-555-0100"])
def test_a_wrong_number_is_said_next_to_it_and_nobody_is_asked(
    owner: Client, business: Business, asked: list[Any], number: str
) -> None:
    call, other = make_running(business), make_running(business)
    answer = owner.post(address(business, f"{call.pk}/transfer/"), {"number": number})
    page = answer.content.decode()
    assert (answer.status_code, page.count("errorlist"), asked) == (422, 1, [])
    assert page.index("errorlist") < page.index(f'data-call="{other.pk}"')


def test_only_running_calls_of_ones_own_are_reached(owner: Client, business: Business, asked: list[Any]) -> None:
    over, theirs = make_ended(business), make_running(make_business())
    assert owner.post(address(business, f"{over.pk}/hang-up/")).status_code == 302
    assert owner.post(address(business, f"{over.pk}/transfer/"), {"number": CALLER}).status_code == 302
    assert owner.post(address(business, f"{theirs.pk}/hang-up/")).status_code == 404
    assert owner.get(address(business, f"{over.pk}/hang-up/"))["Location"] == address(business, "live/")
    assert asked == []


# Trying -------------------------------------------------------------------------------------------------------
def test_the_browser_gets_what_twilio_would_get(owner: Client, business: Business) -> None:
    answer = owner.post(address(business, "try/start/"))
    given = json.loads(answer.content)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store, private, no-cache")
    plan = open_stream(
        token=given["parameters"]["token"], call_sid=given["callSid"], stream_sid="MZ1", now=datetime.now(UTC)
    )
    with acting_for(business):
        call = Call.objects.get(pk=plan.call_id)
    assert (call.caller_number, call.called_number, call.status) == ("browser", "+97235550100", CallStatus.LIVE)
    assert given["turns"] == address(business, f"{call.pk}/turns/")
    assert owner.get(given["page"]).status_code == 200


def test_a_try_has_the_limits_of_every_call(owner: Client, business: Business) -> None:
    Business.objects.update(max_concurrent_calls=1)
    make_live_call(business, alive_at=timezone.now())
    busy = owner.post(address(business, "try/start/"))
    assert (busy.status_code, "busy" in json.loads(busy.content)["error"]) == (409, True)
    Business.objects.update(max_concurrent_calls=9)
    assert owner.post(address(business, "try/start/")).status_code == 200
    Business.objects.update(minutes_left=0)
    assert owner.post(address(business, "try/start/")).status_code == 409
    assert Client().post(address(business, "try/start/")).status_code == 302


def test_a_try_that_the_page_has_lost_is_ended_for_the_next_one(
    owner: Client, business: Business, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(try_call, "EARLIER_TRIAL_S", 0.0)
    lost = json.loads(owner.post(address(business, "try/start/")).content)["callSid"]
    strangers = make_running(business)
    with acting_for(business):
        call = Call.objects.get(twilio_call_sid=lost)
        Call.objects.filter(pk=call.pk).update(status=CallStatus.LIVE, alive_at=timezone.now())
    assert owner.post(address(business, "try/start/"), {"lost": strangers.twilio_call_sid}).status_code == 409
    assert asked == []
    owner.post(address(business, "try/start/"), {"lost": lost})
    assert asked == [(call.pk, NextStep.HANG_UP, "")]


def test_the_try_page_says_how_to_call_without_a_microphone(owner: Client, business: Business) -> None:
    page = owner.get(address(business, "try/")).content.decode()
    assert 'href="tel:+97235550100"' in page
    assert f"manage.py call {business.slug}" in page


# The greeting ---------------------------------------------------------------------------------------------------
def state_of(page: str) -> str:
    return page.partition('data-greeting="')[2].partition('"')[0]


def test_the_greetings_states(owner: Client, business: Business) -> None:
    where, part = address(business, "greeting/"), {"HX-Request": "true"}
    waiting = owner.get(where, headers=part).content.decode()
    assert (state_of(waiting), "hx-trigger" in waiting, "<audio" in waiting) == ("pending", True, False)
    row = recordings.request(business, now=NOW)
    assert row is not None
    with acting_for(business):
        GreetingAudio.objects.filter(pk=row.pk).update(
            state=GreetingState.FAILED, failure="refused", failure_detail={"status": 401, "meaning": "no_access"}
        )
    failed = owner.get(where).content.decode()
    assert (state_of(failed), "OpenAI does not accept the API key." in failed, "Try again" in failed) == (
        "failed",
        True,
        True,
    )
    assert owner.post(address(business, "greeting/again/")).status_code == 302
    with acting_for(business):
        assert GreetingAudio.objects.get().state == GreetingState.PENDING
        GreetingAudio.objects.update(state=GreetingState.READY, audio=b"x", rendered_at=NOW)
    ready = owner.get(where, headers=part).content.decode()
    assert (state_of(ready), "hx-trigger" in ready, "/greeting/heard/open.wav" in ready) == ("ready", False, True)
    Business.objects.update(greeting_text="Hello again")
    changed = owner.get(where, headers=part).content.decode()
    assert (state_of(changed), "older than the text" in changed) == ("pending", True)
    Business.objects.update(greeting_text="")
    assert state_of(owner.get(where).content.decode()) == "none"


def test_the_greeting_is_the_owners(business: Business) -> None:
    staff = client_of(business, Role.STAFF)
    assert staff.get(address(business, "greeting/")).status_code == 404
    assert staff.post(address(business, "greeting/again/")).status_code == 404
