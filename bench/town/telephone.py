"""Twilio's end of many calls: frames in real time, playback by the clock, marks that come back when it was heard."""

from __future__ import annotations

import json
from array import array
from asyncio import get_running_loop
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from bench.town import frame_numbers
from bench.town.frame_numbers import PIECE_BYTES
from bench.town.journeys import Journey
from bench.town.script import PIECE_S, Script
from bench.town.sounds import SILENT, Speech

_PAYLOAD: Final = b'"payload"'
_MEDIA: Final = (
    b'{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d","payload":"%b%b"},'
    b'"streamSid":"%b"}'
)
_MARK: Final = b'{"event":"mark","sequenceNumber":"%d","streamSid":"%b","mark":{"name":%b}}'
"""With their fields in the order in which Twilio writes them."""
SLOTS: Final = 20
"""Calls are a millisecond apart in their frames, as calls of many people are."""


@dataclass(slots=True)
class Call:
    """One call, seen from outside. `ordinal` counts from 1."""

    ordinal: int
    script: Script
    to_openai: Journey = field(default_factory=Journey)
    to_caller: Journey = field(default_factory=Journey)
    answers_at: list[float] = field(default_factory=list)
    """When the first audio of each answer left OpenAI."""
    waits_s: list[float] = field(default_factory=list)
    """How long after that the caller's telephone had some of it."""
    marks: int = 0
    is_broken: bool = False

    def waits_ms(self, since: float, until: float) -> list[float]:
        """Returns how long the answers between these times took to the caller's telephone."""
        pairs = zip(self.answers_at, self.waits_s, strict=False)
        return [waited * 1000 for at, waited in pairs if since <= at < until]


class Line(WSListener):
    """One media stream. `token`: what opens it."""

    def __init__(self, call: Call, call_sid: str, token: str, speech: Speech, *, talks: bool) -> None:
        self.call = call
        self.transport: WSTransport | None = None
        self._sids = (call_sid, f"MZ{call_sid[2:]}")
        self._token = token
        self._speech = speech
        self.talks = talks
        self._sid = self._sids[1].encode()
        self._plays_until = 0.0
        self._marks: deque[tuple[float, bytes]] = deque()
        self._sequence = 1

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Say `connected` and `start`."""
        self.transport = transport
        call_sid, stream_sid = self._sids
        self._tell(b'{"event":"connected","protocol":"Call","version":"1.0.0"}')
        start = {
            "accountSid": "AC" + "0" * 32,
            "streamSid": stream_sid,
            "callSid": call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": self._token, "call": str(self.call.ordinal)},
        }
        message = {"event": "start", "sequenceNumber": "1", "start": start, "streamSid": stream_sid}
        self._tell(json.dumps(message, separators=(",", ":")).encode())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Note a line that is gone."""
        self.transport = None
        self.call.is_broken = True

    def tick(self, now: float) -> None:
        """Send what is due: a frame, and the marks of what has played."""
        if self.transport is None:
            return
        while self._marks and self._marks[0][0] <= now:
            self._return(self._marks.popleft()[1])
        if not self.talks:
            return
        journey = self.call.to_openai
        piece = journey.following
        tail = self._speech.tail(piece) if self.call.script.has_voice(piece) else SILENT
        self._sequence += 1
        message = _MEDIA % (
            self._sequence, piece + 1, piece * 20, frame_numbers.letters(self.call.ordinal, piece), tail, self._sid,
        )  # fmt: skip
        journey.leave(now)
        self._tell(message)

    def hang_up(self) -> None:
        """Stop, and close the socket."""
        if self.transport is not None:
            call_sid, stream_sid = self._sids
            self._tell(f'{{"event":"stop","streamSid":"{stream_sid}","stop":{{"callSid":"{call_sid}"}}}}'.encode())
            self.transport.send_close()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Play audio, keep a mark until then, or drop what has not played."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        now, message = monotonic(), frame.get_payload_as_bytes()
        at = message.find(_PAYLOAD)
        if at >= 0:
            start = message.index(b'"', at + len(_PAYLOAD)) + 1
            self._play(now, message, start, message.index(b'"', start))
            return
        told = json.loads(message)
        if told["event"] == "mark":
            self._mark(now, json.dumps(told["mark"]["name"]).encode())
        elif told["event"] == "clear":
            self._plays_until = now
            for _due, name in self._marks:
                self._return(name)
            self._marks.clear()

    def _play(self, now: float, message: bytes, start: int, end: int) -> None:
        size = (end - start) * 3 // 4 - message.count(b"=", end - 2, end)
        self._plays_until = max(now, self._plays_until) + size / 8000
        found = frame_numbers.read(message[start : start + frame_numbers.LETTERS])
        if found is not None:
            self.call.to_caller.arrive(found[1], now, max(1, size // PIECE_BYTES))
        while len(self.call.waits_s) < len(self.call.answers_at):
            self.call.waits_s.append(now - self.call.answers_at[len(self.call.waits_s)])

    def _mark(self, now: float, name: bytes) -> None:
        if self._plays_until <= now:
            self._return(name)
        else:
            self._marks.append((self._plays_until, name))

    def _return(self, name: bytes) -> None:
        self._sequence += 1
        self.call.marks += 1
        self._tell(_MARK % (self._sequence, self._sid, name))

    def _tell(self, message: bytes) -> None:
        if self.transport is not None:
            self.transport.send(WSMsgType.TEXT, message)


class Clock:
    """Calls each line's `tick` every 20 ms; `lateness_s` keeps how late each millisecond's lines were called."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._slots: Sequence[list[Line]] = [[] for _ in range(SLOTS)]
        self._due = now()
        self._turn = 0
        self.lateness_s = array("d")
        self.is_running = True

    def add(self, line: Line) -> None:
        """Call this line from now on."""
        self._slots[line.call.ordinal % SLOTS].append(line)

    def start(self) -> None:
        """Begin."""
        self._due = self._now()
        get_running_loop().call_soon(self._tick)

    def _tick(self) -> None:
        now = self._now()
        while self._due <= now:
            self.lateness_s.append(now - self._due)
            for line in self._slots[self._turn % SLOTS]:
                line.tick(now)
            self._turn += 1
            self._due += PIECE_S / SLOTS
            now = self._now()
        if self.is_running:
            get_running_loop().call_later(max(self._due - now, 0.0), self._tick)
