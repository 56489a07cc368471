"""A soak: real processes under calls, pages and a broadcast for a long time, and what grows meanwhile.

    make soak MINUTES=30 [CALLS=6]

PostgreSQL, Redis, a web process, a worker and beat run here, with stand-ins for OpenAI, Meta and Twilio around them.
There are as many lines as 60 % of what one core carries, measured first; CALLS says it otherwise. Each line calls again
and again. The figures are taken each minute under load, and at rest after the warm-up (a fifth of the time) and at the
end. It fails if anything has grown beyond its bound (`verdict.py`), a greeting was not whole, a message came twice, a
call or page failed, or a process logged an error.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench import production
from bench.bench_calls import OPENAI
from bench.call_figures import GREETING
from bench.call_servers import OpenaisPart, call_servers
from bench.production import TWILIO_TOKEN
from bench.soak.callers import Crowd
from bench.soak.sampling import METRICS_TOKEN, Watched
from bench.soak.verdict import Happened, Sample, grown, table
from bench.town.processes import cpu_s

if TYPE_CHECKING:
    from testing.meta import ThreadedMeta
    from testing.servers import Process

SHARE = 0.6
MOST_LINES, TRIED_LINES, TRIED_S = 24, 3, 15.0
MESSAGES_PER_S = 5
SETTLES_S = 20.0
"""At a rest, before figures are taken: ends are written, unused connections closed (aiohttp: after 15 s)."""
_LOGGED = re.compile(r"^.*(?: ERROR | CRITICAL |Traceback).*$", re.MULTILINE)


@dataclass
class House:
    """The running processes and their addresses. `numbers` are those of the businesses, one for each line."""

    web: Process
    worker: Process
    url: str
    watched: Watched
    meta: ThreadedMeta
    numbers: list[str]
    pages: list[str]
    cookies: dict[str, str]


@contextmanager
def house(lines: int, minutes: float) -> Iterator[House]:
    """Start everything, with a broadcast that lasts for these minutes."""
    with ExitStack() as opened:
        from testing import services  # noqa: PLC0415

        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="frontdesk-soak-")))
        database_url = opened.enter_context(services.postgres())
        os.environ |= {
            "DATABASE_URL": database_url,
            "REDIS_URL": "redis://a-new-one",
            "ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
            **production.KEYS,
        }
        import django  # noqa: PLC0415 - only after its settings are named

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415
        from django.db import connection  # noqa: PLC0415

        from testing.meta import threaded_meta  # noqa: PLC0415
        from testing.servers import worker_process  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        numbers, pages, cookies = rows(lines, people=round(minutes * 60 * MESSAGES_PER_S) + 500)
        connection.close()
        meta = opened.enter_context(threaded_meta())
        part = OpenaisPart(OPENAI.scenario, OPENAI.voice, lambda _connection: None, records=False)
        servers = opened.enter_context(
            call_servers(
                folder, database_url, part, calls=2 * lines, own_core=False,
                WHATSAPP_API_URL=meta.url, WHATSAPP_APP_SECRET=meta.app_secret, METRICS_TOKEN=METRICS_TOKEN,
            )
        )  # fmt: skip
        web = servers.daphne
        meta.repeat, meta.webhook_url = 2, f"{web.url}/whatsapp/webhooks/cloud/"
        worker = opened.enter_context(worker_process(web.environment, folder))
        redis_port = urlsplit(web.environment["REDIS_URL"]).port or 0
        watched = Watched({"web": web.process.pid, "worker": worker.process.pid}, web.url, database_url, redis_port)
        yield House(web, worker, web.url, watched, meta, numbers, pages, cookies)


def rows(lines: int, *, people: int) -> tuple[list[str], list[str], dict[str, str]]:
    """Create a business for each line, and a broadcast. Returns numbers, pages, and an owner's cookies."""
    from businesses.tenancy import acting_for  # noqa: PLC0415 - needs Django's settings
    from testing.broadcasts import addresses, make_broadcast, make_lasting_template, make_sender  # noqa: PLC0415
    from testing.called_businesses import open_business  # noqa: PLC0415
    from tests.call_office import member_cookies  # noqa: PLC0415

    opened = [open_business(greeting=GREETING, is_rendered=True, recording_notice="") for _line in range(lines)]
    business = opened[0][0]
    with acting_for(business):
        sender = make_sender(business, max_mps=MESSAGES_PER_S)
        broadcast = make_broadcast(sender, make_lasting_template(sender), addresses(people))
    home = f"/b/{business.slug}/"
    pages = ["", "calls/", "calls/live/", "broadcasts/", f"broadcasts/{broadcast.pk}/", "contacts/", "inbox/"]
    return [number for _business, number in opened], [home + page for page in pages], member_cookies(business)


async def soak(house: House, minutes: float, lines: int) -> tuple[list[Sample], Happened, Crowd]:
    """Have everybody call and read. Returns what was measured and what went wrong."""
    from calls.sandbox.telephone.twilio_peer import TwilioPeer  # noqa: PLC0415 - needs Django's settings

    happened, samples, began = Happened(), list[Sample](), time.monotonic()
    crowd = Crowd(happened)
    every_s = min(60.0, minutes * 60 / 15)

    async def take(*, is_rest: bool) -> None:
        samples.append(await asyncio.to_thread(house.watched.sample, time.monotonic() - began, is_rest=is_rest))
        print(f"{samples[-1].at_s:6.0f} s  {dict(crowd.calls)}, {crowd.pages} pages", flush=True)

    async def rest() -> None:
        await crowd.rest()
        await asyncio.sleep(SETTLES_S)
        await take(is_rest=True)
        crowd.may_call.set()

    async with TwilioPeer(house.url, auth_token=TWILIO_TOKEN) as twilio:
        outside = [
            asyncio.create_task(crowd.line(twilio, number, place)) for place, number in enumerate(house.numbers[:lines])
        ]
        outside += [asyncio.create_task(crowd.reader(house.url, house.pages, house.cookies)) for _reader in range(2)]
        crowd.may_call.set()
        await asyncio.sleep(minutes * 60 / 5)  # the warm-up
        await rest()
        while time.monotonic() < began + minutes * 60:
            await asyncio.sleep(every_s)
            await take(is_rest=False)
        await rest()
        for task in outside:
            task.cancel()
        await asyncio.gather(*outside, return_exceptions=True)
    return samples, happened, crowd


async def capacity(house: House) -> int:
    """Returns how many calls one core carries, from the processor time of a few."""
    from calls.sandbox.telephone.twilio_peer import TwilioPeer  # noqa: PLC0415 - needs Django's settings

    crowd = Crowd(Happened())
    crowd.may_call.set()
    async with TwilioPeer(house.url, auth_token=TWILIO_TOKEN) as twilio:
        outside = [asyncio.create_task(crowd.line(twilio, each, 0)) for each in house.numbers[:TRIED_LINES]]
        before = cpu_s(house.web.process.pid)
        await asyncio.sleep(TRIED_S)
        used = cpu_s(house.web.process.pid) - before
        await crowd.rest()
        for task in outside:
            task.cancel()
        await asyncio.gather(*outside, return_exceptions=True)
    return max(1, int(TRIED_LINES * TRIED_S / used))


def doubled(meta: ThreadedMeta) -> list[str]:
    """Returns the people who got the broadcast more than once."""
    times = Counter(post.address for post in meta.accepted)
    return [f"{address[:6]}…: {number} times" for address, number in times.items() if number > 1]


def main() -> int:
    """Run it. Returns 1 if it fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--calls", type=int, default=0, help="lines; 0: 60 %% of what one core carries")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(1))  # everything that was started ends with this process
    with house(given.calls or MOST_LINES, given.minutes) as built:
        carried = 0 if given.calls else asyncio.run(capacity(built))
        lines = given.calls or min(MOST_LINES, max(1, int(carried * SHARE)))
        print(f"{lines} lines" + (f" ({SHARE:.0%} of {carried} that one core carries)" if carried else ""), flush=True)
        samples, happened, crowd = asyncio.run(soak(built, given.minutes, lines))
        happened.doubled_messages += doubled(built.meta)
        for process in (built.web, built.worker):
            happened.logged += _LOGGED.findall(process.log)
        sent = len(built.meta.accepted)
    print(*table(samples), sep="\n")
    print(f"{crowd.calls.total()} calls: {dict(crowd.calls)}; {crowd.pages} pages; {sent} messages")
    wrong = grown(samples)
    for name in Happened.__slots__:
        found = getattr(happened, name)
        wrong += [f"{name.replace('_', ' ')}: {len(found)}, like {found[0][:200]}"] if found else []
    wrong += [] if sent else ["no message was sent"]
    print(*wrong or ["Nothing has grown, and nobody noticed anything."], sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
