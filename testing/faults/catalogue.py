"""The faults: what is broken, for how long, and what callers may notice of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from testing.faults import strikes
from testing.faults.strikes import Strike, World
from whatsapp.providers.sandbox.script import Action, Reaction, accept_and, refuse

SERVER_DIED_S = 3.0


def _nothing(_world: World) -> str:
    return ""


@dataclass(frozen=True)
class Fault:
    """`strike` breaks something for `seconds`. `is_short`: `.ci/run` tries it, too.

    `silence_s`: the longest time in which a caller may hear nothing. `lacks` says what is missing to try it here.
    `reaches_nobody`: for a moment nothing listens, and Twilio asks the VoiceFallbackUrl, which rings the owner.
    """

    name: str
    strike: Callable[[World], Strike]
    seconds: float = 6.0
    silence_s: float = 2.0
    is_short: bool = False
    reaches_nobody: bool = False
    lacks: Callable[[World], str] = _nothing


FAULTS = (
    Fault("nothing", strikes.nothing),
    # Processes
    Fault("a web process is killed", strikes.kill("web-1"), silence_s=SERVER_DIED_S, is_short=True),
    Fault("a web process stops, and its calls go over", strikes.restart("web-1"), silence_s=SERVER_DIED_S),
    Fault("a web process stands still for 3 s", strikes.standstill("web-1"), 3.0, SERVER_DIED_S + 2),
    Fault("the worker is killed", strikes.kill("worker"), is_short=True),
    Fault("the worker stands still", strikes.standstill("worker"), 15.0),
    Fault("the worker is stopped and started", strikes.restart("worker")),
    Fault("beat is away", strikes.away("beat"), 10.0),
    Fault("two beats", strikes.two_beats, 8.0),
    Fault("a deploy: migrate, restart everything", strikes.deploy, silence_s=SERVER_DIED_S),
    # The proxy
    Fault("nginx reads its configuration again", strikes.reload_proxy, lacks=strikes.no_proxy),
    Fault(
        "nginx is killed", strikes.kill("nginx"), silence_s=SERVER_DIED_S, reaches_nobody=True, lacks=strikes.no_proxy
    ),
    # PostgreSQL and Redis
    Fault("PostgreSQL stands still", strikes.frozen_database, 12.0, is_short=True),
    Fault("PostgreSQL is killed, and away", strikes.lost_database, 8.0),
    Fault("PostgreSQL is restarted", strikes.blinking_database),
    Fault("Redis is killed", strikes.kill("redis"), is_short=True),
    Fault("Redis is away", strikes.away("redis"), 8.0),
    Fault("Redis stands still", strikes.standstill("redis"), 8.0),
    Fault("Redis is flushed", strikes.flushed_redis),
    # The disk and the clock
    Fault("the disk is full", strikes.full_disk, lacks=strikes.no_small_disk),
    Fault("a second worker is an hour ahead", strikes.worker_with_clock("+1h"), 12.0, lacks=strikes.no_fake_time),
    Fault("a second worker is an hour behind", strikes.worker_with_clock("-1h"), 12.0, lacks=strikes.no_fake_time),
    # OpenAI
    Fault("OpenAI's connections break", strikes.cut_openai),
    Fault("OpenAI is a black hole", strikes.held("openai"), 8.0, is_short=True),
    Fault("OpenAI can't be reached", strikes.unreachable("openai")),
    Fault("OpenAI answers 503", strikes.refusing_openai),
    # Meta
    Fault("Meta answers 500", strikes.meta_does(Action(Reaction.SERVER_ERROR, accepts=False))),
    Fault("Meta resets what it has taken", strikes.meta_does(accept_and(Reaction.RESET)), 2.0),
    Fault("Meta limits the rate", strikes.meta_does(refuse(130_429, 429))),
    Fault("Meta is a black hole", strikes.held("meta"), 8.0),
    Fault("Meta can't be reached", strikes.unreachable("meta")),
)  # fmt: skip
