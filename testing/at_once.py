"""Several workers that do the same at the same moment, each with a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

WORKERS = 4


def at_once(work: Callable[[], object]) -> None:
    """Let four threads work, none before all are there. What one of them raises is raised here."""
    barrier = Barrier(WORKERS)

    def begin(_number: int) -> None:
        try:
            barrier.wait()
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(begin, range(WORKERS)))
