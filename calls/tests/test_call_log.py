"""The lines by which operators follow a call in the log: each at its moment, once, with the facts they search for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.conversation import Protection
from calls.conversation.commands import CreateResponse, Log, NextStep
from calls.conversation.end_reasons import StreamFault
from calls.conversation.events import (
    CallerFrame,
    CallerLeft,
    CallerWords,
    KeyPressed,
    ModelLost,
    ModelReady,
    OperatorAsked,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    SpeechStarted,
    StreamBroke,
    TurnCommitted,
)
from calls.conversation.playback import MARK_GRACE_S
from calls.conversation.responses import RETRY_PAUSES_S
from calls.conversation.tool_events import ToolRequested
from calls.tests.table import GREETED, LINE_RMS, SILENT, VOICE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure

HEARD = "heard, barge-in now enabled for the rest of the call"


def lines(table: Table, *, since: int = 0) -> list[str]:
    """Return the log as an operator reads it."""
    return [f"{line.label} {line.text}" for line in table.of(Log)[since:]]


def answering(**changes: object) -> Table:
    """The caller has been hearing an answer for half a second, on a quiet line; the log is empty."""
    table = in_conversation(replace(GREETED, **changes))  # type: ignore[arg-type]
    table.say()
    table.respond(seconds=5.0)
    table.hear(LINE_RMS, 0.5)
    table.wanted.clear()
    return table


# The opening ----------------------------------------------------------------------------------------------------
def test_a_call_with_a_cached_greeting() -> None:
    table = Table(replace(GREETED, greeting_bytes=12000))
    table.play_out()
    assert lines(table) == [
        "[GREETING] playing 1.5 s of cached audio",
        "[MODEL] ready",
        "[GREETING] heard",
        f"[FIRST_UTTERANCE] {HEARD}",
    ]


def test_a_call_whose_greeting_the_model_speaks() -> None:
    table = Table(replace(GREETED, greeting_bytes=0))
    table.respond()
    table.play_out()
    assert lines(table) == [
        "[GREETING] no cached audio: the model will speak it",
        "[MODEL] ready",
        "[GREETING] heard",
        f"[FIRST_UTTERANCE] {HEARD}",
    ]


def test_a_business_without_barge_in_reads_that_the_caller_cannot_interrupt() -> None:
    table = in_conversation(replace(GREETED, barge_in_enabled=False))
    assert table.logged("[FIRST_UTTERANCE]") == [
        "heard, barge-in now switched off by the business for the rest of the call"
    ]


def test_only_a_greeting_is_logged_as_one() -> None:
    table = Table(replace(SILENT, assistant_speaks_first=True))
    table.respond()
    table.play_out()
    assert lines(table) == ["[MODEL] ready", f"[FIRST_UTTERANCE] {HEARD}"]


def test_a_greeting_that_fails_six_times_is_given_up() -> None:
    table = Table(replace(GREETED, greeting_bytes=0))
    for attempt in range(1, 7):
        table.tell(ResponseEnded(table.now, f"resp{attempt}", ResponseStatus.FAILED, "server_error"))
        table.wait(([*RETRY_PAUSES_S, 0.0])[attempt - 1] + 0.1)
    told = [line for line in lines(table)[2:] if "a tone" not in line]
    assert told == [
        *(f"[RESPONSE] greeting failed (server_error): attempt {attempt} of 6" for attempt in range(2, 7)),
        "[WAITING] given up (server_error)",
        "[FIRST_UTTERANCE] given up, barge-in now enabled for the rest of the call",
        "[END] no_answer: server_error",
    ]
    assert len(table.of(CreateResponse)) == 6


# The caller's voice -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"barge_in_enabled": False}, "the business has switched it off"),
        ({"barge_in_grace_ms": 9000}, "within the grace time"),
    ],
)
def test_a_voice_that_may_not_interrupt_is_logged_once_for_each_utterance(changes: dict[str, object], why: str) -> None:
    table = answering(**changes)
    table.hear(LINE_RMS, 0.2)
    assert lines(table) == []
    table.hear(VOICE_RMS, 0.25)
    table.hear(VOICE_RMS - 1, 0.25)  # together no turn that we would end ourselves
    assert lines(table) == [f"[BARGE-IN] ignored: {why}, rms={VOICE_RMS}"]
    table.play_out()
    table.say()
    table.respond(seconds=5.0)
    table.hear(VOICE_RMS, 0.2)
    assert table.logged("[BARGE-IN]")[1:] == [f"ignored: {why}, rms={VOICE_RMS}"]


def test_a_voice_over_the_protected_greeting_is_logged() -> None:
    table = Table(replace(GREETED, greeting_bytes=32000))
    table.hear(VOICE_RMS, 1.0)
    assert table.logged("[BARGE-IN]") == [f"ignored: the first utterance is protected, rms={VOICE_RMS}"]


def test_a_voice_while_nobody_else_speaks_is_no_interruption() -> None:
    table = in_conversation()
    table.say()
    assert table.logged("[BARGE-IN]") == []


def test_a_cough_is_logged_as_a_pause_and_a_resume() -> None:
    table = answering()
    table.hear(VOICE_RMS, 0.12)
    table.hear(LINE_RMS, 0.5)
    assert lines(table) == [
        f"[BARGE-IN] pause: rms={VOICE_RMS} threshold=200 frames=6",
        f"[BARGE-IN] resume: rms={LINE_RMS} threshold=120 frames=6",
    ]


def test_a_line_that_goes_dead_in_a_pause_is_resumed_with_no_sound_heard() -> None:
    table = answering()
    table.hear(VOICE_RMS, 0.12)
    table.wait(1.0)
    assert lines(table)[1:] == ["[BARGE-IN] resume: rms=0 threshold=200 frames=6"]


def test_an_interruption_is_logged_as_a_pause_and_a_commit() -> None:
    table = answering()
    table.hear(VOICE_RMS, 0.6)
    assert lines(table) == [
        f"[BARGE-IN] pause: rms={VOICE_RMS} threshold=200 frames=6",
        f"[BARGE-IN] commit: rms={VOICE_RMS} threshold=200 frames=19",
    ]


def test_a_pause_that_openai_confirms_is_logged_as_its_commit() -> None:
    table = answering()
    table.hear(VOICE_RMS, 0.12)
    table.tell(SpeechStarted(table.now))
    assert lines(table)[1:] == ["[BARGE-IN] commit: OpenAI threshold=200 frames=6"]


def test_a_whole_turn_over_the_assistant_is_logged_as_its_commit() -> None:
    table = answering(barge_in_voice_frames=100)
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.3)
    table.hear(LINE_RMS, 0.2)
    table.tell(TurnCommitted(table.now, "turn2"))
    assert lines(table) == ["[BARGE-IN] commit: a whole turn with 300 ms of voice"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("Mm-hm", "[BARGE-IN] ignored: a sign of listening"),
        ("Stop", "[BARGE-IN] commit: short, and more than a sign of listening"),
        ("...", "[TURN] noise: its transcript holds no word"),
    ],
)
def test_a_short_turn_over_the_assistant_is_logged_by_what_its_words_made_of_it(words: str, line: str) -> None:
    table = answering(barge_in_voice_frames=100, backchannels_interrupt=False)
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.3)
    table.hear(LINE_RMS, 0.2)
    table.tell(TurnCommitted(table.now, "turn2"))
    assert lines(table) == []
    table.tell(CallerWords(table.now, "turn2", words))
    assert lines(table) == [line]


# Turns ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("frames", "found"), [(0, ["noise: 0 ms of voice"]), (3, ["noise: 60 ms of voice"]), (4, [])])
def test_a_turn_with_less_than_80_ms_of_voice_is_logged_as_noise(frames: int, found: list[str]) -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, frames * 0.02)
    table.hear(LINE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "turn1"))
    assert table.logged("[TURN]") == found
    assert table.flag("user_has_spoken") is not bool(found)


def test_what_the_words_of_a_turn_change_is_logged() -> None:
    table = in_conversation()
    table.tell(CallerWords(table.now, table.speak(), "..."))
    table.hear(VOICE_RMS, 1.0, probability=0.02)
    table.tell(TurnCommitted(table.now, "strange"))
    table.tell(CallerWords(table.now, "strange", "what are your hours"))
    assert table.logged("[TURN]") == [
        "noise: its transcript holds no word",
        "noise: 0 ms of voice",
        "speech after all: its transcript has words",
    ]


# Playback, the model, the stream ------------------------------------------------------------------------------------
def test_marks_that_never_come_back_are_logged_once_they_are_given_up() -> None:
    table = Table(GREETED)  # a greeting of a second, and no mark of it
    table.tell(CallerFrame(1.0 + MARK_GRACE_S - 0.01, LINE_RMS))
    assert table.logged("[PLAYBACK]") == []
    for _ in range(2):
        table.tell(CallerFrame(1.0 + MARK_GRACE_S + 0.01, LINE_RMS))
    assert table.logged("[PLAYBACK]") == ["marks are missing: counted as heard by their length"]
    assert table.logged("[GREETING]")[1:] == ["heard"]


def test_marks_that_come_back_are_not_logged() -> None:
    table = in_conversation()
    table.wait(5.0)
    assert table.logged("[PLAYBACK]") == []


def test_what_the_model_does_unasked_or_refuses_harmlessly_is_logged() -> None:
    table = in_conversation()
    table.tell(ResponseCreated(table.now, "foreign"))
    table.tell(RequestRefused(table.now, "response_cancel_not_active"))
    assert lines(table)[-2:] == [
        "[RESPONSE] nobody asked for this response: cancelled",
        "[MODEL] harmless error: response_cancel_not_active",
    ]


def test_a_request_that_is_refused_is_logged_with_its_code_and_not_as_harmless() -> None:
    table = in_conversation()
    table.say()
    table.tell(RequestRefused(table.now, "server_error"))
    assert lines(table)[-1] == "[RESPONSE] answer failed (server_error): attempt 2 of 6"
    assert table.logged("[MODEL]") == ["ready"]


def test_a_response_of_ours_is_not_logged_as_foreign() -> None:
    table = in_conversation()
    table.say()
    table.respond()
    assert table.logged("[RESPONSE]") == []


def test_a_line_that_is_lost_and_found_is_logged() -> None:
    table = in_conversation()
    table.tell(ModelLost(table.now, "closed_1006"))
    table.tell(ModelReady(table.now))
    assert table.logged("[MODEL]") == ["ready", "lost: closed_1006", "ready"]


def test_a_model_that_is_stuck_is_logged_as_lost() -> None:
    table = in_conversation()
    table.say()
    table.wait(6.5)
    assert table.logged("[MODEL]")[1:] == ["lost: stalled"]
    assert table.logged("[RESPONSE]") == ["answer failed (stalled): attempt 2 of 6"]


def test_a_key_is_logged_without_its_digit() -> None:
    table = in_conversation()
    table.tell(KeyPressed(table.now, "7"))
    table.wait(2.0)
    assert "[KEYS] pressed by the caller: 1" in lines(table)
    assert not [line for line in lines(table) if "7" in line]


# The end ------------------------------------------------------------------------------------------------------------
def test_every_end_is_logged_by_its_reason_and_a_fault_with_its_cause() -> None:
    def end_of(*events: object) -> list[str]:
        table = in_conversation(replace(GREETED, max_call_s=60.0))
        for event in events:
            table.tell(event)  # type: ignore[arg-type]
        return [line for line in lines(table) if line.startswith(("[END]", "[STREAM]"))]

    assert end_of(CallerLeft(5.0)) == ["[END] caller_left"]
    at_once = OperatorAsked(5.0, NextStep.TRANSFER)
    assert end_of(at_once, at_once) == ["[END] operator_transferred"]
    assert end_of(OperatorAsked(5.0, NextStep.HANG_UP)) == ["[END] operator_hung_up"]
    assert end_of(CallerFrame(60.0, LINE_RMS)) == ["[END] time_limit"]
    assert end_of(StreamBroke(5.0, "closed (1006)", StreamFault.CLOSED)) == [
        "[STREAM] broke: closed (1006)",
        "[END] stream_broke: closed",
    ]
    assert end_of(ModelLost(5.0, "invalid_api_key", permanent=True)) == ["[END] model_unavailable: invalid_api_key"]


def test_a_caller_who_talks_the_assistant_out_of_leaving_is_logged() -> None:
    table = in_conversation()
    table.say("bye bye")
    response_id = table.respond(seconds=3.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "end_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 0.6)
    assert table.logged("[END]") == ["the caller goes on talking: not leaving"]


def test_an_unprotected_first_utterance_that_is_interrupted_has_no_line_of_its_own() -> None:
    table = Table(replace(GREETED, first_utterance_protection=Protection.OFF, greeting_bytes=32000))
    table.hear(VOICE_RMS, 1.0)
    table.tell(ResponseAudio(table.now, "", "item", 800))
    assert table.logged("[FIRST_UTTERANCE]") == []
