"""Everything through PgBouncer in transaction mode: many connections of ours share few of PostgreSQL's.

A session's state is nobody's there: cursors, settings and advisory locks of a session would be lost, or found by
somebody else. `server_round_robin` gives each transaction another connection, so whatever relies on one fails here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import aiohttp
import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from calls.short_waits import waits_for_locks_at_most
from testing import pgbouncer
from testing.databases import MigratedDatabase, empty_database, manage
from testing.meta import ThreadedMeta, threaded_meta
from testing.servers import Daphne, StartWorker, web_processes
from tests.call_rig import speech

PHONE = "+15005550006"
PEOPLE, CALLERS, CONNECTIONS = 200, 40, 4
READ_ALL = """
from businesses.tenancy import across_businesses
from whatsapp.models import Recipient
with across_businesses():
    print(sum(1 for _ in Recipient.objects.iterator(chunk_size=50)))
"""

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite has no pooler"),
    pytest.mark.skipif(not Path(pgbouncer.PGBOUNCER).exists(), reason="needs pgbouncer: apt-get install pgbouncer"),
]


@contextmanager
def pooled(migrated: MigratedDatabase) -> Iterator[tuple[str, str]]:
    """A migrated database: its address, and the one through PgBouncer."""
    with migrated() as direct, pgbouncer.pooled(direct, size=CONNECTIONS) as through:
        yield direct, through


async def a_call(url: str) -> None:
    async with TwilioPeer(url) as twilio, twilio.call(to=PHONE) as call:
        await call.connected()
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > 0)
        await call.hang_up()
        assert call.record.errors == []


async def many_ring(browser: aiohttp.ClientSession) -> None:
    """Ring again and again while the broadcast is sent. A busy machine may find the database slow, now and then."""
    connected = 0
    for number in range(CALLERS):
        form = {"CallSid": f"CA{number}", "From": f"+1500556{number:04}", "To": PHONE}
        async with browser.post("/calls/twilio/voice/", data=form) as answer:
            connected += "<Connect" in await answer.text()
    assert connected > CALLERS / 2


async def reported(browser: aiohttp.ClientSession, meta: ThreadedMeta, direct: str) -> None:
    """Post the reports of the broadcast until all of its messages have been delivered."""
    async with asyncio.timeout(60):
        while len(meta.accepted) < PEOPLE:  # noqa: ASYNC110 - another process sends
            await asyncio.sleep(0.05)
        while delivered(direct) < PEOPLE:
            for body in meta.webhooks():
                async with browser.post("/whatsapp/webhooks/cloud/", data=body, headers=meta.signed(body)) as answer:
                    assert answer.status == 200
            await asyncio.sleep(0.1)


def delivered(direct: str) -> int:
    """Returns how many messages have been delivered."""
    with psycopg.connect(direct) as own:
        row = own.execute("SELECT count(*) FROM whatsapp_broadcast_recipients WHERE status = 'delivered'").fetchone()
    return row[0] if row else 0


async def test_calls_and_a_broadcast_through_few_connections(
    tmp_path: Path, migrated_database: MigratedDatabase, celery_worker: StartWorker
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("phone,first_name\n" + "".join(f"+9725012{n:05},Dana\n" for n in range(PEOPLE)))
    with pooled(migrated_database) as (direct, through), threaded_meta() as meta:
        async with RealtimeServer() as openai:
            with web_processes(tmp_path, migrated_database) as start:
                server = await asyncio.to_thread(
                    start,
                    DATABASE_URL=through,
                    DATABASE_TRANSACTION_POOLING="1",
                    OPENAI_API_KEY="any",
                    OPENAI_REALTIME_URL=openai.websocket_url,
                    OPENAI_BASE_URL=openai.http_url,
                    WHATSAPP_API_URL=meta.url,
                    WHATSAPP_APP_SECRET=meta.app_secret,
                    CALLS_PER_PROCESS="100",
                )
                celery_worker(server)
                await asyncio.to_thread(prepare, server, meta, people)
                async with aiohttp.ClientSession(server.url) as browser:
                    await asyncio.gather(a_call(server.url), many_ring(browser), reported(browser, meta, direct))
                assert "Traceback" not in server.log, server.log
                used, timeouts = sessions(direct, through)
                read = await asyncio.to_thread(server.manage, "shell", "-v0", "-c", READ_ALL)
    assert int(read) == PEOPLE, "piece by piece, without a cursor in the server"
    assert 1 <= used <= CONNECTIONS
    assert timeouts == {"0"}, "a caller's short wait for locks is nobody else's"


def prepare(server: Daphne, meta: ThreadedMeta, people: Path) -> None:
    """Make a business with a number, and start a broadcast."""
    number = ("--phone-number-id", "1055", "--waba-id", "2077", "--phone", PHONE, "--access-token", meta.token)
    template = ("--template", "spring_sale", "--language", "en_US", "--set", "until=Sunday", "--csv", str(people))
    commands = (
        ("create_business", "acme", "--name", "Acme", "--phone", PHONE, "--set", "max_concurrent_calls=100"),
        ("connect_whatsapp", "acme", "--provider", "cloud", *number),
        ("sync_templates", "acme"),
        ("create_broadcast", "acme", *template, "--start"),
    )
    run_all = "from django.core.management import call_command\nfor words in {0}: call_command(*words)"
    server.manage("shell", "-v0", "-c", run_all.format(commands))


def sessions(direct: str, through: str) -> tuple[int, set[str]]:
    """Returns how many connections PgBouncer has, and what those it hands out have as `lock_timeout`."""
    with psycopg.connect(direct) as own:
        row = own.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ).fetchone()
    assert row is not None
    with psycopg.connect(through, autocommit=True, prepare_threshold=None) as pool:
        shown = [pool.execute("SHOW lock_timeout").fetchone() for _ in range(3 * CONNECTIONS)]
    return row[0], {each[0] for each in shown if each}


def test_two_machines_migrate_one_after_the_other(tmp_path: Path) -> None:
    with empty_database(tmp_path) as direct, pgbouncer.pooled(direct, size=CONNECTIONS) as through:
        environment = {**os.environ, "DATABASE_URL": through, "DATABASE_TRANSACTION_POOLING": "1"}
        with ThreadPoolExecutor(2) as machines:
            outputs = list(machines.map(lambda _: manage("migrate", environment=environment), range(2)))
    assert sorted("No migrations to apply." in output for output in outputs) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_a_callers_wait_for_a_lock_is_short_in_a_transaction_and_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    held = connection.copy()
    with closing(held), held.cursor() as other:
        held.set_autocommit(False)
        other.execute("LOCK TABLE businesses_business IN ACCESS EXCLUSIVE MODE")
        for block in (transaction.atomic, nullcontext):
            with (
                pytest.raises(OperationalError, match="lock timeout"),
                waits_for_locks_at_most(0.2),
                block(),
                connection.cursor() as ours,
            ):
                ours.execute("SELECT 1 FROM businesses_business")
        held.rollback()
    with connection.cursor() as ours:
        ours.execute("SHOW lock_timeout")
        assert ours.fetchone() == ("0",)
