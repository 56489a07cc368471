"""One number's messages under way: waves follow each other, and its broadcasts take turns."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError

from whatsapp.providers.base import SendOutcome
from whatsapp.sending import flights, waves
from whatsapp.sending.logbook import Logbook
from whatsapp.sending.pace import Slots
from whatsapp.sending.results import Landing
from whatsapp.sending.rotation import Rotation
from whatsapp.sending.threads import DatabaseThread
from whatsapp.sending.waves import Dispatch, NothingDue, Rest, Stopped, Wave

if TYPE_CHECKING:
    import aiohttp

logger = logging.getLogger(__name__)

MOST_IN_FLIGHT = 400
NOTHING_DUE_REST_S = 0.5
LONGEST_REST_S = 1.0
UNREACHABLE_REST_S = (1.0, 2.0, 5.0, 10.0, 20.0)
RETRY_COMMIT_S = 0.5


class Lane:
    """Sends the running broadcasts of one number until it is stopped."""

    def __init__(
        self,
        database: DatabaseThread,
        http: aiohttp.ClientSession,
        now: Callable[[], datetime],
        book: Logbook | None = None,
        *,
        answers: DatabaseThread | None = None,
    ) -> None:
        self._database, self._answers = database, answers or database
        self._http = http
        self._now = now
        self._book = book or Logbook()
        self._dispatches: dict[uuid.UUID, Dispatch] = {}
        self._resting: dict[uuid.UUID, float] = {}
        self._rotation: Rotation[uuid.UUID] = Rotation()
        self._flights: set[asyncio.Task[None]] = set()
        self._in_flight = 0
        self._unreachable = 0
        self._slots_from = 0.0
        self._wake = asyncio.Event()
        self._stopping = False
        self.accepted = 0

    def assign(self, dispatches: Sequence[Dispatch]) -> None:
        """Add running broadcasts of the number. One that has stopped meanwhile releases its rows itself."""
        for dispatch in dispatches:
            self._dispatches.setdefault(dispatch.broadcast_id, dispatch)
        self._rotation.forget_others(list(self._dispatches))
        self._wake.set()

    @property
    def is_busy(self) -> bool:
        """Whether messages are in flight."""
        return bool(self._flights)

    def stop(self) -> None:
        """Begin no more waves; `run` returns when the answers of the last one are recorded."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped; then wait for what is in flight, and release unsent rows."""
        while not self._stopping:
            await self._step()
        while self._flights:
            await asyncio.wait(self._flights)
        for dispatch in self._dispatches.values():
            await self._database.run(waves.give_back, dispatch)

    async def _step(self) -> None:
        if self._in_flight >= MOST_IN_FLIGHT:
            await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)
            return
        clock = asyncio.get_running_loop().time()
        if clock < self._slots_from:
            await self._rest(self._slots_from - clock)
            return
        awake = [key for key in self._dispatches if self._resting.get(key, 0.0) <= clock]
        chosen = self._rotation.next(awake)
        if chosen is None:
            await self._rest(min((self._resting[key] - clock for key in self._dispatches), default=LONGEST_REST_S))
            return
        dispatch, asked_at = self._dispatches[chosen], asyncio.get_running_loop().time()
        try:
            step = await self._database.run(self._depart_wave, dispatch)
        except (DatabaseError, InterfaceError):
            logger.exception("The database refused a wave; trying again")
            dispatch.stock.rows.clear()  # they are released when their lease ends
            await self._rest(LONGEST_REST_S)
            return
        if isinstance(step, Wave):
            dispatch.tempo.note(asyncio.get_running_loop().time() - asked_at)
        await self._follow(dispatch, step)

    def _depart_wave(self, dispatch: Dispatch) -> waves.Step:
        """Depart in the database thread, by the time at which it gets to it: it may have much to do before."""
        return waves.depart_wave(dispatch, self._now())

    async def _follow(self, dispatch: Dispatch, step: waves.Step) -> None:
        match step:
            case Wave():
                self._book.plan(departure.attempt_id for departure in step.departures)
                self._in_flight += len(step.departures)
                self._slots_from = step.next_at
                flight = asyncio.create_task(self._fly(step))
                self._flights.add(flight)
                flight.add_done_callback(self._flights.discard)
                if self._unreachable:
                    await asyncio.sleep(UNREACHABLE_REST_S[min(self._unreachable, len(UNREACHABLE_REST_S)) - 1])
            case Rest(seconds):
                await self._rest(seconds)
            case NothingDue():
                self._resting[dispatch.broadcast_id] = asyncio.get_running_loop().time() + NOTHING_DUE_REST_S
                await self._database.run(waves.complete_if_done, dispatch, self._now())
            case Stopped():
                self._dispatches.pop(dispatch.broadcast_id, None)

    async def _rest(self, seconds: float) -> None:
        self._wake.clear()
        try:
            await asyncio.wait_for(self._wake.wait(), min(max(seconds, 0.001), LONGEST_REST_S * 20))
        except TimeoutError:
            return

    async def _fly(self, wave: Wave) -> None:
        """Post a wave, then commit its answers, however long the database takes."""
        try:
            landings = await flights.post_all(wave, self._http, self._new_slots, self._book)
            unreachable = all(landing.result.outcome is SendOutcome.SAFE_RETRY for landing in landings)
            self._unreachable = self._unreachable + 1 if landings and unreachable else 0
            await self._land(wave, landings)
        finally:
            self._in_flight -= len(wave.departures)
            self._wake.set()

    async def _new_slots(self, wave: Wave, wanted: int) -> Slots | None:
        """Returns new slots, by now; None if the broadcast was stopped.

        The thread may have much to do first, and slots of the time before that would be missed again.
        """
        asked_at = time.monotonic()

        def new_slots() -> Slots | None:
            waited_s = time.monotonic() - asked_at
            found = waves.new_slots(wave, wanted, self._now())
            return found and replace(found, start=found.start + waited_s)

        try:
            return await self._database.run(new_slots)
        except Exception:  # whatever the error, the answers to messages already posted must be awaited
            logger.exception("New slots could not be taken; trying again")
            return Slots(0.0, 0.0, 0, wait_s=RETRY_COMMIT_S)

    async def _land(self, wave: Wave, landings: list[Landing]) -> None:
        """Commit the answers. They exist only in this process, so this is repeated until the database takes them."""
        land = waves.land_wave
        while True:
            try:
                await self._answers.run(land, wave, landings, self._now())
                break
            except (DataError, IntegrityError):
                logger.exception("The database will never take the answers of this wave together; trying one by one")
                land = waves.land_singly
            except (DatabaseError, InterfaceError):
                logger.exception("The database did not take the answers of a wave; trying again")
                await asyncio.sleep(RETRY_COMMIT_S)
        self._book.forget(departure.attempt_id for departure in wave.departures)
        self.accepted += sum(landing.result.outcome is SendOutcome.ACCEPTED for landing in landings)
