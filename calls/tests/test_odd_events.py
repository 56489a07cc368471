"""Odd events of OpenAI's, as fuzzing found them: nothing of a wrong type gets into a call, and half characters heal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from calls.conversation.commands import Speaker
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.events import CallerWords, ResponseCreated, ResponseEnded
from calls.line import realtime
from calls.line.realtime_events import past_items, session_lifetime_s, understand
from calls.line.usage import Usage

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"


@pytest.mark.parametrize("odd", [None, 5, [], ["AA=="], {}, True])
@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.output_audio.delta", "delta": ...},
        {"type": "response.created", "response": {"id": ...}},
        {"type": "response.output_item.done", "item": {"type": "function_call", "call_id": ..., "name": "end_call"}},
        {"type": "response.output_item.done", "item": {"type": "function_call", "call_id": "call_1", "name": ...}},
        {"type": "input_audio_buffer.committed", "item_id": ...},
        {"type": TRANSCRIBED, "item_id": ..., "transcript": "x"},
        {"type": "conversation.item.input_audio_transcription.failed", "item_id": ...},
    ],
    ids=lambda event: str(event["type"]),
)
def test_an_event_without_the_text_that_it_needs_is_malformed(event: dict[str, Any], odd: object) -> None:
    with pytest.raises(TypeError):
        understand(_with(event, odd), 1.0)


def _with(value: Any, odd: object) -> Any:
    if isinstance(value, dict):
        return {key: _with(inner, odd) for key, inner in value.items()}
    return odd if value is ... else value


def test_the_request_of_a_response_is_a_text_or_unknown() -> None:
    (created,) = understand({"type": "response.created", "response": {"id": "r", "metadata": {"request": []}}}, 1.0)
    assert created == ResponseCreated(1.0, "r", None)


def test_the_end_of_a_response_counts_whatever_is_said_of_its_cost() -> None:
    usage = {"total_tokens": 10**400, "output_tokens": -1, "input_token_details": {"cached_tokens_details": [7]}}
    event = {"type": "response.done", "response": {"id": "r", "status": "completed", "usage": usage}}
    cost, ended = understand(event, 1.0)
    assert cost == Usage({})
    assert isinstance(ended, ResponseEnded)


@pytest.mark.parametrize("asked", ["9" * 30 + "h", "9" * 30 + "s", "9" * 5000 + "ms", "70m"])
def test_nobody_waits_for_longer_than_an_hour(asked: str) -> None:
    error = {"code": "rate_limit_exceeded", "message": f"Please try again in {asked}"}
    event = {"type": "response.done", "response": {"id": "r", "status": "failed", "status_details": {"error": error}}}
    _cost, ended = understand(event, 1.0)
    assert isinstance(ended, ResponseEnded)
    assert ended.retry_after_s == 0.0


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "-Infinity", "1" + "0" * 400])
def test_how_sure_a_transcript_is_is_a_number_or_unknown(odd: str) -> None:
    event = json.loads(f'{{"type":"{TRANSCRIBED}","item_id":"i","transcript":"x","logprobs":[{{"logprob":{odd}}}]}}')
    _cost, words = understand(event, 1.0)
    assert isinstance(words, CallerWords)
    assert words.logprob is None


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "1" + "0" * 400, "99999999999"])
def test_a_session_without_an_end_that_can_be_true_has_none(odd: str) -> None:
    created = json.loads(f'{{"type":"session.created","session":{{"expires_at":{odd}}}}}')
    assert session_lifetime_s(created, NOW) is None


def test_half_characters_of_a_transcript_are_told_to_a_new_session_as_whole_ones() -> None:
    (item,) = past_items([SpokenTurn(Speaker.ASSISTANT, "\ud83d" + "\ude00 שלום")])
    sent = realtime._written(item)
    assert json.loads(sent.encode())["item"]["content"][0]["text"] == "😀 שלום"
