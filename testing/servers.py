"""Real processes of this project for end-to-end tests: Daphne and Celery, each with its own migrated database.

    def test_alive(daphne):
        server = daphne(OPENAI_REALTIME_URL="ws://127.0.0.1:9001/v1")
        server.manage("create_business", "acme", "--name", "Acme", "--phone", "+15005550006")
        urlopen(f"{server.url}/healthz")

The database is of the kind that the test run uses (a SQLite file, or a database on the run's PostgreSQL
server). With Redis, each server gets its own Redis.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from testing import services
from testing.databases import ROOT, MigratedDatabase, manage, without_test_settings

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this project. `environment` is for commands and other processes that share its database.

    `code` is the folder of the project that it runs, which may be another release's.
    """

    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    log_path: Path
    code: Path

    @property
    def log(self) -> str:
        """Returns everything it has logged so far."""
        return self.log_path.read_text()

    def manage(self, *arguments: str) -> str:
        """Run a management command on its database. Returns what it printed."""
        return manage(*arguments, environment=self.environment, code=self.code)

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Send it a signal and wait until it has ended. Returns its exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(STOP_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Daphne(Process):
    """A web process that answers at `port`."""

    port: int

    @property
    def url(self) -> str:
        """The base of its addresses, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def ready_or_not(self) -> dict[str, object]:
        """Returns the body of /readyz, whether it is ready or not."""
        try:
            return self.ready()
        except HTTPError as not_ready:
            return dict(json.load(not_ready))

    def ready(self) -> dict[str, object]:
        """Returns the body of /readyz. Raises `HTTPError` (503) while the process is not ready."""
        with urlopen(f"{self.url}/readyz") as answer:
            return dict(json.load(answer))


class StartDaphne(Protocol):
    """Start a Daphne process with these environment variables on top of the test run's."""

    def __call__(self, *, beside: Process | None = None, **variables: str) -> Daphne:
        """`beside`: use the database and Redis of that process instead of new ones."""


@pytest.fixture
def daphne(tmp_path: Path, migrated_database: MigratedDatabase) -> Iterator[StartDaphne]:
    """A function that starts Daphne processes; they end with the test."""
    with web_processes(tmp_path, migrated_database) as start:
        yield start


@contextmanager
def web_processes(folder: Path, migrated_database: MigratedDatabase, *, code: Path = ROOT) -> Iterator[StartDaphne]:
    """Yields a function that starts Daphne processes, which log into the folder and end with the block."""
    with ExitStack() as running:

        def start(*, beside: Process | None = None, **variables: str) -> Daphne:
            if beside:
                environment = beside.environment
            else:
                environment = {**os.environ, "DATABASE_URL": running.enter_context(migrated_database())}
                environment.setdefault("MEDIA_ROOT", str(folder / "media"))
                if environment.get("REDIS_URL"):
                    environment["REDIS_URL"] = running.enter_context(services.redis())
            return running.enter_context(_daphne({**environment, **variables}, folder, code))

        yield start


@pytest.fixture
def celery_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """A function that starts a Celery worker with beat beside a Daphne process that has Redis."""
    with ExitStack() as running:
        yield lambda beside: running.enter_context(worker_process(beside.environment, tmp_path))


class StartWorker(Protocol):
    """Start a Celery worker on the database and Redis of a Daphne process."""

    def __call__(self, beside: Process) -> Process:
        """`beside`: the process whose tasks it runs."""


@contextmanager
def _daphne(environment: dict[str, str], folder: Path, code: Path) -> Iterator[Daphne]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # The child inherits the open socket: nobody else can take the port, and early connections wait.
        port = listener.getsockname()[1]
        environment = {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", **environment}
        command = [sys.executable, "-m", "daphne", "--fd", str(listener.fileno()), "frontdesk.asgi:application"]
        with _process(command, environment, folder, code, keep_open=[listener.fileno()]) as (process, log_path):
            listener.close()
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=START_TIMEOUT_S):
                pass
            yield Daphne(process, environment, log_path, code, port)


@contextmanager
def media_process(beside: Daphne, folder: Path, **variables: str) -> Iterator[Daphne]:
    """The server of media streams alone, on the database and Redis of a Daphne process; it ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "manage.py", "serve_media", "--fd", str(listener.fileno())]
        environment = {**beside.environment, **variables}
        with _process(command, environment, folder, ROOT, keep_open=[listener.fileno()]) as (process, log_path):
            listener.close()
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=START_TIMEOUT_S):
                pass
            yield Daphne(process, environment, log_path, ROOT, port)


@contextmanager
def worker_process(environment: dict[str, str], folder: Path) -> Iterator[Process]:
    """A Celery worker with beat, which logs into the folder and ends with the block: as many at once as is shipped."""
    schedule = folder / f"beat-{uuid.uuid4().hex}"
    command = [sys.executable, "-m", "celery", "-A", "frontdesk", "worker", "--beat"]
    command += ["--pool", "threads", "--concurrency", "4"]
    with _process([*command, "--schedule", str(schedule)], environment, folder, ROOT) as (process, log_path):
        yield Process(process, environment, log_path, ROOT)


@contextmanager
def _process(
    command: list[str], environment: dict[str, str], folder: Path, code: Path, *, keep_open: list[int] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    log_path = folder / f"{command[2]}-{uuid.uuid4().hex}.log"
    environment = {**without_test_settings(environment), "PYTHONUNBUFFERED": "1"}
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=code,
            env=environment,
            stdout=log,
            stderr=log,
            pass_fds=keep_open or [],
            start_new_session=True,
        )
    try:
        yield process, log_path
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # signal the whole group: Celery's beat is a child of its worker
        process.wait()
