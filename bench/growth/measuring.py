"""What something costs: processor time of this process and of PostgreSQL, and the number of queries."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.town.processes import cpu_s, own_cpu_s


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of the processor, and queries."""

    process_ms: float
    database_ms: float
    queries: int

    @property
    def ms(self) -> float:
        """Returns both together."""
        return self.process_ms + self.database_ms


def cost_of(do: Callable[[], object], *, times: int = 5, everywhere: bool = False) -> Cost:
    """Returns the median cost of doing something, with nothing in the cache.

    Of the database this connection's process counts; `everywhere`: all of the server's, since threads have their own.
    """
    from django.core.cache import cache  # noqa: PLC0415

    costs = []
    for _ in range(times):
        cache.clear()
        costs.append(_once(do, everywhere=everywhere))
    return Cost(
        statistics.median(each.process_ms for each in costs),
        statistics.median(each.database_ms for each in costs),
        max(each.queries for each in costs),
    )


def _once(do: Callable[[], object], *, everywhere: bool) -> Cost:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    pid = backend()
    database_s = server_s if everywhere else own_cpu_s
    with CaptureQueriesContext(connection) as queries:
        began_s, database_began_s = time.process_time(), database_s(pid)
        do()
        took_s = time.process_time() - began_s
    return Cost(took_s * 1000, (database_s(pid) - database_began_s) * 1000, len(queries))


def backend() -> int:
    """Returns the id of the process of PostgreSQL that serves this connection. It must be on this machine."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def server_s(pid: int) -> float:
    """Returns for how long all processes of the server of a backend have run, those that have ended included."""
    _state, postmaster, *_more = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return cpu_s(int(postmaster))
