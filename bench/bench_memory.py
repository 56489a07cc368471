"""Short calls, one after the other: how much memory of each does a Daphne process not give back?

    .venv/bin/python bench/bench_memory.py [--calls 300] [--at-once 10] [--seconds 2]

Every way of the C library to share out memory (`MALLOC_…`) has a process of its own. Measured is what the process uses
(VmRSS) after a tenth of the calls, when everything is loaded, and after the last.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.bench_calls import OPENAI, open_businesses  # noqa: E402 - needs the path
from bench.call_servers import call_servers, prepared_database  # noqa: E402
from bench.production import TWILIO_TOKEN  # noqa: E402
from testing.process_memory import kilobytes  # noqa: E402

if TYPE_CHECKING:
    from calls.sandbox.telephone.twilio_peer import TwilioPeer

WAYS: dict[str, dict[str, str]] = {
    "as it is": {},
    "MALLOC_ARENA_MAX=2": {"MALLOC_ARENA_MAX": "2"},
    "MALLOC_ARENA_MAX=2 and MALLOC_TRIM_THRESHOLD_=131072": {
        "MALLOC_ARENA_MAX": "2",
        "MALLOC_TRIM_THRESHOLD_": "131072",
    },
}
SETTLES_S = 5.0


async def place(twilio: TwilioPeer, numbers: list[str], calls: int, seconds: float) -> None:
    """Place so many calls, one at a time for each number."""
    from calls.sandbox.telephone.placed_call import CallFailed  # noqa: PLC0415 - needs Django's settings

    waiting = iter(range(calls))

    async def caller(number: str) -> None:
        for _call in waiting:
            with suppress(CallFailed):  # a busy machine may refuse one: it is over, and cost memory like the others
                async with twilio.call(to=number) as call:
                    await call.connected()
                    await asyncio.sleep(seconds)

    await asyncio.gather(*(caller(number) for number in numbers))


async def measure(url: str, pid: int, numbers: list[str], calls: int, seconds: float) -> tuple[int, int]:
    """Returns the kilobytes in use after a tenth of the calls, and after all."""
    from calls.sandbox.telephone.twilio_peer import TwilioPeer  # noqa: PLC0415 - needs Django's settings

    async with TwilioPeer(url, auth_token=TWILIO_TOKEN) as twilio:
        await place(twilio, numbers, calls // 10, seconds)
        await asyncio.sleep(SETTLES_S)
        warm = kilobytes(pid, "VmRSS")
        await place(twilio, numbers, calls - calls // 10, seconds)
        await asyncio.sleep(SETTLES_S)
        return warm, kilobytes(pid, "VmRSS")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    print("| | after a tenth | after all | kept of a call |\n|---|---|---|---|")
    with prepared_database() as (folder, database_url):
        numbers = list(open_businesses(options.at_once, recorded=False).values())
        for name, variables in WAYS.items():
            with call_servers(
                folder, database_url, OPENAI, calls=options.at_once * 10, own_core=False, **variables
            ) as servers:
                pid = servers.daphne.process.pid
                warm, last = asyncio.run(measure(servers.daphne.url, pid, numbers, options.calls, options.seconds))
            kept = (last - warm) / (options.calls - options.calls // 10)
            print(f"| {name} | {warm / 1000:.1f} MB | {last / 1000:.1f} MB | {kept:.1f} kB |", flush=True)


if __name__ == "__main__":
    os.environ.pop("MALLOC_ARENA_MAX", None)
    main()
