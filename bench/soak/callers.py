"""People who call, one after the other on each line, and people who look at pages, until they are told to rest."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import aiohttp

from bench.call_figures import GREETING
from bench.soak.verdict import Happened

if TYPE_CHECKING:
    from calls.sandbox.telephone.placed_call import PlacedCall
    from calls.sandbox.telephone.twilio_peer import TwilioPeer

WAYS = ("asks and hangs up", "interrupts", "is cut off", "asks and hangs up", "hangs up at once", "rings again at once")
"""What the callers of a line do, in turn."""
PAUSE_S = 1.0
LOOK_EVERY_S = 1.5


@dataclass
class Crowd:
    """Everybody outside. `may_call` is cleared for a rest."""

    happened: Happened
    may_call: asyncio.Event = field(default_factory=asyncio.Event)
    calls: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    busy: int = 0

    async def rest(self) -> None:
        """Let everybody end what they are at."""
        self.may_call.clear()
        while self.busy:  # noqa: ASYNC110 - a tenth of a second is soon enough
            await asyncio.sleep(0.1)

    async def line(self, twilio: TwilioPeer, number: str, first: int) -> None:
        """Call a business again and again."""
        for turn in count(first):
            await self.may_call.wait()
            self.busy += 1
            way = WAYS[turn % len(WAYS)]
            try:
                for _call in range(2 if way == "rings again at once" else 1):
                    await self._call(twilio, number, way)
            except Exception as error:  # a soak goes on, and tells it at the end
                self.happened.failed_calls.append(f"{way}: {type(error).__name__}: {error}")
            finally:
                self.busy -= 1
            self.calls[way] += 1
            await asyncio.sleep(PAUSE_S)

    async def _call(self, twilio: TwilioPeer, number: str, way: str) -> None:
        from testing import numbered  # noqa: PLC0415 - needs Django's settings
        from tests.call_hearing import words_heard  # noqa: PLC0415
        from tests.call_rig import speech  # noqa: PLC0415

        greeting = numbered.audio(GREETING)
        async with twilio.call(to=number) as call:
            await call.connected()
            if way == "hangs up at once":
                await call.until(lambda: call.heard_bytes > 2000)
                return
            call.say(speech("hello")[:4000])  # into the greeting, which goes on
            await call.quiet(0.4, after_bytes=len(greeting), timeout_s=40)
            if words_heard(call)[: len(greeting)] != greeting:
                self.happened.broken_greetings.append(f"{way}: {call.flow.ids.call_sid}")
            before = call.heard_bytes
            call.say(speech("one-moment-please"))
            await call.until(lambda: call.heard_bytes > before + 12_000, 40)
            if way == "is cut off" and call.flow.socket is not None:
                await call.flow.socket.break_off()
                await asyncio.sleep(2)  # the call goes on in another stream
            if way == "interrupts":
                await self._interrupt(call)

    async def _interrupt(self, call: PlacedCall) -> None:
        from tests.call_hearing import clears  # noqa: PLC0415 - needs Django's settings
        from tests.call_rig import speech  # noqa: PLC0415

        known, before = len(clears(call)), call.heard_bytes
        call.say(speech("one-moment-please"))
        await call.until(lambda: len(clears(call)) > known or call.quiet_for > 5, 40)
        await call.until(lambda: call.heard_bytes > before + 4000, 40)

    async def reader(self, url: str, pages: Sequence[str], cookies: dict[str, str]) -> None:
        """Look at the pages in turn, as browsers that poll do."""
        async with aiohttp.ClientSession(cookies=cookies) as http:
            for turn in count():
                await self.may_call.wait()
                path = pages[turn % len(pages)]
                self.busy += 1
                try:
                    async with http.get(url + path) as answer:
                        await answer.read()
                        if answer.status >= 400:
                            self.happened.failed_pages.append(f"{path}: {answer.status}")
                except (aiohttp.ClientError, TimeoutError) as error:
                    self.happened.failed_pages.append(f"{path}: {type(error).__name__}")
                finally:
                    self.busy -= 1
                self.pages += 1
                await asyncio.sleep(LOOK_EVERY_S)
