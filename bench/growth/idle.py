"""An idle installation's processes: how much of the processor each takes in a second, and PostgreSQL with them."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from bench import production
from bench.growth.measuring import Cost, backend, server_s
from bench.town.processes import cpu_s
from testing import services

SETTLES_S, WATCHED_S = 30.0, 60.0


def figures() -> dict[str, Cost]:
    """Returns milliseconds a second of a web process, and of a worker with beat; PostgreSQL's are with the worker's."""
    from testing.servers import web_processes, worker_process  # noqa: PLC0415

    url = os.environ["DATABASE_URL"]
    with (
        tempfile.TemporaryDirectory(prefix="frontdesk-idle-") as folder,
        services.redis() as redis_url,
        web_processes(Path(folder), lambda: nullcontext(url)) as start,
    ):
        web = start(beside=None, **production.SETTINGS | {"REDIS_URL": redis_url, "MEDIA_ROOT": folder})
        alone = _used(web.process.pid)
        with worker_process(web.environment, Path(folder)) as worker:
            both = _used(web.process.pid, worker.process.pid)
    return {
        "idle: a web process, in a second": Cost(alone[0], alone[-1], 0),
        "idle: a worker with beat, in a second": Cost(both[1], both[-1], 0),
    }


def _used(*pids: int) -> list[float]:
    """Returns milliseconds a second of each process with its children, and of PostgreSQL."""
    time.sleep(SETTLES_S)
    postgres = backend()
    began, begin = time.monotonic(), [*map(cpu_s, pids), server_s(postgres)]
    time.sleep(WATCHED_S)
    end, took_s = [*map(cpu_s, pids), server_s(postgres)], time.monotonic() - began
    return [(after - before) / took_s * 1000 for before, after in zip(begin, end, strict=True)]
