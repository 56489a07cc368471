"""What the senders' connections to PostgreSQL do, looked at every 20 ms from one that stands beside."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from bench.growth.measuring import server_s

LOOK_EVERY_S = 0.02
_DOING = """
SELECT CASE WHEN state = 'active' THEN coalesce(wait_event_type, 'works') ELSE state END
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'"""
_ENDS = "SELECT deadlocks, xact_commit FROM pg_stat_database WHERE datname = current_database()"


@dataclass
class Seen:
    """How often connections were found doing what, in `looks` looks."""

    looks: int = 0
    doing: Counter[str] = field(default_factory=Counter)
    server_s: float = 0.0
    deadlocks: int = 0
    commits: int = 0

    def figures(self, messages: int) -> dict[str, object]:
        """Returns what is told: how many connections did what on average, `Lock` being a wait for another's row."""
        if not self.looks:
            return {}
        on_average = {what: round(times / self.looks, 3) for what, times in sorted(self.doing.items())}
        return {
            "postgres_cpu_s_per_1000": round(self.server_s / messages * 1000, 3),
            "connections_on_average": on_average,
            "deadlocks": self.deadlocks,
            "commits_per_1000": round(self.commits / messages * 1000),
        }


@contextmanager
def watch(database_url: str) -> Iterator[Seen]:
    """Look on while the block runs; its figures are there afterwards. Sees nothing of SQLite."""
    seen, over = Seen(), threading.Event()
    if not database_url.startswith("postgres"):
        yield seen
        return
    with psycopg.connect(database_url, autocommit=True) as connection:
        pid = connection.info.backend_pid
        used, (deadlocks, commits) = server_s(pid), connection.execute(_ENDS).fetchone() or (0, 0)

        def look() -> None:
            while not over.wait(LOOK_EVERY_S):
                seen.looks += 1
                seen.doing.update(what for (what,) in connection.execute(_DOING))

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield seen
        finally:
            over.set()
            watcher.join()
        seen.server_s = server_s(pid) - used
        ends = connection.execute(_ENDS).fetchone() or (0, 0)
        seen.deadlocks, seen.commits = ends[0] - deadlocks, ends[1] - commits
