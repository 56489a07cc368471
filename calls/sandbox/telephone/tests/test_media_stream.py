"""Twilio's messages, as `twilio.com/docs/voice/media-streams/websocket-messages` shows them."""

import json
from base64 import b64encode

import pytest

from calls.sandbox.telephone.media_stream import LineConditions, MediaStream, ServerMessage, TwilioIds

pytestmark = pytest.mark.once

IDENTITY = TwilioIds("AC1", "CA1", "MZ1")


def stream(line: LineConditions | None = None) -> MediaStream:
    return MediaStream(IDENTITY, {"token": "secret"}, line or LineConditions())


def media(audio: bytes) -> str:
    return json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": b64encode(audio).decode()}})


def mark(name: str) -> str:
    return json.dumps({"event": "mark", "streamSid": "MZ1", "mark": {"name": name}})


CLEAR = json.dumps({"event": "clear", "streamSid": "MZ1"})


def test_it_opens_with_connected_and_start() -> None:
    connected, start = map(json.loads, stream().opening())
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start == {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": "MZ1",
        "start": {
            "accountSid": "AC1",
            "streamSid": "MZ1",
            "callSid": "CA1",
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": "secret"},
        },
    }


def test_frames_keep_their_schedule_and_lateness_is_measured() -> None:
    call = stream()
    first, *_ = map(json.loads, call.tick(0.0))
    assert first["media"]["timestamp"] == "0"
    late = [json.loads(text)["media"]["timestamp"] for text in call.tick(0.075)]
    assert late == ["20", "40", "60"]
    assert call.tick(0.079) == []
    assert [round(each, 3) for each in call.record.lateness_s] == [0.0, 0.055, 0.035, 0.015]


def test_marks_return_when_their_audio_was_heard() -> None:
    call = stream()
    assert call.receive(media(b"\x10" * 800), 0.5) == []
    assert call.receive(mark("m"), 0.5) == []
    assert "mark" not in [json.loads(text)["event"] for text in call.tick(0.59)]
    returned = [json.loads(text) for text in call.tick(0.61) if json.loads(text)["event"] == "mark"]
    assert [each["mark"] for each in returned] == [{"name": "m"}]
    assert call.record.returned_marks[0].at == pytest.approx(0.6)
    assert call.record.messages == [ServerMessage(0.5, "media", size=800), ServerMessage(0.5, "mark", name="m")]


def test_clear_returns_the_marks_at_once() -> None:
    call = stream()
    call.receive(media(b"\x10" * 800), 0.5)
    call.receive(mark("m"), 0.5)
    (returned,) = call.receive(CLEAR, 0.52)
    assert json.loads(returned)["mark"] == {"name": "m"}


def test_a_lost_mark_is_only_recorded() -> None:
    call = stream(LineConditions(loses_mark=lambda ordinal, name: ordinal == 0))
    assert call.receive(mark("a"), 0.1) == []
    assert len(call.receive(mark("b"), 0.1)) == 1
    assert [each.name for each in call.record.lost_marks] == ["a"]


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (b"\x00", "31950: a binary frame"),
        ("{", "31950: JSONDecodeError"),
        ("[]", "31950: TypeError"),
        (json.dumps({"event": "clear", "streamSid": "MZ2"}), "31951: a message for another stream"),
        (json.dumps({"event": "sing", "streamSid": "MZ1"}), "31950: ValueError: unknown event 'sing'"),
        (json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": "?"}}), "31950: Error"),
    ],
)
def test_what_twilio_would_complain_about_is_recorded(frame: str | bytes, complaint: str) -> None:
    call = stream()
    assert call.receive(frame, 0.1) == []
    assert len(call.record.errors) == 1
    assert call.record.errors[0].startswith(complaint)


def test_the_last_message_is_stop() -> None:
    assert json.loads(stream().stop())["stop"] == {"accountSid": "AC1", "callSid": "CA1"}
