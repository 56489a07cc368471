"""Debian's PgBouncer in transaction mode before the tests' PostgreSQL, for as long as a test lasts."""

from __future__ import annotations

import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from testing.services import free_port

PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
SETTINGS = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
server_round_robin = 1
"""


@contextmanager
def pooled(database_url: str, *, size: int) -> Iterator[str]:
    """Yields the address of the same database through PgBouncer, which has so many connections to it."""
    direct, listen = urlsplit(database_url), free_port()
    host = unquote(direct.hostname or "") or unquote(direct.netloc.rpartition("@")[2])
    text = SETTINGS.format(host=host, port=direct.port or 5432, user=direct.username, listen=listen, size=size)
    owner = Path(host).stat().st_uid if host.startswith("/") else pwd.getpwnam("nobody").pw_uid  # it refuses root
    url = f"postgres://{direct.username}@127.0.0.1:{listen}{direct.path}"
    with tempfile.TemporaryDirectory(prefix="frontdesk-pgbouncer-") as folder:
        Path(folder).chmod(0o755)
        settings, log_path = Path(folder) / "pgbouncer.ini", Path(folder) / "log"
        settings.write_text(text)
        with log_path.open("wb") as log:
            bouncer = subprocess.Popen([PGBOUNCER, settings], stdout=log, stderr=log, user=owner)
        try:
            _wait_for(url, log_path)
            yield url
        finally:
            bouncer.terminate()
            bouncer.wait()


def _wait_for(url: str, log_path: Path) -> None:
    give_up_at = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < give_up_at, log_path.read_text()
            time.sleep(0.05)
