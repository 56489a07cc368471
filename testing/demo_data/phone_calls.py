"""Calls of every outcome, one of them still running, and enough of them for several pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from businesses.models import Business
from calls import weekly
from calls.audio.tracks import Recorded
from calls.conversation.end_reasons import EndReason
from calls.greetings import recordings
from calls.models import (
    Call,
    CallOutcome,
    CallStatus,
    GreetingAudio,
    GreetingState,
    NextStep,
    Sentiment,
    SummarySource,
    Tuning,
    TuningCall,
    Turn,
    WeekOfCalls,
)
from calls.records import recording
from calls.sandbox.telephone.wav_files import read_as_ulaw
from frontdesk import demo
from testing.databases import ROOT
from testing.demo_data import Keys, own_voice, time_lines
from testing.demo_data import dialogues as say
from testing.demo_data.names import phone_of

AUDIO = ROOT / "tests" / "audio"
MANY = 70
LONG_ENOUGH = timedelta(days=1)
"""The running call's last sign of life is this far in the future, so that the sweep doesn't end it."""
USAGE = {
    "input_tokens": 5210, "input_text_tokens": 2900, "input_audio_tokens": 2310, "input_cached_tokens": 3300,
    "input_cached_text_tokens": 2100, "input_cached_audio_tokens": 1200, "output_tokens": 1480,
    "output_text_tokens": 410, "output_audio_tokens": 1070, "total_tokens": 6690,
}  # fmt: skip
WAITS = {"greeting": [140], "answer": [620, 540, 910, 580], "barge_in_pause": [180]}


def add(business: Business, *, now: datetime) -> Keys:
    """Create all calls and the recorded greeting. Returns the rows to look at."""
    _greeting(business, now)
    _many(business, now)
    _weeks(business, now)
    made = {
        "hebrew": _ended(
            business, now - timedelta(minutes=50), CallOutcome.COMPLETED, say.HEBREW, 38,
            end_reason=EndReason.ASSISTANT_HUNG_UP, summary=say.HEBREW_SUMMARY, latencies=WAITS, usage=USAGE,
            model="gpt-realtime-2.1", summary_source=SummarySource.MODEL, wishes=say.HEBREW_WISHES,
            follow_ups=say.HEBREW_FOLLOW_UPS, sentiment=Sentiment.CONTENT,
        ),
        "transferred": _ended(
            business, now - timedelta(hours=2), CallOutcome.TRANSFERRED, say.ENGLISH, 95, caller_number="+442079460958",
            end_reason=EndReason.ASSISTANT_TRANSFERRED, summary=say.ENGLISH_SUMMARY, latencies=WAITS,
            usage=USAGE, model="gpt-realtime-2.1", next_step=NextStep.TRANSFER, fallback_result="completed",
            transfer_number=business.fallback_number, summary_source=SummarySource.MODEL,
            wishes=say.ENGLISH_WISHES, follow_ups=say.ENGLISH_FOLLOW_UPS, sentiment=Sentiment.UNHAPPY,
        ),
        "abandoned": _ended(
            business, now - timedelta(hours=3), CallOutcome.ABANDONED, say.ONLY_THE_GREETING, 3, caller_number="",
            end_reason=EndReason.CALLER_LEFT, user_has_spoken=False, latencies={"greeting": [210]},
        ),
        "fallback": _ended(
            business, now - timedelta(hours=4), CallOutcome.FALLBACK, say.BROKEN[:2], 11, fallback_result="no-answer",
            end_reason=EndReason.MODEL_UNAVAILABLE, end_detail={"cause": "insufficient_quota"},
            next_step=NextStep.APOLOGIZE,
        ),
        "broken": _ended(
            business, now - timedelta(hours=5), CallOutcome.FAILED, say.BROKEN, 10,
            end_reason=EndReason.STREAM_BROKE, stream_error="31921 Stream - WebSocket - Close Error",
            summary="Do you take walk-ins on Fridays?", summary_source=SummarySource.EXTRACT,
        ),
        "refused": _ended(
            business, now - timedelta(hours=6), CallOutcome.REFUSED, (), 0, end_reason=EndReason.ALL_BUSY,
        ),
        "live": _live(business, now),
    }  # fmt: skip
    _record(made["hebrew"], "hello.wav", "one-moment-please.wav")
    time_lines.draw(made["hebrew"], say.HEBREW, 38)
    time_lines.draw(made["transferred"], say.ENGLISH, 95)
    return {word: str(call.pk) for word, call in made.items()}


def _greeting(business: Business, now: datetime) -> None:
    """Store a greeting recording without a speech engine."""
    row = recordings.request(business, now=now)
    assert row is not None
    audio = read_as_ulaw(AUDIO / "one-moment-please.wav")
    state = {"state": GreetingState.READY, "rendered_at": now, "next_attempt_at": None}
    GreetingAudio.objects.filter(pk=row.pk).update(audio=audio, **state)
    own_voice.add(business, now=now)


def _many(business: Business, now: datetime) -> None:
    """Create calls of the last weeks, for the list."""
    outcomes = [CallOutcome.COMPLETED] * 5 + [CallOutcome.ABANDONED, CallOutcome.TRANSFERRED, CallOutcome.REFUSED]
    rows = []
    for number in range(MANY):
        started = now - timedelta(hours=8 + 7 * number, minutes=13 * number % 60)
        outcome = outcomes[number * 5 % len(outcomes)]
        summary = (say.HEBREW_SUMMARY, say.ENGLISH_SUMMARY, "")[number % 3] if outcome != CallOutcome.REFUSED else ""
        values: dict[str, Any] = {"caller_number": phone_of(number), "summary": summary}
        rows.append(_row(business, started, outcome, 20 + 17 * number % 300, **values))
    Call.objects.bulk_create(rows)


def _weeks(business: Business, now: datetime) -> None:
    """Create the figures of the last weeks: one with a greeting that was cut off, one without calls."""
    monday = weekly.monday_of(business, now)
    WeekOfCalls.objects.bulk_create(
        WeekOfCalls(
            business=business,
            monday=monday - timedelta(weeks=back),
            calls=24 + back,
            greetings=22 + back,
            greetings_heard=22 + back - (back == 5),
            greetings_left=back % 3,
            pauses=30 + 3 * back,
            false_pauses=4 + 2 * back % 11,
            caller_ms=900_000 + 60_000 * (back % 4),
            assistant_ms=1_500_000 + 50_000 * (back % 3),
            silence_ms=400_000 + 30_000 * (back % 5),
            interruptions={str(18 + 3 * step + back % 5): 6 - step % 4 for step in range(9)},
            answers={str(70 + 12 * step + back % 7): 9 - step for step in range(8)},
        )
        for back in range(1, 14)
        if back != 7
    )


def tunings_of(business: Business, calls: Keys, *, now: datetime) -> Keys:
    """Create settings that were tried: some that change much and were applied, some that change nothing."""
    changes: dict[str, dict[str, Any]] = {
        "applied": {"barge_in_voice_frames": 4, "barge_in_debounce_ms": 250},
        "nothing": {"backchannels_interrupt": False},
    }
    made: Keys = {}
    for word, values in changes.items():
        tuning = Tuning.objects.create(business=business, asked_at=now - timedelta(hours=len(made)), changes=values)
        made[word] = str(tuning.pk)
        moments = [
            {"at": 8.2, "was": "went_on", "would": "interrupted", "sooner_ms": 40},
            {"at": 20.5, "was": "interrupted", "would": "interrupted", "sooner_ms": 60},
            {"at": 31.0, "was": "interrupted", "would": "interrupted", "sooner_ms": -20},
        ]
        TuningCall.objects.bulk_create(
            TuningCall(
                business=business,
                tuning=tuning,
                call_id=call,
                is_done=True,
                moments=moments if word == "applied" else [],
            )
            for call in (calls["hebrew"], calls["transferred"])
        )
    before = {"barge_in_voice_frames": 6, "barge_in_debounce_ms": 350}
    Tuning.objects.filter(pk=made["applied"]).update(applied_at=now, before=before)
    return made


def _ended(
    business: Business,
    started: datetime,
    outcome: CallOutcome,
    dialogue: Sequence[say.Said],
    seconds: int,
    **values: Any,
) -> Call:
    call = _row(business, started, outcome, seconds, **values)
    call.save()
    _turns(call, dialogue)
    return call


def _row(business: Business, started: datetime, outcome: CallOutcome, seconds: int, **values: Any) -> Call:
    answered = outcome != CallOutcome.REFUSED
    defaults: dict[str, Any] = {
        "twilio_call_sid": f"CA{int(started.timestamp()):032x}",
        "called_number": demo.PHONE,
        "caller_number": phone_of(0),
        "status": CallStatus.ENDED,
        "outcome": outcome,
        "started_at": started,
        "stream_opened_at": started + timedelta(seconds=1) if answered else None,
        "ended_at": started + timedelta(seconds=1 + seconds),
        "user_has_spoken": answered,
        "end_reason": EndReason.CALLER_LEFT,
        "is_to_measure": False,  # `_weeks` has the figures
        "minutes_charged": (Decimal(seconds) / 60).quantize(Decimal("0.01")) if answered else Decimal(0),
    }
    return Call(business=business, **(defaults | values))


def _live(business: Business, now: datetime) -> Call:
    call = _row(business, now - timedelta(seconds=20), CallOutcome.COMPLETED, 0, caller_number=phone_of(11))
    call.status, call.outcome, call.ended_at, call.end_reason = CallStatus.LIVE, "", None, ""
    call.alive_at = now + LONG_ENOUGH
    call.save()
    _turns(call, say.GOING_ON)
    return call


def _turns(call: Call, dialogue: Sequence[say.Said]) -> None:
    Turn.objects.bulk_create(
        Turn(
            business_id=call.business_id,
            call=call,
            position=position,
            speaker=said.speaker,
            is_greeting=said.is_greeting,
            text=said.text,
            heard_text=said.heard or (said.text if said.speaker == say.ASSISTANT else ""),
            started_ms=said.from_ms,
            ended_ms=said.until_ms,
            interrupted_ms=said.interrupted_ms,
        )
        for position, said in enumerate(dialogue)
    )


def _record(call: Call, caller: str, assistant: str) -> None:
    """Store a recording of both sides."""
    files: list[Path] = [AUDIO / assistant, AUDIO / caller]
    spoken, heard = (read_as_ulaw(file) for file in files)
    recording.write(call.business_id, call.pk, Recorded(caller=((len(spoken), heard),), assistant=((0, spoken),)))
    Call.objects.filter(pk=call.pk).update(is_recorded=True, was_recorded=True)
