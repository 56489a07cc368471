"""OpenAI's speech endpoint as a small real HTTP server in a thread, which answers as a test tells it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import web

Answer = Callable[[dict[str, Any]], web.StreamResponse]


def voice(seconds: float, *, rms: float = 1500, before_s: float = 0, after_s: float = 0) -> bytes:
    """A tone of this loudness as the endpoint sends it (24 kHz, 16 bits), between silences."""
    tone = np.sin(np.arange(int(seconds * 24000)) * 2 * np.pi * 300 / 24000) * rms * np.sqrt(2)
    samples = np.concatenate([np.zeros(int(before_s * 24000)), tone, np.zeros(int(after_s * 24000))])
    return samples.astype("<i2").tobytes()


def says(pcm: bytes) -> Answer:
    return lambda _: web.Response(body=pcm, content_type="audio/pcm")


def refuses(status: int, *, code: str | None = None, message: str = "no") -> Answer:
    return lambda _: web.json_response({"error": {"message": message, "code": code}}, status=status)


@dataclass
class SpeechService:
    """What it was asked, and what it answers: the next of `answers`, the last one for ever."""

    answers: list[Answer]
    requests: list[dict[str, Any]] = field(default_factory=list)
    base_url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await asyncio.to_thread(answer, body)  # an answer may ask the database


@contextmanager
def serving(service: SpeechService) -> Iterator[SpeechService]:
    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_post("/v1/audio/speech", service.handle)
    runner = web.AppRunner(app)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    service.base_url = f"http://127.0.0.1:{port}/v1"
    try:
        yield service
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
