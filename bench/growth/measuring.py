"""What something costs: processor time of this process and of PostgreSQL, and the number of queries."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


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
    database_s = server_s if everywhere else running_s
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


def running_s(pid: int) -> float:
    """Returns for how long a process has run on the processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def server_s(pid: int) -> float:
    """Returns for how long all processes of the server of a backend have run, those that have ended included."""
    postmaster = int(_stat(pid)[1])
    return tree_s(postmaster)


def tree_s(pid: int) -> float:
    """Returns for how long a process and its children have run on the processor, children that have ended included."""
    children = [int(each) for task in Path(f"/proc/{pid}/task").glob("*/children") for each in task.read_text().split()]
    ended = sum(int(each) for each in _stat(pid)[13:15]) / TICKS
    threads_s = sum(running_s_of(each) for each in Path(f"/proc/{pid}/task").iterdir())
    total = threads_s + ended
    for child in children:
        try:
            total += tree_s(child)
        except FileNotFoundError:  # ended meanwhile
            continue
    return total


def running_s_of(folder: Path) -> float:
    """Returns for how long a thread has run on the processor; 0 if it has just ended."""
    try:
        return int((folder / "schedstat").read_text().split()[0]) / 1e9
    except FileNotFoundError:
        return 0.0


def _stat(pid: int) -> list[str]:
    """Returns the fields of /proc/PID/stat from the third on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
