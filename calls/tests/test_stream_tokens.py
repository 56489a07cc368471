"""Who may open a media stream: the caller whom Twilio announced, once, at once, and nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from businesses.models import Business, KnowledgeEntry
from businesses.models.hours import WEEKDAYS, SpecialDays, WeekHours
from businesses.tenancy import acting_for
from calls.conversation.settings import ConversationSettings
from calls.errors import StreamRefused
from calls.greetings import recordings
from calls.line.admission import open_stream
from calls.models import Call, CallStatus, ReachedWhen, ToolSwitch, TransferTarget
from calls.plan import CallPlan, settings_of
from calls.telephone import stream_tokens
from calls.tests.conftest import NOW, kept, make_business, make_call

Ringing = tuple[Call, str]


def refusal(**arguments: object) -> str:
    with pytest.raises(StreamRefused) as refused:
        open_stream(**{"stream_sid": "MZ1", "now": NOW, **arguments})  # type: ignore[arg-type]
    return refused.value.reason


def test_the_right_token_opens_the_stream(ringing: Ringing) -> None:
    call, token = ringing
    plan = open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)
    assert (plan.call_id, plan.business) == (call.pk, call.business)
    call = kept(call)
    assert (call.status, call.stream_sid) == (CallStatus.LIVE, "MZ1")
    assert (call.stream_opened_at, call.alive_at) == (NOW, NOW)
    assert settings_of(call.settings) == plan.settings


def test_only_a_hash_is_kept(ringing: Ringing) -> None:
    call, token = ringing
    assert len(call.stream_token_hash) == 64
    assert token not in str(vars(kept(call)))


def test_a_replayed_token(ringing: Ringing) -> None:
    call, token = ringing
    open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)
    assert "the token was used" in refusal(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ2")
    assert kept(call).stream_sid == "MZ1"


def test_an_expired_token(ringing: Ringing) -> None:
    call, token = ringing
    late = NOW + timedelta(seconds=60)
    assert "the token expired" in refusal(token=token, call_sid=call.twilio_call_sid, now=late)
    assert kept(call).status == CallStatus.RINGING


def test_a_replaced_token(ringing: Ringing) -> None:
    call, old = ringing
    new = stream_tokens.issue(call, now=NOW)
    assert "replaced by a newer one" in refusal(token=old, call_sid=call.twilio_call_sid)
    open_stream(token=new, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)


@pytest.mark.parametrize("token", ["", "x", "no.token", "ü" * 300, "\x00", "{business}.", "{business}.guess"])
def test_a_forged_token(ringing: Ringing, token: str) -> None:
    call, _ = ringing
    refusal(token=token.replace("{business}", call.business_id.hex), call_sid=call.twilio_call_sid)
    assert kept(call).status == CallStatus.RINGING


def test_a_token_of_another_call(ringing: Ringing) -> None:
    call, token = ringing
    other = make_call(call.business)
    stream_tokens.issue(other, now=NOW)
    assert "the token is wrong" in refusal(token=token, call_sid=other.twilio_call_sid)


def test_a_call_of_another_business(ringing: Ringing) -> None:
    call, token = ringing
    stranger = make_business()
    theirs = make_call(stranger)
    stream_tokens.issue(theirs, now=NOW)
    assert refusal(token=token, call_sid=theirs.twilio_call_sid) == "the token is for another call or another business"
    swapped = f"{stranger.pk.hex}.{token.partition('.')[2]}"
    assert refusal(token=swapped, call_sid=call.twilio_call_sid) == "the token is for another call or another business"
    assert (kept(call).status, kept(theirs).status) == (CallStatus.RINGING, CallStatus.RINGING)


def test_a_call_that_ended_before_its_stream_opened(ringing: Ringing) -> None:
    call, token = ringing
    call.status = CallStatus.ENDED
    call.save()
    assert "the call is over" in refusal(token=token, call_sid=call.twilio_call_sid)


@pytest.mark.django_db(transaction=True)
def test_of_two_claims_at_once_one_wins(ringing: Ringing) -> None:
    call, token = ringing
    at_once = Barrier(2)

    def claim(stream_sid: str) -> CallPlan | None:
        try:
            at_once.wait()
            return open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid=stream_sid, now=NOW)
        except StreamRefused:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        plans = list(threads.map(claim, ["MZ1", "MZ2"]))
    winner = [sid for sid, plan in zip(["MZ1", "MZ2"], plans, strict=True) if plan]
    assert winner == [kept(call).stream_sid]


def test_the_plan_carries_every_setting_of_the_business(business: Business) -> None:
    values = {
        "greeting_text": " Hello! ", "assistant_speaks_first": True, "first_utterance_protection": "opening_only",
        "barge_in_enabled": False, "barge_in_voice_frames": 9, "barge_in_debounce_ms": 400, "barge_in_grace_ms": 100,
        "echo_gate_min_rms": 300, "resume_after_false_barge_in": False, "backchannels_interrupt": False,
        "max_call_minutes": 5,
    }  # fmt: skip
    Business.objects.filter(pk=business.pk).update(
        **values, server_vad_threshold=0.7, voice="cedar", fallback_number="+97235550111"
    )
    call = make_call(business)
    token = stream_tokens.issue(call, now=NOW)
    plan = open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)
    assert plan.settings == ConversationSettings(
        **{**{k: v for k, v in values.items() if k != "max_call_minutes"}, "greeting_text": "Hello!"},  # type: ignore[arg-type]
        language="en",
        max_call_s=300.0,
        greeting_bytes=0,
        tools=plan.settings.tools,
    )
    assert "take_message" in plan.settings.tools
    assert (plan.voice, plan.language, plan.server_vad_threshold) == ("cedar", "en", 0.7)
    assert plan.transfer_possible
    assert plan.greeting_audio == b""


@pytest.mark.parametrize(("minutes_left", "max_call_s"), [("2.5", 150.0), ("0.01", 60.0), ("500", 3600.0)])
def test_a_call_ends_with_the_paid_minutes(business: Business, minutes_left: str, max_call_s: float) -> None:
    Business.objects.filter(pk=business.pk).update(minutes_left=minutes_left)
    call = make_call(business)
    token = stream_tokens.issue(call, now=NOW)
    plan = open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)
    assert plan.settings.max_call_s == max_call_s


def test_opening_a_stream_takes_few_queries(ringing: Ringing, django_assert_num_queries: object) -> None:
    call, token = ringing
    Business.objects.filter(pk=call.business_id).update(greeting_text="Hello")
    call.business.refresh_from_db()
    recordings.request(call.business, now=NOW)
    # the call; all that every call asks about its business (`read_ahead`); its greeting; the claim
    with django_assert_num_queries(4):  # type: ignore[operator]
        open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)


def test_a_business_with_everything_takes_no_query_more(ringing: Ringing, django_assert_num_queries: object) -> None:
    call, token = ringing
    business = call.business
    Business.objects.filter(pk=business.pk).update(
        greeting_text="Hello", closed_greeting_text="Closed", fallback_number="+97235550111"
    )
    business.refresh_from_db()
    with acting_for(business):
        WeekHours.objects.create(business=business, **{day: [["00:00", "00:00"]] for day in WEEKDAYS})
        SpecialDays.objects.create(business=business, first_day=NOW.date(), last_day=NOW.date() + timedelta(days=1))
        KnowledgeEntry.objects.create(business=business, title="Parking", text="Behind the house.")
        for name, is_on in (("Dana", True), ("Noa", False)):
            rings = {"numbers": ["+97235550112"], "reached_when": ReachedWhen.OPEN, "is_on": is_on}
            TransferTarget.objects.create(business=business, name=name, **rings)
        ToolSwitch.objects.create(business=business, tool="take_message", is_on=True, guidance="Ask for a name.")
    for version in recordings.versions(business):
        recordings.request(version, now=NOW)
    with django_assert_num_queries(4):  # type: ignore[operator]
        plan = open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)
    assert [each.name for each in plan.reach.later] == ["Dana"]
    assert "Parking" in plan.instructions
    assert any(each.guidance == "Ask for a name." for each in plan.tools)
