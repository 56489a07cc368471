"""A turn that OpenAI ends late, when the caller has begun the next one: each keeps its own voice as evidence."""

from __future__ import annotations

import pytest

from calls.conversation.commands import CommitAudio, CreateResponse
from calls.conversation.events import CallerWords, ModelLost, ModelReady, SpeechStarted, TurnCommitted
from calls.conversation.unheard import COMMIT_AFTER_S, TAKEN_WITHIN_S
from calls.tests.table import LINE_RMS, VOICE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure


def deaf_session_then_another() -> Table:
    """Return a call whose session heard nothing of a sentence, and whose next one begins to hear it again."""
    table = in_conversation()
    table.hear(VOICE_RMS, 1.0)
    table.wait(COMMIT_AFTER_S + TAKEN_WITHIN_S)
    table.tell(ModelReady(table.now))
    table.tell(SpeechStarted(table.now))
    return table


def noises(table: Table) -> list[str]:
    return [line for line in table.logged("[TURN]") if line.startswith("noise")]


def test_what_the_caller_says_while_the_last_turn_is_heard_again_is_a_turn_too() -> None:
    table = deaf_session_then_another()
    table.hear(VOICE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "again"))
    table.tell(SpeechStarted(table.now))
    table.hear(LINE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "later"))
    assert noises(table) == []
    assert table.conversation.turns.turns_spoken == 2


def test_it_is_ended_by_our_own_ears_where_openai_hears_it_begin_and_not_end() -> None:
    table = deaf_session_then_another()
    table.hear(VOICE_RMS, 0.3)
    table.tell(TurnCommitted(table.now, "again"))
    table.tell(SpeechStarted(table.now))
    table.respond()
    commits = len(table.of(CommitAudio))
    table.hear(LINE_RMS, 4.0)
    assert len(table.of(CommitAudio)) == commits + 1


def test_an_answered_turn_that_is_heard_again_takes_no_voice_of_the_next_one() -> None:
    table = in_conversation()
    table.speak(seconds=1.0)
    table.tell(ModelLost(table.now, "closed_1006"))
    table.hear(LINE_RMS, 0.7)
    table.tell(ModelReady(table.now))
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "again"))
    table.tell(SpeechStarted(table.now))
    table.hear(LINE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "later"))
    assert noises(table) == []
    assert table.conversation.turns.turns_spoken == 2


def test_a_short_word_after_a_turn_that_is_ended_late_is_heard() -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 1.0)
    table.hear(LINE_RMS, 0.6)
    table.hear(VOICE_RMS, 0.2)
    table.tell(TurnCommitted(table.now, "first"))
    table.tell(SpeechStarted(table.now))
    table.hear(LINE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "yes"))
    table.tell(CallerWords(table.now, "yes", "yes"))
    assert noises(table) == []
    assert table.conversation.turns.turns_spoken == 2
    assert len(table.of(CreateResponse)) >= 1


@pytest.mark.parametrize("pause_s", [0.3, 1.2])
def test_noise_after_a_turn_has_no_evidence_in_that_turn(pause_s: float) -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 1.0)
    table.hear(LINE_RMS, 0.6)
    table.tell(TurnCommitted(table.now, "turn"))
    table.hear(LINE_RMS, pause_s)
    table.tell(SpeechStarted(table.now))
    table.tell(TurnCommitted(table.now + 0.3, "noise"))
    assert noises(table) == ["noise: 0 ms of voice"]


def test_voice_of_a_later_part_is_given_to_speech_that_begins_at_once_only() -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 1.0)
    table.hear(LINE_RMS, 0.6)
    table.hear(VOICE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "turn"))
    table.hear(LINE_RMS, 2.0)
    table.tell(SpeechStarted(table.now))
    table.tell(TurnCommitted(table.now + 0.3, "noise"))
    assert noises(table) == ["noise: 0 ms of voice"]
