"""A recorded call once more: the same rules give the same commands, other settings show what they change."""

from __future__ import annotations

from dataclasses import asdict
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.conversation import Conversation, ConversationSettings, Protection
from calls.conversation.commands import ClearPlayback, EndCall, KeepTurn, Log, NextStep, Play, Speaker
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.conversation.events import (
    CallerFrame,
    CallerLeft,
    CallerWords,
    Event,
    MarkReturned,
    ModelReady,
    StreamOpened,
    Tick,
)
from calls.models import Call, TraceChunk
from calls.records import replay
from calls.records.traces import Decided, TraceLine, encode
from calls.tests.conftest import make_live_call

pytestmark = pytest.mark.once

GREETING_S = 2.0
SETTINGS = ConversationSettings(
    greeting_text="Hello", greeting_bytes=int(GREETING_S * 8000), language="en", barge_in_grace_ms=0
)


def recorded(settings: ConversationSettings = SETTINGS) -> list[TraceLine]:
    """A call in which the caller shouts over the greeting, as the bridge would have written it."""
    conversation, lines, marks = Conversation(settings), list[TraceLine](), list[tuple[float, str]]()

    def happens(event: Event) -> None:
        lines.append(event)
        for command in conversation.handle(event):
            lines.append(Decided(event.at, command))
            if isinstance(command, Play):
                marks.append((event.at + command.end / 8000, command.mark))

    happens(StreamOpened(0.0))
    happens(ModelReady(0.01, 3600.0))
    for number in range(1, 151):
        at = number * 0.02
        while (deadline := conversation.next_deadline()) is not None and deadline < at:
            happens(Tick(deadline + 0.0005))  # a timer is never exact
        for mark in [mark for mark in marks if mark[0] < at]:
            marks.remove(mark)
            happens(MarkReturned(at, mark[1]))
        happens(CallerFrame(at, 3000 if 0.8 < at < 1.4 else 30))
    happens(CallerWords(3.05, "item_1", "secret words"))
    happens(CallerLeft(3.1))
    return lines


def commands(lines: list[TraceLine], kind: type) -> int:
    return sum(isinstance(line, Decided) and isinstance(line.command, kind) for line in lines)


def test_the_same_settings_give_the_same_trace() -> None:
    trace = recorded()
    again = replay.replay(trace, SETTINGS, own_ticks=False)
    assert again == trace
    assert replay.differences(trace, again) == []


def test_without_protection_the_caller_would_have_interrupted() -> None:
    trace = recorded()
    assert commands(trace, ClearPlayback) == 0
    changed = replay.with_changes(SETTINGS, ["first_utterance_protection=off"])
    again = replay.replay(trace, changed, own_ticks=True)
    assert commands(again, ClearPlayback) >= 1
    extra = [line.command for difference in replay.differences(trace, again) for line in difference.replayed]
    assert ClearPlayback() in extra


def test_own_ticks_come_when_the_conversation_asks_for_them() -> None:
    again = replay.replay(recorded(), SETTINGS, own_ticks=True)
    times = [line.at for line in again]
    assert times == sorted(times)


def test_settings_are_read_by_their_types() -> None:
    assert replay.with_changes(
        SETTINGS,
        [
            "barge_in_enabled=off",
            "barge_in_voice_frames=4",
            "max_call_s=9.5",
            "first_utterance_protection=opening_only",
        ],
    ) == ConversationSettings(
        **{
            **asdict(SETTINGS),
            "barge_in_enabled": False,
            "barge_in_voice_frames": 4,
            "max_call_s": 9.5,
            "first_utterance_protection": Protection.OPENING_ONLY,
        }
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("loudness=1", "there is no setting 'loudness'; there are: "),
        ("barge_in_voice_frames=many", "barge_in_voice_frames can't be 'many': it is a whole number"),
        ("barge_in_enabled=perhaps", "it is on or off"),
        ("first_utterance_protection=x", "it is one of first_response, opening_only, off"),
        ("max_call_s", "it is a number"),
    ],
)
def test_a_setting_that_can_not_be(change: str, message: str) -> None:
    with pytest.raises(replay.BadSetting, match=message):
        replay.with_changes(SETTINGS, [change])


def test_the_timeline_counts_what_is_many_and_hides_what_was_said() -> None:
    trace: list[TraceLine] = [
        CallerFrame(0.02, 30),
        CallerFrame(0.04, 900),
        Decided(0.04, KeepTurn(0, Speaker.CALLER, 20, text="secret")),
        Decided(0.04, Log("[BARGE-IN]", "paused: rms 900")),
    ]
    assert list(replay.timeline(trace, with_words=False)) == [
        "    0.020 … 2 CallerFrame, caller's rms up to 900",
        "    0.040 > KeepTurn position=0 speaker=caller started_ms=20 text=(6 letters)",
        "    0.040 > [BARGE-IN] paused: rms 900",
    ]
    assert "text='secret'" in list(replay.timeline(trace, with_words=True))[1]


# The command ----------------------------------------------------------------------------------------
@pytest.fixture
def call(business: Business) -> Call:
    call = make_live_call(business, settings=asdict(SETTINGS))
    with acting_for(business):
        TraceChunk.objects.create(business=business, call=call, position=0, data=encode(recorded()))
    return call


def printed(call_id: object, *arguments: str) -> str:
    out = StringIO()
    call_command("replay_call", str(call_id), *arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_the_call_and_that_nothing_differs(call: Call) -> None:
    text = printed(call.pk)
    assert "0.000 < StreamOpened" in text
    assert "[GREETING] playing 2.0 s of cached audio" in text
    assert "3.100 < CallerLeft" in text
    assert text.endswith("\nThe same commands as in the recording.\n")
    assert "secret words" not in text
    assert "secret words" in printed(call.pk, "--words")


def test_the_command_shows_what_other_settings_change(call: Call) -> None:
    text = printed(call.pk, "--set", "first_utterance_protection=off")
    assert "\nDifferent from the recording (- recorded, + replayed):\n" in text
    assert "> ClearPlayback\n" in text.partition("Different from the recording")[2]


def test_the_command_says_that_a_change_made_no_difference(call: Call) -> None:
    text = printed(call.pk, "--set", "barge_in_debounce_ms=900")
    end = "\nbarge_in_debounce_ms=900 makes no difference to this call: the same commands as in the recording.\n"
    assert text.endswith(end)


def test_the_command_says_what_is_wrong(call: Call, business: Business) -> None:
    with pytest.raises(CommandError, match="there is no setting 'x'"):
        printed(call.pk, "--set", "x=1")
    with pytest.raises(CommandError, match="This call has no trace"):
        printed(make_live_call(business).pk)
    with pytest.raises(CommandError, match="There is no call"):
        printed("00000000-0000-0000-0000-000000000000")


def test_a_code_that_was_read_back_is_no_difference() -> None:
    def ends(cause: str) -> list[TraceLine]:
        return [Decided(1.0, EndCall(EndReason.STREAM_BROKE, NextStep.APOLOGIZE, failed=True, cause=cause))]

    assert replay.differences(ends("flood"), ends(StreamFault.FLOOD)) == []
    assert len(replay.differences(ends("slow"), ends(StreamFault.FLOOD))) == 1
