"""OpenAI's end of many calls: sessions, turns that end, answers in real pieces."""

from __future__ import annotations

import json
from asyncio import get_running_loop
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from bench.town import frame_numbers, realtime_events, sounds
from bench.town.frame_numbers import PIECE_BYTES
from bench.town.realtime_events import WORDS, Answer
from bench.town.script import TALKS, Turns
from bench.town.sounds import Speech
from bench.town.telephone import Call

_AUDIO: Final = b'"audio":'
_APPEND: Final = b'"input_audio_buffer.append"'
DELTA_PIECES: Final = 5
"""OpenAI's deltas of µ-law are 100 ms long, and come about four times as fast as they play."""
DELTA_EVERY_S: Final = 0.025
THINKS_S: Final = 0.2
CREATED_AFTER_S: Final = 0.02
TRANSCRIBED_AFTER_S: Final = 0.4
_NAMED_CALL: Final = "call-"
"""A server that changes the audio says which call a session is for in the name of the model: `call-17`."""


@dataclass(slots=True)
class OpenAI:
    """What its sessions share: the calls by ordinal, how many sessions have been configured, and pieces heard."""

    speech: Speech
    calls: dict[int, Call]
    configured: int = 0
    heard: float = 0.0


class Session(WSListener):
    """One session. Whose call it is, the first numbered piece of audio says."""

    def __init__(self, path: str, openai: OpenAI) -> None:
        self._openai = openai
        self._turns = Turns()
        self._asked: Mapping[str, Any] = {}
        self._id = f"sess_{id(self):x}"
        self._answers = self._items = 0
        self._heard_pieces = 0.0
        self._is_answering = False
        self._transport: WSTransport | None = None
        self._call: Call | None = None
        model = parse_qs(urlsplit(path).query).get("model", [""])[0]
        if model.startswith(_NAMED_CALL):
            self._call = openai.calls.get(int(model.removeprefix(_NAMED_CALL)))

    @property
    def _takes_pcm(self) -> bool:
        return self._format("input") == "audio/pcm"

    def _format(self, direction: str) -> str:
        audio = self._asked.get("audio") or {}
        return str(((audio.get(direction) or {}).get("format") or {}).get("type", "audio/pcm"))

    def _answers_by_itself(self) -> bool:
        detection = ((self._asked.get("audio") or {}).get("input") or {}).get("turn_detection") or {}
        return bool(detection.get("create_response", True))

    # From the server -----------------------------------------------------------------------------------
    def on_ws_connected(self, transport: WSTransport) -> None:
        """Say that the session is there."""
        self._transport = transport
        self._tell(realtime_events.created(self._id))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Say nothing any more."""
        self._transport = None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Hear audio, or do what is asked."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return
        message = frame.get_payload_as_bytes()
        if _APPEND in message:
            start = message.index(b'"', message.index(_AUDIO) + len(_AUDIO)) + 1
            self._hear(message, start, message.index(b'"', start))
            return
        told = json.loads(message)
        if told["type"] == "session.update":
            self._asked = told["session"]
            self._tell(realtime_events.updated(self._id, self._asked))
            self._openai.configured += 1
        elif told["type"] == "response.create":
            self._answer((told.get("response") or {}).get("metadata"))

    def _hear(self, message: bytes, start: int, end: int) -> None:
        found = frame_numbers.read(message[start : start + frame_numbers.LETTERS])
        size = (end - start) * 3 // 4 - message.count(b"=", end - 2, end)
        if found is None:
            self._listen(size / (960 if self._takes_pcm else 160), self._is_loud(message[start:end]))
            return
        ordinal, piece = found
        call = self._call = self._openai.calls.get(ordinal)
        if call is None:
            return
        pieces = max(1, size // PIECE_BYTES)
        call.to_openai.arrive(piece, monotonic(), pieces)
        self._listen(pieces, call.script.has_voice(piece))

    def _is_loud(self, payload: bytes) -> bool:
        return self._takes_pcm and sounds.is_loud(b64decode(payload))

    def _listen(self, pieces: float, has_voice: bool) -> None:
        self._heard_pieces += pieces
        self._openai.heard += pieces
        match self._turns.hear(pieces, has_voice=has_voice):
            case True:
                self._items += 1
                self._tell(realtime_events.turn_began(self._item(), round(self._heard_pieces * 20)))
            case False:
                for event in realtime_events.turn_ended(self._item(), round(self._heard_pieces * 20)):
                    self._tell(event)
                self._later(TRANSCRIBED_AFTER_S, realtime_events.transcribed(self._item()))
                if self._answers_by_itself():
                    self._answer(None)

    def _item(self) -> str:
        return f"item_{self._id}_turn_{self._items}"

    # To the server -------------------------------------------------------------------------------------
    def _answer(self, metadata: Mapping[str, str] | None) -> None:
        if self._is_answering:
            return
        self._is_answering = True
        self._answers += 1
        answer = Answer(self._answers, self._id, metadata)
        created, *rest = answer.begin()
        self._later(CREATED_AFTER_S, created)
        steps = self._steps(answer, rest)
        get_running_loop().call_later(THINKS_S, self._step, steps)

    def _step(self, steps: Iterator[list[bytes]]) -> None:
        due = get_running_loop().time() + DELTA_EVERY_S
        for event in next(steps, ()):
            self._tell(event)
        if self._transport is not None and self._is_answering:
            get_running_loop().call_at(due, self._step, steps)

    def _steps(self, answer: Answer, rest: list[bytes]) -> Iterator[list[bytes]]:
        """Yields the events of each moment. The numbers of pieces are taken when they leave."""
        words = WORDS.split()
        deltas = TALKS // DELTA_PIECES
        for number in range(deltas):
            said = words[len(words) * number // deltas : len(words) * (number + 1) // deltas]
            heard = [answer.words(" " + " ".join(said))] if said else []
            yield [*rest, *heard, answer.audio(b64encode(self._delta(is_first=not number)))]
            rest = []
        self._is_answering = False
        yield answer.end(WORDS)

    def _delta(self, *, is_first: bool) -> bytes:
        call, now = self._call, monotonic()
        if call is None:
            return b"\xff" * (PIECE_BYTES * DELTA_PIECES)
        if is_first:
            call.answers_at.append(now)
        journey = call.to_caller
        first = journey.following
        journey.leave(now, DELTA_PIECES)
        pieces = range(first, first + DELTA_PIECES)
        audio = b"".join(frame_numbers.audio(call.ordinal, each) + self._openai.speech.piece(each) for each in pieces)
        return sounds.as_pcm(audio) if self._format("output") == "audio/pcm" else audio

    def _later(self, delay_s: float, event: bytes) -> None:
        get_running_loop().call_later(delay_s, self._tell, event)

    def _tell(self, event: bytes) -> None:
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, event)
