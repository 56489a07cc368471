"""A caller who waits, keys, transcripts that never come, and the end of the longest call, by short stories."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.conversation.commands import (
    CancelResponse,
    CreateResponse,
    EndCall,
    KeepTurn,
    NextStep,
    ResponseKind,
    Speaker,
    TellKeys,
)
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import CallerWords, KeyPressed, ModelLost, ResponseCreated, WordsFailed
from calls.conversation.keys import MOST_KEYS
from calls.conversation.nudges import WORDS_WAIT_S, is_sign_of_waiting
from calls.tests.generated import generated
from calls.tests.script import Script, Sound
from calls.tests.table import GREETED, LINE_RMS, Table, in_conversation
from calls.tests.test_call_properties import GREETING, business, scripts
from calls.tests.world import World

pytestmark = pytest.mark.pure

SIGNS = ["Hello?", "hello, hello?", "Are you there?", "Hi, can you hear me?", "הלו?", "הלו, הלו", "שומעים אותי?"]


@pytest.mark.parametrize("text", SIGNS)
def test_signs_of_waiting(text: str) -> None:
    assert is_sign_of_waiting(text)


@pytest.mark.parametrize(
    "text", ["No", "on Tuesday", "Hello, on Tuesday", "stop", "הלו, ביום שלישי", "לא", "", "...", "high"]
)
def test_words_that_want_something(text: str) -> None:
    assert not is_sign_of_waiting(text)


# A slow model --------------------------------------------------------------------------------------
def waiting_caller() -> Table:
    """Return a call in which an answer has begun and is two seconds late."""
    table = in_conversation()
    table.say("what are your hours")
    request = table.last(CreateResponse).request
    table.tell(ResponseCreated(table.now, f"of-{request}", request))
    table.hear(LINE_RMS, 2.0)
    return table


@pytest.mark.parametrize("text", SIGNS)
def test_hello_does_not_cancel_an_answer_that_is_on_its_way(text: str) -> None:
    table = waiting_caller()
    table.say(text)
    table.respond(seconds=1.0)
    assert table.of(CancelResponse) == []
    table.play_out()
    table.wait(3.0)
    assert len(table.of(CreateResponse)) == 1, "and gets no answer of its own"
    assert [k.text for k in table.of(KeepTurn) if k.speaker is Speaker.CALLER][-1] == text, "but is on record"


def test_other_words_do() -> None:
    table = waiting_caller()
    asked = table.last(CreateResponse)
    table.say("no, on Tuesday")
    assert table.conversation.assistant.response is not None
    assert table.conversation.assistant.response.is_revoked
    table.respond(seconds=1.0)
    assert table.of(CancelResponse) == [CancelResponse(f"of-{asked.request}")]


def test_words_that_come_when_the_answer_is_heard_interrupt_it() -> None:
    table = waiting_caller()
    item = table.speak()
    table.respond(seconds=5.0)
    table.hear(LINE_RMS, 0.5)
    table.tell(CallerWords(table.now, item, "no, on Tuesday"))
    assert not table.conversation.assistant.is_audible
    assert len(table.of(CreateResponse)) == 2


@pytest.mark.parametrize("is_told", [True, False])
def test_a_short_turn_without_a_transcript_is_answered(is_told: bool) -> None:
    table = waiting_caller()
    item = table.speak()
    if is_told:
        table.tell(WordsFailed(table.now, item))
    else:
        table.wait(WORDS_WAIT_S + 0.1)
    assert table.conversation.assistant.response is not None
    assert table.conversation.assistant.response.is_revoked


def test_who_goes_on_at_once_is_not_waited_with() -> None:
    table = in_conversation()
    table.say("I would like a table")
    table.speak()
    assert table.conversation.assistant.response is not None
    assert table.conversation.assistant.response.is_revoked


@generated(50)
@given(
    st.lists(st.sampled_from(SIGNS), min_size=1, max_size=4),
    scripts(
        business(greeting_text=GREETING, greeting_bytes=4000),
        caller=st.just(()),
        mishaps=st.just(()),
        connects=st.just(()),
        first_delta_s=st.floats(2.0, 5.5),
        answer_rms=st.just(0),
    ),
)
def test_a_slow_model_and_a_caller_who_asks_hear_each_other(signs: list[str], script: Script) -> None:
    asks = Sound(0.8, 0.6)
    hellos = [Sound(round(asks.start + asks.seconds + 2.0 * n, 2), 0.4, words=text) for n, text in enumerate(signs, 1)]
    answered_at = 0.8 + 0.6 + 0.51 + script.first_delta_s
    early = [each for each in hellos if each.start + each.seconds + 1.0 < answered_at]
    world = World(replace(script, caller=(asks, *early), seconds=16.0)).run()
    assert world.all(CancelResponse) == []
    assert len(world.all(CreateResponse)) == 1
    assert all(world.heard_of(item_id) == [(0, size)] for item_id, size in world.generated.items())


# Keys ------------------------------------------------------------------------------------------------
def press(table: Table, keys: str, *, every_s: float = 0.3) -> None:
    for key in keys:
        table.wait(every_s)
        table.tell(KeyPressed(table.now, key))


def test_keys_are_told_kept_and_answered_once() -> None:
    table = in_conversation()
    press(table, "123#")
    assert table.of(TellKeys) == []
    table.wait(2.0)
    assert table.of(TellKeys) == [TellKeys("123#")]
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.ANSWER]
    assert [kept.text for kept in table.of(KeepTurn) if kept.speaker is Speaker.CALLER] == ["⌨ 123#"]
    assert table.conversation.history()[-1].words == "⌨ 123#"


def test_keys_during_the_greeting_are_answered_after_it() -> None:
    table = Table(GREETED)
    press(table, "1", every_s=0.1)
    assert table.of(CreateResponse) == []
    table.wait(3.0)
    assert len(table.of(CreateResponse)) == 1


@given(st.integers(MOST_KEYS, 3000), st.floats(0.001, 1.0))
@settings(max_examples=20)
def test_a_flood_of_keys_is_one_line_and_one_entry(count: int, every_s: float) -> None:
    table = in_conversation(replace(GREETED, silence_limit_s=5000.0))
    press(table, "7" * count, every_s=every_s)
    assert table.of(TellKeys) == [TellKeys("7" * MOST_KEYS)]
    assert len(table.logged("[KEYS]")) == 1
    assert "7" not in table.logged("[KEYS]")[0]


# The longest call --------------------------------------------------------------------------------------
def long_call() -> Table:
    return in_conversation(replace(GREETED, max_call_s=120.0, silence_limit_s=3600.0))


def test_the_longest_call_ends_with_a_goodbye() -> None:
    table = long_call()
    table.wait(109.0 - table.now)
    assert table.last(CreateResponse).kind is ResponseKind.GOODBYE
    table.respond(seconds=1.5)
    table.wait(1.0)
    assert table.of(EndCall) == []
    table.wait(1.0)
    assert table.of(EndCall) == [EndCall(EndReason.TIME_LIMIT, NextStep.HANG_UP)]


def test_what_is_being_said_is_said_first() -> None:
    table = long_call()
    table.wait(106.0 - table.now)
    table.say()
    table.respond(seconds=4.0)
    table.wait(2.5)
    assert table.last(CreateResponse).kind is ResponseKind.ANSWER
    table.wait(2.0)
    assert table.last(CreateResponse).kind is ResponseKind.GOODBYE
    assert table.of(EndCall) == []


def test_a_call_that_finds_no_moment_for_it_is_cut_off_at_the_limit() -> None:
    table = long_call()
    table.wait(107.0 - table.now)
    table.say()
    table.respond(seconds=60.0)
    table.wait(120.1 - table.now)
    assert table.of(EndCall) == [EndCall(EndReason.TIME_LIMIT, NextStep.HANG_UP)]


# A tone ----------------------------------------------------------------------------------------------
def test_an_answer_that_breaks_off_where_it_begins_is_still_waited_for() -> None:
    table = in_conversation()
    table.say()
    table.hear(LINE_RMS, 1.0)
    table.respond(seconds=0.06, end=False)
    table.hear(LINE_RMS, 0.02)
    table.tell(ModelLost(table.now, "closed_1006"))
    table.hear(LINE_RMS, 0.7)
    assert table.logged("[WAITING]") == []
    table.hear(LINE_RMS, 0.12)
    assert table.logged("[WAITING]") == ["a tone"], "1.8 seconds after the turn"
