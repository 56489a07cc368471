"""Who has the floor: interruptions at their limits, what a turn is owed, and what the line waits for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.conversation import ConversationSettings, Protection
from calls.conversation.commands import (
    CancelResponse,
    ClearPlayback,
    CreateResponse,
    KeepTurn,
    Latency,
    Measure,
    Play,
    ResponseKind,
    Speaker,
    TruncateItem,
)
from calls.conversation.events import (
    CallerFrame,
    CallerWords,
    ModelLost,
    ModelReady,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    SpeechStarted,
    TurnCommitted,
)
from calls.conversation.responses import GREETING_HOLD_S, RECOMMIT_WAIT_S
from calls.tests.table import GREETED, GREETING, LINE_RMS, SILENT, VOICE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure


def answering(settings: ConversationSettings = GREETED, *, seconds: float = 5.0) -> Table:
    """The caller has been hearing an answer for half a second, on a quiet line."""
    table = in_conversation(settings)
    table.say()
    table.respond(seconds=seconds)
    table.hear(LINE_RMS, 0.5)
    return table


def measured(table: Table, what: Latency) -> list[int]:
    """Return the latencies of a kind, in milliseconds."""
    return [one.milliseconds for one in table.of(Measure) if one.what is what]


def kept(table: Table, speaker: Speaker) -> dict[int, KeepTurn]:
    """Return the turns of a speaker as the records have them."""
    return {turn.position: turn for turn in table.of(KeepTurn) if turn.speaker is speaker}


# Interruptions ----------------------------------------------------------------------------------------------------
def test_falling_silent_is_measured_from_the_first_voiced_frame_once_for_each_interruption() -> None:
    by_loudness, by_ears = answering(), answering()
    by_loudness.hear(VOICE_RMS, 1.0)
    assert measured(by_loudness, Latency.BARGE_IN_PAUSE) == [100], "six frames: the first is there at once"
    by_ears.hear(VOICE_RMS, 1.0, probability=0.95)
    assert measured(by_ears, Latency.BARGE_IN_PAUSE) == [20]


def test_the_grace_time_ends_to_the_millisecond() -> None:
    for grace_ms, clears in ((500, 1), (501, 0)):
        table = in_conversation(replace(GREETED, barge_in_grace_ms=grace_ms))
        table.say()
        table.now = 8.0
        table.respond(seconds=5.0)
        sent_at = table.now
        for number in range(6):
            table.tell(CallerFrame(sent_at + 0.5, VOICE_RMS, speech_probability=0.95))
            assert len(table.of(ClearPlayback)) == (clears if number > 0 else 0)


def test_openai_confirms_a_pause_only_where_the_caller_may_interrupt() -> None:
    for settings, cuts in ((GREETED, 1), (replace(GREETED, barge_in_enabled=False), 0)):
        table = answering(settings)
        table.hear(VOICE_RMS, 0.12)
        table.tell(SpeechStarted(table.now))
        assert len(table.of(TruncateItem)) == cuts


def test_every_interruption_is_counted() -> None:
    table = answering()
    for count in (1, 2):
        table.hear(VOICE_RMS, 0.6)
        assert table.conversation.turns.interruptions.count == count
        table.say()
        table.respond(seconds=5.0)
        table.hear(LINE_RMS, 0.5)


def test_after_an_interruption_the_next_one_is_judged_by_its_own_voice() -> None:
    table = answering()
    table.hear(VOICE_RMS, 0.6)
    table.tell(TurnCommitted(table.now, "turn2"))
    table.respond(seconds=5.0)
    table.hear(LINE_RMS, 0.4)
    table.tell(SpeechStarted(table.now))
    assert len(table.of(TruncateItem)) == 1, "OpenAI alone doesn't interrupt, whatever came before"
    table.hear(VOICE_RMS, 0.1)
    assert len(table.of(ClearPlayback)) == 1


def test_after_an_utterance_was_heard_the_next_one_is_judged_by_its_own_voice() -> None:
    table = answering(seconds=0.75)
    table.hear(VOICE_RMS, 0.12)
    table.hear(LINE_RMS, 0.5)
    assert len(table.of(ClearPlayback)) == 1, "a cough"
    table.play_out()
    table.tell(TurnCommitted(table.now, "cough"))
    table.respond(seconds=5.0)
    table.now += 0.35
    table.tell(SpeechStarted(table.now))
    assert table.of(TruncateItem) == []


@pytest.mark.parametrize(("voiced_s", "cuts"), [(0.78, 0), (0.8, 1)])
def test_a_turn_of_800_ms_interrupts_also_where_listening_sounds_do_not(voiced_s: float, cuts: int) -> None:
    table = answering(replace(GREETED, backchannels_interrupt=False, barge_in_voice_frames=100))
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, voiced_s, 0.6)
    table.hear(LINE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "turn2"))
    assert len(table.of(TruncateItem)) == cuts


def test_words_of_another_turn_do_not_decide_about_a_short_one() -> None:
    table = answering(replace(GREETED, backchannels_interrupt=False, barge_in_voice_frames=100))
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.3)
    table.tell(TurnCommitted(table.now, "short"))
    table.tell(CallerWords(table.now, "turn1", "what are your opening hours"))
    assert table.of(TruncateItem) == []
    table.tell(CallerWords(table.now, "short", "Stop"))
    assert len(table.of(TruncateItem)) == 1


# Turns ------------------------------------------------------------------------------------------------------------
def test_a_turn_is_kept_from_when_openai_heard_it_begin_until_it_was_committed() -> None:
    table = in_conversation()
    began, turn = table.now, table.speak(seconds=0.4)
    (first,) = kept(table, Speaker.CALLER).values()
    assert (first.started_ms, first.ended_ms, first.text) == (round(began * 1000), round(table.now * 1000), "")
    table.tell(CallerWords(table.now + 1.0, turn, " what are your hours "))
    (first,) = kept(table, Speaker.CALLER).values()
    assert first.text == "what are your hours"


def test_a_turn_whose_beginning_openai_told_too_late_does_not_begin_after_its_end() -> None:
    table = in_conversation()
    table.hear(VOICE_RMS, 0.4)
    table.tell(SpeechStarted(table.now + 0.1))
    table.tell(TurnCommitted(table.now, "turn1"))
    (turn,) = kept(table, Speaker.CALLER).values()
    assert turn.started_ms == turn.ended_ms == round(table.now * 1000)


def test_a_turn_that_was_noise_is_not_counted_as_spoken() -> None:
    table = in_conversation()
    first = table.say()
    second = table.speak()
    assert table.conversation.turns.turns_spoken == 2
    table.tell(CallerWords(table.now, second, "..."))
    assert table.conversation.turns.turns_spoken == 1
    table.tell(CallerWords(table.now, first, "..."))
    assert not table.flag("user_has_spoken")


def test_noise_takes_back_only_its_own_answer() -> None:
    table = in_conversation()
    first = table.speak()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.tell(CallerWords(table.now, "turn0", "..."))
    assert table.of(CancelResponse) == []
    second = table.speak()
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    table.tell(CallerWords(table.now, first, "..."))
    table.tell(ResponseEnded(table.now, "resp1", ResponseStatus.CANCELLED))
    assert len(table.of(CreateResponse)) == 2, "the second turn is still owed its answer"
    table.tell(CallerWords(table.now, second, "..."))
    table.tell(ResponseEnded(table.now, "", ResponseStatus.CANCELLED))
    assert len(table.of(CreateResponse)) == 2


def test_an_answer_that_waits_is_taken_back_with_its_turn() -> None:
    table = Table(replace(GREETED, greeting_bytes=32000))
    turn = table.speak()
    table.tell(CallerWords(table.now, turn, "..."))
    table.play_out()
    assert table.of(CreateResponse) == []


def test_an_answer_that_is_being_heard_is_not_taken_back() -> None:
    table = in_conversation()
    turn = table.speak()
    table.respond(response_id="resp1", end=False)
    table.tell(CallerWords(table.now, turn, "..."))
    assert table.of(CancelResponse) == []
    assert table.conversation.assistant.is_audible


def test_noise_that_took_the_first_answer_back_leaves_the_next_one_protected() -> None:
    table = Table(SILENT)
    turn = table.speak()
    assert table.flag("first_utterance_protected")
    table.tell(CallerWords(table.now, turn, "..."))
    assert not table.flag("first_utterance_protected")
    table.tell(ResponseEnded(table.now, "", ResponseStatus.CANCELLED))
    table.say()
    assert table.flag("first_utterance_protected")


def test_of_two_turns_during_the_greeting_both_are_kept_and_one_answer_is_given() -> None:
    table = Table(replace(GREETED, greeting_bytes=64000))
    table.say("hello")
    table.say("what are your hours")
    assert [turn.text for turn in kept(table, Speaker.CALLER).values()] == ["hello", "what are your hours"]
    table.play_out()
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.ANSWER]
    assert table.of(CancelResponse) == []


def test_words_of_a_voice_that_our_detector_does_not_know_do_not_interrupt() -> None:
    table = answering()
    table.hear(VOICE_RMS, 1.0, probability=0.02)
    table.tell(TurnCommitted(table.now, "strange"))
    table.tell(CallerWords(table.now, "strange", "what are your hours"))
    assert table.of(TruncateItem) == []
    assert len(table.of(CreateResponse)) == 1
    assert table.conversation.turns.turns_spoken == 1


# What is owed -----------------------------------------------------------------------------------------------------
def test_new_words_of_the_caller_outweigh_an_answer_that_failed() -> None:
    table = in_conversation()
    table.say()
    table.tell(ModelLost(table.now, "closed_1006"))
    table.say("and on sundays")
    table.tell(ModelReady(table.now))
    table.tell(CallerWords(table.now, "turn2", "and on sundays"))
    assert table.last(CreateResponse).attempt == 1


def test_an_answer_that_failed_because_of_the_line_does_not_outweigh_new_words() -> None:
    table = in_conversation()
    table.say()
    table.respond(end=False, seconds=5.0)
    table.hear(LINE_RMS, 0.5)
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.3, probability=0.02)
    table.tell(ModelLost(table.now, "closed_1006"))
    table.tell(ModelReady(table.now))
    table.play_out()
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.ANSWER, ResponseKind.CONTINUATION]


def test_the_second_retry_comes_300_ms_after_the_failure() -> None:
    table = in_conversation()
    table.say()
    for attempt in (1, 2):
        assert table.last(CreateResponse).attempt == attempt
        table.tell(ResponseEnded(table.now, f"resp{attempt}", ResponseStatus.FAILED))
    assert table.conversation.next_deadline() == pytest.approx(table.now + 0.3)
    table.wait(0.29)
    assert len(table.of(CreateResponse)) == 2
    table.wait(0.02)
    assert table.last(CreateResponse).attempt == 3


def test_an_opening_that_failed_comes_again_after_the_pause_too() -> None:
    table = Table(replace(SILENT, assistant_speaks_first=True))
    for attempt in (1, 2):
        table.tell(ResponseEnded(table.now, f"resp{attempt}", ResponseStatus.FAILED))
    assert table.conversation.next_deadline() == pytest.approx(table.now + 0.3)
    table.wait(0.31)
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.OPENING] * 3


def test_a_turn_that_only_the_lost_session_heard_is_waited_for_1500_ms() -> None:
    assert RECOMMIT_WAIT_S == 1.5
    table = in_conversation()
    table.speak()
    table.tell(ModelLost(table.now, "closed_1006"))
    asked = len(table.of(CreateResponse))
    table.tell(ModelReady(table.now))
    assert table.conversation.next_deadline() == pytest.approx(table.now + 1.5)
    table.wait(1.49)
    assert len(table.of(CreateResponse)) == asked
    table.wait(0.02)
    assert len(table.of(CreateResponse)) == asked + 1


def test_what_the_new_session_hears_again_is_one_turn_whatever_was_added_to_it() -> None:
    table = in_conversation()
    table.speak()
    table.tell(ModelLost(table.now, "closed_1006"))
    table.hear(VOICE_RMS, 0.5)
    table.tell(ModelReady(table.now))
    table.tell(TurnCommitted(table.now, "again"))
    table.tell(CallerWords(table.now, "again", "what are your hours on sunday"))
    assert [turn.text for turn in kept(table, Speaker.CALLER).values()] == ["what are your hours on sunday"]
    assert table.conversation.turns.turns_spoken == 1


def test_a_turn_whose_words_are_known_is_answered_by_the_new_session_at_once() -> None:
    table = in_conversation()
    table.say()
    table.tell(ModelLost(table.now, "closed_1006"))
    asked = len(table.of(CreateResponse))
    table.tell(ModelReady(table.now))
    assert len(table.of(CreateResponse)) == asked + 1


def test_once_the_wait_for_words_is_over_the_next_turn_is_a_turn_of_its_own() -> None:
    table = in_conversation()
    table.speak()
    table.tell(ModelLost(table.now, "closed_1006"))
    table.tell(ModelReady(table.now))
    table.wait(2.0)
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.3)
    table.tell(ResponseEnded(table.now, "", ResponseStatus.FAILED))
    table.tell(TurnCommitted(table.now, "another"))
    assert len(kept(table, Speaker.CALLER)) == 2


def test_the_caller_is_let_finish_before_the_assistant_answers() -> None:
    table = Table(replace(GREETED, greeting_bytes=16000))
    table.say("hello")
    table.tell(SpeechStarted(table.now))
    for _ in range(20):
        table.now += 0.02
        table.tell(CallerFrame(table.now, VOICE_RMS))
    table.play_out()
    assert table.of(CreateResponse) == []
    table.hear(LINE_RMS, 1.1)
    assert len(table.of(CreateResponse)) == 1, "OpenAI told of no end: a second without a voice is one"


# A greeting that the model speaks -----------------------------------------------------------------------------------
def test_a_spoken_greeting_is_let_go_at_its_own_moment() -> None:
    table = Table(replace(GREETED, greeting_bytes=0))
    table.tell(ResponseCreated(1.0, "resp1", "greeting-1"))
    table.tell(ResponseAudio(1.0, "resp1", "item", 8000))
    assert table.of(Play) == []
    assert table.conversation.next_deadline() == 1.0 + GREETING_HOLD_S
    table.now = 1.0
    table.wait(0.61)
    assert table.sent("item")[-1][1] == 8000


def test_a_turn_over_a_greeting_that_is_held_back_and_unprotected_is_answered_instead() -> None:
    table = Table(replace(GREETED, greeting_bytes=0, first_utterance_protection=Protection.OFF))
    table.tell(ResponseCreated(0.0, "resp1", "greeting-1"))
    table.speak(seconds=0.2)
    table.tell(ResponseAudio(table.now, "resp1", "item", 8000))
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    assert table.of(Play) == []


def test_an_opening_is_not_asked_for_twice_and_waits_for_nobody() -> None:
    table = Table(replace(GREETED, greeting_bytes=0), ready=False)
    assert table.of(CreateResponse) == []
    table.tell(ModelReady(0.5))
    assert table.of(CreateResponse) == [CreateResponse("greeting-1", ResponseKind.GREETING, GREETING, 1)]
    table.tell(ModelReady(0.6))
    assert len(table.of(CreateResponse)) == 1
