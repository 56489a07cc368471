"""Makes an installation: the demo business with a row of each kind, other businesses, and then the large one."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from bench.growth import after_calls, appointments, broadcasts, fleet, own_systems, people
from bench.growth.copying import quickly, run, without_indexes
from bench.growth.sizes import Size

if TYPE_CHECKING:
    from testing.demo_data import Rows

MANY = ("whatsapp_broadcast_recipients", "whatsapp_broadcast_attempts", "whatsapp_contact", "calls_turn")
_KEPT = "growth_rows"


def make_small_ones(size: Size) -> Rows:
    """Make the demo business and all others but the large one. Returns the demo's rows to look at."""
    from businesses.tenancy import across_businesses  # noqa: PLC0415
    from testing.demo_data.seed import seed  # noqa: PLC0415

    rows = seed()
    run(f"CREATE TABLE {_KEPT} (rows text)")
    run(f"INSERT INTO {_KEPT} VALUES ('{json.dumps(rows)}')")
    with across_businesses(), quickly(), without_indexes(MANY):  # a benchmark makes everybody's rows
        fleet.begin()
        fleet.small_ones(size)
        _fill()
        broadcasts.add_notices(size.recipients, size.businesses)
    settle_down()
    return rows


def make_large_one(size: Size) -> None:
    """Let the demo business be the large one."""
    from businesses.tenancy import across_businesses  # noqa: PLC0415

    with across_businesses(), quickly():  # as above
        fleet.large_one(size)
        _fill()
    settle_down()


def rows_kept() -> Rows:
    """Returns the demo's rows to look at of an installation that was made before."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rows FROM {_KEPT}")
        rows: Rows = json.loads(cursor.fetchone()[0])
    return rows


def forget() -> None:
    """Remove the tables that are only for making rows."""
    for table in (_KEPT, fleet.NEW, broadcasts.MADE):
        run(f"DROP TABLE IF EXISTS {table}")


def settle_down() -> None:
    """Do what PostgreSQL does by itself within minutes: tables are cleaned and known."""
    run("VACUUM ANALYZE")
    run("CHECKPOINT")


def _fill() -> None:
    for step in (
        people.add_contacts,
        people.add_messages,
        people.add_calls,
        after_calls.add_what_was_done,
        after_calls.add_what_is_to_do,
        after_calls.add_choices,
        appointments.add_calendars,
        appointments.add_appointments,
        own_systems.add_what_was_told,
        own_systems.add_use,
        broadcasts.add_broadcasts,
        broadcasts.add_recipients,
    ):
        began = time.monotonic()
        step()
        print(f"  {step.__name__}: {time.monotonic() - began:.1f} s", flush=True)
