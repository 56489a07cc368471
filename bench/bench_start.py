"""What a process costs before it has done anything: processor time until /healthz answers, and memory while idle.

    .venv/bin/python bench/bench_start.py [--rounds 5] [--json FILE]

The processes start one after the other in each round, beside a temporary PostgreSQL and Redis and a worker that runs
all the time (as on any machine that serves, it shares the code of libraries with them). Compare with the bare Django of
the same run. Memory is read from /proc/<pid>/smaps_rollup (Linux): `Pss` counts what several processes share once.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.production import WITHOUT_PAGES  # noqa: E402 - needs the path
from bench.town import processes  # noqa: E402
from testing import services  # noqa: E402
from testing.databases import manage  # noqa: E402
from testing.process_memory import mapped_kilobytes  # noqa: E402
from testing.servers import worker_process  # noqa: E402

DAPHNE = ("-m", "daphne", "--fd", "{fd}")
SERVERS = {
    "bare Django": (*DAPHNE, "bench.bare_site:application"),
    "Daphne": (*DAPHNE, "frontdesk.asgi:application"),
    "`serve_media`": ("manage.py", "serve_media", "--fd", "{fd}"),
}
COMMANDS = {
    "bare Django": ("-c", "import bench.bare_site"),
    "`manage.py`": ("manage.py", "shell", "--no-imports", "-c", "pass"),
}
SETTLES_S = 3.0
MEMORY = ("Rss", "Pss", "Anonymous")
PAGE = "/accounts/login/"


@dataclass(frozen=True)
class Start:
    """One start. Memory in kB, after it has been idle for a moment and after a page."""

    wall_s: float
    cpu_s: float
    idle: dict[str, int]
    after_a_page: dict[str, int]


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures of each start here")
    given = parser.parse_args()
    rounds = range(given.rounds)
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder, _stores(folder) as environment:
        manage("migrate", "-v0", environment=environment)
        with worker_process(environment, Path(folder)):
            time.sleep(2 * SETTLES_S)
            starts = [{name: start(how, environment) for name, how in SERVERS.items()} for _ in rounds]
        commands = [{name: command_cpu_s(how, environment) for name, how in COMMANDS.items()} for _ in rounds]
    if given.json:
        kept = [{name: asdict(found) for name, found in each.items()} for each in starts]
        given.json.write_text(json.dumps({"starts": kept, "commands": commands}))
    print("| | CPU s | times bare | wall s | PSS idle, MB | RSS | of it its own | PSS after a page |")
    print("|---|---|---|---|---|---|---|---|")
    for name in SERVERS:
        each = [found[name] for found in starts]
        times = [found[name].cpu_s / found["bare Django"].cpu_s for found in starts]
        figures = (f"{_mid(one.idle[kind] for one in each) / 1024:.0f}" for kind in ("Pss", "Rss", "Anonymous"))
        page = _mid(one.after_a_page["Pss"] for one in each) / 1024
        cpu, wall = _mid(one.cpu_s for one in each), _mid(one.wall_s for one in each)
        print(f"| {name} | {cpu:.2f} | {_mid(times):.2f} | {wall:.2f} | {' | '.join(figures)} | {page:.0f} |")
    print("\n| a command | CPU s | times bare |\n|---|---|---|")
    for name in COMMANDS:
        times = [found[name] / found["bare Django"] for found in commands]
        print(f"| {name} | {_mid(found[name] for found in commands):.2f} | {_mid(times):.2f} |")


def start(how: tuple[str, ...], environment: dict[str, str]) -> Start:
    """Start a server, measure it, and end it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, *(part.format(fd=listener.fileno()) for part in how)]
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        urlopen(f"{url}/healthz", timeout=60).close()
        wall_s, cpu_s = time.monotonic() - began, processes.cpu_s(process.pid)
        time.sleep(SETTLES_S)
        idle = mapped_kilobytes(process.pid, *MEMORY)
        with suppress(OSError):  # not every one has pages
            urlopen(url + PAGE, timeout=60).close()
        return Start(wall_s, cpu_s, idle, mapped_kilobytes(process.pid, *MEMORY))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def command_cpu_s(how: tuple[str, ...], environment: dict[str, str]) -> float:
    """Returns the processor time of a command that does nothing."""
    process = subprocess.Popen([sys.executable, *how], cwd=ROOT, env=environment)
    _pid, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{how} failed: {status}")
    return usage.ru_utime + usage.ru_stime


def _mid(values: Iterator[float] | list[float]) -> float:
    return statistics.median(values)


@contextmanager
def _stores(folder: str) -> Iterator[dict[str, str]]:
    """Yields the environment of an installation with temporary stores of its own."""
    with services.postgres() as database_url, services.redis() as redis_url:
        own = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "MEDIA_ROOT": f"{folder}/media"}
        yield {**os.environ, **WITHOUT_PAGES, "ENV_FILE": os.devnull, "LOG_LEVEL": "ERROR", **own}


if __name__ == "__main__":
    main()
