"""Twilio's messages: what is read, and what is refused."""

from __future__ import annotations

import json
from binascii import a2b_base64
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from calls.line.media_stream import (
    LARGEST_MESSAGE,
    LONGEST_NAME,
    Key,
    MalformedMessage,
    MarkBack,
    Media,
    Start,
    Stop,
    clear,
    mark,
    parse,
    play,
    read_start,
    understand,
    usual_mark,
    usual_media,
)

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
    assert read_start(start(mediaFormat=None)) == Start("CA1", "MZ1", "secret")


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
        {"mediaFormat": ["audio/x-mulaw"]},
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


def usual(payload: str = "//8=", timestamp: str = "24660", sid: str = "MZ1", track: str = "inbound") -> str:
    return (
        f'{{"event":"media","sequenceNumber":"1234","media":{{"track":"{track}","chunk":"1233",'
        f'"timestamp":"{timestamp}","payload":"{payload}"}},"streamSid":"{sid}"}}'
    )


def test_audio_as_twilio_writes_it_is_read_at_once() -> None:
    assert usual_media(usual()) == ("//8=", 24660) == understand(parse(usual()))
    assert usual_media(usual("A" * 1000)) == ("A" * 1000, 24660)


@pytest.mark.parametrize(
    "text",
    [
        usual(track="outbound"), usual("\\/\\/8="), usual(sid="M" * 65), usual(timestamp="1234567890"),
        usual(timestamp="-1"), usual() + " ", " " + usual(), usual()[:-1], usual().replace(":", ": ", 1),
        usual("A" * LARGEST_MESSAGE), usual('","payload":"'), usual().replace('"media"', '"mark"', 1),
        usual(timestamp="\u0661"), "",
    ],
)  # fmt: skip
def test_everything_else_is_left_to_the_parser(text: str) -> None:
    assert usual_media(text) is None


@given(
    some.text(max_size=9) | some.text("AZaz09+/=", max_size=9),
    some.text("0123456789 ", max_size=11),
    some.text(max_size=6),
    some.integers(0, 200),
    some.text('",:{}\\ ', max_size=2),
)
def test_what_is_read_at_once_is_what_the_parser_reads(
    payload: str, timestamp: str, sid: str, place: int, more: str
) -> None:
    text = usual(payload, timestamp, sid)
    text = text[:place] + more + text[place:]
    if (read := usual_media(text)) is None:
        return
    try:
        assert understand(parse(text)) == read
    except MalformedMessage:  # raw control characters are no JSON; nor are they base64, which the bridge refuses
        with pytest.raises(ValueError, match=r"(?i)base64|ascii"):
            a2b_base64(read[0], strict_mode=True)


def usual_back(name: str = "1:item_9:320", *, sid: str = "MZ1", number: str = "7") -> str:
    return f'{{"event":"mark","sequenceNumber":"{number}","streamSid":"{sid}","mark":{{"name":"{name}"}}}}'


def test_a_mark_as_twilio_writes_it_is_read_at_once() -> None:
    assert usual_mark(usual_back()) == "1:item_9:320"
    assert understand(parse(usual_back())) == MarkBack("1:item_9:320")


@pytest.mark.parametrize(
    "text",
    [
        usual_back("a\\u0062"), usual_back("a b"), usual_back(""), usual_back("a" * 201), usual_back('","name":"b'),
        usual_back() + " ", usual_back()[:-1], usual_back(number="x"), usual_back(sid=""), usual_back("\u0661"),
        usual(),
    ],
)  # fmt: skip
def test_any_other_mark_is_left_to_the_parser(text: str) -> None:
    assert usual_mark(text) is None


@given(some.text(max_size=9), some.integers(0, 100), some.text('",:{}\\ ', max_size=2))
def test_a_mark_that_is_read_at_once_is_what_the_parser_reads(name: str, place: int, more: str) -> None:
    text = usual_back(name)
    text = text[:place] + more + text[place:]
    read = usual_mark(text)
    assert read is None or understand(parse(text)) == MarkBack(read)


def test_what_we_say_is_json_as_twilio_wants_it() -> None:
    assert json.loads(play("MZ1", "//8=")) == {"event": "media", "streamSid": "MZ1", "media": {"payload": "//8="}}
    assert json.loads(mark("MZ1", "1:item:320")) == {
        "event": "mark",
        "streamSid": "MZ1",
        "mark": {"name": "1:item:320"},
    }
    assert json.loads(clear("MZ1")) == {"event": "clear", "streamSid": "MZ1"}


# After the start ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"event": "media", "media": {"payload": "//8=", "timestamp": "20"}}, Media("//8=", 20)),
        ({"event": "media", "media": {"payload": "//8=", "timestamp": -1}}, Media("//8=", None)),
        ({"event": "mark", "mark": {"name": "1:greeting:320"}}, MarkBack("1:greeting:320")),
        ({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "#"}}, Key("#")),
        ({"event": "dtmf", "dtmf": {"digit": 5}}, Key("5")),
        ({"event": "stop"}, Stop()),
        ({"event": "connected"}, None),
        ({"event": "sparkle", "sparkle": 1}, None),
    ],
)
def test_what_a_call_is_told(message: dict[str, Any], said: object) -> None:
    assert understand(message) == said


@pytest.mark.parametrize(
    "message",
    [
        {"event": "media"},
        {"event": "media", "media": None},
        {"event": "media", "media": {}},
        {"event": "mark", "mark": {"label": "1"}},
        {"event": "mark", "mark": {"name": None}},
        {"event": "mark", "mark": {"name": "1" * (LONGEST_NAME + 1)}},
        {"event": "dtmf"},
        {"event": "dtmf", "dtmf": {"digit": "55"}},
    ],
)
def test_a_message_without_what_it_is_for_is_malformed(message: dict[str, Any]) -> None:
    with pytest.raises(MalformedMessage):
        understand(message)


_empty: some.SearchStrategy[Any] = some.sampled_from([[], {}])
json_values = some.none() | some.booleans() | some.integers() | some.floats() | some.text() | _empty
FIELDS = ("media", "mark", "dtmf", "stop", "payload", "timestamp", "name", "digit")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    event=some.sampled_from(["media", "mark", "dtmf", "stop", "connected", "start"]) | some.text(),
    fields=some.dictionaries(
        some.sampled_from(FIELDS), json_values | some.dictionaries(some.sampled_from(FIELDS), json_values)
    ),
)
def test_any_json_is_understood_or_malformed_and_nothing_else(event: str, fields: dict[str, Any]) -> None:
    message = parse(json.dumps({**fields, "event": event}))
    try:
        said = understand(message)
    except MalformedMessage:
        return
    if isinstance(said, MarkBack):
        assert len(said.name) <= LONGEST_NAME
    if isinstance(said, Key):
        assert len(said.digit) == 1
    assert (said is None) == (event not in {"media", "mark", "dtmf", "stop"})
