"""A throw-away PostgreSQL server that can be frozen, killed and started again."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from testing import services
from testing.freezing import FrozenServer

_PATIENCE_S = 30


class Postgres(FrozenServer):
    """A running server at `url`."""

    def freeze(self) -> None:
        """Stop its processes: sockets stay open and say nothing."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)

    @property
    def _runs(self) -> bool:
        return (self.folder / "postmaster.pid").exists()

    def kill(self) -> None:
        """End it at once, as a crash of the machine would (it recovers from its log when it is started again)."""
        os.kill(self.postmaster, signal.SIGQUIT)
        give_up_at = time.monotonic() + _PATIENCE_S
        while self._runs:
            assert time.monotonic() < give_up_at, "PostgreSQL does not end"
            time.sleep(0.05)

    def start(self) -> None:
        """Start it again with the options it had, and wait until it answers."""
        command = shlex.split((self.folder / "postmaster.opts").read_text())
        subprocess.Popen(
            command,
            cwd=self.folder,
            user=self.folder.stat().st_uid,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        give_up_at = time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up_at:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url):
                return
            time.sleep(0.05)
        raise TimeoutError("PostgreSQL does not start again")

    def heal(self) -> None:
        """Let it run, whatever was done to it."""
        if self._runs:
            self.thaw()
        else:
            self.start()


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for the duration of the block."""
    with services.postgres() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            # What was committed survives the server's death, as on a real one: the tests' own servers forget it.
            connection.execute("ALTER SYSTEM SET synchronous_commit = on")
            connection.execute("SELECT pg_reload_conf()")
        server = Postgres(url)
        try:
            yield server
        finally:
            server.heal()
