"""The stand-in for Meta in a thread of the test: `meta.url` is its Graph address, `meta.posts` what it was sent."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from whatsapp.providers.sandbox import notices
from whatsapp.providers.sandbox.server import FakeMeta

START_TIMEOUT_S = 10
BEAT_S = 0.01
LATE_S = 0.05


@dataclass
class ThreadedMeta(FakeMeta):
    """A stand-in whose webhooks the test delivers itself, when and how it likes."""

    url: str = ""
    stalls: list[tuple[float, float]] = field(default_factory=list)
    """When a busy machine let the stand-in stand still, from and until: what arrived meanwhile is noted at the end."""

    async def watch(self) -> None:
        """Keep `stalls`, for as long as it serves."""
        while True:
            due_at = time.monotonic() + BEAT_S
            await asyncio.sleep(BEAT_S)
            if time.monotonic() > due_at + LATE_S:
                self.stalls.append((due_at, time.monotonic()))

    def webhooks(self) -> list[bytes]:
        """Everything that is to be reported and was not yet, as signed-for bodies."""
        due, self.to_report = self.to_report, []
        return [
            json.dumps(notices.notice("1055", "2077", due[start : start + 1_000])).encode()
            for start in range(0, len(due), 1_000)
        ]

    def signed(self, body: bytes) -> dict[str, str]:
        """Returns the headers with which Meta would post a body."""
        return {"X-Hub-Signature-256": notices.signature(body, self.app_secret)}


@contextmanager
def threaded_meta() -> Iterator[ThreadedMeta]:
    """Serve for as long as the block runs."""
    meta = ThreadedMeta()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(meta.app(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        meta.url = f"http://127.0.0.1:{port}/v25.0"
        return runner

    def work() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(serve())
        watching = loop.create_task(meta.watch())
        ready.set()
        loop.run_forever()
        watching.cancel()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work, name="meta", daemon=True)
    thread.start()
    if not ready.wait(START_TIMEOUT_S):
        raise RuntimeError("The stand-in for Meta did not start.")
    yield meta
    loop.call_soon_threadsafe(loop.stop)
    thread.join(START_TIMEOUT_S)


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
