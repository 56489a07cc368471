"""Twilio's end of a media stream as a pure core: the server's messages and the time in, Twilio's messages out."""

from __future__ import annotations

import json
from array import array
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from calls.audio.ulaw import SAMPLE_RATE
from calls.sandbox.telephone.caller_track import FRAME_S, CallerTrack, Echo
from calls.sandbox.telephone.playback_buffer import PlaybackBuffer, ReturnedMark

_TOLERANCE_S = 1e-6  # 50 times 0.02 is not always 1.0


def _never(_ordinal: int, _name: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConditions:
    """The telephone line and the network: `latency_s` each way, up to `jitter_s` more, in unchanged order.

    `loses_mark(ordinal, name)` says whether Twilio forgets to return a mark; ordinals count from 0.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    echo: Echo | None = None
    loses_mark: Callable[[int, str], bool] = _never


@dataclass(frozen=True, slots=True)
class TwilioIds:
    """Twilio's ids of an account, a call and a stream."""

    account_sid: str
    call_sid: str
    stream_sid: str


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """A message of the server: `media` with its size, `mark` with its name, or `clear`."""

    at: float
    kind: str
    name: str = ""
    size: int = 0


@dataclass(slots=True)
class StreamRecord:
    """What happened on a stream; times are seconds since it opened. `errors`: what Twilio would complain about.

    `lateness_s` has an entry for each frame of the caller: how long after its time it was sent.
    """

    messages: list[ServerMessage] = field(default_factory=list)
    returned_marks: list[ReturnedMark] = field(default_factory=list)
    lost_marks: list[ReturnedMark] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lateness_s: array[float] = field(default_factory=lambda: array("d"))


class MediaStream:
    """One stream. Times that go in are seconds since it opened."""

    def __init__(self, ids: TwilioIds, parameters: dict[str, str], line: LineConditions) -> None:
        self.record = StreamRecord()
        self.playback = PlaybackBuffer()
        self.is_withheld = False  # nothing of the caller is sent, though the line is open
        self.caller = CallerTrack(line.echo)
        self.ids = ids
        self._parameters = parameters
        self._line = line
        self._sequence = 0
        self._frames = 0
        self._marks = 0

    # To the server --------------------------------------------------------------------------------
    def opening(self) -> list[str]:
        """Returns the first two messages."""
        ids = self.ids
        connected = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "accountSid": ids.account_sid,
            "streamSid": ids.stream_sid,
            "callSid": ids.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": SAMPLE_RATE, "channels": 1},
            "customParameters": self._parameters,
        }
        return [connected, self._message("start", start=start)]

    def tick(self, now: float, *, late_s: float = 0.0) -> list[str]:
        """Returns the frames and marks that are due at `now`. It may be later by `late_s` already."""
        messages = self._return_marks(self.playback.advance(now + late_s))
        while (due := self._frames * FRAME_S) <= now + _TOLERANCE_S:
            self._frames += 1
            self.record.lateness_s.append(max(now + late_s - due, 0.0))
            media = {
                "track": "inbound",
                "chunk": str(self._frames),
                "timestamp": str(round(due * 1000)),
                "payload": b64encode(self.caller.next_frame(self.playback.track)).decode(),
            }
            if not self.is_withheld:
                messages.append(self._message("media", media=media))
        return messages

    def press(self, digit: str) -> str:
        """Returns the message that the caller has pressed a key."""
        return self._message("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    def stop(self) -> str:
        """Returns the last message, when the caller hangs up."""
        ids = self.ids
        return self._message("stop", stop={"accountSid": ids.account_sid, "callSid": ids.call_sid})

    # From the server ------------------------------------------------------------------------------
    def receive(self, text: str | bytes, now: float) -> list[str]:
        """Take a message of the server. Returns the marks that come back because of it."""
        if isinstance(text, bytes):
            self.record.errors.append("31950: a binary frame")
            return []
        try:
            message = json.loads(text)
            if message["streamSid"] != self.ids.stream_sid:
                self.record.errors.append("31951: a message for another stream")
                return []
            return self._return_marks(self._apply(message, now))
        except (ValueError, KeyError, TypeError, NotBase64) as error:
            self.record.errors.append(f"31950: {type(error).__name__}: {error}")
            return []

    def _apply(self, message: dict[str, Any], now: float) -> list[ReturnedMark]:
        match message["event"]:
            case "media":
                audio = b64decode(message["media"]["payload"], validate=True)
                self.record.messages.append(ServerMessage(now, "media", size=len(audio)))
                return self.playback.queue(audio, now)
            case "mark":
                name = str(message["mark"]["name"])
                self.record.messages.append(ServerMessage(now, "mark", name=name))
                return self.playback.mark(name, now)
            case "clear":
                self.record.messages.append(ServerMessage(now, "clear"))
                return self.playback.clear(now)
            case event:
                raise ValueError(f"unknown event {event!r}")

    def _return_marks(self, returned: list[ReturnedMark]) -> list[str]:
        messages = []
        for mark in returned:
            is_lost = self._line.loses_mark(self._marks, mark.name)
            self._marks += 1
            (self.record.lost_marks if is_lost else self.record.returned_marks).append(mark)
            if not is_lost:
                messages.append(self._message("mark", mark={"name": mark.name}))
        return messages

    def _message(self, event: str, **body: Any) -> str:
        """Returns a message as Twilio writes it: without blanks, and the stream's name before marks and keys only."""
        self._sequence += 1
        head = {"event": event, "sequenceNumber": str(self._sequence)}
        named = {"streamSid": self.ids.stream_sid}
        message = head | named | body if event in {"mark", "dtmf"} else head | body | named
        return json.dumps(message, separators=(",", ":"))
