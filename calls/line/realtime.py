"""The edge to OpenAI Realtime: connect, configure, send, receive. No decisions.

One `RealtimeSession` is one connection. What happens on it is told through `tell`, in order; it ends with one
`ModelLost`, unless we closed it ourselves.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from calls import figures, json_text
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.events import ModelLost, ModelReady
from calls.line.model_socket import Connect, HandshakeRefused, ModelSocket, SocketFailed
from calls.line.realtime_events import (
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

if TYPE_CHECKING:
    from calls.line.realtime_events import ClientEvent

logger = logging.getLogger(__name__)

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

    def __init__(
        self, plan: CallPlan, *, connect: Connect, clock: Callable[[], float], tell: Callable[[Understood], None]
    ) -> None:
        self._plan = plan
        self._connect = connect
        self._clock = clock
        self._tell = tell
        self._socket: ModelSocket | None = None
        self._before_ready: deque[bytes] = deque()
        self._woken = asyncio.Event()
        self._why_lost: Exception | None = None
        self._task: asyncio.Task[None] | None = None
        self.is_ready = False

    def start(self, *, history: list[SpokenTurn], replay: Callable[[], Iterable[str]], timeout_s: float) -> None:
        """Connect in the background; `ModelReady` or `ModelLost` is told within `timeout_s`.

        The session begins with `history` as text and the audio that `replay` returns when it is ready.
        """
        figures.sessions.inc()
        self._task = asyncio.create_task(self._run(history, replay, timeout_s), name=f"realtime {self._plan.call_id}")

    def send(self, event: ClientEvent) -> None:
        """Queue one of our events, if the session is ready; returns at once."""
        self._put(_written(event))

    def append_audio(self, payload: str) -> None:
        """Queue caller audio as it came: base64 of µ-law, never decoded."""
        self._put(f'{_APPEND}{payload}"}}')

    def _put(self, text: str) -> None:
        if self._socket is not None:
            self._socket.send(text)

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
        try:
            async with asyncio.timeout(timeout_s):
                self._socket = await self._connect(self._came, self._went)
                lifetime_s = await self._configure(self._socket, history)
            self._begin(lifetime_s, replay)
            while self._why_lost is None:
                await self._something()
            raise self._why_lost
        except SessionRefused as error:
            self._end(error, permanent=error.permanent)
        except Exception as error:  # whatever it was: untold, the caller would wait for ever
            self._end(error)
        finally:
            self.is_ready = False
            if self._socket is not None:
                await self._socket.close()

    def _begin(self, lifetime_s: float | None, replay: Callable[[], Iterable[str]]) -> None:
        self.is_ready = True
        self._tell(ModelReady(self._clock(), lifetime_s))
        for payload in replay():
            self.append_audio(payload)
        while self._before_ready:
            self.take(self._before_ready.popleft())

    def _came(self, data: bytes) -> None:
        """Take a message from the socket."""
        if self.is_ready:
            self.take(data)
        else:
            self._before_ready.append(data)
            self._woken.set()

    def _went(self, error: Exception) -> None:
        """Hear that the socket is lost."""
        self._why_lost = error
        self._woken.set()

    def _end(self, error: Exception, *, permanent: bool = False) -> None:
        self.is_ready = False
        if not isinstance(error, SessionRefused | SocketFailed | OSError):
            logger.error("call %s: a mistake of ours ended the session", self._plan.call_id, exc_info=error)
        reason = _reason(error)
        if isinstance(error, HandshakeRefused):
            refusal = http_error(error.status, error.body, error.headers)
            reason, permanent = refusal.cause, refusal.meaning.is_permanent
        self._tell(ModelLost(self._clock(), reason, permanent))

    async def _configure(self, socket: ModelSocket, history: list[SpokenTurn]) -> float | None:
        """Set the session up and wait until OpenAI has; return how long it will live, where it says so."""
        created = await self._await_event("session.created")
        without: set[Part] = set()
        while (refused := await self._update(socket, without)) is not None:
            without.add(refused)
        for item in past_items(history):
            socket.send(_written(item))
        return session_lifetime_s(created, datetime.now(UTC))

    async def _update(self, socket: ModelSocket, without: set[Part]) -> Part | None:
        """Send the configuration without these parts; return the part that OpenAI refuses, None if it took it all."""
        update = session_update(
            self._plan,
            transcription_model=settings.OPENAI_TRANSCRIPTION_MODEL,
            noise_reduction=settings.OPENAI_NOISE_REDUCTION,
            without=without,
        )
        socket.send(_written(update))
        try:
            accepted = await self._await_event("session.updated")
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

    async def _await_event(self, kind: str) -> dict[str, Any]:
        while True:
            message = _parse(await self._next())
            if message is None:
                continue
            if message.get("type") == "error":
                logger.warning("call %s: OpenAI refuses: %s", self._plan.call_id, in_few_words(message))
                raise SessionRefused(error_code(message), refused_param(message))
            if message.get("type") == kind:
                return message

    async def _next(self) -> bytes:
        """Returns the next message before the session is ready. Raises what ended the connection before it came."""
        while not self._before_ready:
            if self._why_lost is not None:
                raise self._why_lost
            await self._something()
        return self._before_ready.popleft()

    async def _something(self) -> None:
        """Wait until the socket brings a message before the session is ready, or is lost."""
        self._woken.clear()
        await self._woken.wait()

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
        message = json_text.loads(data)
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
        case SocketFailed():
            return error.reason
        case SessionRefused():
            return str(error)
        case OSError():
            return "unreachable"
    return type(error).__name__


def _tell_nobody(_: Understood) -> None:
    """Ignore what arrives after the end."""
