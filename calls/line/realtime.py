"""The edge to OpenAI Realtime: connect, configure, send, receive. No decisions.

One `RealtimeSession` is one connection. What happens on it is told through `tell`, in order; it ends with one
`ModelLost`, unless we closed it ourselves.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from openai import OpenAIError
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from calls import figures
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.events import ModelLost, ModelReady
from calls.line import realtime_connection
from calls.line.realtime_connection import closed_reason
from calls.line.realtime_events import (
    ClientEvent,
    Understood,
    past_items,
    refused_param,
    session_lifetime_s,
    understand,
)
from calls.line.session_check import WRONG_FORMAT, differences, in_few_words, is_static
from calls.line.session_config import Part, refused_part, session_update
from calls.openai_errors import Meaning, http_error, meaning_of
from calls.openai_messages import error_code, object_in
from calls.plan import CallPlan

logger = logging.getLogger(__name__)

SEND_TIMEOUT_S: Final = 3.0
"""OpenAI takes audio in real time: a connection that takes nothing for this long is dead."""
MOST_UNSENT: Final = 4_000
"""Events: 80 s of a caller's audio, more than a line that was stalled brings at once."""
_HALF: Final = re.compile("[\ud800-\udfff]")
_APPEND: Final = '{"type":"input_audio_buffer.append","audio":"'


class SessionRefused(Exception):
    """OpenAI answered the configuration of a session with an error."""

    def __init__(self, code: str, param: str = "") -> None:
        super().__init__(code)
        self.param = param
        self.permanent = meaning_of(code).is_permanent
        self.is_about_configuration = meaning_of(code) is Meaning.OTHER


class RealtimeSession:
    """One connection to OpenAI Realtime, from connecting to its end."""

    def __init__(self, plan: CallPlan, *, clock: Callable[[], float], tell: Callable[[Understood], None]) -> None:
        self._plan = plan
        self._clock = clock
        self._tell = tell
        self._outbox: asyncio.Queue[str] = asyncio.Queue(MOST_UNSENT)
        self._task: asyncio.Task[None] | None = None
        self._is_overrun = False
        self.is_ready = False

    def start(self, *, history: list[SpokenTurn], replay: Callable[[], Iterable[str]], timeout_s: float) -> None:
        """Connect in the background; `ModelReady` or `ModelLost` is told within `timeout_s`.

        The session begins with `history` as text and the audio that `replay` returns when it is ready.
        """
        figures.sessions.inc()
        self._task = asyncio.create_task(self._run(history, replay, timeout_s), name=f"realtime {self._plan.call_id}")

    def send(self, event: ClientEvent) -> None:
        """Queue one of our events; returns at once."""
        self._put(_written(event))

    def append_audio(self, payload: str) -> None:
        """Queue caller audio as it came: base64 of µ-law, never decoded."""
        self._put(f'{_APPEND}{payload}"}}')

    def _put(self, text: str) -> None:
        """Queue a message. When there is no room, this connection is lost: `_write` tells so."""
        if self._outbox.full():
            self._is_overrun = True
        else:
            self._outbox.put_nowait(text)

    def close(self) -> None:
        """End the session without a word: nothing is told after this."""
        self._tell = _tell_nobody
        if self._task is not None:
            self._task.cancel()

    async def closed(self) -> None:
        """Wait until the session's tasks have ended."""
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self, history: list[SpokenTurn], replay: Callable[[], Iterable[str]], timeout_s: float) -> None:
        connection: AsyncRealtimeConnection | None = None
        try:
            async with asyncio.timeout(timeout_s):
                connection = await realtime_connection.connect()
                lifetime_s = await self._configure(connection, history)
            self.is_ready = True
            self._tell(ModelReady(self._clock(), lifetime_s))
            for payload in replay():
                self.append_audio(payload)
            await self._exchange(connection)
        except SessionRefused as error:
            self._lost(error, permanent=error.permanent)
        except ExceptionGroup as group:
            self._lost(group.exceptions[0])
        except Exception as error:  # whatever it was: untold, the caller would wait for ever
            self._lost(error)
        finally:
            self.is_ready = False
            if connection is not None:
                await realtime_connection.close(connection)

    def _lost(self, error: Exception, *, permanent: bool = False) -> None:
        self.is_ready = False
        if not isinstance(error, SessionRefused | OSError | WebSocketException | OpenAIError):
            logger.error("call %s: a mistake of ours ended the session", self._plan.call_id, exc_info=error)
        reason = _reason(error)
        if isinstance(error, InvalidStatus):
            refusal = http_error(error.response.status_code, error.response.body, error.response.headers)
            reason, permanent = refusal.cause, refusal.meaning.is_permanent
        self._tell(ModelLost(self._clock(), reason, permanent))

    async def _configure(self, connection: AsyncRealtimeConnection, history: list[SpokenTurn]) -> float | None:
        """Set the session up and wait until OpenAI has; return how long it will live, where it says so."""
        created = await self._await_event(connection, "session.created")
        without: set[Part] = set()
        while (refused := await self._update(connection, without)) is not None:
            without.add(refused)
        for item in past_items(history):
            await connection.send_raw(_written(item))
        return session_lifetime_s(created, datetime.now(UTC))

    async def _update(self, connection: AsyncRealtimeConnection, without: set[Part]) -> Part | None:
        """Send the configuration without these parts; return the part that OpenAI refuses, None if it took it all."""
        update = session_update(
            self._plan,
            transcription_model=settings.OPENAI_TRANSCRIPTION_MODEL,
            noise_reduction=settings.OPENAI_NOISE_REDUCTION,
            without=without,
        )
        await connection.send_raw(_written(update))
        try:
            accepted = await self._await_event(connection, "session.updated")
        except SessionRefused as refusal:
            part = refused_part(refusal.param, without=without) if refusal.is_about_configuration else None
            if part is None:
                raise
            logger.warning("call %s: goes on without %s, refused: %s", self._plan.call_id, part, refusal)
            return part
        self._compare(update["session"], object_in(accepted.get("session")))
        return None

    def _compare(self, asked: Mapping[str, Any], accepted: Mapping[str, Any]) -> None:
        """Log what OpenAI has accepted otherwise than asked. Raises `SessionRefused` if it would be static."""
        for path, wanted, found in differences(asked, accepted):
            logger.warning("call %s: OpenAI took %s as %r, not as %r", self._plan.call_id, path, found, wanted)
            if is_static(path):
                raise SessionRefused(WRONG_FORMAT)

    async def _await_event(self, connection: AsyncRealtimeConnection, kind: str) -> dict[str, Any]:
        while True:
            message = _parse(await connection.recv_bytes())
            if message is None:
                continue
            if message.get("type") == "error":
                logger.warning("call %s: OpenAI refuses: %s", self._plan.call_id, in_few_words(message))
                raise SessionRefused(error_code(message), refused_param(message))
            if message.get("type") == kind:
                return message

    async def _exchange(self, connection: AsyncRealtimeConnection) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write(connection))
            group.create_task(self._read(connection))

    async def _write(self, connection: AsyncRealtimeConnection) -> None:
        while True:
            text = await self._outbox.get()
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await connection.send_raw(text)
            if self._is_overrun:
                raise TimeoutError

    async def _read(self, connection: AsyncRealtimeConnection) -> None:
        while True:
            self.take(await connection.recv_bytes())

    def take(self, data: bytes) -> None:
        """Tell what a message of OpenAI's means. What can't be understood is logged, and the session goes on."""
        message = _parse(data)
        if message is None:
            return
        if message["type"] == "error":
            logger.info("call %s: OpenAI refuses: %s", self._plan.call_id, in_few_words(message))
        try:
            understood = understand(message, self._clock())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            logger.warning("call %s: malformed %s: %r", self._plan.call_id, message.get("type"), error)
            return
        for each in understood:
            self._tell(each)


def _written(event: ClientEvent) -> str:
    """Returns an event as it is sent.

    What was said may hold half a character, where a piece of a transcript ended within it: UTF-8 has none. Escaped, two
    halves become whole again.
    """
    text = json.dumps(event, ensure_ascii=False)
    return json.dumps(event) if _HALF.search(text) else text


def _parse(data: bytes) -> dict[str, Any] | None:
    """Returns a server event, or None (with a log line) if the message isn't one."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict) and isinstance(message.get("type"), str):
        return message
    logger.warning("OpenAI sent %d bytes that are no event", len(data))
    return None


def _reason(error: Exception) -> str:
    """Returns a code for the call's record, without addresses or keys."""
    match error:
        case TimeoutError():
            return "timeout"
        case ConnectionClosed():
            return closed_reason(error)
        case SessionRefused():
            return str(error)
        case OSError():
            return "unreachable"
    return type(error).__name__


def _tell_nobody(_: Understood) -> None:
    """Ignore what arrives after the end."""
