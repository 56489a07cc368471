"""What an installation costs in which nothing happens: `manage.py serve --demo`, and what it makes others do.

    .venv/bin/python bench/bench_idle.py [--only embedded production] [--seconds 60]

`embedded` is SQLite without Redis, `production` PostgreSQL and Redis, each with servers of its own. Printed is how much
of a core each process takes, in milliseconds a second, from /proc (Linux only).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.town.processes import below_us, cpu_s, own_cpu_s, tree  # noqa: E402 - needs the path
from testing import services  # noqa: E402

STARTS_S, SETTLES_S = 120.0, 60.0
KINDS = ("embedded", "production")


def main() -> None:
    """Measure each kind and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    for kind in options.only:
        with ExitStack() as running:
            watched = serving(running, with_servers=kind == "production")
            time.sleep(SETTLES_S)
            for name, used in used_ms(watched, options.seconds).items():
                print(f"{kind:12}{name:44}{used:8.2f} ms a second", flush=True)


def serving(running: ExitStack, *, with_servers: bool) -> dict[str, int]:
    """Start an installation with its servers. Returns the processes to watch, by name."""
    folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="frontdesk-idle-")))
    port = services.free_port()
    urls = {"DATABASE_URL": f"sqlite:///{folder}/idle.sqlite3", "REDIS_URL": ""}
    watched: dict[str, int] = {}
    if with_servers:
        urls["DATABASE_URL"] = running.enter_context(services.postgres())
        urls["REDIS_URL"] = running.enter_context(services.redis())
        watched["PostgreSQL"] = _postmaster(urls["DATABASE_URL"])
        watched["Redis"] = below_us("valkey")
    own = {"DEBUG": "1", "ENV_FILE": os.devnull, "LOG_LEVEL": "ERROR", "MEDIA_ROOT": str(folder / "media")}
    own |= {"PORT": str(port), "SANDBOX_PORT": str(services.free_port())}
    serve = running.enter_context(_running(os.environ | own | urls))
    _wait_until_ready(f"http://127.0.0.1:{port}/readyz", serve)
    return watched | {"manage.py serve": serve.pid}


def used_ms(watched: Mapping[str, int], seconds: float) -> dict[str, float]:
    """Returns milliseconds a second of each process, and of each below it by its command; those that ended count."""
    began, before = time.monotonic(), _times(watched)
    time.sleep(seconds)
    took_s, after = time.monotonic() - began, _times(watched)
    return {name: (after[name] - before.get(name, 0.0)) / took_s * 1000 for name in after}


def _times(watched: Mapping[str, int]) -> dict[str, float]:
    found = {}
    for name, pid in watched.items():
        found[f"{name}, all"] = cpu_s(pid)
        for each in tree(pid):
            if each != pid:
                found[f"  {name}: {_title(each)} {each}"] = own_cpu_s(each)
            else:
                found[f"  {name}: itself"] = own_cpu_s(each)
    return found


def _wait_until_ready(url: str, serve: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + STARTS_S
    while time.monotonic() < give_up_at and serve.poll() is None:
        with suppress(OSError), urlopen(url) as answer:
            answer.read()
            return
        time.sleep(0.5)
    raise SystemExit("manage.py serve does not get ready")


def _title(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ").split()
    except OSError:
        return "?"
    return " ".join(Path(word).name for word in words[:4])[:30]


def _postmaster(url: str) -> int:
    with psycopg.connect(url) as connection:
        (backend,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        stat = Path(f"/proc/{backend}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


@contextmanager
def _running(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "manage.py", "serve", "--demo"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
