"""The stand-in for OpenAI in a thread of its own, for tests of code that waits for its answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.voices.ears import Listener


@contextmanager
def stand_in(scenario: Scenario, settings: Any, *, listener: Listener | None = None) -> Iterator[RealtimeServer]:
    """Serve the scenario, and have the settings point to it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = RealtimeServer(scenario, listener=listener)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    settings.OPENAI_REALTIME_URL, settings.OPENAI_BASE_URL = server.websocket_url, server.http_url
    settings.OPENAI_API_KEY = "sk-test"
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
