"""Measures the room that messages take in PostgreSQL: their tables and indexes, and what is written ahead.

    .venv/bin/python bench/bench_room.py --people 10000

A web process with everything in it sends a broadcast to a stand-in for Meta, which reports each message as sent and as
delivered, in webhooks of up to 1,000.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import django
import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "testing.settings"
django.setup()

from bench import production  # noqa: E402
from bench.bench_broadcasts import on_postgres  # noqa: E402
from testing.databases import manage  # noqa: E402
from testing.meta import ThreadedMeta, threaded_meta  # noqa: E402
from testing.servers import Daphne, web_processes  # noqa: E402

PHONE = "+15005550006"
SIZES = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'whatsapp%'"
DELIVERED = "SELECT count(*) FROM whatsapp_broadcast_recipients WHERE status = 'delivered'"
PATIENCE_S = 600


def main() -> None:
    """Run on a temporary PostgreSQL and print bytes for each message."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    print(json.dumps({"part": "room-postgres", **on_postgres(measure, parser.parse_args().people)}), flush=True)


def measure(environment: dict[str, str], people: int) -> dict[str, object]:
    """Returns the bytes of each table that grew, and those written ahead, for each message."""
    for setting in ("full_page_writes", "synchronous_commit"):
        manage("dbshell", "--", "-qc", f"ALTER SYSTEM SET {setting} = on", environment=environment)
    manage("dbshell", "--", "-qc", "SELECT pg_reload_conf()", environment=environment)
    manage("migrate", environment=environment)

    @contextmanager
    def database() -> Iterator[str]:
        yield environment["DATABASE_URL"]

    with (
        tempfile.TemporaryDirectory() as folder,
        threaded_meta() as meta,
        web_processes(Path(folder), database) as start,
        psycopg.connect(environment["DATABASE_URL"], autocommit=True) as own,
    ):
        server = start(
            beside=None,
            **production.SETTINGS,
            REDIS_URL="",
            CELERY_BROKER_URL="",
            WHATSAPP_API_URL=meta.url,
            WHATSAPP_APP_SECRET=meta.app_secret,
        )
        before, since = sizes(own), number(own, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
        begin(server, meta, Path(folder) / "people.csv", people)
        report(server, meta, own, people)
        grown = {table: size - before.get(table, 0) for table, size in sizes(own).items()}
        written = number(own, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')") - since
        tables = {table: round(size / people) for table, size in grown.items() if size > 10 * people}
        return {"people": people, "tables": tables, "written_ahead": round(written / people)}


def sizes(own: psycopg.Connection) -> dict[str, int]:
    """Returns the bytes of each table with its indexes."""
    return dict(own.execute(SIZES).fetchall())


def number(own: psycopg.Connection, query: str) -> int:
    """Returns the one number that a query asks for."""
    row = own.execute(query).fetchone()
    return int(row[0]) if row else 0


def begin(server: Daphne, meta: ThreadedMeta, file: Path, people: int) -> None:
    """Make a business with a number, and start a broadcast."""
    file.write_text("phone,first_name\n" + "".join(f"+97250{1_000_000 + 7 * n},Dana\n" for n in range(people)))
    server.manage("create_business", "acme", "--name", "Acme", "--phone", PHONE)
    ids = ("--phone-number-id", "1055", "--waba-id", "2077", "--phone", PHONE)
    server.manage("connect_whatsapp", "acme", "--provider", "cloud", *ids, "--access-token", meta.token)
    server.manage("sync_templates", "acme")
    template = ("--template", "spring_sale", "--language", "en_US", "--set", "until=Sunday")
    server.manage("create_broadcast", "acme", *template, "--csv", str(file), "--start")


def report(server: Daphne, meta: ThreadedMeta, own: psycopg.Connection, people: int) -> None:
    """Post what the stand-in reports, until all messages have been delivered."""
    give_up_at = time.monotonic() + PATIENCE_S
    while number(own, DELIVERED) < people:
        for body in meta.webhooks():
            urlopen(Request(f"{server.url}/whatsapp/webhooks/cloud/", body, meta.signed(body))).close()
        if time.monotonic() > give_up_at:
            raise TimeoutError("not everything was delivered")
        time.sleep(0.5)


if __name__ == "__main__":
    main()
