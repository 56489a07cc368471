"""Turns, noise and interruptions, each rule by the shortest story that shows it."""

from dataclasses import replace

import pytest

from calls.conversation.caller import COMMIT_WAIT_S
from calls.conversation.commands import (
    CancelResponse,
    ClearPlayback,
    CreateResponse,
    DeleteItem,
    EndCall,
    KeepTurn,
    Play,
    ResponseKind,
    Speaker,
    TruncateItem,
)
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.events import (
    CallerWords,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    TurnCommitted,
)
from calls.tests.table import GREETED, GREETING, LINE_RMS, VOICE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure


# Turns and noise -------------------------------------------------------------------------------------
def test_a_turn_without_voice_is_noise() -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(LINE_RMS, 1.0)
    table.tell(TurnCommitted(table.now, "turn1"))
    assert table.of(CreateResponse) == []
    assert not table.flag("user_has_spoken")


def strange_voice(table: Table, words: str) -> None:
    """Loud sounds that our detector takes for no speech, and OpenAI for a turn."""
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 1.0, probability=0.02)
    table.hear(LINE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "turn1"))
    assert table.of(CreateResponse) == []
    table.tell(CallerWords(table.now, "turn1", words))


def test_a_voice_that_our_detector_does_not_know_is_answered_when_it_was_understood() -> None:
    table = in_conversation()
    strange_voice(table, "what are your hours")
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.ANSWER]
    assert table.flag("user_has_spoken")


@pytest.mark.parametrize("words", ["", "...", "mm"])
def test_music_without_words_stays_noise(words: str) -> None:
    table = in_conversation()
    strange_voice(table, words)
    assert table.of(CreateResponse) == []
    assert not table.flag("user_has_spoken")


def test_words_of_a_soft_sound_are_the_models_imagination() -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(LINE_RMS, 1.0, probability=0.02)
    table.tell(TurnCommitted(table.now, "turn1"))
    table.tell(CallerWords(table.now, "turn1", "thank you for watching"))
    assert table.of(CreateResponse) == []


def test_a_turn_with_voice_is_answered_at_once() -> None:
    table = in_conversation()
    table.speak()
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.ANSWER]
    assert table.flag("user_has_spoken")


def test_a_transcript_without_a_word_takes_the_answer_back() -> None:
    table = in_conversation()
    item_id = table.speak()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.tell(CallerWords(table.now, item_id, "..."))
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    assert not table.flag("user_has_spoken")
    assert table.conversation.history() == [SpokenTurn(Speaker.ASSISTANT, GREETING)]


def test_a_short_yes_is_answered() -> None:
    table = in_conversation(replace(GREETED, language="he"))
    table.say("כן")
    assert table.of(CancelResponse) == []
    assert table.conversation.history()[-1] == SpokenTurn(Speaker.CALLER, "כן")


def test_more_words_before_the_answer_is_heard_replace_it() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.say("and on sundays")
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    table.tell(ResponseEnded(table.now, "resp1", ResponseStatus.CANCELLED))
    assert len(table.of(CreateResponse)) == 2


def test_where_barge_in_is_off_the_caller_is_answered_after_the_assistant() -> None:
    table = in_conversation(replace(GREETED, barge_in_enabled=False))
    table.say()
    table.respond(seconds=10.0)
    table.say("stop please")
    assert table.of(ClearPlayback) == []
    assert len(table.of(CreateResponse)) == 1
    table.play_out()
    assert len(table.of(CreateResponse)) == 2


def test_the_same_turn_committed_twice_is_answered_once() -> None:
    table = in_conversation()
    item_id = table.speak()
    table.tell(TurnCommitted(table.now, item_id))
    assert len(table.of(CreateResponse)) == 1


def test_a_turn_that_openai_does_not_tell_of_is_answered_a_moment_after_the_pause() -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.4)
    table.hear(LINE_RMS, 0.5)
    table.tell(SpeechStopped(table.now, "turn1"))
    table.hear(LINE_RMS, COMMIT_WAIT_S - 0.04)
    assert table.of(CreateResponse) == []
    table.hear(LINE_RMS, 0.08)
    assert len(table.of(CreateResponse)) == 1
    table.tell(TurnCommitted(table.now, "turn1"))
    table.tell(CallerWords(table.now, "turn1", "what are your hours"))
    assert len(table.of(CreateResponse)) == 1, "told late, it is the same turn"
    assert table.conversation.history()[-1] == SpokenTurn(Speaker.CALLER, "what are your hours")


def test_a_pause_between_two_words_ends_no_turn() -> None:
    table = in_conversation()
    for _ in range(3):
        table.tell(SpeechStarted(table.now))
        table.hear(VOICE_RMS, 0.4)
        table.tell(SpeechStopped(table.now))
        table.hear(LINE_RMS, COMMIT_WAIT_S - 0.1)
    assert table.of(CreateResponse) == []


# Interruptions -------------------------------------------------------------------------------------
def test_an_interruption_cancels_once_and_truncates_every_item_to_what_was_heard() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=1.0, response_id="resp1", end=False)
    table.tell(ResponseAudio(table.now, "resp1", "second", 16000))
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 1.0)
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    assert [(cut.item_id, cut.audio_end_ms) for cut in table.of(TruncateItem)] == [("item-resp1", 620)]
    assert table.of(DeleteItem) == [DeleteItem("second")], "nothing of it was heard"
    played = len(table.of(Play))
    table.tell(ResponseAudio(table.now, "resp1", "second", 8000))
    assert len(table.of(Play)) == played, "what comes late is not played"
    table.tell(RequestRefused(table.now, "response_cancel_not_active", "cancel-resp1"))
    assert table.of(EndCall) == [], "harmless"


def test_a_cough_is_forgiven_and_the_rest_is_heard() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=3.0, response_id="resp1")
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 0.16)
    assert len(table.of(ClearPlayback)) == 1
    stopped_at = table.conversation.assistant.playback.items[0].heard
    resumed = [play for play in table.hear(LINE_RMS, 0.5) if isinstance(play, Play)]
    assert table.of(TruncateItem) == []
    assert (resumed[0].start, resumed[-1].end) == (stopped_at, 24000)
    table.play_out()
    assert table.last(KeepTurn).interrupted_ms is None


def test_within_the_grace_time_nothing_interrupts() -> None:
    table = in_conversation(replace(GREETED, barge_in_grace_ms=1000))
    table.say()
    table.respond(seconds=5.0)
    table.hear(VOICE_RMS, 0.9)
    assert table.of(ClearPlayback) == []
    table.hear(VOICE_RMS, 0.3)
    assert len(table.of(ClearPlayback)) == 1


def test_echo_below_the_gate_does_not_interrupt() -> None:
    for gate, clears in ((600, 0), (300, 1)):
        table = in_conversation(replace(GREETED, echo_gate_min_rms=gate))
        table.say()
        table.respond(seconds=5.0)
        table.hear(LINE_RMS, 0.5)
        table.hear(500, 1.0)
        assert len(table.of(ClearPlayback)) == clears
