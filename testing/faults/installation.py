"""A whole installation as docs/deploy.md has it: two web processes behind nginx, a worker, beat, PostgreSQL, Redis.

OpenAI and Meta are the stand-ins, each behind a wire that can fail. Where nginx is not installed, Twilio's stand-in
goes from one web process to the next itself.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from testing import nginx, services
from testing.faults.postgres import Postgres
from testing.faults.units import Unit
from testing.services import free_port
from testing.small_disk import Disk, small_disk
from testing.wire import Wire

AUTH_TOKEN, APP_SECRET = "a-token", "an-app-secret"
START_TIMEOUT_S = 60
DISK_KB = 64_000
WEBS = ("web-1", "web-2")


@dataclass
class Installation:
    """What runs. `url` is where Twilio and Meta come in."""

    folder: Path
    environment: dict[str, str]
    database: Postgres
    disk: Disk
    openai: Wire
    meta: Wire
    units: dict[str, Unit]
    ports: dict[str, int]
    url: str
    has_proxy: bool

    @property
    def servers(self) -> list[str]:
        """Returns the addresses to which Twilio's requests go, in this order."""
        if self.has_proxy:
            return [self.url]
        return [f"http://127.0.0.1:{self.ports[name]}" for name in WEBS]

    def is_ready(self, name: str) -> bool:
        """Returns whether a web process says that it is ready for calls."""
        try:
            with closing(HTTPConnection("127.0.0.1", self.ports[name], timeout=2)) as connection:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
        except OSError:
            return False

    def wait_until_whole(self) -> None:
        """Wait until both web processes are ready, and everything else runs."""
        for name in WEBS:
            until(partial(self.is_ready, name), f"{name} is not ready")
        for unit in self.units.values():
            if not unit.wanted:
                unit.start()


def until(condition: Callable[[], object], otherwise: str, timeout_s: float = START_TIMEOUT_S) -> None:
    """Wait for a condition. Raises `TimeoutError` with what is wrong otherwise."""
    give_up_at = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up_at:
            raise TimeoutError(otherwise)
        time.sleep(0.1)


@contextmanager
def installation(folder: Path, *, openai_port: int, meta_port: int, database: Postgres) -> Iterator[Installation]:
    """Run all processes for the duration of the block, on a server whose database is migrated."""
    with ExitStack() as running:
        openai, meta = Wire(openai_port), Wire(meta_port)
        for wire in (openai, meta):
            running.callback(wire.close)
        disk_of_media = running.enter_context(small_disk(folder / "media", size_kb=DISK_KB))
        ports = {name: free_port() for name in (*WEBS, "redis")}
        has_proxy = Path(nginx.NGINX).exists()
        port = free_port() if has_proxy else ports[WEBS[0]]
        url = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "DATABASE_URL": database.url,
            "REDIS_URL": f"redis://127.0.0.1:{ports['redis']}/0",
            "ENV_FILE": os.devnull,
            "PUBLIC_URL": url,
            "MEDIA_ROOT": str(disk_of_media.folder),
            "OPENAI_API_KEY": "of-nobody",
            "OPENAI_REALTIME_URL": f"{openai.url.replace('http', 'ws')}/v1",
            "OPENAI_BASE_URL": f"{openai.url}/v1",
            "WHATSAPP_API_URL": f"{meta.url}/v25.0",
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "DRAIN_SECONDS": "3",
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
        }
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        units = {
            unit.name: unit
            for unit in (
                Unit("redis", services.redis_command(ports["redis"]), environment, folder / "redis.log", folder),
                *(web_unit(name, ports[name], environment, folder) for name in WEBS),
                Unit("worker", celery("worker", "--concurrency", "4"), environment, folder / "worker.log"),
                beat_unit("beat", environment, folder),
            )
        }
        for unit in units.values():
            running.callback(unit.end)
            unit.start()
        if has_proxy:
            units["nginx"] = nginx_unit(folder, environment, port, *(ports[name] for name in WEBS))
            running.callback(units["nginx"].end)
            units["nginx"].start()
        found = Installation(folder, environment, database, disk_of_media, openai, meta, units, ports, url, has_proxy)
        found.wait_until_whole()
        yield found


def web_unit(name: str, port: int, environment: dict[str, str], folder: Path) -> Unit:
    """Returns a web process on a port."""
    command = [sys.executable, "-m", "daphne", "--bind", "127.0.0.1", "--port", str(port), "frontdesk.asgi:application"]
    return Unit(name, command, {**environment, "PORT": str(port)}, folder / f"{name}.log")


def celery(*arguments: str) -> list[str]:
    """Returns how a command of Celery is started."""
    return [sys.executable, "-m", "celery", "-A", "frontdesk", *arguments, "--loglevel", "INFO"]


def beat_unit(name: str, environment: dict[str, str], folder: Path) -> Unit:
    """Returns a beat with a schedule of its own."""
    command = [*celery("beat"), "--schedule", str(folder / f"{name}-schedule"), "--pidfile", ""]
    return Unit(name, command, environment, folder / f"{name}.log")


def nginx_unit(folder: Path, environment: dict[str, str], port: int, upstream: int, other: int) -> Unit:
    """Returns the shipped proxy before two web processes."""
    text = nginx.of_one_machine(folder=folder, port=port, upstream=upstream, full=other)
    return Unit("nginx", nginx.command_for(text, folder=folder), environment, folder / "nginx.log")
