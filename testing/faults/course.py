"""All faults, one after another, in one installation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web
from asgiref.sync import sync_to_async
from django.db import connections

from businesses.models import Business
from businesses.tenancy import across_businesses
from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.receptionist.engine import Say
from testing.called_businesses import open_business
from testing.faults.callers import ANSWER, GREETING, crew
from testing.faults.catalogue import FAULTS, Fault
from testing.faults.installation import APP_SECRET, AUTH_TOKEN, installation
from testing.faults.messages import Messages
from testing.faults.postgres import Postgres
from testing.faults.strikes import World
from testing.faults.table import HEAD, lines, row
from testing.faults.trial import Result, tried
from testing.numbered import NumberedVoice
from whatsapp.providers.sandbox.server import FakeMeta

OWNER = "+12125559999"
MOST_ANSWERS = 100_000
END_TIMEOUT_S = 300
"""What a provider refused for its pace is tried again minutes later."""


def called_business() -> tuple[Business, str]:
    """Create the business that is called and that sends. Returns it and its number."""
    with across_businesses():
        return open_business(greeting=GREETING, is_rendered=True, fallback_number=OWNER, max_concurrent_calls=50)


@asynccontextmanager
async def meta_served(meta: FakeMeta) -> AsyncIterator[int]:
    """Serve the stand-in for Meta in this event loop. Yields its port."""
    runner = web.AppRunner(meta.app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def run(folder: Path, database: Postgres, faults: Sequence[Fault], *, calls_at_once: int) -> int:
    """Try these faults and print a line for each. Returns 1 if a promise was broken."""
    business, number = await sync_to_async(called_business)()
    await sync_to_async(connections.close_all)()
    scenario = Scenario(replies=((Say(ANSWER),),) * MOST_ANSWERS, speed=10.0, transcript_delay_s=0.1)
    meta = FakeMeta(app_secret=APP_SECRET, latency_s=0.05)
    openai = RealtimeServer(scenario, voice=NumberedVoice(), records=False)
    async with openai, meta_served(meta) as meta_port:
        openai_port = int(openai.url.rpartition(":")[2].partition("/")[0])
        with ExitStack() as running:
            house = await asyncio.to_thread(
                lambda: running.enter_context(
                    installation(folder, openai_port=openai_port, meta_port=meta_port, database=database)
                )
            )
            meta.webhook_url = f"{house.servers[0]}/whatsapp/webhooks/cloud/"
            world = World(house, openai, meta)
            messages = await asyncio.to_thread(Messages, meta, business)
            async with crew(house.servers, house.url, AUTH_TOKEN, number, calls_at_once=calls_at_once) as callers:
                results: list[Result] = []
                print(HEAD, flush=True)
                for fault in faults:
                    if missing := fault.lacks(world):
                        print(f"NOT TRIED: {fault.name}: {missing}", flush=True)
                        continue
                    try:
                        result = await tried(fault, world, callers, messages)
                        if result.may_be_the_machine:  # as failed tests are run once more (decision 0086)
                            print(f"ONCE MORE: {fault.name}: {', '.join(result.wrongs())}", flush=True)
                            result = await tried(fault, world, callers, messages)
                        results.append(result)
                    except TimeoutError as error:
                        print(f"STANDS STILL before {fault.name}: {error}", flush=True)
                        return 1
                    print(row(results[-1]), flush=True)
                    for wrong in results[-1].wrongs():
                        print(f"  WRONG: {wrong}", flush=True)
                    print(*(f"  {note}" for note in results[-1].notes), sep="\n", flush=True)
            unsettled = await asyncio.to_thread(left_at_the_end, results)
            await asyncio.to_thread(running.close)
    print("", *lines(results), "", sep="\n")
    print(f"Calls that went on in another stream: {sum(result.went_on for result in results)}")
    print(f"Messages still waiting at the end: {unsettled}")
    return 1 if unsettled or any(result.wrongs() for result in results) else 0


def left_at_the_end(results: Sequence[Result]) -> int:
    """Wait until every broadcast is settled. Returns how many messages are not, or are lost or doubled after all."""
    courses = [result.sending.settled(END_TIMEOUT_S) for result in results if result.course.waiting]
    return sum(course.waiting + course.lost + course.doubled for course in courses)


def chosen(words: Sequence[str], *, is_short: bool) -> list[Fault]:
    """Returns the faults whose names contain one of the words, or all; `is_short`: only those of `.ci/run`."""
    return [
        fault
        for fault in FAULTS
        if (fault.is_short or not is_short) and (not words or any(word in fault.name.lower() for word in words))
    ]
