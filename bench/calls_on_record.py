"""Opens and ends calls, one by one, and prints what each cost: `python -m bench.calls_on_record 300`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.db.backends.signals import connection_created  # noqa: E402 - needs the settings

from businesses.models import Business  # noqa: E402
from businesses.tenancy import acting_for  # noqa: E402
from calls.conversation.commands import KeepTurn, NextStep, Speaker  # noqa: E402
from calls.conversation.end_reasons import EndReason  # noqa: E402
from calls.greetings import recordings  # noqa: E402
from calls.line import opening  # noqa: E402
from calls.models import Call, CallOutcome, GreetingAudio, GreetingSource, GreetingState  # noqa: E402
from calls.records import store  # noqa: E402
from calls.records.endings import Ending  # noqa: E402
from calls.telephone import stream_tokens  # noqa: E402
from frontdesk import database_pool  # noqa: E402

CALLS_OF_A_ROUND = 50


def inside(calls: int) -> dict[str, object]:
    """Open and end so many calls, whose business has a recorded greeting.

    Returns milliseconds of the processor for each, the best round's, and the statements of one call.
    """
    database_pool.install()
    business = Business.objects.get(slug="acme")
    business.greeting_text, business.fallback_number = "Hello, this is Acme.", "+97231234568"
    business.save()
    with acting_for(business):
        row = recordings.request(business, now=datetime.now(UTC))
        ready = {"state": GreetingState.READY, "source": GreetingSource.ENDPOINT, "rendered_at": datetime.now(UTC)}
        GreetingAudio.objects.filter(pk__in=[row.pk] if row else []).update(audio=b"\x7f" * 24_000, **ready)
    asked = _statements()
    asyncio.run(_round(business, 10, asked))  # what a process does once
    found = {"statements": asyncio.run(_round(business, 1, asked))[2]}
    rounds = [asyncio.run(_round(business, CALLS_OF_A_ROUND, asked)) for _ in range(calls // CALLS_OF_A_ROUND)]
    opened_ms, ended_ms = min(each[0] for each in rounds), min(each[1] for each in rounds)
    return {"opening_ms": round(opened_ms, 2), "ending_ms": round(ended_ms, 2), **found}


def _statements() -> Counter[str]:
    """Returns a count that grows with each statement of new connections, by its first words."""
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
    now, taken = datetime.now(UTC), []
    with acting_for(business):
        for _call in range(calls):
            call_sid = f"CA{uuid4().hex}"
            call = Call.objects.create(business=business, twilio_call_sid=call_sid, started_at=now)
            taken.append((call_sid, stream_tokens.issue(call, now=now)))
    return taken


if __name__ == "__main__":
    print(json.dumps(inside(int(sys.argv[1]))))
