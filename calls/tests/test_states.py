"""The states of a conversation are those of the tables in `calls/conversation`, alone and together."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given

from calls.conversation import ConversationSettings, Protection
from calls.conversation.commands import Command, EndCall, Log, NextStep, ResponseKind
from calls.conversation.events import CallerFrame, Event, StreamOpened
from calls.conversation.first_utterance import End, FirstUtterance, State
from calls.conversation.utterance import Stage
from calls.tests.generated import generated
from calls.tests.script import Script
from calls.tests.table import GREETED, Table, in_conversation
from calls.tests.test_call_properties import conversations, greeting_calls
from calls.tests.world import World

pytestmark = pytest.mark.pure

PROTECTED = [
    (Protection.FIRST_RESPONSE, ResponseKind.GREETING),
    (Protection.FIRST_RESPONSE, ResponseKind.OPENING),
    (Protection.FIRST_RESPONSE, ResponseKind.ANSWER),
    (Protection.OPENING_ONLY, ResponseKind.GREETING),
    (Protection.OPENING_ONLY, ResponseKind.OPENING),
]


def first_utterance(protection: Protection, log: list[Command] | None = None) -> FirstUtterance:
    emit = ([] if log is None else log).append
    return FirstUtterance(ConversationSettings(first_utterance_protection=protection), emit)


@pytest.mark.parametrize("protection", list(Protection))
@pytest.mark.parametrize("kind", [ResponseKind.GREETING, ResponseKind.OPENING, ResponseKind.ANSWER])
def test_what_the_business_names_is_protected(protection: Protection, kind: ResponseKind) -> None:
    first = first_utterance(protection)
    first.begin(kind)
    assert first.is_protected == ((protection, kind) in PROTECTED)


def test_a_first_utterance_that_was_taken_back_leaves_the_next_one_protected() -> None:
    first = first_utterance(Protection.FIRST_RESPONSE)
    first.begin(ResponseKind.ANSWER)
    first.take_back()
    assert first.state is State.NOT_BEGUN
    first.begin(ResponseKind.ANSWER)
    assert first.is_protected


@pytest.mark.parametrize("how", list(End))
def test_after_its_end_nothing_protects_again(how: End) -> None:
    log: list[Command] = []
    first = first_utterance(Protection.FIRST_RESPONSE, log)
    first.begin(ResponseKind.GREETING)
    first.end(how)
    first.begin(ResponseKind.ANSWER)
    first.take_back()
    first.end(End.HEARD)
    assert first.state is State.OVER
    told = [line.text.split(",")[0] for line in log if isinstance(line, Log)]
    assert told == ([] if how is End.INTERRUPTED else [how.value]), "once, and an interruption has its own line"


class Watched(World):
    """A call that holds every joint state against the table in `reducer.py`."""

    def feed(self, event: Event) -> None:
        super().feed(event)
        turns, assistant = self.conversation.turns, self.conversation.assistant
        response, utterance = assistant.response, assistant.utterance
        stage = utterance.stage if utterance else None
        if turns.first_utterance.is_protected:
            assert stage is not Stage.PAUSED, "what is protected is never paused"
        if stage is Stage.HELD:
            assert response
            assert not response.is_revoked
        assert stage is not Stage.QUEUED, "what may be sent was sent within the event that brought it"
        if response and response.is_revoked:
            assert utterance is None, "nothing of it can be heard any more"
        assert assistant.is_paused == (stage is Stage.PAUSED)


@generated(100)
@given(conversations())
def test_the_joint_states_of_a_conversation_are_those_of_the_table(script: Script) -> None:
    Watched(script).run()


@generated(50)
@given(greeting_calls(cached=False))
def test_the_joint_states_of_a_spoken_greeting_are_those_of_the_table(script: Script) -> None:
    Watched(script).run()


def test_an_utterance_goes_through_its_stages() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=3.0)
    table.hear(10, 0.5)
    stages = [_stage(table)]
    table.hear(1500, 0.14)
    stages.append(_stage(table))
    table.hear(10, 1.0)
    stages.append(_stage(table))
    table.play_out()
    assert stages == [Stage.PLAYING, Stage.PAUSED, Stage.PLAYING]
    assert table.conversation.assistant.utterance is None


def _stage(table: Table) -> Stage | None:
    utterance = table.conversation.assistant.utterance
    return utterance.stage if utterance else None


def test_a_conversation_that_failed_apologizes_and_decides_nothing_more() -> None:
    table = Table(GREETED)
    (end,) = table.conversation.fail()
    assert isinstance(end, EndCall)
    assert (end.next_step, end.failed) == (NextStep.APOLOGIZE, True)
    assert table.conversation.is_over
    assert table.conversation.next_deadline() is None
    for event in (CallerFrame(1.0, 3000), StreamOpened(1.0)):
        assert table.conversation.handle(cast("Event", event)) == []
