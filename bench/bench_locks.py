"""Another process holds SQLite's lock while calls are live: what callers hear, and what webhooks answer.

    .venv/bin/python bench/bench_locks.py [--calls 20] [--lock 10] [--json FILE]

Every call hears its cached greeting, and asks and is answered until its end; a quarter of the calls hang up while the
lock is held. Meanwhile others ring, now and then a dozen together. All webhooks are timed, and the records counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import bench_calls  # noqa: E402 - needs the path
from bench.call_figures import Caller, spread, to_openai  # noqa: E402
from bench.call_servers import OpenaisPart, call_servers, prepared_database  # noqa: E402
from bench.production import TWILIO_TOKEN  # noqa: E402

if TYPE_CHECKING:
    from calls.sandbox.openai.scenario import Scenario
    from calls.sandbox.telephone.placed_call import PlacedCall
    from calls.sandbox.telephone.twilio_peer import TwilioPeer

ANSWER = "We are open until five."
OWNER = "+12125559999"
AFTER_S = 6.0
RINGS_EVERY_S = 0.5
AT_ONCE = 12
BURSTS = (0, 6)
"""Which of the rings are of a dozen together."""


@dataclass
class Measured:
    """What is noted in a run. Times of the event loop."""

    waits: list[tuple[float, float]] = field(default_factory=list)  # when a caller had asked, and seconds to the answer
    webhooks: list[tuple[float, str, float, str]] = field(default_factory=list)  # when, which, seconds, first verb
    first_answers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    locked: tuple[float, float] = (float("inf"), float("inf"))

    def when(self, at: float) -> str:
        """Returns whether that was before, while or after the lock was held."""
        return "before" if at < self.locked[0] else "locked" if at < self.locked[1] else "after"


def _scenario() -> Scenario:
    from calls.sandbox.openai.scenario import Scenario  # noqa: PLC0415
    from calls.sandbox.receptionist.engine import Say  # noqa: PLC0415 - needs Django's settings

    return Scenario(replies=((Say(ANSWER),),) * 10_000)


OPENAI = OpenaisPart(_scenario, bench_calls._voice, bench_calls._seen)


# The callers ---------------------------------------------------------------------------------------------
async def talk(call: PlacedCall, measured: Measured, over: asyncio.Event) -> None:
    """Ask and listen until the call is over."""
    from tests.call_rig import speech  # noqa: PLC0415 - needs Django's settings

    clock = asyncio.get_running_loop().time
    await call.quiet(0.3, after_bytes=8000)
    is_first = True
    while not over.is_set():
        call.say(speech("one-moment-please"))
        await call.until(lambda: not call.stream.caller.is_speaking)
        asked_at, before = clock(), call.heard_bytes
        await call.until(lambda before=before: call.heard_bytes > before)  # type: ignore[misc]
        measured.waits.append((asked_at, clock() - asked_at))
        if is_first:
            measured.first_answers.release()
        is_first = False
        await call.until(lambda: call.quiet_for > 0.5)


async def converse(twilio: TwilioPeer, name: str, number: str, measured: Measured, over: asyncio.Event) -> Caller:
    """Call, and hang up when it is over."""
    clock = asyncio.get_running_loop().time
    async with twilio.call(to=number) as call:
        await call.connected()
        caller = Caller(name, call, clock() - call.now, [])
        await talk(call, measured, over)
    return caller


async def ring(twilio: TwilioPeer, number: str, ordinal: int) -> None:
    """Ring as Twilio does, ask what comes next, and tell that it is over."""
    told = {"CallSid": f"CA{ordinal:032d}", "From": "+12125550001", "To": number}
    for path, status in (("voice", "ringing"), ("after", "in-progress"), ("status", "completed")):
        await twilio.post(f"/calls/twilio/{path}/", told | {"CallStatus": status})


def timed_peer(url: str, measured: Measured) -> TwilioPeer:
    """Returns a stand-in for Twilio that times its webhooks."""
    from calls.sandbox.telephone.twilio_peer import TwilioPeer  # noqa: PLC0415 - needs Django's settings

    class TimedPeer(TwilioPeer):
        async def post(self, url: str, fields: dict[str, str]) -> tuple[int, str]:
            clock = asyncio.get_running_loop().time
            began = clock()
            code, body = await super().post(url, fields)
            verb = body.partition("<Response>")[2].partition(" ")[0].partition(">")[0] if code == 200 else str(code)
            measured.webhooks.append((began, url.rstrip("/").rpartition("/")[2], clock() - began, verb))
            return code, body

    return TimedPeer(url, auth_token=TWILIO_TOKEN)


async def hold_lock(path: str, seconds: float, measured: Measured) -> None:
    """Hold the database's lock as another process does."""
    loop = asyncio.get_running_loop()
    holder = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    await loop.run_in_executor(None, holder.execute, "BEGIN EXCLUSIVE")
    measured.locked = (loop.time(), loop.time() + seconds)
    await asyncio.sleep(seconds)
    holder.execute("ROLLBACK")
    measured.locked = (measured.locked[0], loop.time())
    holder.close()


async def place_all(
    url: str, numbers: dict[str, str], extra: str, path: str, lock_s: float
) -> tuple[list[Caller], Measured]:
    """Place all calls and hold the lock in their middle."""
    from tests.call_rig import speech  # noqa: PLC0415 - takes seconds, in which nobody would speak

    speech("one-moment-please")
    measured, early, late = Measured(), asyncio.Event(), asyncio.Event()
    async with timed_peer(url, measured) as twilio, asyncio.TaskGroup() as tasks:
        calls = []
        for index, (name, number) in enumerate(numbers.items()):
            over = early if index % 4 == 3 else late
            calls.append(tasks.create_task(converse(twilio, name, number, measured, over)))
            await asyncio.sleep(0.2)
        for _ in calls:
            await measured.first_answers.acquire()
        lock = tasks.create_task(hold_lock(path, lock_s, measured))
        for ordinal in range(round((lock_s + 2) / RINGS_EVERY_S)):
            for each in range(AT_ONCE if ordinal in BURSTS else 1):
                tasks.create_task(ring(twilio, extra, ordinal * 100 + each))
            await asyncio.sleep(RINGS_EVERY_S)
            if ordinal == 4:
                early.set()
        await lock
        await asyncio.sleep(AFTER_S)
        late.set()
    return [call.result() for call in calls], measured


# The run -------------------------------------------------------------------------------------------------
def run(calls: int, lock_s: float) -> dict[str, Any]:
    """Run once, with new processes."""
    with prepared_database() as (folder, database_url):
        numbers = bench_calls.open_businesses(calls + 1, recorded=True)
        name, extra = numbers.popitem()
        from businesses.models import Business  # noqa: PLC0415 - needs Django's settings

        Business.objects.filter(name=name).update(fallback_number=OWNER, max_concurrent_calls=100)
        with call_servers(folder, database_url, OPENAI, calls=calls + 40) as servers:
            path = database_url.removeprefix("sqlite:///")
            callers, measured = asyncio.run(place_all(servers.daphne.url, numbers, extra, path, lock_s))
            servers.stop_openai()
        records = bench_calls.kept_records()
    return figures(callers, servers.seen, measured) | {
        "records": records,
        "lateness_of_openais_stand_in_itself_ms": spread(list(servers.lateness_ms)),
    }


def figures(callers: list[Caller], seen: list[Any], measured: Measured) -> dict[str, Any]:
    """Returns what is told of a run."""
    heard = {each.business: each for each in seen}
    delays, gaps = defaultdict(list), defaultdict(list)
    for caller in callers:
        frames, late = heard[caller.business].frames_at, to_openai(caller, heard[caller.business])
        for at, delay in zip(frames[len(frames) - len(late) :], late, strict=True):
            delays[measured.when(at)].append(delay)
        for before, after in pairwise(frames):
            gaps[measured.when(after)].append((after - before) * 1000)
    waits = defaultdict(list)
    for at, wait in measured.waits:
        waits[measured.when(at)].append(wait * 1000)
    found: dict[str, Any] = {}
    for state in ("before", "locked", "after"):
        found[f"caller_to_openai_ms_{state}"] = spread(delays[state])
        found[f"between_frames_ms_{state}"] = spread(gaps[state])
        found[f"answered_after_ms_{state}"] = spread(waits[state])
    for kind in ("voice", "after", "status"):
        timed = [each for each in measured.webhooks if each[1] == kind and measured.when(each[0]) == "locked"]
        said = Counter(each[3] for each in timed)
        found[f"{kind}_webhook_ms_locked"] = spread([each[2] * 1000 for each in timed]) | dict(said)
    missing = [len(each.call.stream.record.lateness_s) - len(heard[each.business].frames_at) for each in callers]
    return found | {"frames_that_never_came": sum(missing)}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--lock", type=float, default=10.0, help="seconds for which the lock is held")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON object there, too")
    options = parser.parse_args()
    measured = run(options.calls, options.lock)
    for name, value in measured.items():
        print(f"{name:28} {value}")
    if options.json:
        options.json.write_text(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main()
