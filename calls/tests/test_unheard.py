"""OpenAI does not end a turn that our own ears heard: we end it, or the next session hears it again (G12)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calls.conversation import ConversationSettings
from calls.conversation.commands import (
    CancelResponse,
    ClearPlayback,
    CommitAudio,
    ConnectModel,
    CreateResponse,
    NextStep,
)
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import ModelLost, ModelReady, RequestRefused, SpeechStarted, TurnCommitted
from calls.conversation.patience import LONGEST_WAIT_S
from calls.conversation.responses import CREATED_WITHIN_S
from calls.conversation.unheard import COMMIT_AFTER_S, TAKEN_WITHIN_S
from calls.tests.dead_air import longest_silence
from calls.tests.generated import generated
from calls.tests.script import Deafness, Mishap, Script, Sound
from calls.tests.table import LINE_RMS, SILENT, VOICE_RMS, Table, in_conversation
from calls.tests.test_call_properties import GREETING, moments
from calls.tests.test_dead_air import GREETED, LONGEST_SILENCE_S, troubled
from calls.tests.world import World

pytestmark = pytest.mark.pure

ASKS = (Sound(3.0, 1.0),)
TAKES_COMMITS = (Deafness.DEAF_VAD, Deafness.ENDLESS)
TAKES_NONE = (Deafness.DEAF, Deafness.BLACK_HOLE)
LATENCY_S = 0.2
BAD = (*TAKES_COMMITS, *TAKES_NONE)


def deaf(*, caller: st.SearchStrategy[object], **fixed: st.SearchStrategy[object]) -> st.SearchStrategy[Script]:
    """Draw calls whose sessions hear badly."""
    return troubled(caller=caller, **{"mishaps": st.just(()), "lives": st.just(()), **fixed})


# The rule, event by event ------------------------------------------------------------------------------------------
def test_a_turn_that_only_our_ears_heard_is_ended_by_us() -> None:
    table = in_conversation()
    table.hear(VOICE_RMS, 0.8, probability=0.9)
    table.hear(LINE_RMS, COMMIT_AFTER_S - 0.1, probability=0.01)
    assert table.of(CommitAudio) == []
    table.hear(LINE_RMS, 0.2, probability=0.01)
    assert table.of(CommitAudio) == [CommitAudio()]
    table.tell(TurnCommitted(table.now, "turn"))
    assert len(table.of(CreateResponse)) == 1


def test_it_is_ended_though_the_telephone_sends_nothing_after_the_last_word() -> None:
    table = in_conversation()
    table.hear(VOICE_RMS, 0.8, probability=0.9)
    table.wait(COMMIT_AFTER_S)
    assert table.of(CommitAudio) == [CommitAudio()]


def test_speech_that_openai_heard_begin_and_not_end_needs_less_voice() -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.2, probability=0.9)
    table.wait(COMMIT_AFTER_S)
    assert table.of(CommitAudio) == [CommitAudio()]


@pytest.mark.parametrize(("seconds", "probability"), [(0.3, 0.9), (0.5, None), (8.0, 0.1)])
def test_a_cough_a_click_and_noise_are_no_turn(seconds: float, probability: float | None) -> None:
    table = in_conversation()
    table.hear(VOICE_RMS, seconds, probability=probability)
    table.wait(10.0)
    assert table.of(CommitAudio) == []


def test_a_word_that_interrupts_is_a_turn_however_short() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=8.0)
    table.hear(LINE_RMS, 1.0, probability=0.01)
    table.hear(VOICE_RMS, 0.2, probability=0.9)
    assert table.of(ClearPlayback)
    table.hear(LINE_RMS, COMMIT_AFTER_S + 0.02, probability=0.01)
    assert table.of(CommitAudio) == [CommitAudio()]


def test_a_turn_that_openai_ends_is_left_to_it() -> None:
    table = in_conversation()
    table.say(seconds=1.0)
    table.wait(4.0)
    assert table.of(CommitAudio) == []


def test_a_session_that_does_not_take_the_turn_is_lost_and_the_next_one_hears_it_with_its_voice() -> None:
    table = in_conversation()
    table.hear(VOICE_RMS, 0.8, probability=0.9)
    table.wait(COMMIT_AFTER_S + TAKEN_WITHIN_S)
    assert table.logged("[MODEL]")[-1] == "lost: unheard"
    assert len(table.of(ConnectModel)) == 2
    table.tell(ModelReady(table.now + 0.3))
    table.tell(SpeechStarted(table.now + 0.4))  # it hears again what was said four seconds ago
    table.tell(TurnCommitted(table.now + 0.5, "again"))
    assert not [line for line in table.logged("[TURN]") if line.startswith("noise")]
    assert len(table.of(CreateResponse)) == 1


def test_voice_of_a_turn_that_was_ended_is_no_evidence_for_noise_in_the_next_session() -> None:
    table = in_conversation()
    table.say(seconds=1.0)
    table.respond()
    table.play_out()
    table.tell(ModelLost(table.now, "closed_1006"))
    table.tell(ModelReady(table.now + 0.3))
    table.wait(3.0)
    table.tell(SpeechStarted(table.now))
    table.tell(TurnCommitted(table.now + 0.5, "noise"))
    assert table.logged("[TURN]") == ["noise: 0 ms of voice"]


def test_a_commit_that_comes_too_late_is_harmless() -> None:
    table = in_conversation()
    table.hear(VOICE_RMS, 0.8, probability=0.9)
    table.wait(COMMIT_AFTER_S)
    table.tell(TurnCommitted(table.now, "turn"))
    table.tell(RequestRefused(table.now, "input_audio_buffer_commit_empty", "commit"))
    assert len(table.of(CreateResponse)) == 1
    assert table.logged("[RESPONSE]") == []


def test_a_request_that_is_swallowed_after_it_is_asked_for_again_in_a_new_session() -> None:
    table = in_conversation()
    table.hear(VOICE_RMS, 0.8, probability=0.9)
    table.wait(COMMIT_AFTER_S)
    table.tell(TurnCommitted(table.now, "turn"))
    table.wait(1.6)
    assert table.logged("[MODEL]")[-1] == "lost: stalled"


def test_a_request_that_a_well_session_swallows_is_asked_for_in_a_new_one_after_two_seconds() -> None:
    table = in_conversation()
    table.say()
    table.hear(LINE_RMS, CREATED_WITHIN_S + 0.02)
    assert table.logged("[MODEL]")[-1] == "lost: stalled"
    table.tell(ModelReady(table.now + 0.3))
    assert [asked.attempt for asked in table.of(CreateResponse)] == [1, 2]
    table.hear(LINE_RMS, CREATED_WITHIN_S + 0.5)
    assert len(table.of(ConnectModel)) == 2, "where the next session is as slow, all of OpenAI is"


def test_a_caller_waits_for_an_unheard_turn_though_the_answer_that_it_interrupted_has_not_ended() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=8.0, end=False)
    table.hear(LINE_RMS, 1.0)
    table.hear(VOICE_RMS, 1.0)
    table.hear(LINE_RMS, COMMIT_AFTER_S + 0.1)
    assert (len(table.of(CancelResponse)), len(table.of(CommitAudio))) == (1, 1), "interrupted, and ended by us"
    table.tell(TurnCommitted(table.now, "turn"))
    table.hear(LINE_RMS, 1.1)
    assert table.logged("[WAITING]") == ["a tone"], "within two seconds and a half of the last word"


def test_nothing_is_ended_in_the_protected_greeting_that_would_clear_it() -> None:
    table = Table(replace(GREETED, greeting_bytes=40000))
    table.hear(VOICE_RMS, 0.8, probability=0.9)
    table.hear(LINE_RMS, 1.4, probability=0.01)
    assert table.of(CommitAudio) == [CommitAudio()]
    table.tell(TurnCommitted(table.now, "turn"))
    assert not table.of(ClearPlayback)
    assert not table.of(CreateResponse)
    table.hear(LINE_RMS, 4.0, probability=0.01)
    assert len(table.of(CreateResponse)) == 1, "answered after the greeting"


def test_a_call_without_a_greeting_waits_for_the_caller() -> None:
    table = Table(SILENT)
    table.hear(LINE_RMS, 8.0, probability=0.01)
    assert not table.of(CommitAudio)
    assert not table.of(CreateResponse)


# Whole calls -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("has_ears", [True, False])
@pytest.mark.parametrize("hears", BAD)
def test_one_session_that_hears_badly(hears: Deafness, has_ears: bool) -> None:
    world = World(Script(GREETED, ASKS, deafness=(hears,), has_ears=has_ears)).run()
    assert longest_silence(world) <= LONGEST_SILENCE_S
    assert len(moments(world, ConnectModel)) == (1 if hears in TAKES_COMMITS else 2)
    assert [piece for piece in world.heard if piece.item_id in world.responses_of_items], "an answer"


@pytest.mark.parametrize("hears", BAD)
def test_a_word_that_interrupts_is_answered(hears: Deafness) -> None:
    settings = replace(GREETED, resume_after_false_barge_in=False)
    world = World(Script(settings, (*ASKS, Sound(7.0, 0.3)), after_deafness=hears, seconds=24.0)).run()
    assert longest_silence(world) <= LONGEST_SILENCE_S


@pytest.mark.parametrize("hears", TAKES_NONE)
def test_sessions_that_hear_nothing_for_ever_end_at_the_fallback(hears: Deafness) -> None:
    world = World(Script(GREETED, ASKS, after_deafness=hears, seconds=40.0)).run()
    assert longest_silence(world) <= LONGEST_SILENCE_S
    assert world.ended
    assert (world.ended.reason, world.ended.next_step) == (EndReason.NO_ANSWER, NextStep.APOLOGIZE)
    assert world.ended.cause == "unheard"
    assert world.now <= 4.0 + COMMIT_AFTER_S + LONGEST_WAIT_S


@generated(20)
@given(troubled(caller=st.just(ASKS), mishaps=st.just((Mishap.SWALLOWED,)), lives=st.just(()), connects=st.just(())))
def test_a_swallowed_request_costs_the_caller_less_than_four_seconds(script: Script) -> None:
    world = World(script).run()
    answers = [piece.at for piece in world.heard if piece.item_id in world.responses_of_items]
    asked_at = moments(world, CreateResponse)[0]
    assert min(answers) <= asked_at + CREATED_WITHIN_S + script.connect_s + script.first_delta_s + 2 * LATENCY_S


def long_sounds() -> st.SearchStrategy[tuple[Sound, ...]]:
    """Draw a caller who says whole sentences."""
    drawn = st.lists(st.tuples(st.floats(2.5, 6.0), st.floats(0.8, 2.0)), min_size=1, max_size=3)

    def sounds(gaps: list[tuple[float, float]]) -> tuple[Sound, ...]:
        moment, found = 1.0, []
        for gap, seconds in gaps:
            found.append(Sound(round(moment + gap, 2), round(seconds, 2)))
            moment += gap + seconds
        return tuple(found)

    return drawn.map(sounds)


INTERRUPTED_AT_ONCE: dict[str, Any] = {
    "barge_in_voice_frames": 3,
    "barge_in_debounce_ms": 200,
    "barge_in_grace_ms": 0,
    "resume_after_false_barge_in": False,
}
SPEAKS_WHILE_HEARD_AGAIN = Script(
    ConversationSettings(
        greeting_text=GREETING,
        greeting_bytes=4000,
        **INTERRUPTED_AT_ONCE,
    ),
    (Sound(4.0, 1.0), Sound(7.5, 0.88)),
    deafness=(Deafness.DEAF,),
    connect_s=0.5,
    answer_s=1.0,
    first_delta_s=0.5,
    speed=2.0,
    delta_s=0.02,
    latency_s=0.0,
    vad_s=0.5,
    seconds=24.0,
)


@generated(40)
@example(SPEAKS_WHILE_HEARD_AGAIN)
@given(
    deaf(
        caller=long_sounds(),
        deafness=st.lists(st.sampled_from(list(Deafness)), min_size=1, max_size=4).map(tuple),
        after_deafness=st.sampled_from([Deafness.NONE, *TAKES_COMMITS]),
    )
)
def test_no_caller_of_deaf_sessions_hears_nothing_for_more_than_two_seconds(script: Script) -> None:
    world = World(script).run()
    assert longest_silence(world) <= LONGEST_SILENCE_S


ENDED_LATE_IN_THE_ANSWER_BEFORE_IT = Script(
    replace(
        GREETED,
        **INTERRUPTED_AT_ONCE,
        backchannels_interrupt=False,
    ),
    (Sound(4.0, 1.0), Sound(8.0, 1.0), Sound(14.19, 1.45)),
    mishaps=(Mishap.DROPPED, Mishap.RATE_LIMITED, Mishap.FAILED),
    after_deafness=Deafness.ENDLESS,
    connect_s=0.5,
    first_delta_s=0.25,
    speed=2.0,
    delta_s=0.02,
    latency_s=0.0,
    vad_s=0.5,
    cancel_s=3.0,
    seconds=24.0,
)


@generated(40)
@example(ENDED_LATE_IN_THE_ANSWER_BEFORE_IT)
@given(troubled(caller=long_sounds(), after_deafness=st.sampled_from(list(Deafness))))
def test_nor_where_other_trouble_comes_with_it(script: Script) -> None:
    assert longest_silence(World(script).run()) <= LONGEST_SILENCE_S


def test_a_business_without_barge_in_is_heard_after_the_utterance() -> None:
    settings = ConversationSettings(language="en", greeting_text=GREETING, greeting_bytes=4000, barge_in_enabled=False)
    caller = (Sound(1.5, 1.0), Sound(6.0, 1.0))
    world = World(Script(settings, caller, after_deafness=Deafness.DEAF_VAD, seconds=24.0)).run()
    assert longest_silence(world) <= LONGEST_SILENCE_S
