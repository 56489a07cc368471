"""An answer that OpenAI cut off at its limit of tokens is not whole: it is gone on with, a few times."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation.commands import CreateResponse, ResponseKind
from calls.conversation.cut_off import OUT_OF_TOKENS, is_cut_off
from calls.conversation.events import (
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    ResponseWords,
)
from calls.conversation.responses import MOST_PIECES
from calls.conversation.tool_events import ToolRequested
from calls.tests.generated import generated
from calls.tests.script import Mishap, Script, Sound
from calls.tests.table import GREETED, GREETING, Table, in_conversation
from calls.tests.test_call_properties import business, scripts
from calls.tests.world import World

pytestmark = pytest.mark.pure

CUT = ResponseEnded(1.0, "r", ResponseStatus.INCOMPLETE, OUT_OF_TOKENS)


@pytest.mark.parametrize("words", ["We are open from", "We are open. And", "אנחנו פתוחים מ", "", "Wait,"])
def test_an_answer_without_an_end_is_cut_off(words: str) -> None:
    assert is_cut_off(CUT, [words])


@pytest.mark.parametrize("words", ["We are open.", "Really?", 'He said "yes."', "אנחנו פתוחים.", "はい。", "Bye! "])
def test_a_whole_sentence_is_not(words: str) -> None:
    assert not is_cut_off(CUT, [words])


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (ResponseStatus.COMPLETED, ""),
        (ResponseStatus.CANCELLED, "client_cancelled"),
        (ResponseStatus.INCOMPLETE, "content_filter"),
        (ResponseStatus.INCOMPLETE, ""),
    ],
)
def test_only_the_limit_of_tokens_cuts_off(status: ResponseStatus, reason: str) -> None:
    assert not is_cut_off(ResponseEnded(1.0, "r", status, reason), ["We are open from"])


def piece(table: Table, words: str, *, reason: str = OUT_OF_TOKENS) -> None:
    """Say a second of these words as the model, up to its limit of tokens, and let the caller hear it."""
    request = table.last(CreateResponse).request
    table.tell(ResponseCreated(table.now, f"of-{request}", request))
    table.tell(ResponseAudio(table.now, f"of-{request}", f"item-{request}", 8000))
    table.tell(ResponseWords(table.now, f"of-{request}", f"item-{request}", words))
    table.wait(0.7)  # a greeting is held back until then, and one that was not heard is asked for anew
    table.tell(ResponseEnded(table.now, f"of-{request}", ResponseStatus.INCOMPLETE, reason))
    table.play_out()
    table.wait(0.5)


def kinds(table: Table) -> list[ResponseKind]:
    return [command.kind for command in table.of(CreateResponse)]


def test_it_is_gone_on_with_and_logged() -> None:
    table = in_conversation()
    table.say()
    piece(table, "We are open from")
    assert kinds(table) == [ResponseKind.ANSWER, ResponseKind.CONTINUATION]
    assert [line for line in table.logged("[RESPONSE]") if OUT_OF_TOKENS in line]
    piece(table, "nine to five.")
    assert len(kinds(table)) == 2


def test_not_for_ever() -> None:
    table = in_conversation()
    table.say()
    for _ in range(MOST_PIECES + 2):
        piece(table, "and on and on and")
    assert len(kinds(table)) == MOST_PIECES
    table.say("stop")
    assert len(kinds(table)) == MOST_PIECES + 1, "the call goes on"


def test_a_greeting_goes_on_with_the_words_that_are_left() -> None:
    table = Table(replace(GREETED, greeting_bytes=0))
    piece(table, "Good morning, how")
    assert table.last(CreateResponse).words == "may I help you?"
    assert table.conversation.first_utterance_protected


def test_a_function_call_behind_the_cut_is_not_carried_out() -> None:
    table = in_conversation()
    table.say("bye")
    request = table.last(CreateResponse).request
    table.respond(response_id="r", end=False)
    table.tell(ToolRequested(table.now, "r", "tool1", "end_call"))
    table.tell(ResponseEnded(table.now, "r", ResponseStatus.INCOMPLETE, OUT_OF_TOKENS))
    table.play_out()
    table.wait(1.0)
    assert not table.conversation.is_over
    assert table.last(CreateResponse).request != request


@generated(50)
@given(
    st.integers(1, 5),
    scripts(
        business(greeting_text=GREETING, greeting_bytes=4000),
        caller=st.just((Sound(0.8, 0.4),)),
        mishaps=st.just(()),
        connects=st.just(()),
        answer_s=st.floats(0.5, 2.0),
        answer_rms=st.just(0),
    ),
)
def test_what_was_cut_off_is_heard_in_pieces(cuts: int, script: Script) -> None:
    world = World(replace(script, mishaps=(Mishap.CUT_OFF,) * cuts, seconds=24.0)).run()
    asked = [command.kind for _, command in world.all(CreateResponse) if isinstance(command, CreateResponse)]
    assert asked == [ResponseKind.ANSWER, *[ResponseKind.CONTINUATION] * min(cuts, MOST_PIECES - 1)]
    for item_id, size in world.generated.items():
        assert world.heard_of(item_id) == [(0, size)], "whole, and nothing twice"
    assert world.ended is None
