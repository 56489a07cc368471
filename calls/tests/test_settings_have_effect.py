"""Every call setting of a business changes what a call does. A setting without a story here fails the first test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import models

from businesses.call_settings import CallSettings
from businesses.models import Business
from calls.conversation import ConversationSettings
from calls.conversation.commands import Command, Play
from calls.line.session_config import session_update
from calls.plan import CallPlan, conversation_settings
from calls.tests.table import LINE_RMS, VOICE_RMS, Table

pytestmark = pytest.mark.once

Story = Callable[[ConversationSettings], list[Command]]


def opens(settings: ConversationSettings) -> list[Command]:
    """Nobody says anything."""
    table = Table(settings)
    table.wait(3.0)
    return table.wanted


def first_answer_is_talked_over(settings: ConversationSettings) -> list[Command]:
    table = Table(settings)
    table.say()
    table.respond(seconds=5.0)
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 1.0)
    return table.wanted


def second_answer_is_talked_over(
    settings: ConversationSettings,
    *,
    after_s: float = 0.6,
    rms: int = VOICE_RMS,
    seconds: float = 1.0,
    probability: float | None = None,
) -> list[Command]:
    table = Table(replace(settings, greeting_text="Hello", greeting_bytes=800))
    table.play_out()
    table.say()
    table.respond(seconds=5.0)
    quiet = None if probability is None else 0.0
    table.hear(LINE_RMS, after_s, quiet)
    table.hear(rms, seconds, probability)
    table.hear(LINE_RMS, 1.0, quiet)
    return table.wanted


def talked_over_at_once(settings: ConversationSettings) -> list[Command]:
    return second_answer_is_talked_over(settings, after_s=0.0, seconds=0.25)


def talked_over_softly(settings: ConversationSettings) -> list[Command]:
    return second_answer_is_talked_over(settings, rms=300)


def coughed_at(settings: ConversationSettings) -> list[Command]:
    return second_answer_is_talked_over(settings, seconds=0.2)


def mm_hm(settings: ConversationSettings) -> list[Command]:
    return second_answer_is_talked_over(settings, seconds=0.3, probability=0.95)


def says_nothing_more(settings: ConversationSettings) -> list[Command]:
    table = Table(replace(settings, greeting_text="Hello", greeting_bytes=800))
    table.play_out()
    table.wait(50.0)
    return table.wanted


HEARD_BY_EARS: dict[str, tuple[Any, Any, Story]] = {
    "barge_in_voice_frames": (3, 12, partial(second_answer_is_talked_over, probability=0.95)),
    "barge_in_debounce_ms": (200, 800, partial(second_answer_is_talked_over, probability=0.5)),
    "barge_in_grace_ms": (0, 1000, partial(second_answer_is_talked_over, after_s=0.0, seconds=0.25, probability=0.95)),
    "echo_gate_min_rms": (100, 1000, partial(second_answer_is_talked_over, rms=300, probability=0.95)),
    "resume_after_false_barge_in": (True, False, partial(second_answer_is_talked_over, seconds=0.2, probability=0.5)),
    "backchannels_interrupt": (True, False, mm_hm),
}
CHANGES: dict[str, tuple[Any, Any, Story]] = {
    "greeting_text": ("", "Hello, this is the bakery.", opens),
    "assistant_speaks_first": (False, True, opens),
    "first_utterance_protection": ("first_response", "opening_only", first_answer_is_talked_over),
    "barge_in_enabled": (True, False, second_answer_is_talked_over),
    "barge_in_voice_frames": (3, 12, second_answer_is_talked_over),
    "barge_in_debounce_ms": (200, 800, second_answer_is_talked_over),
    "barge_in_grace_ms": (0, 1000, talked_over_at_once),
    "echo_gate_min_rms": (100, 1000, talked_over_softly),
    "resume_after_false_barge_in": (True, False, coughed_at),
    "backchannels_interrupt": (True, False, second_answer_is_talked_over),
    "asks_after_silence": (False, True, says_nothing_more),
    "silence_limit_s": (45, 60, says_nothing_more),
}
IN_THE_SESSION = {"server_vad_threshold"}


def call_settings() -> set[str]:
    fields = CallSettings._meta.get_fields()
    return {field.name for field in fields if isinstance(field, models.Field)}


def test_every_setting_has_a_story() -> None:
    assert call_settings() == CHANGES.keys() | IN_THE_SESSION


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_changes_what_a_call_does(name: str) -> None:
    before, after, story = CHANGES[name]
    assert story(_settings(name, before)) != story(_settings(name, after))


@pytest.mark.parametrize("name", HEARD_BY_EARS)
def test_a_setting_changes_what_a_call_does_that_a_detector_listens_to(name: str) -> None:
    before, after, story = HEARD_BY_EARS[name]
    assert story(_settings(name, before)) != story(_settings(name, after))


def _settings(name: str, value: object) -> ConversationSettings:
    business = Business(name="Bakery", language="en", **{name: value})
    business.clean_fields(exclude=["slug"])
    return conversation_settings(business, greeting_bytes=0)


def test_the_threshold_reaches_openai() -> None:
    business = Business(name="Bakery", server_vad_threshold=0.77)
    plan = CallPlan(
        call_id=uuid4(),
        business=business,
        settings=conversation_settings(business, greeting_bytes=0),
        instructions="",
        voice=business.voice,
        language=business.language,
        server_vad_threshold=business.server_vad_threshold,
        greeting_audio=b"",
        transfer_possible=False,
    )
    session: Any = session_update(plan, transcription_model="whisper-1")["session"]
    assert session["audio"]["input"]["turn_detection"]["threshold"] == 0.77


def test_a_setting_that_changes_nothing_would_be_found() -> None:
    """The same story twice gives the same commands, so a difference is the setting's."""
    settings = _settings("barge_in_voice_frames", 6)
    assert second_answer_is_talked_over(settings) == second_answer_is_talked_over(settings)
    assert any(isinstance(command, Play) for command in second_answer_is_talked_over(settings))
