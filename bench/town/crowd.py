"""Hundreds of callers and their OpenAI in one process of its own, and what a server uses meanwhile."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic
from typing import Final

import uvloop
from picows import WSError, WSListener, WSUpgradeRequest, ws_connect, ws_create_server

from bench.town import sounds
from bench.town.journeys import Faults
from bench.town.processes import Reading, Used
from bench.town.realtime import OpenAI, Session
from bench.town.script import PIECE_S, Script
from bench.town.telephone import Call, Clock, Line

IDLE_S: Final = 1.0
PATIENCE_S: Final = 10.0
SETTLES_S: Final = 6.0
"""Until the last callers have heard their greeting out and talk."""
LEAVES_S: Final = 0.5
ARRIVES_WITHIN_S: Final = 5.0
"""What comes later counts as lost."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What to do to which server. `starts`: CallSid and token of each call. `seconds` 0: only open and close calls."""

    url: str
    pid: int
    openai_port: int
    starts: tuple[tuple[str, str], ...]
    seconds: float
    core: int
    per_s: float = 20.0


@dataclass(slots=True)
class Played:
    """What was measured. Delays in milliseconds. `idle`: before the first call. `steady`: while all calls are there."""

    idle: Used
    opening: Used
    steady: Used | None
    closing: Used
    unopened: int
    broken: int
    kept_up: float = 0.0
    """The share of the callers' audio of the steady time that reached OpenAI in it."""
    rss_kb: int = 0
    """All of the server's memory while all calls were there."""
    marks: int = 0
    to_openai_ms: list[float] = field(default_factory=list)
    to_caller_ms: list[float] = field(default_factory=list)
    waits_ms: list[float] = field(default_factory=list)
    lateness_ms: list[float] = field(default_factory=list)
    to_openai: Faults = field(default_factory=Faults)
    to_caller: Faults = field(default_factory=Faults)


def play(orders: Orders) -> Played:
    """Do it in a new process, which is then pinned to its core."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_play, orders).result()


def _play(orders: Orders) -> Played:
    with suppress(OSError):  # a machine with one core
        os.sched_setaffinity(0, {orders.core})
    return uvloop.run(Crowd(orders).play())


class Crowd:
    """All callers of one run."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._speech = sounds.recorded()
        calls = [Call(ordinal, Script(ordinal)) for ordinal in range(1, len(orders.starts) + 1)]
        self._openai = OpenAI(self._speech, {call.ordinal: call for call in calls})
        self._clock = Clock()
        self._lines = [
            Line(call, *start, self._speech, talks=orders.seconds > 0)
            for call, start in zip(calls, orders.starts, strict=True)
        ]

    async def play(self) -> Played:
        """Open all calls, let them talk, hang up."""
        gc.collect()
        gc.freeze()
        gc.disable()  # a search for unreachable objects would make all calls late
        server = await ws_create_server(self._session, "127.0.0.1", self._orders.openai_port)
        readings = [self._read()]
        await asyncio.sleep(IDLE_S)
        readings.append(self._read())
        self._clock.start()
        unopened = await self._open()
        readings.append(self._read())
        since = until = monotonic()
        heard = 0.0
        if self._orders.seconds:
            await asyncio.sleep(SETTLES_S)
            readings.append(self._read())
            since, heard = monotonic(), self._openai.heard
            await asyncio.sleep(self._orders.seconds)
            until, heard = monotonic(), self._openai.heard - heard
            readings.append(self._read())
            await self._arrived(since, until)
        played = self._told(since, until)
        readings.append(self._read())
        await self._close()
        readings.append(self._read())
        server.close()
        used = [Used.between(before, after) for before, after in pairwise(readings)]
        played.idle, played.opening, played.closing = used[0], used[1], used[-1]
        if self._orders.seconds:
            played.steady = used[3]
            played.rss_kb = readings[4].rss_kb
            played.kept_up = heard * PIECE_S / (until - since) / len(self._lines)
        played.unopened = unopened
        return played

    def _session(self, request: WSUpgradeRequest) -> WSListener:
        return Session(request.path.decode(), self._openai)

    def _read(self) -> Reading:
        return Reading.of(self._orders.pid)

    async def _open(self) -> int:
        """Open all calls, evenly in time. Returns how many have no session of OpenAI's in the end."""
        loop, begun = asyncio.get_running_loop(), monotonic()
        opening = []
        for number, line in enumerate(self._lines):
            await asyncio.sleep(max(0.0, begun + number / self._orders.per_s - monotonic()))
            opening.append(loop.create_task(self._open_one(line)))
        await asyncio.gather(*opening)
        patience_until = monotonic() + PATIENCE_S
        while self._openai.configured < len(self._lines) and monotonic() < patience_until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await asyncio.sleep(LEAVES_S)
        return len(self._lines) - self._openai.configured

    async def _open_one(self, line: Line) -> None:
        try:
            await ws_connect(lambda: line, self._orders.url)
        except (OSError, WSError, TimeoutError):
            line.call.is_broken = True
            return
        self._clock.add(line)

    async def _arrived(self, since: float, until: float) -> None:
        """Wait for what is under way; on a busy machine that may take a while."""
        journeys = [each for call in self._openai.calls.values() for each in (call.to_openai, call.to_caller)]
        await asyncio.sleep(LEAVES_S)
        late_at = until + ARRIVES_WITHIN_S
        while monotonic() < late_at and any(each.is_missing(since, until) for each in journeys):  # noqa: ASYNC110
            await asyncio.sleep(LEAVES_S)

    async def _close(self) -> None:
        self._clock.is_running = False
        for line in self._lines:
            line.hang_up()
        await asyncio.sleep(2 * LEAVES_S)

    def _told(self, since: float, until: float) -> Played:
        calls = list(self._openai.calls.values())
        nothing = Used(0.0, 0.0, 0.0, 0.0, 0.0)
        return Played(
            nothing, nothing, None, nothing, 0,
            broken=sum(call.is_broken for call in calls),
            marks=sum(call.marks for call in calls),
            to_openai_ms=[each for call in calls for each in call.to_openai.delays_ms(since, until)],
            to_caller_ms=[each for call in calls for each in call.to_caller.delays_ms(since, until)],
            waits_ms=[each for call in calls for each in call.waits_ms(since, until)],
            lateness_ms=[each * 1000 for each in self._clock.lateness_s],
            to_openai=sum((call.to_openai.faults(since, until) for call in calls), Faults()),
            to_caller=sum((call.to_caller.faults(since, until) for call in calls), Faults()),
        )  # fmt: skip
