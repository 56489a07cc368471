"""The sending loop: a lane for each number, and everything else that must happen in time.

The same loop runs in a Celery task and in `manage.py run_broadcasts`, in any number of processes: the database
decides which of them sends what.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from businesses import garbage
from whatsapp.numbers.refreshing import refresh_due
from whatsapp.providers.posting import open_session
from whatsapp.running.sandbox_reports import report_due
from whatsapp.sending import agenda, direct, doubts, heirs, sweeper
from whatsapp.sending.agenda import Agenda
from whatsapp.sending.clock import DatabaseClock
from whatsapp.sending.lanes import MOST_IN_FLIGHT, Lane
from whatsapp.sending.logbook import Logbook
from whatsapp.sending.threads import DatabaseThread
from whatsapp.series.occurring import make_due, occurs_now
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.confirming import confirm_choices

if TYPE_CHECKING:
    import aiohttp

logger = logging.getLogger(__name__)

AGENDA_EVERY_S = 0.5
SWEEP_EVERY_S = 2.0
DOUBTS_EVERY_S = 20.0
"""All unknown rows are looked at, and what decides on them takes minutes to come."""
SETTLE_EVERY_S = 60.0
REFRESH_EVERY_S = 60.0
OCCURRENCES_EVERY_S = 20.0
NEWS_EVERY_S = 0.3
DIRECT_EVERY_S = 0.5
TROUBLE_REST_S = 2.0


@dataclass(frozen=True, slots=True)
class LoopReport:
    """What this loop has done so far, and whether it knows of more work."""

    accepted: int
    is_idle: bool


class SendingLoop:
    """Sends until it is stopped, its time is over, or (`until_idle`) nothing is left to send."""

    def __init__(
        self,
        *,
        until_idle: bool = False,
        run_for_s: float | None = None,
        report: Callable[[LoopReport], None] | None = None,
    ) -> None:
        self._until_idle = until_idle
        self._run_for_s = run_for_s
        self._report = report
        self._clock = DatabaseClock()
        self._waves = DatabaseThread("waves")
        # Answers are recorded while the next wave departs. SQLite has one writer: a second would wait for the first.
        self._answers = DatabaseThread("answers") if connection.vendor == "postgresql" else self._waves
        self._chores = DatabaseThread("chores")
        self._questions = DatabaseThread("questions")  # providers take seconds to answer, and the chores can't wait
        self._lanes: dict[uuid.UUID, Lane] = {}
        self._running: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._unfinished: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._is_idle = False
        self._book = Logbook()

    def stop(self) -> None:
        """Begin nothing new; `run` returns when all messages in flight have been answered and recorded."""
        self._stopping.set()

    async def run(self) -> LoopReport:
        """Run the loop. Returns what was done."""
        if not gc.get_freeze_count():  # once in a process: while it is searched through, slots pass
            garbage.exempt_what_is_loaded()
        await self._chores.run(self._clock.adjust)
        self._book = Logbook.begin_at(heirs.books())
        try:
            return await self._run()
        finally:
            self._book.close()

    async def _run(self) -> LoopReport:
        timeout_s = settings.WHATSAPP_TIMEOUT_S
        async with open_session(connections=MOST_IN_FLIGHT, timeout_s=timeout_s) as http:
            chores = [
                asyncio.create_task(self._every(NEWS_EVERY_S, self._apply)),
                asyncio.create_task(self._every(AGENDA_EVERY_S, self._prepare)),
                asyncio.create_task(self._every(DIRECT_EVERY_S, lambda: self._send_direct_messages(http))),
                asyncio.create_task(self._every(SWEEP_EVERY_S, lambda: self._sweep(http))),
                asyncio.create_task(self._every(DOUBTS_EVERY_S, lambda: self._doubt(http))),
                asyncio.create_task(self._every(SETTLE_EVERY_S, self._settle)),
                asyncio.create_task(self._every(REFRESH_EVERY_S, self._refresh)),
                asyncio.create_task(self._every(OCCURRENCES_EVERY_S, self._occur)),
            ]
            try:
                await self._follow_agenda(http)
            finally:
                await self._end(chores)
            # However short the shift was, everything that happened during it is dealt with.
            for chore in (
                self._apply,
                lambda: self._send_direct_messages(http),
                lambda: self._sweep(http),
                lambda: self._doubt(http),
                self._settle,
            ):
                await chore()
        await self._questions.close()
        if self._answers is not self._waves:
            await self._answers.close()
        await self._waves.close()
        await self._chores.close()
        return self._so_far()

    async def _follow_agenda(self, http: aiohttp.ClientSession) -> None:
        clock = asyncio.get_running_loop().time
        ends_at = clock() + self._run_for_s if self._run_for_s else float("inf")
        while not self._stopping.is_set() and clock() < ends_at:
            try:
                found = await self._chores.run(agenda.read_agenda, self._now())
            except (DatabaseError, InterfaceError):
                logger.exception("The database does not answer; trying again")
                await self._pause(TROUBLE_REST_S)
                continue
            self._staff(found, http)
            self._is_idle = not found.has_work and not any(lane.is_busy for lane in self._lanes.values())
            if self._report:
                self._report(self._so_far())
            if self._until_idle and self._is_idle and not await self._chores.run(occurs_now, self._now()):
                return
            await self._pause(AGENDA_EVERY_S)

    def _staff(self, found: Agenda, http: aiohttp.ClientSession) -> None:
        """Keep a lane for every number with a running broadcast."""
        for sender_id, dispatches in found.dispatches.items():
            task = self._running.get(sender_id)
            if task is None or task.done():
                if task is not None and not task.cancelled() and task.exception():
                    logger.error("A lane broke and is restarted", exc_info=task.exception())
                self._lanes[sender_id] = Lane(self._waves, http, self._now, self._book, answers=self._answers)
                self._running[sender_id] = asyncio.create_task(self._lanes[sender_id].run())
            self._lanes[sender_id].assign(dispatches)

    async def _apply(self) -> None:
        await report_due(self._chores, self._now())
        while await self._chores.run(apply_news, self._now()) and not self._stopping.is_set():
            pass

    async def _prepare(self) -> None:
        await self._chores.run(self._clock.adjust)
        await self._chores.run(agenda.tend, self._now())
        while await self._chores.run(agenda.prepare_some, self._now()) and not self._stopping.is_set():
            pass

    async def _sweep(self, http: aiohttp.ClientSession) -> None:
        await self._chores.run(heirs.settle, self._now())
        await self._chores.run(sweeper.sweep, self._now())
        await self._to_its_end(confirm_choices(http, self._chores, self._now()))

    async def _to_its_end(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that claims messages and then posts them. It is done to its end, even if the loop ends."""
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        await asyncio.shield(task)

    async def _doubt(self, http: aiohttp.ClientSession) -> None:
        await doubts.decide(http, self._chores, self._now())

    async def _send_direct_messages(self, http: aiohttp.ClientSession) -> None:
        await self._to_its_end(direct.send_waiting(http, self._chores, self._now()))

    async def _refresh(self) -> None:
        await self._questions.run(refresh_due, self._now())

    async def _occur(self) -> None:
        await self._questions.run(make_due, self._now())

    async def _settle(self) -> None:
        await self._chores.run(sweeper.settle, self._now())

    async def _every(self, seconds: float, chore: Callable[[], Awaitable[object]]) -> None:
        """Do a chore again and again. One that fails is tried again and never ends the loop."""
        while True:
            try:
                await chore()
            except Exception:
                logger.exception("A chore of the sending loop failed; it will be tried again")
                await asyncio.sleep(TROUBLE_REST_S)
            await asyncio.sleep(seconds)

    async def _end(self, chores: list[asyncio.Task[None]]) -> None:
        for lane in self._lanes.values():
            lane.stop()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await asyncio.gather(*self._unfinished, return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def _now(self) -> datetime:
        return self._clock.now()

    def _so_far(self) -> LoopReport:
        return LoopReport(sum(lane.accepted for lane in self._lanes.values()), self._is_idle)
