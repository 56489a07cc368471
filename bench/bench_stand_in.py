"""Measures how long callers wait for the stand-in for OpenAI, and whether its event loop stays responsive.

Callers ask spoken questions over the Realtime protocol, each about a business of its own. The wait is from the last
voiced frame of the question to the first audio of the answer; 0.5 s of it is the silence that ends a turn. A further
connection sends only requests that need no work: the slowest answer is the longest stall of the loop.

Wall time means little on a busy machine, so the stand-in's own processor time is reported, too.

    .venv/bin/python bench/bench_stand_in.py --callers 1 --callers 20
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.town.processes import cpu_s  # noqa: E402 - needs the path
from calls.audio import ulaw  # noqa: E402 - needs the path
from calls.sandbox.voices.senses import spoken  # noqa: E402

QUESTIONS = (
    "Where are you, please?",
    "How much is a first visit?",
    "When are you open on Sunday?",
    "Is there parking?",
)
TEXT = """\
Opening hours: Sunday to Thursday from {n} in the morning to {m} in the evening.
Address: {a} Garden Street.
A first visit costs {p} dollars. There is parking for {a} cars behind the house.
"""
FRAME_S = 0.02
GREETING_S = 3.0  # callers hear an opening before they ask
LOADING_S = 6.0
VAD = {"type": "server_vad", "threshold": 0.82, "prefix_padding_ms": 300, "silence_duration_ms": 500}


def session_update(number: int) -> dict[str, Any]:
    """Returns the `session.update` of a separate business."""
    own_text = TEXT.format(n=5 + number % 7, m=2 + number % 9, a=11 + number, p=100 + 7 * number)
    audio = {
        "input": {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "whisper", "language": "en"},
            "turn_detection": {**VAD, "create_response": False, "interrupt_response": False},
        },
        "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"},
    }
    return {"type": "session.update", "session": {"type": "realtime", "instructions": own_text, "audio": audio}}


class Caller:
    """One session: asks its questions in real time, one after the other."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse, number: int) -> None:
        self.waits_s: list[float] = []
        self._websocket = websocket
        self._number = number
        self._to_say = b""
        self._spoke_at = 0.0
        self._answered = asyncio.Event()

    async def ask(self, questions: list[bytes]) -> None:
        """Ask the questions one after the other, each when the previous answer is over."""
        await self._websocket.send_json(session_update(self._number))
        tasks = [asyncio.create_task(self._send_frames()), asyncio.create_task(self._receive())]
        await asyncio.sleep(GREETING_S + 0.37 * self._number)
        for question in questions:
            self._answered.clear()
            self._to_say = question
            await asyncio.wait_for(self._answered.wait(), 60)
            await asyncio.sleep(2)
        for task in tasks:
            task.cancel()

    async def _send_frames(self) -> None:
        due = time.monotonic()
        while True:
            frame, self._to_say = self._to_say[:160].ljust(160, b"\xff"), self._to_say[160:]
            await self._websocket.send_json({"type": "input_audio_buffer.append", "audio": b64encode(frame).decode()})
            if ulaw.rms(frame) > 200:
                self._spoke_at = time.monotonic()
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _receive(self) -> None:
        is_first = False
        async for message in self._websocket:
            event = json.loads(message.data)
            match event["type"]:
                case "input_audio_buffer.committed":
                    is_first = True
                    await self._websocket.send_json({"type": "response.create"})
                case "response.output_audio.delta" if is_first:
                    is_first = False
                    self.waits_s.append(time.monotonic() - self._spoke_at)
                case "response.done":
                    self._answered.set()


async def echoes(websocket: aiohttp.ClientWebSocketResponse) -> list[float]:
    """Record how long the server takes for requests that need no work, until cancelled."""
    took: list[float] = []
    try:
        while True:
            asked = time.monotonic()
            await websocket.send_json({"type": "response.cancel"})
            while (await websocket.receive_json())["type"] != "error":
                pass
            took.append(time.monotonic() - asked)
            await asyncio.sleep(FRAME_S)
    except asyncio.CancelledError:
        return took


async def measure(url: str, callers: int, questions: list[bytes]) -> dict[str, Any]:
    """Returns the figures of so many callers at once."""
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer none"}) as http:
        opened = [await http.ws_connect(f"{url}/realtime?model=bench") for _ in range(callers + 1)]
        probing = asyncio.create_task(echoes(opened[-1]))
        everyone = [Caller(websocket, number) for number, websocket in enumerate(opened[:-1])]
        await asyncio.gather(*(caller.ask(questions) for caller in everyone))
        probing.cancel()
        took = await probing
    waits = [wait for caller in everyone for wait in caller.waits_s]
    return {
        "callers": callers,
        "answers": len(waits),
        "first_wait_s": round(max(caller.waits_s[0] for caller in everyone), 2),
        "wait_s": spread(waits),
        "echo_ms": spread([seconds * 1000 for seconds in took]),
    }


def spread(values: list[float]) -> dict[str, float]:
    """Returns the percentiles of the values."""
    hundredths = statistics.quantiles(values, n=100, method="inclusive")
    return {
        "p50": round(hundredths[49], 2),
        "p90": round(hundredths[89], 2),
        "p99": round(hundredths[98], 2),
        "worst": round(max(values), 2),
    }


@contextmanager
def stand_in() -> Iterator[tuple[str, int]]:
    """Run the stand-in in a separate process, and yield its address and process id; its models are still loading."""
    command = [sys.executable, "manage.py", "sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().split()[-1].replace("http", "ws", 1), process.pid
        finally:
            process.terminate()


async def run(callers: list[int]) -> None:
    """Measure and print one JSON object for each number of callers."""
    questions = [each.as_ulaw() for each in await spoken(*QUESTIONS, voice="caller")]
    for number in callers:
        with stand_in() as (url, pid):
            await asyncio.sleep(LOADING_S)
            before_s = cpu_s(pid)
            figures = await measure(url, number, questions)
            figures["processor_s_per_answer"] = round((cpu_s(pid) - before_s) / figures["answers"], 2)
        print(json.dumps({**figures, "load": os.getloadavg()[0]}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, action="append", help="calls at the same time (1, then 5)")
    options = parser.parse_args()
    asyncio.run(run(options.callers or [1, 5]))
