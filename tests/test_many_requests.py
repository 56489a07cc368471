"""A rush of reports to one web process on PostgreSQL: none fails, callers go first, and its connections are few."""

from __future__ import annotations

import asyncio
import os
import time

import aiohttp
import psycopg
import pytest

from testing.servers import Daphne, StartDaphne

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite has one writer at a time"
)

PHONE = "+15005550006"
REPORTS, AT_ONCE, CALLERS = 600, 200, 20
POOL = 10


def start(daphne: StartDaphne) -> Daphne:
    server = daphne(TWILIO_AUTH_TOKEN="", DATABASE_POOL_SIZE=str(POOL))
    server.manage("create_business", "acme", "--name", "Acme", "--phone", PHONE, "--set", "max_concurrent_calls=50")
    return server


async def post(browser: aiohttp.ClientSession, path: str, **form: str) -> tuple[int, str, float]:
    began = time.monotonic()
    async with browser.post(f"/calls/twilio/{path}/", data=form) as answer:
        return answer.status, await answer.text(), time.monotonic() - began


async def rush(server: Daphne) -> tuple[list[int], list[tuple[int, str, float]], float]:
    """Returns the statuses of all reports, the answers to the callers among them, and how long the rush took."""
    async with aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0)) as browser:
        await post(browser, "voice", CallSid="CA0", From="+15005550001", To=PHONE)
        places, began = asyncio.Semaphore(AT_ONCE), time.monotonic()

        async def report() -> int:
            async with places:
                return (await post(browser, "status", CallSid="CA0", CallStatus="in-progress"))[0]

        async def call(number: int) -> tuple[int, str, float]:
            return await post(browser, "voice", CallSid=f"CA{number}", From="+15005550001", To=PHONE)

        reports = [asyncio.create_task(report()) for _ in range(REPORTS)]
        callers = []
        for number in range(1, CALLERS + 1):
            await asyncio.wait(reports, return_when=asyncio.FIRST_COMPLETED)
            callers.append(await call(number))
        assert not all(each.done() for each in reports), "callers were meant to come in the middle"
        return list(await asyncio.gather(*reports)), callers, time.monotonic() - began


def test_a_rush_of_reports_fails_none_and_callers_go_first(daphne: StartDaphne) -> None:
    server = start(daphne)
    reports, callers, took_s = asyncio.run(rush(server))
    assert set(reports) == {204}
    assert {(status, "<Connect" in twiml) for status, twiml, _ in callers} == {(200, True)}
    assert max(waited for _, _, waited in callers) < took_s / 2, "no caller waits for the reports that came before"
    with psycopg.connect(server.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    assert 1 <= row[0] <= POOL, "they stay open for the next requests, and are never more"
