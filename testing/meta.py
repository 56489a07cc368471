"""The stand-in for Meta in a thread of the test: `meta.url` is its Graph address, `meta.posts` what it received."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from testing.thread_server import in_a_thread
from whatsapp.providers.sandbox import notices
from whatsapp.providers.sandbox.server import FakeMeta

BEAT_S = 0.01
LATE_S = 0.05


@dataclass
class ThreadedMeta(FakeMeta):
    """A stand-in that delivers no webhooks: the test posts them when and how it wants."""

    url: str = ""
    stalls: list[tuple[float, float]] = field(default_factory=list)
    """Start and end of each stall of the stand-in on a busy machine: posts of that time are recorded at its end."""

    async def watch(self) -> None:
        """Record `stalls` while the stand-in serves."""
        while True:
            due_at = time.monotonic() + BEAT_S
            await asyncio.sleep(BEAT_S)
            if time.monotonic() > due_at + LATE_S:
                self.stalls.append((due_at, time.monotonic()))

    def webhooks(self) -> list[bytes]:
        """Returns the bodies of all webhooks that have not been delivered yet."""
        self.release()
        due, self.to_report = self.to_report, []
        return [
            json.dumps(notices.notice("1055", "2077", due[start : start + 1_000])).encode()
            for start in range(0, len(due), 1_000)
        ]

    def signed(self, body: bytes) -> dict[str, str]:
        """Returns the headers, with Meta's signature, for posting a body."""
        return {"X-Hub-Signature-256": notices.signature(body, self.app_secret)}


@contextmanager
def threaded_meta() -> Iterator[ThreadedMeta]:
    """Serve for the duration of the block."""
    meta = ThreadedMeta()
    with in_a_thread(meta.app(), meta.watch) as address:
        meta.url = f"{address}/v25.0"
        yield meta


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """Serve an application in this event loop; its address."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
