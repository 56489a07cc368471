"""What benchmarks of live calls share: one Daphne process on a core of its own, and OpenAI's stand-in in a process.

Twilio's stand-in runs in the benchmark's own process. All three read the same monotonic clock, so delays between them
are differences of their own records.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import production

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe

    from calls.sandbox.openai.scenario import Scenario
    from calls.sandbox.voices.voices import Voice
    from testing.servers import Daphne

DAPHNE_CORE = 0


@dataclass(frozen=True)
class OpenaisPart:
    """What OpenAI's stand-in does. Its fields are made in its process, after Django's settings are known.

    `tell` makes what the benchmark learns of the stand-in's connections at the end.
    """

    scenario: Callable[[], Scenario]
    voice: Callable[[], Voice]
    tell: Callable[[Any], Any]
    records: bool = True
    """Whether it keeps all that is said; a run of hours would have no room for it."""


@dataclass
class CallServers:
    """The servers of a run. `seen` and `lateness_ms` are OpenAI's side, known after `stop`."""

    daphne: Daphne
    pipe: Pipe
    seen: Any = None
    lateness_ms: tuple[float, ...] = ()

    def stop_openai(self) -> None:
        """End the stand-in for OpenAI, and keep what it has recorded."""
        self.pipe.send("stop")
        self.seen, self.lateness_ms = self.pipe.recv()


def leave_daphnes_core() -> None:
    """Pin this process to the other cores, if there are any."""
    others = set(range(os.cpu_count() or 1)) - {DAPHNE_CORE}
    os.sched_setaffinity(0, others or {DAPHNE_CORE})


@contextmanager
def prepared_database() -> Iterator[tuple[Path, str]]:
    """Migrate a new database and set Django up on it. Yields its folder and address."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
        database_url = f"sqlite:///{folder}/bench.sqlite3"
        os.environ |= {
            "DATABASE_URL": database_url,
            "REDIS_URL": "",
            "ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
            **production.KEYS,
        }
        import django  # noqa: PLC0415 - only after its settings are named

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        yield Path(folder), database_url


@contextmanager
def call_servers(
    folder: Path, database_url: str, part: OpenaisPart, *, calls: int, own_core: bool = True, **variables: str
) -> Iterator[CallServers]:
    """Start both servers for so many calls at once, Daphne with these variables of its environment besides its own.

    With `own_core`, this process leaves Daphne's core.
    """
    from testing.servers import web_processes  # noqa: PLC0415 - needs Django's settings

    ours, theirs = multiprocessing.get_context("fork").Pipe()
    openai = multiprocessing.get_context("fork").Process(target=_serve, args=(theirs, part), daemon=True)
    openai.start()
    theirs.close()  # so that reading fails, and doesn't wait, if that process has died
    url = ours.recv()
    if own_core:
        os.sched_setaffinity(0, {DAPHNE_CORE})  # inherited by Daphne
    with web_processes(folder, lambda: nullcontext(database_url)) as start:
        usual = {
            **production.SETTINGS,
            "OPENAI_REALTIME_URL": url.replace("http", "ws", 1),
            "OPENAI_BASE_URL": url,
            "CALLS_PER_PROCESS": str(calls + 1),
            "LOG_LEVEL": "WARNING",
        }
        daphne = start(beside=None, **usual | variables)
        if own_core:
            leave_daphnes_core()
        yield CallServers(daphne, ours)
    openai.terminate()
    openai.join()


def _serve(pipe: Pipe, part: OpenaisPart) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # whatever the benchmark does at its own end
    leave_daphnes_core()
    asyncio.run(_serve_until_stopped(pipe, part))


async def _serve_until_stopped(pipe: Pipe, part: OpenaisPart) -> None:
    from calls.sandbox.openai.server import RealtimeServer  # noqa: PLC0415 - needs Django's settings

    async with RealtimeServer(part.scenario(), voice=part.voice(), records=part.records) as server:
        pipe.send(server.url)
        stopped = asyncio.create_task(asyncio.to_thread(pipe.recv))
        lateness = await _own_lateness_ms(stopped)
        pipe.send(([part.tell(connection) for connection in server.connections if connection.received], lateness))


async def _own_lateness_ms(stopped: asyncio.Task[Any]) -> tuple[float, ...]:
    """Record 50 times a second how late this event loop is: it limits the precision of all measurements."""
    loop = asyncio.get_running_loop()
    lateness, due = [], loop.time()
    while not stopped.done():
        due += 0.02
        await asyncio.sleep(due - loop.time())
        lateness.append((loop.time() - due) * 1000)
    return tuple(lateness)
