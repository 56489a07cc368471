"""A conversation that goes on in a new media stream: what is said anew, what is made up for, and what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.conversation import ConversationSettings
from calls.conversation.commands import CreateResponse, EndCall, KeepStanding, KeepTurn, Play, ResponseKind
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import CallerLeft, ModelReady, StreamResumed
from calls.conversation.settings import Protection
from calls.tests.table import GREETED, GREETING, SILENT, Table

pytestmark = pytest.mark.pure

SAID = (("assistant", "caller"), (GREETING, "what are your hours"))


def resumed(
    settings: ConversationSettings = GREETED,
    *,
    first_was_heard: bool,
    was_busy: bool,
    said: tuple[tuple[str, ...], tuple[str, ...]] = SAID,
) -> Table:
    speakers, words = said
    table = Table(settings, begins=StreamResumed(0.0, (), speakers, words, first_was_heard, was_busy), ready=False)
    table.tell(ModelReady(0.3))
    return table


def asked_for(table: Table) -> list[ResponseKind]:
    return [command.kind for command in table.of(CreateResponse)]


def standing(table: Table) -> KeepStanding:
    return table.of(KeepStanding)[-1]


def test_a_greeting_that_was_heard_is_not_heard_again() -> None:
    table = resumed(first_was_heard=True, was_busy=True)
    table.respond()
    table.play_out()
    assert {play.item_id for play in table.of(Play)} == {"item-of-resumption-1"}
    assert not table.conversation.first_utterance_protected


def test_one_that_was_not_heard_whole_is_played_whole_and_protected_and_then_the_caller_is_answered() -> None:
    table = resumed(first_was_heard=False, was_busy=True)
    assert table.conversation.greeting_lock_active
    table.wait(1.1)
    played = table.of(Play)
    assert (played[0].start, played[-1].end) == (0, GREETED.greeting_bytes)
    assert asked_for(table) == [ResponseKind.ANSWER]
    assert [said.words for said in table.conversation.history()] == ["what are your hours", GREETING]


def test_a_caller_who_waited_is_told_that_the_line_was_interrupted() -> None:
    assert asked_for(resumed(first_was_heard=True, was_busy=True)) == [ResponseKind.RESUMPTION]


def test_where_nothing_was_lost_nothing_is_said() -> None:
    table = resumed(first_was_heard=True, was_busy=False)
    table.wait(5.0)
    assert asked_for(table) == []


def test_the_model_knows_what_was_said_before() -> None:
    history = resumed(first_was_heard=True, was_busy=True).conversation.history()
    assert [(said.speaker, said.words) for said in history] == list(zip(*SAID, strict=True))


def test_the_caller_has_spoken_before() -> None:
    table = resumed(first_was_heard=True, was_busy=False)
    assert table.conversation.user_has_spoken
    table.tell(CallerLeft(3.0))
    assert table.last(EndCall).reason is EndReason.CALLER_LEFT


def test_turns_go_on_behind_those_on_record() -> None:
    table = resumed(first_was_heard=True, was_busy=False)
    table.wait(1.0)
    table.say("and on Fridays")
    assert {turn.position for turn in table.of(KeepTurn)} == {2}


def test_a_first_answer_that_was_not_heard_is_still_protected() -> None:
    settings = replace(SILENT, first_utterance_protection=Protection.FIRST_RESPONSE)
    table = resumed(settings, first_was_heard=False, was_busy=True, said=(("caller",), ("hello",)))
    assert asked_for(table) == [ResponseKind.RESUMPTION]
    assert table.conversation.first_utterance_protected


# What is kept for it --------------------------------------------------------------------------------------------
def test_the_standing_tells_when_the_greeting_was_heard() -> None:
    table = Table(GREETED)
    assert standing(table) == KeepStanding(first_was_heard=False, is_busy=True)
    table.wait(1.1)
    assert standing(table) == KeepStanding(first_was_heard=True, is_busy=False)


def test_the_standing_tells_that_an_answer_is_owed_until_it_was_heard() -> None:
    table = Table(SILENT)
    assert not table.of(KeepStanding)
    table.say()
    assert standing(table).is_busy
    table.respond()
    table.play_out()
    assert standing(table) == KeepStanding(first_was_heard=True, is_busy=False)


def test_the_standing_is_kept_when_it_changes_and_not_with_every_event() -> None:
    table = Table(GREETED)
    table.wait(1.1)
    table.say(seconds=1.0)
    table.respond()
    table.play_out()
    table.wait(5.0)
    assert len(table.of(KeepStanding)) <= 6
