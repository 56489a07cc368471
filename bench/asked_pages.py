"""Pages asked for in one process, on a throw-away database of each kind: processor time and queries."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import traceback
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench import production
from testing import services
from testing.databases import manage

if TYPE_CHECKING:
    from django.test import Client

WELL = {200, 286}
"""286: htmx's end of polling."""


def add_only(parser: ArgumentParser) -> None:
    """Declare the option that leaves one of the databases out."""
    parser.add_argument("--only", choices=["sqlite", "postgres"])


def on_each_database(measure: Callable[[str], None], *, only: str | None) -> None:
    """Call `measure` with the database's name, in a child process each, with Django set up and the tables made."""
    if only != "postgres":
        with tempfile.TemporaryDirectory() as folder:
            apart(measure, f"sqlite:///{folder}/bench.sqlite3")
    if only != "sqlite":
        with services.postgres() as url:
            apart(measure, url)


def apart(measure: Callable[[str], None], url: str) -> None:
    """Call `measure` with the kind of a database, in a child process, with Django set up and the tables made.

    Ends this process if that failed.
    """
    child = os.fork()
    if not child:
        with _ending():
            _measure(measure, url)
    if os.waitpid(child, 0)[1]:
        raise SystemExit("The measurement failed.")


@contextmanager
def _ending() -> Iterator[None]:
    """End this process with the block: nothing that its parent holds open is closed by it."""
    failed = True
    try:
        yield
        failed = False
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(failed)


def _measure(measure: Callable[[str], None], url: str) -> None:
    os.environ |= production.KEYS
    os.environ |= {"DATABASE_URL": url, "REDIS_URL": "", "ENV_FILE": os.devnull, "DEBUG": "1", "LOG_LEVEL": "ERROR"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "frontdesk.settings"
    manage("migrate", "-v0", environment=dict(os.environ))
    import django  # noqa: PLC0415 - its settings are named only now

    django.setup()
    measure(url.partition(":")[0])


def median(client: Client, address: str, *, times: int) -> tuple[float, int]:
    """Returns the median processor time of a request in milliseconds, and the number of its queries."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    took = statistics.median(once(client, address) for _ in range(times))
    with CaptureQueriesContext(connection) as queries:  # apart: keeping them costs time
        once(client, address)
    return round(took, 1), len(queries)


def once(client: Client, address: str) -> float:
    """Returns the processor time of one request in milliseconds."""
    start = time.process_time()
    answer = client.get(address)
    took = time.process_time() - start
    if answer.status_code not in WELL:
        raise SystemExit(f"{address}: {answer.status_code}")
    return took * 1000
