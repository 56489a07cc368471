""" "Mm-hm" and "כן כן" in a business that doesn't want them to interrupt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.conversation.commands import ClearPlayback, CreateResponse, KeepTurn, TruncateItem
from calls.conversation.events import CallerWords, SpeechStarted, SpeechStopped, TurnCommitted
from calls.tests.table import GREETED, LINE_RMS, VOICE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure

PATIENT = replace(GREETED, backchannels_interrupt=False)


def answered(settings: object = PATIENT, *, seconds: float = 8.0) -> Table:
    """The caller is hearing an answer."""
    table = in_conversation(settings)  # type: ignore[arg-type]
    table.say()
    table.respond(seconds=seconds)
    table.hear(LINE_RMS, 1.0, 0.01)
    return table


def interject(table: Table, seconds: float = 0.3, words: str | None = "Mm-hm.") -> None:
    """The caller says something over the answer, and OpenAI takes it for a turn."""
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, seconds, 0.95)
    table.hear(LINE_RMS, 0.5, 0.01)
    table.tell(SpeechStopped(table.now))
    table.tell(TurnCommitted(table.now, "interjection"))
    if words is not None:
        table.hear(LINE_RMS, 0.4, 0.01)
        table.tell(CallerWords(table.now, "interjection", words))


def test_a_sign_of_listening_is_kept_and_the_assistant_goes_on_without_answering_it() -> None:
    table = answered()
    interject(table)
    table.hear(LINE_RMS, 9.0, 0.01)
    assert len(table.of(ClearPlayback)) == 1, "a pause"
    assert table.of(TruncateItem) == []
    assert len(table.of(CreateResponse)) == 1
    assert not table.conversation.assistant.is_audible, "it was heard to its end"
    assert any(turn.text == "Mm-hm." for turn in table.of(KeepTurn))


def test_it_interrupts_by_default() -> None:
    table = answered(GREETED)
    interject(table, words=None)
    assert len(table.of(TruncateItem)) == 1


def test_another_short_word_interrupts_as_soon_as_it_is_understood() -> None:
    table = answered()
    interject(table, words=None)
    assert table.of(TruncateItem) == []
    table.tell(CallerWords(table.now, "interjection", "Wait"))
    assert len(table.of(TruncateItem)) == 1
    assert len(table.of(CreateResponse)) == 2, "and is answered"


def test_who_goes_on_talking_interrupts_without_being_understood_first() -> None:
    table = answered()
    interject(table, seconds=1.2, words=None)
    assert len(table.of(TruncateItem)) == 1


def test_yes_at_the_end_of_a_question_is_an_answer() -> None:
    table = answered(seconds=2.0)
    interject(table, words=None)
    table.hear(LINE_RMS, 3.0, 0.01)
    table.tell(CallerWords(table.now, "interjection", "yes"))
    table.hear(LINE_RMS, 0.1, 0.01)
    assert len(table.of(CreateResponse)) == 2


def test_a_short_turn_whose_words_never_come_is_answered_after_the_utterance() -> None:
    table = answered(seconds=4.0)
    interject(table, words=None)
    assert len(table.of(CreateResponse)) == 1
    table.hear(LINE_RMS, 5.0, 0.01)
    assert len(table.of(CreateResponse)) == 2
