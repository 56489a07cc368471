"""How things are broken and mended: generators that strike, yield, and mend."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from calls.sandbox.openai.scenario import Refuse, Scenario
from calls.sandbox.openai.server import RealtimeServer
from testing.databases import ROOT
from testing.faults.installation import Installation, beat_unit, until
from testing.faults.units import Unit
from testing.wire import Wire
from whatsapp.providers.sandbox import script
from whatsapp.providers.sandbox.server import FakeMeta


@dataclass
class World:
    """Everything that a fault can break."""

    house: Installation
    openai: RealtimeServer
    meta: FakeMeta

    def unit(self, name: str) -> Unit:
        """Returns one of the installation's processes."""
        return self.house.units[name]

    def wire(self, peer: str) -> Wire:
        """Returns the wire to `openai` or `meta`."""
        return {"openai": self.house.openai, "meta": self.house.meta}[peer]


Strike = Iterator[None]
"""A generator: it breaks something, yields while that lasts, and mends it."""


def nothing(_world: World) -> Strike:
    """Break nothing: what the others are compared with."""
    yield


# Processes ----------------------------------------------------------------------------------------------
def kill(name: str) -> Callable[[World], Strike]:
    """Returns a strike that kills a process, which its supervisor starts again."""

    def strike(world: World) -> Strike:
        world.unit(name).send(signal.SIGKILL)
        yield

    return strike


def restart(name: str) -> Callable[[World], Strike]:
    """Returns a strike that stops a process as a deploy does, and starts it again when it has ended."""

    def strike(world: World) -> Strike:
        world.unit(name).stop()
        world.unit(name).start()
        yield

    return strike


def standstill(name: str) -> Callable[[World], Strike]:
    """Returns a strike that lets a process stand still."""

    def strike(world: World) -> Strike:
        world.unit(name).send(signal.SIGSTOP)
        yield
        world.unit(name).send(signal.SIGCONT)

    return strike


def away(name: str) -> Callable[[World], Strike]:
    """Returns a strike that kills a process and starts it only at the end."""

    def strike(world: World) -> Strike:
        world.unit(name).stop(signal.SIGKILL)
        yield
        world.unit(name).start()

    return strike


def deploy(world: World) -> Strike:
    """Migrate and restart everything, one after another, as docs/deploy.md says."""
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=world.house.environment, check=True)
    for name in ("worker", "beat", "web-1", "web-2"):
        world.unit(name).stop()
        world.unit(name).start()
        if name in world.house.ports:
            until(partial(world.house.is_ready, name), f"{name} is not ready")
    yield


def two_beats(world: World) -> Strike:
    """Run a second beat beside the first."""
    second = beat_unit("beat-2", world.house.environment, world.house.folder)
    second.start()
    yield
    second.end()


# The proxy ----------------------------------------------------------------------------------------------
def reload_proxy(world: World) -> Strike:
    """Let nginx read its configuration again."""
    world.unit("nginx").send(signal.SIGHUP)
    yield


def no_proxy(world: World) -> str:
    """Says whether there is a proxy."""
    return "" if world.house.has_proxy else "nginx is not installed"


# PostgreSQL and Redis -----------------------------------------------------------------------------------
def frozen_database(world: World) -> Strike:
    """Let PostgreSQL stand still with its sockets open."""
    world.house.database.freeze()
    yield
    world.house.database.thaw()


def lost_database(world: World) -> Strike:
    """Kill PostgreSQL, and start it again at the end."""
    world.house.database.kill()
    yield
    world.house.database.start()


def blinking_database(world: World) -> Strike:
    """Restart PostgreSQL."""
    world.house.database.kill()
    world.house.database.start()
    yield


def flushed_redis(world: World) -> Strike:
    """Forget everything that Redis holds."""
    import redis  # noqa: PLC0415 - the only place that speaks to it

    redis.Redis.from_url(world.house.environment["REDIS_URL"]).flushall()
    yield


# The disk and the clock ---------------------------------------------------------------------------------
def full_disk(world: World) -> Strike:
    """Leave no room where recordings go."""
    world.house.disk.fill()
    yield
    world.house.disk.make_room()


def no_small_disk(world: World) -> str:
    """Says whether there is a disk that can be full."""
    return "" if world.house.disk.is_real else "this user may not mount a small disk"


FAKE_TIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None) if shutil.which("faketime") else None


def worker_with_clock(offset: str) -> Callable[[World], Strike]:
    """Returns a strike that runs a second worker whose clock is wrong."""

    def strike(world: World) -> Strike:
        wrong = {"LD_PRELOAD": str(FAKE_TIME), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        worker = world.unit("worker")
        other = Unit("worker-2", worker.command, {**worker.environment, **wrong}, world.house.folder / "worker-2.log")
        other.start()
        yield
        other.stop()
        other.end()

    return strike


def no_fake_time(_world: World) -> str:
    """Says whether clocks can be set for one process."""
    return "" if FAKE_TIME else "libfaketime is not installed (Debian: apt-get install faketime)"


# OpenAI and Meta ----------------------------------------------------------------------------------------
def held(peer: str) -> Callable[[World], Strike]:
    """Returns a strike that lets nothing through to `openai` or `meta`, with all sockets open."""

    def strike(world: World) -> Strike:
        world.wire(peer).hold()
        yield
        world.wire(peer).release()

    return strike


def unreachable(peer: str) -> Callable[[World], Strike]:
    """Returns a strike that breaks all connections to `openai` or `meta`, and each new one."""

    def strike(world: World) -> Strike:
        world.wire(peer).stop()
        yield
        world.wire(peer).start()

    return strike


def cut_openai(world: World) -> Strike:
    """Break all connections to OpenAI once."""
    world.house.openai.cut()
    yield


def refusing_openai(world: World) -> Strike:
    """Break all connections to OpenAI, and answer new ones 503."""
    usual = world.openai.scenario
    world.openai.scenario = Scenario(faults=(Refuse(status=503),), replies=usual.replies)
    world.house.openai.cut()
    yield
    world.openai.scenario = usual


def meta_does(action: script.Action) -> Callable[[World], Strike]:
    """Returns a strike with which Meta answers every message so."""

    def strike(world: World) -> Strike:
        usual = world.meta.script
        world.meta.script = lambda _address, _nth: action
        yield
        world.meta.script = usual

    return strike
