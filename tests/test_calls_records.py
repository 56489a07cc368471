"""The records of a call: turns, latencies, usage and a trace that replays, also when its process is killed."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoDbBlocker

from calls.conversation import Conversation
from calls.conversation.commands import EndCall, Log
from calls.conversation.end_reasons import EndReason
from calls.models import Call, CallStatus
from calls.plan import settings_of
from calls.records import finishing
from calls.records.traces import Decided, TraceLine
from calls.sandbox.receptionist.engine import Say
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from testing import numbered
from testing.servers import StartDaphne
from tests.call_hearing import SLACK_S, clears, heard
from tests.call_office import Office, Records, records_of
from tests.call_rig import ANSWER, AUTH_TOKEN, FALLBACK, SECOND, Rig, eventually, scenario, speech

pytestmark = pytest.mark.asyncio(loop_scope="session")

GREETING = "Hello, this is the clinic."


def replayed(records: Records) -> list[Decided]:
    """Returns the commands of a new conversation that gets the trace's events."""
    conversation = Conversation(settings_of(records.call.settings))
    events = [line for line in records.trace if not isinstance(line, Decided)]
    return [Decided(event.at, command) for event in events for command in conversation.handle(event)]


async def test_a_whole_conversation_is_kept(rig: Rig) -> None:
    plan = scenario(replies=((Say(ANSWER),), (Say(SECOND),)), transcripts=("When are you open?", "One moment, please."))
    desk = await rig.desk(plan, greeting=GREETING, minutes_left=10)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > len(numbered.audio(GREETING)) + 12_000)
        call.say(speech("one-moment-please"))
        await call.until(lambda: heard(call).endswith(numbered.audio(SECOND)))
        await call.quiet(0.3)
    records = await rig.records(call)
    greeting, question, answer, interruption, last = records.turns
    assert [turn.text for turn in records.turns] == [
        GREETING, "When are you open?", ANSWER, "One moment, please.", SECOND,
    ]  # fmt: skip
    assert [turn.position for turn in records.turns] == [0, 1, 2, 3, 4]
    assert [turn.heard_text == turn.text for turn in records.turns] == [True, True, False, True, True]
    assert ANSWER.startswith(answer.heard_text)
    (cleared_at,) = clears(call)
    assert answer.interrupted_ms is not None
    assert abs(answer.interrupted_ms - cleared_at * 1000) < 50 + SLACK_S * 1000
    assert [turn.interrupted_ms for turn in (greeting, question, interruption, last)] == [None] * 4
    for turn in records.turns:
        assert turn.ended_ms is not None
        assert turn.started_ms < turn.ended_ms <= call.now * 1000
    check_figures(records.call, call.now)
    assert replayed(records) == [line for line in records.trace if isinstance(line, Decided)]


def check_figures(kept: Call, seconds: float) -> None:
    """Latencies, usage, charge and outcome."""
    assert set(kept.latencies) == {"greeting", "answer", "felt", "barge_in_pause", "barge_in_confirmed"}
    assert {name: len(values) for name, values in kept.latencies.items()}["answer"] == 2
    felt = kept.latencies.pop("felt")
    # Felt since the last voice: the silence by which OpenAI knew that the caller had ended is part of it.
    assert all(wait + 200 < longer for wait, longer in zip(kept.latencies["answer"], felt, strict=True))
    assert all(0 <= value < 1000 for values in kept.latencies.values() for value in values)
    assert kept.latencies["barge_in_pause"][0] < 300 + SLACK_S * 1000
    assert kept.usage["output_audio_tokens"] > 0
    assert kept.usage["total_tokens"] >= kept.usage["output_tokens"] > 0
    assert (kept.outcome, kept.user_has_spoken, kept.end_reason) == ("completed", True, EndReason.CALLER_LEFT)
    assert kept.ended_at is not None
    assert kept.stream_opened_at is not None
    assert abs((kept.ended_at - kept.stream_opened_at).total_seconds() - seconds) < 1.0
    assert 0 < kept.minutes_charged < 1
    assert kept.business.minutes_left == 10 - kept.minutes_charged
    assert kept.stream_token_hash == ""


async def test_no_transcript_or_number_reaches_the_log(rig: Rig) -> None:
    plan = scenario(replies=((Say("The secret answer."),),), transcripts=("My secret question.",))
    desk = await rig.desk(plan, greeting="The secret greeting.")
    async with rig.calling(desk) as call:
        await call.quiet(0.3)
        call.say(speech("hello"))
        await call.until(lambda: heard(call).endswith(numbered.audio("The secret answer.")))
        await eventually(lambda: desk.lane.sent("conversation.item.input_audio_transcription.completed"))
    assert "secret" not in rig.line.log
    assert desk.number not in rig.line.log
    assert "+15005550001" not in rig.line.log


async def test_a_killed_process_leaves_what_was_said(
    rig: Rig, daphne: StartDaphne, django_db_blocker: DjangoDbBlocker
) -> None:
    """`kill -9`: what was said up to two seconds before is kept, Twilio is told to go on, or the call is ended."""
    openai_url = rig.exchange.url.replace("http", "ws", 1)
    doomed = daphne(OPENAI_API_KEY="not-a-key", OPENAI_REALTIME_URL=openai_url, TWILIO_AUTH_TOKEN=AUTH_TOKEN)
    office = Office(doomed.environment["DATABASE_URL"], django_db_blocker)
    kept_rig = Rig(doomed, doomed, rig.exchange, TwilioPeer(doomed.url, auth_token=AUTH_TOKEN), office)
    plan = scenario(transcripts=("When are you open?",), replies=((Say(ANSWER * 3),),))
    desk = await kept_rig.desk(plan, greeting=GREETING, fallback_number=FALLBACK, minutes_left=10)
    async with kept_rig.twilio as twilio, twilio.call(to=desk.number) as call, twilio.call(to=desk.number) as other:
        await call.connected()
        await call.quiet(0.3)
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > len(numbered.audio(GREETING)) + 3 * 8000)
        doomed.stop(signal.SIGKILL)
        await asyncio.gather(call.ended(), other.ended())
    # A second process takes the next calls, and its sweep ends the call.
    now = datetime.now(UTC)
    open_calls: list[Records] = [await office.ask(records_of, each.flow.ids.call_sid) for each in (call, other)]
    assert [each.call.status for each in open_calls] == [CallStatus.LIVE, CallStatus.LIVE]
    assert [turn.text for turn in open_calls[0].turns] == [GREETING, "When are you open?", ANSWER * 3]
    alive_at = open_calls[0].call.alive_at
    assert alive_at is not None
    assert now - alive_at < timedelta(seconds=5 + 2)
    survivor = daphne(
        beside=doomed, OPENAI_API_KEY="not-a-key", OPENAI_REALTIME_URL=openai_url, TWILIO_AUTH_TOKEN=AUTH_TOKEN
    )
    async with TwilioPeer(survivor.url, auth_token=AUTH_TOKEN, public_url=doomed.url) as twilio:
        await check_goes_on_by_webhook(twilio, office, call.flow.ids.call_sid)
    assert await office.ask(finishing.end_dead_calls, now=now) == 0, "a minute without a sign of life, not less"
    last_sign = open_calls[1].call.alive_at
    assert last_sign is not None
    a_minute_later = last_sign + finishing.DEAD_AFTER + timedelta(milliseconds=1)
    assert await office.ask(finishing.end_dead_calls, now=a_minute_later) == 1
    swept = await office.ask(records_of, other.flow.ids.call_sid)
    assert (swept.call.status, swept.call.outcome) == (CallStatus.ENDED, "failed")
    assert swept.call.end_reason == EndReason.PROCESS_DIED
    assert swept.call.ended_at == swept.call.alive_at
    # The new stream of the first one never opened: it ends likewise.
    assert await office.ask(finishing.end_dead_calls, now=datetime.now(UTC) + timedelta(seconds=61)) == 1
    assert (await office.ask(records_of, call.flow.ids.call_sid)).call.minutes_charged > 0
    office.close()


async def check_goes_on_by_webhook(twilio: TwilioPeer, office: Office, call_sid: str) -> None:
    """Twilio asks what comes next when the socket is gone: it is told to open another stream."""
    fields = {"CallSid": call_sid, "CallStatus": "in-progress"}
    status, body = await twilio.post("/calls/twilio/after/", fields)
    assert status == 200
    assert "<Stream" in body
    kept = await office.ask(records_of, call_sid)
    assert (kept.call.status, kept.call.stream_number) == (CallStatus.LIVE, 1)


def kinds(trace: list[TraceLine]) -> set[str]:
    return {type(line.command if isinstance(line, Decided) else line).__name__ for line in trace}


async def test_the_trace_tells_the_whole_call(rig: Rig) -> None:
    desk = await rig.desk(scenario(replies=((Say(SECOND),),)), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.quiet(0.3)
        call.say(speech("hello"))
        await call.until(lambda: heard(call).endswith(numbered.audio(SECOND)))
    records = await rig.records(call)
    heard_of_all = "StreamOpened CallerFrame MarkReturned ModelReady SpeechStarted TurnCommitted CallerLeft"
    told_by_model = "ResponseCreated ResponseWords ResponseAudio ResponseEnded CallerWords"
    decided = "ConnectModel Play CreateResponse KeepTurn Measure Log EndCall"
    assert kinds(records.trace) >= set(f"{heard_of_all} {told_by_model} {decided}".split())
    frames = sum(type(line).__name__ == "CallerFrame" for line in records.trace)
    assert abs(frames - len(call.stream.caller.track) / 160) <= 3
    commands = [line.command for line in records.trace if isinstance(line, Decided)]
    assert [each.reason for each in commands if isinstance(each, EndCall)] == [EndReason.CALLER_LEFT]
    assert not [each for each in commands if isinstance(each, Log) and GREETING in each.text]
