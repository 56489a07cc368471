"""A call that is told nonsense by both sides: Twilio's messages, and OpenAI's events.

The input is lines; `T` begins one of Twilio's, `O` one of OpenAI's, in the order in which they come. Nothing may be
raised or logged as a mistake, what is sent on must be JSON that the other side can read, what is kept must be readable
again, and a caller who speaks afterwards is still in a call, unless it has been ended by the rules.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from concurrent.futures import Future
from contextlib import ExitStack
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock
from uuid import UUID

from businesses.models import Business
from calls.conversation import ConversationSettings
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.events import ModelReady
from calls.line import bridge as bridge_module
from calls.line import realtime_connection
from calls.line.bridge import Bridge
from calls.line.media_stream import Flood, MalformedMessage, parse
from calls.line.realtime import RealtimeSession
from calls.line.stream import MediaStream
from calls.plan import CallPlan
from calls.records import store, traces
from testing.fuzz.spoiling import spoilt

FRAME = base64.b64encode(b"\x20" * 160).decode()
QUIET = base64.b64encode(b"\xff" * 160).decode()
PLAN = CallPlan(
    call_id=UUID(int=1),
    business=Business(name="Bakery"),
    settings=ConversationSettings(language="he", greeting_text="שלום"),
    instructions="You answer the telephone.",
    voice="marin",
    language="he",
    server_vad_threshold=0.8,
    greeting_audio=b"\x30" * 1600,
    transfer_possible=True,
)
MOST_LINES = 200


def _twilio(**message: Any) -> str:
    return "T" + json.dumps({"streamSid": "MZ1", **message})


def _openai(kind: str, **event: Any) -> str:
    return "O" + json.dumps({"type": kind, "event_id": "event_1", **event})


_MEDIA = [
    _twilio(event="media", media={"track": "inbound", "timestamp": "20", "payload": each}) for each in (QUIET, FRAME)
]
_ENDED = {
    "id": "resp_1",
    "status": "completed",
    "usage": {"total_tokens": 9, "input_token_details": {"text_tokens": 3}},
}
_CONVERSATION = [
    *_MEDIA,
    _twilio(event="mark", mark={"name": "0:cached-greeting:1600"}),
    *[_MEDIA[1]] * 12,
    _openai("input_audio_buffer.speech_started", audio_start_ms=100, item_id="item_1"),
    _openai("input_audio_buffer.speech_stopped", audio_end_ms=400, item_id="item_1"),
    _openai("input_audio_buffer.committed", item_id="item_1", previous_item_id=None),
    _openai(
        "conversation.item.input_audio_transcription.completed", item_id="item_1", transcript="מתי אתם פתוחים?",
        logprobs=[{"token": "a", "logprob": -0.1}], usage={"type": "tokens", "total_tokens": 3},
    ),
    _openai("response.created", response={"id": "resp_1", "metadata": {"kind": "answer", "request": "answer-1"}}),
    _openai("response.output_audio.delta", response_id="resp_1", item_id="item_2", delta=FRAME * 1, content_index=0),
    _openai("response.output_audio_transcript.delta", response_id="resp_1", item_id="item_2", delta="Sunday"),
    _openai(
        "response.output_item.done", response_id="resp_1",
        item={"type": "function_call", "call_id": "call_1", "name": "end_call", "arguments": "{}",
              "status": "completed"},
    ),
    _openai("response.done", response=_ENDED),
    _openai("error", error={"type": "invalid_request_error", "code": "response_cancel_not_active", "message": "x",
                            "event_id": "cancel-resp_1"}),
    _openai("conversation.item.input_audio_transcription.failed", item_id="item_1", error={"code": "x"}),
    _twilio(event="dtmf", dtmf={"digit": "5"}),
    *_MEDIA,
]  # fmt: skip
_FAILED = {
    "id": "resp_1", "status": "failed",
    "status_details": {"error": {"code": "rate_limit_exceeded", "message": "Please try again in 1.2s"}},
}  # fmt: skip
SEEDS = (
    "\n".join(_CONVERSATION).encode(),
    "\n".join([*_CONVERSATION[:16], _openai("response.done", response=_FAILED), *_MEDIA]).encode(),
    "\n".join([_openai("response.audio.delta", delta=FRAME), *_MEDIA, _twilio(event="stop")]).encode(),
)


def spoil(data: bytes, random: Random) -> bytes:
    """Returns the messages with some missing, doubled, in another order, or with odd values in them."""
    return spoilt(data, random)


def try_bytes(data: bytes) -> None:
    """Have a call with these messages. Raises what went wrong."""
    asyncio.run(_call(data.split(b"\n")[:MOST_LINES]))


class _Session(RealtimeSession):
    """A session without a socket, which checks what we would send."""

    def start(self, *, history: list[SpokenTurn], replay: Any, timeout_s: float) -> None:
        self.is_ready = True
        self._tell(ModelReady(self._clock(), None))

    def _put(self, text: str) -> None:
        json.loads(text.encode())


class _Mistakes(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


def _kept(_plan: CallPlan, batch: store.Batch) -> Future[None]:
    """Check what would be written: its trace can be read again, the rest is JSON without numbers that are none."""
    assert len(list(traces.decode(batch.trace.compressed()))) == batch.trace.lines
    json.dumps([dict(batch.usage), {name: list(each) for name, each in batch.latencies.items()}], allow_nan=False)
    assert all(abs(tokens) < 2**63 for tokens in batch.usage.values())
    for turn in batch.turns:
        assert 0 <= turn.started_ms < 2**31
        store._storable(turn.text + turn.heard_text).encode()
    done: Future[None] = Future()
    done.set_result(None)
    return done


async def _call(lines: list[bytes]) -> None:
    mistakes, root = _Mistakes(), logging.getLogger()
    root.addHandler(mistakes)
    with ExitStack() as patches:
        patches.callback(root.removeHandler, mistakes)
        patches.enter_context(mock.patch.object(bridge_module, "RealtimeSession", _Session))
        patches.enter_context(mock.patch.object(store, "write_later", _kept))
        loop = asyncio.get_running_loop()
        bridge = Bridge(
            PLAN,
            stream_sid="MZ1",
            opened_at=loop.time(),
            send=_sent,
            hang_up=lambda: None,
            connect=realtime_connection.connect,
        )
        bridge.start()
        for line in lines:
            _take(bridge, line[:1], line[1:])
        _take(bridge, b"T", _MEDIA[1][1:].encode())
        bridge.caller_left()
        await asyncio.wait_for(bridge.finished(), 30)
        assert not mistakes.said, mistakes.said[0]


def _take(bridge: Bridge, side: bytes, body: bytes) -> None:
    if side == b"O":
        if bridge._session is not None:
            bridge._session.take(body)
        return
    try:
        stream = cast("MediaStream", SimpleNamespace(_malformed_in_a_row=0))
        MediaStream._pass_on(stream, bridge, parse(body.decode("utf-8", "replace")))
    except (MalformedMessage, Flood):
        pass


def _sent(text: str) -> None:
    """Check a message to Twilio."""
    message = json.loads(text.encode())
    assert message["streamSid"] == "MZ1"
    match message["event"]:
        case "media":
            base64.b64decode(message["media"]["payload"], validate=True)
        case "mark":
            assert isinstance(message["mark"]["name"], str)
        case event:
            assert event == "clear"
