"""The stand-in for OpenAI, for tests of calls: complete in a separate process, or scripted in a thread."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.voices.babble import BabbleVoice
from testing.databases import ROOT


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """Run `manage.py sandbox`; yields the environment variables with which a web process finds it."""
    command = [sys.executable, "manage.py", "sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            url = process.stdout.readline().split()[-1]
            yield {"OPENAI_REALTIME_URL": url.replace("http", "ws", 1), "OPENAI_BASE_URL": url}
        finally:
            process.terminate()


@contextmanager
def scripted(scenario: Scenario) -> Iterator[dict[str, str]]:
    """The same in a thread of this process: it follows the scenario, with a voice that needs no computing."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = RealtimeServer(scenario, voice=BabbleVoice(), records=False)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result()
    try:
        yield {
            "OPENAI_API_KEY": "not-a-key",
            "OPENAI_REALTIME_URL": server.websocket_url,
            "OPENAI_BASE_URL": server.http_url,
        }
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
