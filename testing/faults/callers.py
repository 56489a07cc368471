"""Callers who ring one after another, listen, ask, are answered and hang up, and what each of them heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from calls.sandbox.telephone import wav_files
from calls.sandbox.telephone.placed_call import CallFailed, PlacedCall
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from testing import numbered
from testing.databases import ROOT

GREETING = "Good morning, the clinic, how may we help you?"
ANSWER = "We are open from nine to five, and on Fridays until noon."
ASKS_AGAIN_AFTER_S = 3.5
QUESTIONS = 2
PAUSE_S = 1.0
BEGIN_WITHIN_S = 9.0
LOOK_EVERY_S = 0.02


class Outcome(StrEnum):
    """Who served a caller in the end."""

    SERVED = "served"
    PUT_THROUGH = "put through"
    APOLOGY = "apology"
    VOICE_FALLBACK = "VoiceFallbackUrl"
    """No server answered Twilio, which then asks the number's VoiceFallbackUrl: it rings the owner."""


@dataclass
class CallSeen:
    """One call. `dead_air_s` is the longest time for which the caller waited for a sound that did not come."""

    call_sid: str
    began_at: float
    ended_at: float = 0.0
    outcome: Outcome = Outcome.SERVED
    greetings: int = 0
    streams: int = 0
    dead_air_s: float = 0.0
    errors: list[str] = field(default_factory=list)

    @property
    def is_greeting_wrong(self) -> bool:
        """Returns whether a caller who was served heard the greeting not at all, in part, or twice."""
        return self.outcome is Outcome.SERVED and self.greetings != 1


@cache
def hello() -> bytes:
    """Returns a word of a caller."""
    return wav_files.read_as_ulaw(ROOT / "tests" / "audio" / "hello.wav")


class Caller:
    """One call from its first ring to its end."""

    def __init__(self, call: PlacedCall) -> None:
        self.is_done = asyncio.Event()
        self.seen = CallSeen(call.flow.ids.call_sid, time.monotonic())
        self._call = call
        self._heard = 0
        self._waits_since: float | None = None
        self._gone_since: float | None = None

    async def talk(self) -> None:
        """Listen to the greeting, ask, listen to the answers, and leave."""
        watch = asyncio.create_task(self._watch())
        try:
            with suppress(CallFailed, TimeoutError):
                await self._call.until(lambda: self._call.flow.socket is not None or self._call.is_over, 30)
                await self._listen()
                for _ in range(QUESTIONS):
                    if not self._is_over:
                        await self._ask()
        finally:
            watch.cancel()
            if not self._is_over:
                for since in (self._waits_since, self._gone_since):
                    self._note(since, time.monotonic())
            with suppress(TimeoutError):
                await self._call.hang_up()
            self._conclude()

    async def _ask(self) -> None:
        before = self._heard
        self._call.say(hello())
        await asyncio.sleep(len(hello()) / 8_000)
        self._waits_since = self._waits_since or time.monotonic()
        while not self._is_over and self._heard == before:
            with suppress(TimeoutError):
                await self._until(lambda: self._heard > before, ASKS_AGAIN_AFTER_S)
                break
            with suppress(CallFailed):
                self._call.say(hello())
                await asyncio.sleep(len(hello()) / 8_000)
        await self._listen()

    async def _listen(self) -> None:
        """Wait for a sound, and then for its end."""
        before = self._heard
        if not before:
            self._waits_since = time.monotonic()
        await self._until(lambda: self._heard > 0, 30)
        await self._until(lambda: self._call.quiet_for > 0.8, 30)

    async def _until(self, condition: Callable[[], object], timeout_s: float) -> None:
        give_up_at = time.monotonic() + timeout_s
        while not self._is_over and not condition():
            if time.monotonic() > give_up_at:
                raise TimeoutError
            await asyncio.sleep(LOOK_EVERY_S)

    @property
    def _is_over(self) -> bool:
        return self._call.is_over or self._is_with_others

    @property
    def _is_with_others(self) -> bool:
        verbs = self._call.record.verbs
        return bool(verbs) and verbs[-1].name in {"Say", "Play", "Dial", "Hangup"}

    async def _watch(self) -> None:
        """Notice what is heard, and for how long nothing is."""
        while True:
            heard = sum(stream.playback.heard_bytes for stream in self._call.flow.streams)
            now = time.monotonic()
            if heard > self._heard or self._is_with_others or self._call.is_over:
                self._heard = heard
                self._note(self._waits_since, now)
                self._waits_since = None
            socket = self._call.flow.socket
            is_gone = socket is not None and bool(socket.closed_by) and not self._is_over
            if is_gone and self._gone_since is None:
                self._gone_since = now
            elif not is_gone and self._gone_since is not None:
                self._note(self._gone_since, now)
                self._gone_since = None
            await asyncio.sleep(LOOK_EVERY_S)

    def _note(self, since: float | None, now: float) -> None:
        if since is not None:
            self.seen.dead_air_s = max(self.seen.dead_air_s, now - since)

    def _conclude(self) -> None:
        record, seen = self._call.record, self.seen
        seen.ended_at, seen.errors, seen.streams = time.monotonic(), list(record.errors), len(self._call.flow.streams)
        heard = b"".join(stream.playback.heard() for stream in self._call.flow.streams)
        seen.greetings = heard.count(numbered.audio(GREETING))
        names = [verb.name for verb in record.verbs]
        if "Dial" in names:
            seen.outcome = Outcome.PUT_THROUGH
        elif record.hung_up_by == "caller" and seen.streams:
            seen.outcome = Outcome.SERVED
        else:
            seen.outcome = Outcome.VOICE_FALLBACK if record.errors or not names else Outcome.APOLOGY


@dataclass
class Crew:
    """`size` callers, each of whom calls again a moment after a call. `calls`: those that are over."""

    twilio: TwilioPeer
    number: str
    size: int
    calls: list[CallSeen] = field(default_factory=list)
    running: set[Caller] = field(default_factory=set)

    async def work(self, delay_s: float) -> None:
        """Call again and again."""
        await asyncio.sleep(delay_s)
        while True:
            await self.call()
            await asyncio.sleep(PAUSE_S)

    async def call(self) -> None:
        """Make one call."""
        async with self.twilio.call(to=self.number) as placed:
            caller = Caller(placed)
            self.running.add(caller)
            try:
                await caller.talk()
            finally:
                self.running.discard(caller)
                self.calls.append(caller.seen)
                caller.is_done.set()

    async def over(self, callers: Iterable[Caller]) -> None:
        """Wait until these calls are over."""
        for caller in callers:
            await caller.is_done.wait()

    async def connects(self) -> bool:
        """Call once more, and hang up when the line is open. Returns whether it was."""
        async with self.twilio.call(to=self.number) as placed:
            with suppress(CallFailed, TimeoutError):
                await placed.connected(5)
                await placed.until(lambda: placed.heard_bytes > 0, 5)
                return True
        return False


@asynccontextmanager
async def crew(
    servers: Sequence[str], public_url: str, auth_token: str, number: str, *, calls_at_once: int
) -> AsyncIterator[Crew]:
    """Callers who are busy for the duration of the block."""
    first, *others = servers
    async with TwilioPeer(first, others=others, auth_token=auth_token, public_url=public_url) as twilio:
        found = Crew(twilio, number, calls_at_once)
        pauses = [index * BEGIN_WITHIN_S / calls_at_once for index in range(calls_at_once)]
        tasks = [asyncio.create_task(found.work(pause)) for pause in pauses]
        try:
            yield found
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
