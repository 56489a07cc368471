"""One media stream of Twilio's: from its handshake to the end of its call, whoever serves its socket.

Two serve it: `consumers.py` (Daphne and Channels) and `picows_socket.py` (`manage.py serve_media`).
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from businesses import database_watch
from calls import figures, mailbox
from calls.conversation.end_reasons import StreamFault
from calls.errors import StreamRefusal, StreamRefused
from calls.line import live, live_control, media_stream, opening, waiting
from calls.line.bridge import Bridge
from calls.line.media_stream import (
    Flood,
    Key,
    MalformedMessage,
    MarkBack,
    Media,
    Start,
    Stop,
    parse,
    read_start,
    understand,
)  # fmt: skip
from calls.line.model_socket import Connect
from calls.plan import CallPlan
from calls.telephone import stream_tokens, twilio

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.1
"""How often it is asked whether the database is away, while a call waits for it."""
START_TIMEOUT_S: Final = 3.0
"""A socket that has not brought its token by then is closed. Twilio sends it right after the handshake."""
MOST_BEFORE_START: Final = 5
"""Messages. Twilio sends one, `connected`; their size is limited by `socket_bounds.py`."""
MESSAGES_PER_S: Final = 200
MOST_MESSAGES_AT_ONCE: Final = 3000
"""Twilio sends 50 pieces of audio a second and as many marks; far more of them is a flood."""
MOST_EARLY: Final = 200
"""Messages that are kept while the call is read: four seconds of a telephone line, more than that ever takes."""
MOST_MALFORMED_IN_A_ROW: Final = 50
"""Twilio's messages of a second. A single one that can't be understood is dropped; so many, and the line is dead."""
MOST_MALFORMED_LOGGED: Final = 5
REFUSED: Final = 4403
MALFORMED: Final = 4400
UNSENDABLE: Final = 4408
ENDED: Final = 1000
CROWD: Final = StreamRefused("too many sockets of its address have not brought a token", StreamRefusal.CROWD)


def refusal(signature: str | None) -> StreamRefused | None:
    """Returns why a handshake with this signature is not accepted, None if it is. A refusal is told."""
    problem = None
    if not twilio.handshake_is_valid(signature):
        problem = StreamRefused("its signature is not Twilio's", StreamRefusal.SIGNATURE)
    elif not live.has_room():
        problem = StreamRefused("no room for one more call in this process", StreamRefusal.NO_ROOM)
    if problem:
        tell_refused(problem)
    return problem


def tell_refused(problem: StreamRefused) -> None:
    """Count and log a refused handshake."""
    figures.streams_refused.labels(problem.why).inc()
    logger.warning("Media stream refused: %s", problem.reason)


class PhoneSocket(Protocol):
    """The phone's side of a call: what a stream needs of its WebSocket."""

    def let_in(self) -> None:
        """Allow as many and as large messages as a running call needs."""

    def send(self, text: str) -> None:
        """Queue a message; returns at once. If it can't be sent, `MediaStream.broken` is told."""

    def close(self, code: int) -> None:
        """Close the socket once what was queued is sent; returns at once. A socket that is gone is no error."""


class MediaStream:
    """One media stream. Until a `start` with a good token has come, everything else closes the socket."""

    def __init__(self, socket: PhoneSocket, *, connect: Connect) -> None:
        self._socket = socket
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._connected_at = self._loop.time()
        self._messages = self._malformed = self._malformed_in_a_row = 0
        self._is_refused = self._is_gone = self._has_left = False
        self._early: list[dict[str, Any]] = []
        self._starting: asyncio.Task[None] | None = None
        self._place: waiting.WaitingStream | None = None
        self._start_timer: asyncio.TimerHandle | None = None
        self._code = ENDED
        # From the moment that its token has proved good and its call was read:
        self._bridge: Bridge | None = None
        self._call_id: UUID | None = None
        self._entry: live.LiveCall | None = None
        self._listener: asyncio.Task[None] | None = None

    def opened(self, *, signature: str | None, address: str) -> bool:
        """Wait for a start with a token. Returns whether there is a place for one more stream of this address."""
        if signature is None or not settings.TWILIO_AUTH_TOKEN:  # Twilio's own sockets are not in each other's way
            self._place = waiting.add(address, give_way=self._no_start_came)
            if self._place is None:
                tell_refused(CROWD)
                return False
        self._start_timer = self._loop.call_later(START_TIMEOUT_S, self._no_start_came)
        return True

    def take(self, text: str | None) -> None:
        """Take one message of Twilio's; None is one that isn't text."""
        if self._is_refused:
            return
        self._messages += 1
        try:
            self._limit_messages()
            if text is None:
                raise MalformedMessage("a binary frame")
            if self._bridge is None:
                self._take_before_the_call(parse(text))
            elif (media := media_stream.usual_media(text)) is not None:
                self._bridge.caller_audio(*media)
            elif (mark := media_stream.usual_mark(text)) is not None:
                self._bridge.mark_returned(mark)
            else:
                self._pass_on(self._bridge, parse(text))
            self._malformed_in_a_row = 0
        except MalformedMessage as error:
            self._drop(error)
        except Flood as error:
            self._refuse(MALFORMED, str(error), StreamFault.FLOOD)
        except StreamRefused as error:
            self._refuse(REFUSED, error.reason, error.why)

    def _take_before_the_call(self, message: dict[str, Any]) -> None:
        """Take the start; what comes after it is kept until the call has been read."""
        event = message["event"]
        if self._starting is not None:
            self._has_left |= event == "stop"
            if len(self._early) < MOST_EARLY:
                self._early.append(message)
        elif event == "start":
            self._begin(message)
        elif event != "connected":
            raise MalformedMessage(f"{event!r} before a start with a token")

    def _limit_messages(self) -> None:
        if self._starting is None and self._messages > MOST_BEFORE_START:
            raise MalformedMessage("many messages before a start with a token")
        beyond = self._messages - MOST_MESSAGES_AT_ONCE
        if beyond > 0 and beyond > MESSAGES_PER_S * (self._loop.time() - self._connected_at):
            raise Flood("a flood of messages")

    def _pass_on(self, bridge: Bridge, message: dict[str, Any]) -> None:
        match understand(message):
            case Media(payload, timestamp_ms):
                bridge.caller_audio(payload, timestamp_ms)
            case MarkBack(name):
                bridge.mark_returned(name)
            case Key(digit):
                bridge.key_pressed(digit)
            case Stop():
                bridge.caller_left()

    def _pass_on_early(self, bridge: Bridge, message: dict[str, Any]) -> None:
        """Take a message that came while the call was read."""
        try:
            self._pass_on(bridge, message)
        except MalformedMessage as error:
            self._drop(error)
        except Flood as error:
            self._refuse(MALFORMED, str(error), StreamFault.FLOOD)

    def _drop(self, error: MalformedMessage) -> None:
        """Go on without a message, unless nothing can be understood any more, or never could."""
        self._malformed += 1
        self._malformed_in_a_row += 1
        if self._starting is None or self._malformed_in_a_row > MOST_MALFORMED_IN_A_ROW:
            self._refuse(MALFORMED, str(error), StreamFault.MALFORMED)
        elif self._malformed <= MOST_MALFORMED_LOGGED:
            logger.warning("call %s: a message of its media stream is dropped: %s", self._call_id, error)

    def _begin(self, message: dict[str, Any]) -> None:
        """Start the call beside the socket, whose messages are taken meanwhile: the caller may hang up."""
        start = read_start(message)
        stream_tokens.verify(start.token, start.call_sid)
        self._stop_waiting()
        self._socket.let_in()
        self._starting = self._loop.create_task(self._start_or_refuse(start))

    async def _start_or_refuse(self, start: Start) -> None:
        try:
            await self._start(start)
        except StreamRefused as error:
            if not self._is_refused:  # because the database was away, which fails in the end
                self._refuse(REFUSED, error.reason, error.why)
        except Exception:  # nobody waits for this task: the caller must reach the fallback all the same
            logger.exception("A media stream could not be started")
            self._refuse(REFUSED, "it could not be started", StreamRefusal.MISTAKE)

    async def _start(self, start: Start) -> None:
        opened_at = self._loop.time()
        try:
            plan = await self._read_plan(start)
        except DatabaseError as error:
            raise StreamRefused(f"the database failed: {type(error).__name__}", StreamRefusal.DATABASE) from error
        if self._has_left or self._is_gone or self._is_refused:
            reason = await opening.end_before_it_began(plan, has_left=self._has_left)
            logger.info("call %s: its media stream ended before it began: %s", plan.call_id, reason)
            self._close()
            return
        try:
            self._entry = live.add(call_sid=start.call_sid, close=self._close)
        except live.NoRoom:
            await opening.end_without_room(plan)
            raise StreamRefused("no room left for this call in this process", StreamRefusal.NO_ROOM) from None
        self._call_id = plan.call_id
        self._bridge = Bridge(
            plan,
            stream_sid=start.stream_sid,
            opened_at=opened_at,
            send=self._socket.send,
            hang_up=self._close,
            connect=self._connect,
            unwritten=partial(opening.keep_next_step, start.call_sid),
        )
        self._bridge.start()
        for message in self._early:
            self._pass_on_early(self._bridge, message)
        self._early.clear()
        # Beside the media path: people of the business who hang up or take over, and ends that Twilio reports.
        self._listener = asyncio.create_task(live_control.listen(plan.call_id, self._bridge))

    async def _read_plan(self, start: Start) -> CallPlan:
        """Returns the call's plan. The caller doesn't wait for a database that is away: other lines reach the owner."""
        reading = asyncio.ensure_future(opening.read_plan(start.token, start.call_sid, start.stream_sid))
        while not reading.done():
            await asyncio.wait({reading}, timeout=LOOK_EVERY_S)
            if not reading.done() and not self._is_refused and database_watch.is_away():
                self._refuse(REFUSED, "the database is away", StreamRefusal.DATABASE)
        return reading.result()

    def broken(self, reason: str, fault: StreamFault) -> None:
        """End the call: its socket can't be written to any more."""
        self._refuse(UNSENDABLE, reason, fault)

    async def closed(self, code: int) -> None:
        """End the call, whoever closed the socket."""
        self._is_gone = True
        self._stop_waiting()
        try:
            if self._starting is not None:
                await asyncio.shield(self._starting)  # if the database is away, the call is ended when it is back
            if self._bridge is not None:
                self._bridge.stream_broke(f"its socket closed ({code})", StreamFault.CLOSED)
                await self._bridge.finished()
        finally:
            if self._entry is not None:
                live.remove(self._entry)
            if self._listener is not None:
                await mailbox.stop(self._listener)

    def _stop_waiting(self) -> None:
        """Give up the place among those that wait: this socket has shown its token, or is gone."""
        if self._start_timer is not None:
            self._start_timer.cancel()
        if self._place is not None:
            waiting.remove(self._place)

    def _no_start_came(self) -> None:
        self._refuse(REFUSED, "no start in time", StreamRefusal.NO_START)

    def _refuse(self, code: int, reason: str, why: StreamFault | StreamRefusal) -> None:
        """Close the socket. A call that it carries ends first, with this fault: Twilio then asks what comes next."""
        self._is_refused, self._code = True, code
        logger.warning("Media stream closed: %s", reason)
        if self._bridge is None:
            figures.streams_refused.labels(why.value).inc()
            self._close()
        else:
            self._bridge.stream_broke(reason, why if isinstance(why, StreamFault) else StreamFault.MALFORMED)

    def _close(self) -> None:
        self._socket.close(self._code)
