"""An aiohttp application served from a thread of the test, for tests that are not asynchronous."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

START_TIMEOUT_S = 10


@contextmanager
def in_a_thread(
    app: web.Application,
    beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """Serve for the duration of the block, with a task beside it. Yields the server's address, http:// also of TLS."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    addresses: list[str] = []

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        addresses.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        return runner

    def work() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(serve())
        task = loop.create_task(beside()) if beside else None
        ready.set()
        loop.run_forever()
        if task:
            task.cancel()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work, name="thread-server", daemon=True)
    thread.start()
    if not ready.wait(START_TIMEOUT_S):
        raise RuntimeError("The server of this test did not start.")
    yield addresses[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(START_TIMEOUT_S)
