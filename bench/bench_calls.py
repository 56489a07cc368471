"""Many calls at once on one Daphne process and one core: measures delays and the processor time of a call.

    .venv/bin/python bench/bench_calls.py [--calls 20] [--seconds 30] [--no-recorded] [--json FILE]

Every call hears its cached greeting, asks, is answered, interrupts the answer, is answered again, and so on. Twilio's
stand-in runs in this process and OpenAI's in a second one, both away from Daphne's core where there are several.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.call_figures import GREETING, Caller, Heard, figures, spread  # noqa: E402 - needs the path
from bench.call_servers import OpenaisPart, call_servers, prepared_database  # noqa: E402
from bench.production import TWILIO_TOKEN  # noqa: E402
from bench.town.processes import cpu_s, waited_s  # noqa: E402

if TYPE_CHECKING:
    from calls.sandbox.openai.scenario import Scenario
    from calls.sandbox.telephone.twilio_peer import TwilioPeer
    from calls.sandbox.voices.voices import Voice

ANSWER = "This answer is long enough to be interrupted in its middle, and goes on."


# OpenAI's side -------------------------------------------------------------------------------------------
def _scenario() -> Scenario:
    from calls.sandbox.openai.scenario import Scenario  # noqa: PLC0415
    from calls.sandbox.receptionist.engine import Say  # noqa: PLC0415 - needs Django's settings

    return Scenario(replies=((Say(ANSWER),),) * 10_000)


def _voice() -> Voice:
    from testing.numbered import NumberedVoice  # noqa: PLC0415

    return NumberedVoice()


def _seen(connection: Any) -> Heard:
    update = next(each.event for each in connection.received if each.event["type"] == "session.update")
    first_line = update["session"]["instructions"].partition("\n")[0]
    business = first_line.removeprefix("You answer the telephone of ").removesuffix(".")
    deltas = [each for each in connection.sent if each.event["type"] == "response.output_audio.delta"]
    sizes = [(each.at, len(each.event["delta"]) * 3 // 4 - each.event["delta"].count("=")) for each in deltas]
    return Heard(business, [each.at for each in connection.received_audio], sizes)


OPENAI = OpenaisPart(_scenario, _voice, _seen)
"""Answers each turn with a sentence, at once."""


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
def open_businesses(calls: int, *, recorded: bool) -> dict[str, str]:
    """Create one business for each call. Returns their numbers by name."""
    from testing.called_businesses import open_business  # noqa: PLC0415 - needs Django's settings

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
    with prepared_database() as (folder, database_url):
        numbers = open_businesses(calls, recorded=recorded)
        with call_servers(folder, database_url, OPENAI, calls=calls) as servers:
            pid = servers.daphne.process.pid
            cpu_before, waited_before = cpu_s(pid), waited_s(pid)
            callers = asyncio.run(_call(servers.daphne.url, numbers, seconds))
            used, waited = cpu_s(pid) - cpu_before, waited_s(pid) - waited_before
            servers.stop_openai()
        records = kept_records()
    return figures(callers, servers.seen, used) | {
        "lateness_of_openais_stand_in_itself_ms": spread(list(servers.lateness_ms)),
        "daphne_waited_for_its_core_seconds": round(waited, 2),
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

    async with TwilioPeer(url, auth_token=TWILIO_TOKEN) as twilio:
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
