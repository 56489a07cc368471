"""Twilio Media Streams' messages: JSON text frames over a WebSocket, all numbers as strings.

Source: twilio.com/docs/voice/media-streams/websocket-messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from calls import json_text
from calls.errors import CallsError
from calls.telephone.twilio import TOKEN_PARAMETER

LARGEST_MESSAGE = 64 * 1024
"""Characters. Twilio sends 373 for 20 ms; no phone sends a minute of audio in one message."""


_MEDIA_FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
_SID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_KEY = re.compile(r"[0-9*#A-D]", re.ASCII)
_USUAL_HEAD = re.compile(
    r'\{"event":"media","sequenceNumber":"[0-9]{1,12}","media":\{"track":"inbound","chunk":"[0-9]{1,12}",'
    r'"timestamp":"([0-9]{1,9})","payload":"'
).match
_USUAL_MARK = re.compile(
    r'\{"event":"mark","sequenceNumber":"[0-9]{1,12}","streamSid":"[\w.:-]{1,64}","mark":\{"name":"([\w.:-]{1,200})"\}\}',
    re.ASCII,
).fullmatch
_USUAL_TAIL = re.compile(r'"\},"streamSid":"[\w.:-]{1,64}"\}', re.ASCII).fullmatch
LONGEST_NAME = 1000
"""Characters of a mark's name; ours have some forty, more where a server gives its items long names."""


class MalformedMessage(CallsError):
    """Not a message that Twilio would send. Within a call it is dropped, and the call goes on."""


class Flood(CallsError):
    """More than a telephone line ever brings: reason enough to close it."""


@dataclass(frozen=True, slots=True)
class Start:
    """The stream begins: its ids, and the token from our TwiML."""

    call_sid: str
    stream_sid: str
    token: str


class Media(NamedTuple):
    """A piece of the caller's audio, base64 of µ-law. `timestamp_ms` counts from the start of the stream, if known."""

    payload: str
    timestamp_ms: int | None


@dataclass(frozen=True, slots=True)
class MarkBack:
    """What was queued before this mark has played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Key:
    """The caller pressed a key of the telephone."""

    digit: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The caller is gone."""


def parse(text: str) -> dict[str, Any]:
    """Read one message. Raises `MalformedMessage`."""
    if len(text) > LARGEST_MESSAGE:
        raise MalformedMessage(f"a message of {len(text)} characters")
    try:
        message = json_text.loads(text)
    except (ValueError, RecursionError):
        raise MalformedMessage("not JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("event"), str):
        raise MalformedMessage("JSON without an event")
    return message


def usual_media(text: str) -> tuple[str, int] | None:
    """Returns payload and timestamp (ms) of a piece of audio that is written just as Twilio writes it; else None.

    It comes fifty times a second in every call, and reading it so takes half of what `parse` and `understand` take,
    which say the same of it. What has an escape in it is left to them.
    """
    head = _USUAL_HEAD(text)
    if head is None or len(text) > LARGEST_MESSAGE:
        return None
    starts = head.end()
    ends = text.find('"', starts)
    payload = text[starts:ends]
    return (payload, int(head[1])) if _USUAL_TAIL(text, ends) and "\\" not in payload else None


def usual_mark(text: str) -> str | None:
    """Returns the name of a mark that comes back just as Twilio writes it, with one of our names; else None.

    They are half as many as the pieces of audio while the assistant is heard. `parse` and `understand` say the same.
    """
    found = _USUAL_MARK(text)
    return found[1] if found else None


def read_start(message: dict[str, Any]) -> Start:
    """Read a `start` message. Raises `MalformedMessage`, also for a stream that isn't 8 kHz µ-law."""
    try:
        start = message["start"]
        audio = {**_MEDIA_FORMAT, **(start.get("mediaFormat") or {})}
        is_ours = audio["encoding"] == "audio/x-mulaw" and (int(audio["sampleRate"]), int(audio["channels"])) == (
            8000,
            1,
        )
        stream_sid = str(start.get("streamSid") or message["streamSid"])
        found = Start(str(start["callSid"]), stream_sid, str(start["customParameters"][TOKEN_PARAMETER]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MalformedMessage("a start without its ids or token") from None
    if not is_ours:
        raise MalformedMessage("audio that isn't 8 kHz µ-law")
    if not _SID.fullmatch(found.call_sid) or not _SID.fullmatch(found.stream_sid):
        raise MalformedMessage("a start whose ids are no ids")
    return found


def understand(message: dict[str, Any]) -> Media | MarkBack | Key | Stop | None:
    """Returns what a message after the start means; None for unknown events. Raises `MalformedMessage`."""
    event = message["event"]
    try:
        match event:
            case "media":
                media = message["media"]
                if media.get("track") == "outbound":
                    return None  # our own voice: Twilio sends it to streams that ask for both tracks
                return Media(media["payload"], _timestamp_ms(media))
            case "mark":
                return MarkBack(_checked(message["mark"]["name"], lambda name: len(name) <= LONGEST_NAME))
            case "dtmf":
                return Key(_checked(str(message["dtmf"]["digit"]), _KEY.fullmatch))
            case "stop":
                return Stop()
    except (KeyError, TypeError, AttributeError) as error:
        raise MalformedMessage(f"{event} without {error}") from None
    return None


def _checked(text: Any, is_good: Callable[[str], object]) -> str:
    if not isinstance(text, str) or not is_good(text):
        raise MalformedMessage("a mark or a key that is none")
    return text


def _timestamp_ms(media: dict[str, Any]) -> int | None:
    written = media.get("timestamp")
    return int(written) if isinstance(written, str) and len(written) < 10 and written.isdecimal() else None


def play(stream_sid: str, payload: str) -> str:
    """Queue audio (base64 of µ-law). Concatenated: it is sent some 25 times a second in every call."""
    return f'{{"event":"media","streamSid":"{stream_sid}","media":{{"payload":"{payload}"}}}}'


def mark(stream_sid: str, name: str) -> str:
    """Ask for this name back when what was queued before has played. Concatenated, as `play`."""
    return f'{{"event":"mark","streamSid":"{stream_sid}","mark":{{"name":{json.dumps(name)}}}}}'


def clear(stream_sid: str) -> str:
    """Make Twilio drop what has not played."""
    return json.dumps({"event": "clear", "streamSid": stream_sid})
