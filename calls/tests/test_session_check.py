"""What OpenAI has accepted is held against what was asked, and refusals are logged without secrets."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pytest_django import Settings

from calls.conversation.events import ModelLost, ModelReady
from calls.line.session_check import LONGEST_MESSAGE, WRONG_FORMAT, differences, in_few_words
from calls.line.session_config import session_update
from calls.tests.test_realtime_edge import OddServer, session_with, until
from calls.tests.test_realtime_events import PLAN

ASKED: Any = session_update(PLAN, transcription_model="gpt-transcribe")["session"]


def accepting(**audio: Any) -> dict[str, Any]:
    """Returns a `session.updated` with these settings of its audio."""
    return {"type": "session.updated", "session": {"audio": audio}}


def test_what_was_asked_is_no_difference_nor_is_what_is_not_told() -> None:
    assert list(differences(ASKED, ASKED)) == []
    assert list(differences(ASKED, {})) == []
    assert list(differences(ASKED, {"audio": {"input": None, "output": {"format": "g711"}}})) == []


def test_every_difference_that_matters_is_found() -> None:
    detection = {"type": "semantic_vad", "create_response": True, "interrupt_response": True}
    heard = {"format": {"type": "audio/pcm", "rate": 24000}, "turn_detection": detection}
    accepted = {"audio": {"input": heard, "output": {"format": {"type": "audio/pcma"}, "voice": "alloy"}}}
    assert [path for path, _, _ in differences(ASKED, accepted)] == [
        "audio.input.format.type",
        "audio.output.format.type",
        "audio.output.voice",
        "audio.input.turn_detection.type",
        "audio.input.turn_detection.create_response",
        "audio.input.turn_detection.interrupt_response",
    ]


@pytest.mark.parametrize("side", ["input", "output"])
@pytest.mark.parametrize("kind", ["audio/pcm", "audio/pcma"])
async def test_a_session_with_another_format_is_not_used(
    side: str, kind: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    server = OddServer(first={"type": "session.created"}, then=[accepting(**{side: {"format": {"type": kind}}})])
    async with session_with(server, settings) as told:
        assert await until(told, lambda _: True) == [ModelLost(1.0, WRONG_FORMAT)]
    assert f"OpenAI took audio.{side}.format.type as '{kind}', not as 'audio/pcmu'" in caplog.text


async def test_another_voice_is_logged_and_the_call_goes_on(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    server = OddServer(first={"type": "session.created"}, then=[accepting(output={"voice": "other"})])
    async with session_with(server, settings) as told:
        assert await until(told, lambda _: True) == [ModelReady(1.0, None)]
    assert "OpenAI took audio.output.voice as 'other'" in caplog.text


async def test_refusals_of_a_running_session_are_logged(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    error = {"code": "invalid_value", "param": "item.content", "message": "Invalid value.", "event_id": "x"}
    then: list[dict[str, Any]] = [{"type": "session.updated"}, {"type": "error", "error": error}]
    async with session_with(OddServer(first={"type": "session.created"}, then=then), settings) as told:
        await until(told, lambda each: not isinstance(each, ModelReady))
    assert "OpenAI refuses: code=invalid_value param=item.content Invalid value." in caplog.text


def test_neither_keys_nor_long_messages_reach_the_log() -> None:
    message = "Incorrect API key provided: sk-proj-abc***xyz. " + "x" * 1000
    text = in_few_words({"error": {"code": "invalid_api_key", "message": message}})
    assert "abc" not in text
    assert "xyz" not in text
    assert len(text) < LONGEST_MESSAGE + 60
    assert in_few_words({"error": None}) == "code=None param=None"
    assert "\n" not in in_few_words({"error": {"message": "two\nlines"}})
