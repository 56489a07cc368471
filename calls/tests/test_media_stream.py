"""Twilio's messages: what is read, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from calls.media_stream import LARGEST_MESSAGE, MalformedMessage, Start, clear, mark, parse, play, read_start

pytestmark = pytest.mark.pure


def start(**changes: Any) -> dict[str, Any]:
    inner = {
        "streamSid": "MZ1",
        "callSid": "CA1",
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "secret"},
    }
    return {"event": "start", "streamSid": "MZ1", "start": {**inner, **changes}}


def test_a_start_tells_its_ids_and_its_token() -> None:
    assert read_start(start()) == Start("CA1", "MZ1", "secret")


def test_numbers_may_be_strings_and_what_is_usual_may_be_left_out() -> None:
    usual = {"encoding": "audio/x-mulaw", "sampleRate": "8000", "channels": "1"}
    assert read_start(start(mediaFormat=usual)) == Start("CA1", "MZ1", "secret")
    message = start()
    del message["start"]["mediaFormat"], message["start"]["streamSid"]
    assert read_start(message) == Start("CA1", "MZ1", "secret")


@pytest.mark.parametrize(
    "changes",
    [
        {"customParameters": {}},
        {"customParameters": None},
        {"callSid": 'CA1","event":"clear'},
        {"streamSid": "M" * 65},
        {"mediaFormat": {"encoding": "audio/l16"}},
        {"mediaFormat": {"sampleRate": 16000}},
        {"mediaFormat": {"channels": "two"}},
    ],
)
def test_a_start_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedMessage):
        read_start(start(**changes))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"event": 1}', "{}", "x" * (LARGEST_MESSAGE + 1), "[" * 60000]
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        parse(text)


def test_what_we_say_is_json_as_twilio_wants_it() -> None:
    assert json.loads(play("MZ1", "//8=")) == {"event": "media", "streamSid": "MZ1", "media": {"payload": "//8="}}
    assert json.loads(mark("MZ1", "1:item:320")) == {
        "event": "mark",
        "streamSid": "MZ1",
        "mark": {"name": "1:item:320"},
    }
    assert json.loads(clear("MZ1")) == {"event": "clear", "streamSid": "MZ1"}
