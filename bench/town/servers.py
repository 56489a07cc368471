"""The servers that are compared: each a name, a command and a path. Whatever serves media streams can be added here."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.town import pipecat_venv
from bench.town.figures import LIMIT
from bench.town.processes import cpu_s
from testing.services import free_port

ROOT: Final = Path(__file__).resolve().parent.parent.parent
STARTS_WITHIN_S: Final = 60.0
RESTS_WITHIN_S: Final = 15.0
RESTING: Final = 0.03
"""Of a core: what a server without calls uses."""


class Unavailable(Exception):
    """A server that can't be run here. The message says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """One of them. `command` is given its port and OpenAI's address; it may raise `Unavailable`.

    `has_tokens`: a stream of it opens with a token of Frontdesk's. `needs_redis`: it gets a Redis of its own.
    """

    name: str
    command: Callable[[int, str], Sequence[str]]
    path: str = "/calls/twilio/media/"
    has_tokens: bool = False
    needs_redis: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs."""

    pid: int
    url: str

    def rest(self) -> None:
        """Wait until it has nothing to do, but not for ever."""
        until, before = time.monotonic() + RESTS_WITHIN_S, cpu_s(self.pid)
        while time.monotonic() < until:
            time.sleep(1.0)
            now = cpu_s(self.pid)
            if now - before < RESTING:
                return
            before = now


def _module(name: str) -> Callable[[int, str], Sequence[str]]:
    return lambda port, openai: [sys.executable, "-m", f"bench.town.{name}", str(port), openai]


def _daphne(port: int, _openai: str) -> Sequence[str]:
    return [sys.executable, "-m", "daphne", "--bind", "127.0.0.1", "--port", str(port), "frontdesk.asgi:application"]


def _serve_media(port: int, _openai: str) -> Sequence[str]:
    return [sys.executable, "manage.py", "serve_media", "--port", str(port)]


def _pipecat(port: int, openai: str) -> Sequence[str]:
    try:
        python = pipecat_venv.python()
    except pipecat_venv.NotInstalled as error:
        raise Unavailable(str(error)) from error
    return [str(python), str(Path(__file__).with_name("pipecat_bot.py")), str(port), openai]


SERVERS: Final = (
    Server(LIMIT, _module("limit")),
    Server("daphne-bare", _module("bare_daphne")),
    Server("daphne", _daphne, has_tokens=True),
    Server("serve_media", _serve_media, has_tokens=True, needs_redis=True),
    Server("pipecat", _pipecat),
)


@contextmanager
def running(server: Server, openai: str, *, core: int, log: Path, variables: Mapping[str, str]) -> Iterator[Running]:
    """Start a server on a core of its own; it ends with the block. Raises `Unavailable`.

    `openai`: the address of its WebSockets. `variables`: of Frontdesk's environment.
    """
    port = free_port()
    command = server.command(port, openai)
    environment = {**os.environ, **variables, "PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    own_cores = os.sched_getaffinity(0)
    with log.open("ab") as file:
        _pin({core})  # inherited by the server
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=file, stderr=file, start_new_session=True
        )  # fmt: skip
    _pin(own_cores)
    try:
        _wait(process, port, log)
        yield Running(process.pid, f"ws://127.0.0.1:{port}{server.path}")
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _pin(cores: AbstractSet[int]) -> None:
    with suppress(OSError):  # a machine with fewer cores
        os.sched_setaffinity(0, cores)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    last = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise Unavailable(f"it doesn't start: {''.join(last)}")
