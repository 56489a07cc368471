"""What the database's part of a call costs: reading its plan when its stream opens, and writing its end.

    .venv/bin/python bench/bench_call_records.py                     SQLite and a temporary PostgreSQL
    .venv/bin/python bench/bench_call_records.py --only sqlite --calls 500

Processor time of this side alone (that of PostgreSQL is not in it), with the settings of production, and how many
statements each takes. The code is that of a running call, with its threads and connections; calls come one by one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from bench.bench_broadcasts import on_postgres, on_sqlite  # noqa: E402 - needs the path
from testing.databases import manage  # noqa: E402

if TYPE_CHECKING:
    from businesses.models import Business

DATABASES = {"sqlite": on_sqlite, "postgres": on_postgres}
CALLS_OF_A_ROUND = 50


def main() -> None:
    """Print a line for each database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--only", choices=DATABASES)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(inside(given.calls)))
        return
    for name, on in DATABASES.items():
        if given.only in {None, name}:
            print(json.dumps({"part": f"call-records-{name}", **on(measured, given.calls)}), flush=True)


def measured(environment: dict[str, str], calls: int) -> dict[str, object]:
    """Returns what a process of its own found on this database."""
    manage("migrate", "-v0", environment=environment)
    manage("create_business", "acme", "--name", "Acme", "--phone", "+97231234567", environment=environment)
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "frontdesk.settings", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, __file__, "--inside", "--calls", str(calls)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def inside(calls: int) -> dict[str, object]:
    """Open and end so many calls, whose business has a recorded greeting.

    Returns milliseconds of the processor for each, the best round's, and the statements of one call.
    """
    import django

    django.setup()
    from businesses.models import Business
    from businesses.tenancy import acting_for
    from calls.greetings import recordings
    from calls.models import GreetingAudio, GreetingSource, GreetingState
    from frontdesk import database_pool

    database_pool.install()
    business = Business.objects.get(slug="acme")
    business.greeting_text, business.fallback_number = "Hello, this is Acme.", "+97231234568"
    business.save()
    with acting_for(business):
        row = recordings.request(business, now=datetime.now(UTC))
        ready = {"state": GreetingState.READY, "source": GreetingSource.ENDPOINT, "rendered_at": datetime.now(UTC)}
        GreetingAudio.objects.filter(pk=row.pk if row else None).update(audio=b"\x7f" * 24_000, **ready)
    asked = _statements()
    asyncio.run(_round(business, 10, asked))  # what a process does once
    found = {"statements": asyncio.run(_round(business, 1, asked))[2]}
    rounds = [asyncio.run(_round(business, CALLS_OF_A_ROUND, asked)) for _ in range(calls // CALLS_OF_A_ROUND)]
    opening, ending = min(each[0] for each in rounds), min(each[1] for each in rounds)
    return {"opening_ms": round(opening, 2), "ending_ms": round(ending, 2), **found}


def _statements() -> Counter[str]:
    """Returns a count that grows with each statement of new connections, by its first words."""
    from django.db.backends.signals import connection_created

    asked: Counter[str] = Counter()

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked[sql.partition(" ")[0]] += 1
        return execute(sql, params, many, context)

    def watch(connection: Any, **_more: Any) -> None:
        asked["connections"] += 1
        connection.execute_wrappers[:] = [count]

    connection_created.connect(watch, weak=False)
    return asked


async def _round(business: Business, calls: int, asked: Counter[str]) -> tuple[float, float, dict[str, int]]:
    """Returns the milliseconds of opening and of ending one of so many calls, and the statements of all of them."""
    from calls.conversation.commands import KeepTurn, NextStep, Speaker
    from calls.conversation.end_reasons import EndReason
    from calls.line import opening
    from calls.models import CallOutcome
    from calls.records import store
    from calls.records.endings import Ending

    taken = await asyncio.to_thread(_take_in, business, calls)
    asked.clear()
    began = time.process_time()
    plans = [await opening.read_plan(token, call_sid, "MZ1") for call_sid, token in taken]
    opened = time.process_time()
    end = Ending(EndReason.CALLER_LEFT, NextStep.HANG_UP, CallOutcome.COMPLETED, user_has_spoken=True)
    turn = KeepTurn(0, Speaker.CALLER, 1000, text="Good morning", heard_text="Good morning", ended_ms=1400)
    for plan in plans:
        await asyncio.wrap_future(store.write_later(plan, store.Batch(turns=[turn], ending=end)))
    return (opened - began) / calls * 1000, (time.process_time() - opened) / calls * 1000, {**asked}


def _take_in(business: Business, calls: int) -> list[tuple[str, str]]:
    """Have so many calls ring. Returns the CallSid and the token of each."""
    from businesses.tenancy import acting_for
    from calls.models import Call
    from calls.telephone import stream_tokens

    now, taken = datetime.now(UTC), []
    with acting_for(business):
        for _call in range(calls):
            call_sid = f"CA{uuid4().hex}"
            call = Call.objects.create(business=business, twilio_call_sid=call_sid, started_at=now)
            taken.append((call_sid, stream_tokens.issue(call, now=now)))
    return taken


if __name__ == "__main__":
    main()
