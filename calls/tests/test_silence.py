"""Silence ends a call, music too, and nobody who only thinks is cut off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation import ConversationSettings, Protection
from calls.conversation.commands import CommitAudio, CreateResponse, EndCall, NextStep, Play, ResponseKind
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import (
    KeyPressed,
    NothingLeft,
    ResponseEnded,
    ResponseStatus,
    TurnCommitted,
)
from calls.conversation.tool_events import ToolRequested
from calls.tests.generated import generated
from calls.tests.script import Script, Sound
from calls.tests.table import GREETED, LINE_RMS, SILENT, VOICE_RMS, Table, in_conversation
from calls.tests.world import World

pytestmark = pytest.mark.pure

SILENCE = EndCall(EndReason.CALLER_SILENT, NextStep.HANG_UP)
ASKING = replace(GREETED, asks_after_silence=True)
MUSIC_RMS, MUSIC = 2500, 0.05
TWENTY_MINUTES = 1200.0


def checks(table: Table) -> list[CreateResponse]:
    return [each for each in table.of(CreateResponse) if each.kind is ResponseKind.CHECK]


@pytest.mark.parametrize("limit_s", [20, 45, 600])
def test_a_call_ends_after_the_limit_counted_from_the_assistants_last_word(limit_s: int) -> None:
    table = in_conversation(replace(GREETED, silence_limit_s=limit_s))
    table.say()
    table.respond(seconds=5.0)
    table.play_out()
    heard_out_at = table.now
    table.wait(limit_s - 0.1)
    assert table.of(EndCall) == []
    table.wait(0.2)
    assert table.of(EndCall) == [SILENCE]
    assert table.now - heard_out_at < limit_s + 0.2


@pytest.mark.parametrize("business", [SILENT, GREETED])
def test_a_call_in_which_nobody_ever_speaks_ends_too(business: ConversationSettings) -> None:
    table = Table(business)
    table.wait(1.0 if business.greeting_text else 0.0)
    table.wait(44.9)
    assert table.of(EndCall) == []
    assert table.of(CreateResponse) == [], "and nothing was said into the silence"
    table.wait(0.2)
    assert table.of(EndCall) == [SILENCE]


@pytest.mark.parametrize(("business", "times"), [(GREETED, 0), (ASKING, 1)])
def test_nothing_is_asked_unless_the_business_wants_it_and_then_once(
    business: ConversationSettings, times: int
) -> None:
    table = in_conversation(business)
    heard_out_at = table.now
    table.wait(14.9)
    assert checks(table) == []
    table.wait(0.2)
    assert len(checks(table)) == times
    if times:
        table.respond(seconds=2.0)
        table.play_out()
    table.wait(heard_out_at + 44.9 - table.now)
    assert table.of(EndCall) == []
    table.wait(0.2)
    assert table.of(EndCall) == [SILENCE], "the question is no reason to wait longer"
    assert len(checks(table)) == times


def test_a_caller_who_answers_the_question_goes_on_and_may_be_asked_again() -> None:
    table = in_conversation(ASKING)
    table.wait(15.1)
    table.respond(seconds=2.0)
    table.play_out()
    table.say("yes I am here")
    table.respond(seconds=1.0)
    table.play_out()
    table.wait(15.1)
    assert len(checks(table)) == 2
    assert table.of(EndCall) == []


def test_without_a_greeting_nothing_is_asked_before_the_caller_has_spoken() -> None:
    table = Table(replace(SILENT, asks_after_silence=True))
    table.wait(44.0)
    assert table.of(CreateResponse) == []
    assert table.of(Play) == []


def test_the_clock_stands_still_while_the_assistant_speaks() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=120.0)
    table.hear(LINE_RMS, 119.0)
    assert table.of(EndCall) == []


def test_the_clock_stands_still_while_the_protected_greeting_lasts() -> None:
    table = Table(replace(GREETED, greeting_bytes=8000 * 60))
    table.wait(59.0)
    assert table.flag("first_utterance_protected")
    assert table.of(EndCall) == []


def test_last_words_before_a_transfer_are_heard() -> None:
    table = in_conversation()
    table.say("a person please")
    response_id = table.respond(seconds=50.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "transfer_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.play_out()
    assert table.of(EndCall) == [EndCall(EndReason.ASSISTANT_TRANSFERRED, NextStep.TRANSFER, was_announced=True)]


def test_a_key_is_a_sign_of_life() -> None:
    table = in_conversation()
    table.wait(40.0)
    table.tell(KeyPressed(table.now, "1"))
    table.wait(2.0)
    table.respond()
    table.play_out()
    table.wait(35.0)
    assert table.of(EndCall) == []


def test_single_frames_that_sound_like_speech_are_none() -> None:
    """Music holds such frames now and then; a detector is never right about every one."""
    table = in_conversation()
    while not table.of(EndCall) and table.now < 60.0:
        table.hear(MUSIC_RMS, 0.98, MUSIC)
        table.hear(MUSIC_RMS, 0.02, 0.6)
    assert table.of(EndCall) == [SILENCE]


def test_a_caller_who_puts_us_on_hold_in_mid_sentence_is_found_out() -> None:
    """The turn has evidence enough, so the detector was not asked any more, and loudness alone says voice.

    OpenAI takes the music for more of the sentence, until we end the turn.
    """
    table = in_conversation()
    for _ in range(round(80.0 / 0.02)):
        is_music = table.now > 2.0
        probability = MUSIC if is_music else 0.95
        wanted = table.conversation.needs_ears(MUSIC_RMS)
        commands = table.hear(MUSIC_RMS, 0.02, probability if wanted else None)
        if CommitAudio() in commands:
            table.tell(TurnCommitted(table.now, "turn"))
            table.respond()
            table.play_out()
        if table.of(EndCall):
            break
    assert table.of(EndCall) == [SILENCE]
    assert len(table.of(CommitAudio)) == 1, "the music is no turn"


def test_nothing_left_ends_a_call_but_not_its_greeting() -> None:
    table = Table(GREETED)
    table.tell(NothingLeft(0.1, EndReason.NO_MINUTES))
    assert table.of(EndCall) == []
    table.play_out()
    assert table.of(EndCall) == [EndCall(EndReason.NO_MINUTES, NextStep.HANG_UP)]
    assert table.sent("greeting")[-1][1] == GREETED.greeting_bytes


# Generated calls ------------------------------------------------------------------------------------------------


@st.composite
def music(draw: st.DrawFn) -> tuple[Sound, ...]:
    """Draw a loop of phrases and gaps, twenty minutes of it. OpenAI takes the phrases for speech with words."""
    loop = [(draw(st.floats(0.3, 6.0)), draw(st.floats(0.6, 3.0))) for _ in range(draw(st.integers(1, 4)))]
    rms, moment, found = draw(st.integers(300, 6000)), draw(st.floats(0.5, 20.0)), list[Sound]()
    is_speech = draw(st.booleans())  # to OpenAI
    while moment < TWENTY_MINUTES:
        for phrase, gap in loop:
            found.append(Sound(round(moment, 2), round(phrase, 2), not is_speech, rms, MUSIC))
            moment += phrase + gap
    return tuple(found)


@generated(20)
@given(
    sounds=music(),
    greeted=st.booleans(),
    asks=st.booleans(),
    protection=st.sampled_from(Protection),
    answer_s=st.floats(1.0, 6.0),
)
def test_twenty_minutes_of_looped_music_end_within_sixty_seconds(
    sounds: tuple[Sound, ...], greeted: bool, asks: bool, protection: Protection, answer_s: float
) -> None:
    wants = ConversationSettings(
        greeting_text="Good morning" if greeted else "",
        greeting_bytes=16000 if greeted else 0,
        asks_after_silence=asks,
        first_utterance_protection=protection,
    )
    world = World(Script(wants, sounds, has_ears=True, answer_s=answer_s, seconds=TWENTY_MINUTES)).run()
    assert world.ended == SILENCE
    assert world.now <= 60.0


@st.composite
def thinkers(draw: st.DrawFn) -> tuple[Sound, ...]:
    """Draw a caller who says something, and thinks for up to ten seconds before the next sentence."""
    moment, found = draw(st.floats(0.5, 10.0)), list[Sound]()
    for _ in range(draw(st.integers(2, 6))):
        seconds = draw(st.floats(0.3, 3.0))
        found.append(Sound(round(moment, 2), round(seconds, 2), rms=draw(st.integers(400, 3000))))
        moment += seconds + draw(st.floats(0.6, 10.0))
    return tuple(found)


@generated(500)
@given(sounds=thinkers(), greeted=st.booleans(), has_ears=st.booleans(), limit_s=st.sampled_from([20.0, 45.0]))
def test_nobody_who_thinks_for_ten_seconds_is_cut_off(
    sounds: tuple[Sound, ...], greeted: bool, has_ears: bool, limit_s: float
) -> None:
    greeting = {"greeting_text": "Good morning", "greeting_bytes": 8000} if greeted else {}
    wants = ConversationSettings(silence_limit_s=limit_s, **greeting)  # type: ignore[arg-type]
    last = sounds[-1].start + sounds[-1].seconds
    world = World(Script(wants, sounds, has_ears=has_ears, answer_s=1.5, seconds=last + 5.0)).run()
    assert world.ended is None


def test_a_voice_is_not_taken_for_music() -> None:
    table = in_conversation()
    table.hear(LINE_RMS, 40.0, 0.0)
    table.hear(VOICE_RMS, 0.2, 0.95)
    table.hear(LINE_RMS, 40.0, 0.0)
    assert table.of(EndCall) == []
