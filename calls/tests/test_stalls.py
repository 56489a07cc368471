"""A model that stops in the middle of an answer: when it counts as stuck, and what the caller hears then (G3, G12)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation import ConversationSettings, Protection
from calls.conversation.commands import ConnectModel, CreateResponse, EndCall, Play, ResponseKind, Speaker
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.events import (
    CallerFrame,
    ModelLost,
    ModelReady,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    ResponseWords,
)
from calls.conversation.responses import HEARD_OUT_PATIENCE_S, MORE_AUDIO_TIMEOUT_S
from calls.tests.generated import generated
from calls.tests.script import Mishap, Script, Sound
from calls.tests.table import GREETED, LINE_RMS, VOICE_RMS, Table, in_conversation
from calls.tests.test_call_properties import IN_THE_MIDDLE, business, scripts
from calls.tests.world import World

pytestmark = pytest.mark.pure

HALF = "We are open from"
BREAKING_OFF = [*IN_THE_MIDDLE, Mishap.DROPPED_EARLY]
INTERRUPTIBLE = replace(GREETED, first_utterance_protection=Protection.OPENING_ONLY)


def half_an_answer(*, seconds: float, wants: ConversationSettings = GREETED) -> Table:
    """The model has said half of its answer, `seconds` of it, at once; the caller is hearing it."""
    table = in_conversation(wants)
    table.say()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.tell(ResponseWords(table.now, "resp1", "half", HALF))
    table.tell(ResponseAudio(table.now, "resp1", "half", round(seconds * 8000)))
    return table


def stuck_after(table: Table) -> float:
    """How long the conversation waits for the model, from now on, before it asks for another."""
    connects, began = len(table.of(ConnectModel)), table.now
    while len(table.of(ConnectModel)) == connects:
        table.wait(0.1)
        assert table.now < began + 60
    return table.now - began


@pytest.mark.parametrize(
    ("audio_s", "waits_s"),
    [
        (1.0, MORE_AUDIO_TIMEOUT_S),
        (MORE_AUDIO_TIMEOUT_S, MORE_AUDIO_TIMEOUT_S + HEARD_OUT_PATIENCE_S),
        (9.0, 9.0 + HEARD_OUT_PATIENCE_S),
    ],
)
def test_a_model_is_stuck_only_when_the_caller_has_heard_all_that_came(audio_s: float, waits_s: float) -> None:
    assert stuck_after(half_an_answer(seconds=audio_s)) == pytest.approx(waits_s, abs=0.15)


def test_a_slow_model_that_goes_on_just_after_the_caller_heard_it_out_is_not_replaced() -> None:
    table = half_an_answer(seconds=9.0)
    connects = len(table.of(ConnectModel))
    table.wait(9.0 + HEARD_OUT_PATIENCE_S - 0.1)
    table.tell(ResponseAudio(table.now, "resp1", "half", 8000))
    table.tell(ResponseEnded(table.now, "resp1", ResponseStatus.COMPLETED))
    table.play_out()
    assert len(table.of(ConnectModel)) == connects
    assert table.sent("half")[-1][1] == 80_000
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.ANSWER]


def is_paused(table: Table) -> bool:
    return table.conversation.assistant.is_paused


def coughed_into(table: Table) -> None:
    """The assistant falls silent for a sound of the caller's that may become an interruption."""
    for _ in range(3):
        table.now += 0.02
        table.tell(CallerFrame(table.now, VOICE_RMS, speech_probability=0.95))
    assert is_paused(table)


def test_a_model_is_not_stuck_while_the_rest_of_its_audio_is_only_paused() -> None:
    table = half_an_answer(seconds=9.0, wants=replace(INTERRUPTIBLE, barge_in_voice_frames=50))
    table.hear(LINE_RMS, MORE_AUDIO_TIMEOUT_S + 1.0)
    connects = len(table.of(ConnectModel))
    coughed_into(table)
    for _ in range(8):  # sounds that are too short to interrupt keep it silent for 1.6 s
        table.hear(VOICE_RMS, 0.02, 0.95)
        table.hear(LINE_RMS, 0.18, 0.01)
    assert is_paused(table)
    assert len(table.of(ConnectModel)) == connects, "half of the audio is still to be heard"
    table.hear(LINE_RMS, 1.0)
    assert not is_paused(table)
    assert stuck_after(table) > 9.0 - (MORE_AUDIO_TIMEOUT_S + 1.0) - 1.0, "the half was heard first"
    assert table.sent("half")[-1][1] == 72_000


def test_a_line_that_stays_down_is_not_given_up_in_a_pause() -> None:
    table = half_an_answer(seconds=9.0, wants=INTERRUPTIBLE)
    table.hear(LINE_RMS, 1.0)
    for _ in range(8):
        table.tell(ModelLost(table.now, "unreachable"))
        table.hear(LINE_RMS, 0.3)
    coughed_into(table)
    assert table.of(EndCall) == []


def test_the_new_session_is_told_what_was_said_and_asked_to_go_on_from_there() -> None:
    table = half_an_answer(seconds=1.0)
    stuck_after(table)
    assert table.conversation.history()[-1] == SpokenTurn(Speaker.ASSISTANT, HALF)
    table.tell(ModelReady(table.now))
    again = table.last(CreateResponse)
    assert (again.kind, again.attempt) == (ResponseKind.CONTINUATION, 1)
    table.tell(ResponseAudio(table.now, "resp1", "half", 8000))  # the old session's, too late
    table.respond(response_id="resp2", seconds=1.0)
    table.play_out()
    said = {play.item_id for play in table.of(Play) if not play.item_id.startswith("waiting-tone")}
    assert said == {"greeting", "half", "item-resp2"}
    assert table.sent("half")[-1][1] == 8000


@generated(50)
@given(
    scripts(
        business(greeting_text="Good morning.", greeting_bytes=4000),
        caller=st.just((Sound(0.8, 0.4),)),
        mishaps=st.lists(st.sampled_from(BREAKING_OFF), max_size=2).map(tuple),
        connects=st.just(()),
        answer_s=st.floats(0.6, 4.0),
        seconds=st.just(26.0),
    )
)
def test_however_often_the_model_breaks_off_only_the_rest_is_asked_for_and_all_is_heard_once(script: Script) -> None:
    world = World(script).run()
    asked = [command.kind for _, command in world.all(CreateResponse) if isinstance(command, CreateResponse)]
    assert asked == [ResponseKind.ANSWER, *[ResponseKind.CONTINUATION] * len(script.mishaps)]
    assert {item_id: world.heard_of(item_id) for item_id in world.generated} == {
        item_id: [(0, size)] for item_id, size in world.generated.items()
    }
