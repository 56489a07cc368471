"""Twenty calls on one Daphne process while strangers attack it: how long are frames held up, how much memory is taken?

    .venv/bin/python bench/bench_attack.py [--calls 20] [--seconds 12] [--only WORDS] [--json FILE]

The calls last as long as the benchmark, and the attacks come one after the other. Each caller's frame is measured on
its way through Daphne to the stand-in for OpenAI; a pause is what that took. The first row is without an attack: it
shows what the machine and the stand-ins do to the calls. Attackers and OpenAI have processes of their own. The web
process runs as docs/deploy.md has it, with Redis, so that the work on what webhooks bring is not done in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.attacks import APP_SECRET, ATTACKS  # noqa: E402 - needs the path
from bench.bench_calls import OPENAI, open_businesses  # noqa: E402
from bench.call_figures import Caller, Heard, spread  # noqa: E402
from bench.call_servers import call_servers, prepared_database  # noqa: E402
from bench.production import TWILIO_TOKEN  # noqa: E402
from testing.process_memory import kilobytes, restart_peak  # noqa: E402

if TYPE_CHECKING:
    from calls.sandbox.telephone.twilio_peer import TwilioPeer
    from testing.servers import Daphne

QUIET = "no attack"
ASK_EVERY_S = 8.0
START_S = 3.0
SETTLE_S = 5.0
"""Before the first window: all sessions are open. Between two windows: the last attack is over."""


@dataclass
class Window:
    """The time of one attack, and the memory that Daphne had at most, compared with before."""

    name: str
    start: float
    end: float
    memory_mb: float


async def measure(
    daphne: Daphne, numbers: dict[str, str], seconds: float, names: list[str]
) -> tuple[list[Caller], list[Window]]:
    """Hold all calls while one attack follows the other."""
    from calls.sandbox.telephone.twilio_peer import TwilioPeer  # noqa: PLC0415 - needs Django's settings

    windows = []
    async with TwilioPeer(daphne.url, auth_token=TWILIO_TOKEN) as twilio:
        over = asyncio.Event()
        calls = [asyncio.create_task(_talk(twilio, *each, over)) for each in numbers.items()]
        await asyncio.sleep(SETTLE_S)
        for name in names:
            windows.append(await _window(daphne, name, seconds))
            await asyncio.sleep(SETTLE_S)
        over.set()
        return await asyncio.gather(*calls), windows


async def _talk(twilio: TwilioPeer, business: str, number: str, over: asyncio.Event) -> Caller:
    """Ask something every few seconds, whatever is answered."""
    from tests.call_rig import speech  # noqa: PLC0415 - needs Django's settings

    caller: Caller | None = None
    with suppress(TimeoutError):  # hanging up may take too long after an attack; its frames count all the same
        async with twilio.call(to=number) as call:
            await call.connected()
            caller = Caller(business, call, asyncio.get_running_loop().time() - call.now, [])
            while not over.is_set():
                call.say(speech("one-moment-please"))
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), ASK_EVERY_S)
    if caller is None:
        raise SystemExit("A call could not be placed.")
    return caller


async def _window(daphne: Daphne, name: str, seconds: float) -> Window:
    print(f"{name} ...", file=sys.stderr, flush=True)
    pid, loop = daphne.process.pid, asyncio.get_running_loop()
    restart_peak(pid)
    before = kilobytes(pid, "VmRSS")
    with ExitStack() as attack:
        if name != QUIET:
            attacker = _attacker(daphne.port, name)
            attack.callback(attacker.wait)
            attack.callback(os.killpg, attacker.pid, signal.SIGKILL)
            await asyncio.sleep(START_S)
        start = loop.time()
        await asyncio.sleep(seconds)
        return Window(name, start, loop.time(), (kilobytes(pid, "VmHWM") - before) / 1000)


def _attacker(port: int, name: str) -> subprocess.Popen[bytes]:
    """Start an attack, below the callers and OpenAI, with which it shares a core: their delays are measured, too."""
    command = ["nice", "-n", "15", sys.executable, "-m", "bench.attacks", str(port), name]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True)


def pauses(callers: list[Caller], heard: list[Heard], window: Window) -> list[float]:
    """Returns how long each frame of all callers took to OpenAI during a window, in milliseconds."""
    by_business = {each.business: each for each in heard}
    found = []
    for caller in callers:
        sent_at = (
            caller.started_at + index * 0.02 + late for index, late in enumerate(caller.call.stream.record.lateness_s)
        )
        pairs = zip(sent_at, by_business[caller.business].frames_at, strict=False)
        found += [(came - left) * 1000 for left, came in pairs if window.start <= left <= window.end]
    return found


def run(calls: int, seconds: float, names: list[str]) -> dict[str, dict[str, float]]:
    """Run once, with new processes. Returns the figures of each window."""
    os.environ["WHATSAPP_APP_SECRET"] = APP_SECRET
    with prepared_database() as (folder, database_url):
        from testing import services  # noqa: PLC0415 - needs Django's settings

        numbers = open_businesses(calls, recorded=True)
        with (
            services.redis() as redis,
            call_servers(folder, database_url, OPENAI, calls=calls, REDIS_URL=redis, LOG_LEVEL="ERROR") as servers,
        ):
            callers, windows = asyncio.run(measure(servers.daphne, numbers, seconds, names))
            servers.stop_openai()
    heard = servers.seen
    if len(heard) != calls:
        print(f"{len(heard)} sessions for {calls} calls: some were lost and opened again")
    return {
        each.name: spread(pauses(callers, heard, each)) | {"memory_mb": round(each.memory_mb, 1)} for each in windows
    }


def main() -> None:
    """Run, and print a line for each attack, then everything as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=12.0, help="how long each attack lasts")
    parser.add_argument("--only", default="", metavar="WORDS", help="only attacks with these words in their names")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON object there, too")
    options = parser.parse_args()
    names = [QUIET, *(name for name in ATTACKS if options.only in name)]
    measured = run(options.calls, options.seconds, names)
    print(f"{'frame of a caller → OpenAI, ms':42} {'p50':>7} {'p99':>7} {'worst':>7} {'memory':>10}")
    for name, each in measured.items():
        print(f"{name:42} {each['p50']:7} {each['p99']:7} {each['worst']:7} {each['memory_mb']:+7.1f} MB")
    print(json.dumps(measured))
    if options.json:
        options.json.write_text(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main()
