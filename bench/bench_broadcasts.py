"""Measures sending broadcasts and receiving statuses in one process on one core: messages a second and memory.

    .venv/bin/python bench/bench_broadcasts.py                  everything, on temporary servers
    .venv/bin/python bench/bench_broadcasts.py --people 20000 --only sending-postgres --numbers 4
    .venv/bin/python bench/bench_broadcasts.py --people 20000 --only sending-postgres --numbers 4 --senders 2 --redis

Each part runs in processes of its own: a stand-in for Meta that answers after 50 ms, and a sender pinned to one core
(several: each to the next). Sending is compared with a bare loop of the same client in the same run, and counts without
what a process costs that starts and finds nothing to send. On PostgreSQL it says what else took the processors, and
what the senders' connections were found doing (`bench/watched_connections.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import production, watched_connections  # noqa: E402
from bench.town import processes  # noqa: E402
from testing import services  # noqa: E402
from testing.databases import manage  # noqa: E402

LATENCY_MS = 50
THROUGHPUT_MPS = 1_000
"""Meta's highest level for a number."""


def main() -> None:
    """Run the selected parts and print a line for each."""
    parts: dict[str, Callable[[int], dict[str, object]]] = {
        "sending-postgres": lambda people: on_postgres(partial(sending, given=given), people),
        "sending-sqlite": lambda people: on_sqlite(partial(sending, given=given), people),
        "webhooks-postgres": lambda people: on_postgres(webhooks, people),
        "webhooks-embedded": lambda people: on_sqlite(webhooks_embedded, people),
        "import-postgres": lambda people: on_postgres(importing, 100_000),
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--numbers", type=int, default=1, help="that send at the same time, each its own broadcast")
    parser.add_argument("--senders", type=int, default=1, help="processes that send at the same time")
    parser.add_argument("--redis", action="store_true", help="keep the pace of numbers in Redis, as in production")
    parser.add_argument("--only", choices=parts, nargs="+", default=list(parts))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    given = parser.parse_args()
    found: dict[str, dict[str, object]] = {}
    for name in given.only:
        found[name] = parts[name](given.people)
        print(json.dumps({"part": name, **found[name]}), flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


def on_postgres(part: Callable[[dict[str, str], int], dict[str, object]], people: int) -> dict[str, object]:
    """Run the parts on a temporary PostgreSQL server, with fsync on, as in production."""
    with services.postgres() as url:
        environment = own_environment(url)
        manage("dbshell", "--", "-qc", "ALTER SYSTEM SET fsync = on", environment=environment)
        return part(environment, people)


def on_sqlite(part: Callable[[dict[str, str], int], dict[str, object]], people: int) -> dict[str, object]:
    """Run the parts on a SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.sqlite3"
        return part(own_environment(url), people)


def own_environment(url: str) -> dict[str, str]:
    """Returns the variables of this installation's processes."""
    return {**os.environ, **production.WITHOUT_PAGES, "DATABASE_URL": url, "REDIS_URL": "", "ENV_FILE": os.devnull}


def sending(environment: dict[str, str], people: int, *, given: argparse.Namespace) -> dict[str, object]:
    """Measure senders to numbers of Meta's highest level, against a stand-in that answers after 50 ms."""
    manage("migrate", "-v0", environment=environment)
    command = [sys.executable, "manage.py", "run_broadcasts", "--until-idle"]
    senders = [one_core(command, ordinal) for ordinal in range(given.senders)]
    with stand_in() as address:
        floor = bare_loop(environment, address, people)
    with stand_in() as address, services.redis() if given.redis else nullcontext("") as redis_url:
        environment = {**environment, "WHATSAPP_API_URL": f"{address}/v25.0", "LOG_LEVEL": "ERROR"}
        environment["REDIS_URL"] = redis_url
        idle = sum(map(cpu_s, run_all(senders, environment)))
        many = ["--numbers", str(given.numbers), "--throughput", str(THROUGHPUT_MPS)]
        run([sys.executable, "-m", "testing.make_broadcasts", str(people), *many], environment)
        meta = processes.below_us("whatsapp.providers.sandbox.server")
        meta_before = processes.cpu_s(meta)
        with watched_connections.watch(environment["DATABASE_URL"]) as seen:
            usages = run_all(senders, environment)
        meta_s = processes.cpu_s(meta) - meta_before
        figures = ask(f"{address}/figures")
    posts, seconds = figures["posts"], figures["seconds"]
    per_1000 = (sum(map(cpu_s, usages)) - idle) / posts * 1000
    return {
        **figures,
        "messages_per_s": round(posts / seconds),
        "cpu_s_per_1000": round(per_1000, 3),
        "bare_loop": floor,
        "times_the_bare_loop": round(per_1000 / floor["cpu_s_per_1000"], 2),
        "peak_memory_mb": max(round(usage.ru_maxrss / 1024) for usage in usages),
        "stand_in_cpu_s_per_1000": round(meta_s / posts * 1000, 3),
        **seen.figures(posts),
    }


def bare_loop(environment: dict[str, str], address: str, posts: int) -> dict[str, float]:
    """Returns what a loop of the same client costs that does nothing else, on the sender's core."""
    command = one_core([sys.executable, "-m", "bench.bare_posts", address, str(posts)])
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "frontdesk.settings"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def cpu_s(usage: resource.struct_rusage) -> float:
    """Returns the processor's time that a process took."""
    return usage.ru_utime + usage.ru_stime


def webhooks(environment: dict[str, str], people: int) -> dict[str, object]:
    """Measure one web process that receives statuses, 1,000 per POST, on four connections; then applying them."""
    return _webhooks(environment, people, {"CELERY_BROKER_URL": "redis://127.0.0.1:9/0"}, [])


def webhooks_embedded(environment: dict[str, str], people: int) -> dict[str, object]:
    """Measure one process that does everything: it receives statuses, 200 per POST, on ten connections, and applies."""
    return _webhooks(environment, people, {}, ["--batch", "200", "--connections", "10", "--applied-there"])


def _webhooks(environment: dict[str, str], people: int, more: dict[str, str], how: list[str]) -> dict[str, object]:
    manage("migrate", "-v0", environment=environment)
    port = services.free_port()
    variables = {"PORT": str(port), "WHATSAPP_APP_SECRET": "an-app-secret", **more}
    environment = {**environment, **variables, "LOG_LEVEL": "CRITICAL", "DJANGO_SETTINGS_MODULE": "frontdesk.settings"}
    web = subprocess.Popen(
        [sys.executable, "-m", "daphne", "-p", str(port), "frontdesk.asgi:application"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        ask(f"http://127.0.0.1:{port}/readyz")  # as a load balancer does before it sends anything
        run([sys.executable, "-m", "testing.make_broadcasts", str(people)], environment)
        done = subprocess.run(
            [sys.executable, "-m", "bench.webhook_load", str(port), *how],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return dict(json.loads(done.stdout))
    finally:
        web.kill()
        web.wait()


def importing(environment: dict[str, str], people: int) -> dict[str, object]:
    """Measure reading a file of so many people as a broadcast's audience, and sending to it."""
    manage("migrate", "-v0", environment=environment)
    with stand_in() as address, tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        environment = {**environment, "WHATSAPP_API_URL": f"{address}/v25.0", "LOG_LEVEL": "ERROR"}
        file.write("phone,first_name\n")
        file.writelines(f"+9725{index:08d},Dana {index}\n" for index in range(people))
        file.flush()
        run([sys.executable, "-m", "testing.make_broadcasts", "0"], environment)
        command = [sys.executable, "manage.py", "create_broadcast", "acme", "--template", "spring_sale"]
        started = time.monotonic()
        usage = run([*command, "--language", "en_US", "--csv", file.name, "--start"], environment)
        imported_s = time.monotonic() - started
        sent = run(one_core([sys.executable, "manage.py", "run_broadcasts", "--until-idle"]), environment)
        figures = ask(f"{address}/figures")
    return {
        **figures,
        "import_s": round(imported_s, 1),
        "import_memory_mb": round(usage.ru_maxrss / 1024),
        "sending_memory_mb": round(sent.ru_maxrss / 1024),
    }


@contextmanager
def stand_in() -> Iterator[str]:
    """Run the stand-in for Meta in a separate process, and yield its address."""
    port = services.free_port()
    command = [sys.executable, "-m", "whatsapp.providers.sandbox.server", "--port", str(port)]
    server = subprocess.Popen([*command, "--latency-ms", str(LATENCY_MS)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def run(command: list[str], environment: dict[str, str]) -> resource.struct_rusage:
    """Run a process to its end. Returns the resources that it used; its failure ends the benchmark."""
    (usage,) = run_all([command], environment)
    return usage


def run_all(commands: list[list[str]], environment: dict[str, str]) -> list[resource.struct_rusage]:
    """Run processes at the same time to their ends, and return the resources that each used."""
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "frontdesk.settings"}
    begin = partial(subprocess.Popen, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    usages = []
    for process in [begin(command) for command in commands]:
        _pid, status, usage = os.wait4(process.pid, 0)
        usages.append(usage)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{process.args!r} failed with {process.returncode}")
    return usages


def one_core(command: list[str], ordinal: int = 0) -> list[str]:
    """Returns the command, pinned to the machine's first core, or the one with this ordinal."""
    return ["taskset", "-c", str(ordinal % (os.cpu_count() or 1)), *command]


def ask(url: str) -> dict[str, Any]:
    """Returns the JSON object at an address."""
    with urlopen(url) as answer:
        return dict(json.load(answer))


def wait_for(port: int) -> None:
    """Wait until something listens on the port."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"Nobody listens on port {port}")


if __name__ == "__main__":
    main()
