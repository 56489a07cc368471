"""Many calls at once on one Daphne process and one core: measures delays and the processor time of a call.

    .venv/bin/python bench/bench_calls.py [--calls 20] [--seconds 30] [--no-recorded] [--json FILE]

Every call hears its cached greeting, asks, is answered, interrupts the answer, is answered again, and so on. Twilio's
stand-in runs in this process and OpenAI's in a second one, both away from Daphne's core where there are several.
All three read the same monotonic clock, so delays between them are differences of their own records.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.call_figures import GREETING, Caller, Heard, figures, spread  # noqa: E402 - needs the path

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe

    from calls.sandbox.telephone.twilio_peer import TwilioPeer

ANSWER = "This answer is long enough to be interrupted in its middle, and goes on."
DAPHNE_CORE = 0


# OpenAI's side: a process of its own ---------------------------------------------------------------------
def serve_openai(pipe: Pipe) -> None:
    """Serve until told to stop; then send the records of every session."""
    leave_daphnes_core()
    asyncio.run(_serve_openai(pipe))


async def _serve_openai(pipe: Pipe) -> None:
    from calls.sandbox.openai.scenario import Scenario  # noqa: PLC0415
    from calls.sandbox.openai.server import RealtimeServer  # noqa: PLC0415
    from calls.sandbox.receptionist.engine import Say  # noqa: PLC0415 - needs Django's settings
    from testing.numbered import NumberedVoice  # noqa: PLC0415

    replies = ((Say(ANSWER),),) * 10_000
    async with RealtimeServer(Scenario(replies=replies), voice=NumberedVoice()) as server:
        pipe.send(server.url)
        stopped = asyncio.create_task(asyncio.to_thread(pipe.recv))
        lateness = await own_lateness_ms(stopped)
        pipe.send(([_seen(connection) for connection in server.connections if connection.received], lateness))


async def own_lateness_ms(stopped: asyncio.Task[Any]) -> list[float]:
    """Record 50 times a second how late this event loop is: it limits the precision of all measurements."""
    loop = asyncio.get_running_loop()
    lateness, due = [], loop.time()
    while not stopped.done():
        due += 0.02
        await asyncio.sleep(due - loop.time())
        lateness.append((loop.time() - due) * 1000)
    return lateness


def _seen(connection: Any) -> Heard:
    update = next(each.event for each in connection.received if each.event["type"] == "session.update")
    first_line = update["session"]["instructions"].partition("\n")[0]
    business = first_line.removeprefix("You answer the telephone of ").removesuffix(".")
    deltas = [each for each in connection.sent if each.event["type"] == "response.output_audio.delta"]
    sizes = [(each.at, len(each.event["delta"]) * 3 // 4 - each.event["delta"].count("=")) for each in deltas]
    return Heard(business, [each.at for each in connection.received_audio], sizes)


# The callers ---------------------------------------------------------------------------------------------
async def place_calls(twilio: TwilioPeer, numbers: dict[str, str], seconds: float) -> list[Caller]:
    """Place all calls within two seconds."""
    starts = [2.0 * index / len(numbers) for index in range(len(numbers))]
    calls = [
        converse(twilio, name, number, start, seconds)
        for (name, number), start in zip(numbers.items(), starts, strict=True)
    ]
    return list(await asyncio.gather(*calls))


async def converse(twilio: TwilioPeer, business: str, number: str, start: float, seconds: float) -> Caller:
    """Ask and interrupt until the time is over."""
    from tests.call_rig import speech  # noqa: PLC0415 - needs Django's settings

    await asyncio.sleep(start)
    async with twilio.call(to=number) as call:
        await call.connected()
        caller = Caller(business, call, asyncio.get_running_loop().time() - call.now, [])
        await call.quiet(0.3, after_bytes=8000)
        while call.now < seconds:
            before = call.heard_bytes
            call.say(speech("one-moment-please"))
            await call.until(lambda before=before: call.heard_bytes > before + 12_000)  # type: ignore[misc]
            await interrupt(caller, speech("one-moment-please"))
    return caller


async def interrupt(caller: Caller, audio: bytes) -> None:
    """Talk into the answer and wait for the clear."""
    from tests.call_hearing import clears, voiced_frame_sent_at  # noqa: PLC0415

    call, known = caller.call, len(clears(caller.call))
    span = call.say(audio)
    await call.until(lambda: len(clears(call)) > known)
    first_voiced_at = voiced_frame_sent_at(call.stream, span.start, 1)
    caller.voice_to_clear.append((clears(call)[known] - first_voiced_at) * 1000)
    await call.until(lambda: not call.stream.caller.is_speaking)
    before = call.heard_bytes
    await call.until(lambda: call.heard_bytes > before + 8000)
    await call.until(lambda: call.quiet_for > 0.3)


# The run -------------------------------------------------------------------------------------------------
def cpu_seconds(pid: int) -> float:
    """Returns the processor time that a process and its threads have used so far, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waited_seconds(pid: int) -> float:
    """Returns how long its main thread waited for a core: the effect of the machine's other work."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def leave_daphnes_core() -> None:
    """Pin this process to the other cores, if there are any."""
    others = set(range(os.cpu_count() or 1)) - {DAPHNE_CORE}
    os.sched_setaffinity(0, others or {DAPHNE_CORE})


def prepare(database_url: str, calls: int, *, recorded: bool) -> dict[str, str]:
    """Create one business for each call in a migrated database. Returns their numbers by name."""
    os.environ |= {
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
    }
    import django  # noqa: PLC0415 - only after its settings are named

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from tests.call_office import open_business  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    opened = [
        open_business(
            greeting=GREETING,
            is_rendered=True,
            first_utterance_protection="opening_only",
            record_calls=recorded,
            recording_notice="",
        )
        for _ in range(calls)
    ]
    return {business.name: number for business, number in opened}


def run(calls: int, seconds: float, *, recorded: bool) -> dict[str, Any]:
    """Run once, with new processes."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
        database_url = f"sqlite:///{folder}/bench.sqlite3"
        numbers = prepare(database_url, calls, recorded=recorded)
        from testing.servers import web_processes  # noqa: PLC0415

        ours, theirs = multiprocessing.get_context("fork").Pipe()
        openai = multiprocessing.get_context("fork").Process(target=serve_openai, args=(theirs,), daemon=True)
        openai.start()
        url = ours.recv()
        os.sched_setaffinity(0, {DAPHNE_CORE})  # inherited by Daphne
        with web_processes(Path(folder), lambda: nullcontext(database_url)) as start:
            daphne = start(
                OPENAI_API_KEY="not-a-key",
                OPENAI_REALTIME_URL=url.replace("http", "ws", 1),
                OPENAI_BASE_URL=url,
                CALLS_PER_PROCESS=str(calls + 1),
                LOG_LEVEL="WARNING",
            )
            leave_daphnes_core()
            pid = daphne.process.pid
            cpu_before, waited_before = cpu_seconds(pid), waited_seconds(pid)
            callers = asyncio.run(_call(daphne.url, numbers, seconds))
            cpu_s, waited_s = cpu_seconds(pid) - cpu_before, waited_seconds(pid) - waited_before
        records = kept_records()
        ours.send("stop")
        heard, openai_lateness = ours.recv()
        openai.join()
    return figures(callers, heard, cpu_s) | {
        "lateness_of_openais_stand_in_itself_ms": spread(openai_lateness),
        "daphne_waited_for_its_core_seconds": round(waited_s, 2),
        "records": records,
    }


def kept_records() -> dict[str, int]:
    """Returns how many calls are on record with each reason of their end, and how many without any turn."""
    from businesses.tenancy import across_businesses  # noqa: PLC0415
    from calls.models import Call  # noqa: PLC0415

    with across_businesses():  # each call of this benchmark is another business's
        kept = Counter(Call.objects.values_list("end_reason", flat=True))
        return {**kept, "without_turns": Call.objects.filter(turns=None).count()}


async def _call(url: str, numbers: dict[str, str], seconds: float) -> list[Caller]:
    from calls.sandbox.telephone.twilio_peer import TwilioPeer  # noqa: PLC0415

    async with TwilioPeer(url) as twilio:
        return await place_calls(twilio, numbers, seconds)


def main() -> None:
    """Run, and print the figures as text and then as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each call lasts, at least")
    recorded = argparse.BooleanOptionalAction
    parser.add_argument("--recorded", action=recorded, default=True, help="whether both sides are recorded")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON object there, too")
    options = parser.parse_args()
    measured = run(options.calls, options.seconds, recorded=options.recorded)
    for name, value in measured.items():
        told = "  ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else value
        print(f"{name.replace('_', ' '):42} {told}")
    print(json.dumps(measured))
    if options.json:
        options.json.write_text(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main()
