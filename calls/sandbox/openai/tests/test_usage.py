"""The figures that the stand-in reports are those that OpenAI would count, near enough."""

from __future__ import annotations

from typing import Any

import pytest

from calls.sandbox.openai.tests.test_realtime_session import LOUD, SILENT, Client, session_with, update

pytestmark = pytest.mark.once

WORDS = "One two three four."  # what `Client` answers, in one second
ANSWER = {"text_tokens": len(WORDS) // 4, "audio_tokens": 20}


def usage_of_an_answer(client: Client) -> dict[str, Any]:
    client.send(type="response.create")
    client.wait(2)
    done = next(event for event in reversed(client.events) if event["type"] == "response.done")
    usage: dict[str, Any] = done["response"]["usage"]
    return usage


def speaks(client: Client) -> None:
    """The caller says 600 ms."""
    for audio in (LOUD, SILENT, SILENT):
        client.send(type="input_audio_buffer.append", audio=audio)
    client.send(type="input_audio_buffer.commit")


def test_a_response_is_given_all_that_was_said_before() -> None:
    client = Client(session=session_with(None))
    client.send(**update(instructions="x" * 400))
    speaks(client)
    first, second = usage_of_an_answer(client), usage_of_an_answer(client)
    assert first["output_token_details"] == second["output_token_details"] == ANSWER
    given = first["input_token_details"]
    assert (given["text_tokens"], given["audio_tokens"], given["cached_tokens"]) == (100, 6, 0)
    again = second["input_token_details"]
    assert (again["text_tokens"], again["audio_tokens"]) == ((400 + len(WORDS)) // 4, 6 + 20)
    for usage in (first, second):
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert usage["input_tokens"] == sum(
            usage["input_token_details"][f"{kind}_tokens"] for kind in ("text", "audio")
        )


def test_what_a_truncation_has_cut_is_given_no_more() -> None:
    client = Client()
    usage_of_an_answer(client)
    item_id = next(event["item"]["id"] for event in client.events if event["type"] == "response.output_item.added")
    client.send(type="conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=500)
    details = usage_of_an_answer(client)["input_token_details"]
    assert (details["text_tokens"], details["audio_tokens"]) == (0, 10)


@pytest.mark.parametrize(
    ("model", "usage"),
    [
        ("whisper-1", {"type": "duration", "seconds": 1}),
        (
            "gpt-4o-mini-transcribe",
            {
                "type": "tokens",
                "total_tokens": 7,
                "input_tokens": 6,
                "input_token_details": {"text_tokens": 0, "audio_tokens": 6},
                "output_tokens": 1,
            },
        ),
    ],
)
def test_a_transcription_is_counted_as_its_model_is_billed(model: str, usage: dict[str, Any]) -> None:
    session = session_with(None)
    session["audio"]["input"]["transcription"]["model"] = model
    client = Client(session=session)
    speaks(client)
    client.wait(1)
    *_, delta, completed = client.events
    assert (delta["delta"], completed["transcript"]) == ("words", "words")
    assert completed["usage"] == usage


def test_a_response_out_of_band_belongs_to_no_conversation() -> None:
    client = Client()
    (created,) = client.send(type="response.create", response={"conversation": "none"})
    assert created["response"]["conversation_id"] is None
    assert created["response"]["usage"] is None
