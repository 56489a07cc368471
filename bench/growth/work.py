"""The work of the background: what beat asks for, and the parts of the sending loop."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from bench.growth.measuring import Cost, cost_of

CLAIMS, CLAIMED = 20, 50


def figures() -> dict[str, Cost]:
    """Returns what polls of an idle installation cost, and, while a large broadcast runs, the loop and a claim."""
    found = {f"idle: {name}, every {every_s:g} s": cost for name, (cost, every_s) in _polls().items()}
    with running():
        found |= {f"loop: {name}": cost for name, cost in _parts_of_the_loop().items()}
        found[f"a claim of {CLAIMED}"] = _claims()
    return found


def _polls() -> dict[str, tuple[Cost, float]]:
    """Returns what each thing costs that an idle installation does again and again, and how often it does so (s)."""
    from frontdesk.celery_app import app  # noqa: PLC0415
    from frontdesk.schedule import CELERY_BEAT_SCHEDULE  # noqa: PLC0415

    app.autodiscover_tasks(force=True)
    found = {}
    for name, entry in CELERY_BEAT_SCHEDULE.items():
        every_s = entry["schedule"]
        if isinstance(every_s, float):
            task, kwargs = app.tasks[entry["task"]], entry.get("kwargs", {})
            task(**kwargs)
            found[name] = (
                cost_of(lambda task=task, kwargs=kwargs: task(**kwargs), everywhere=name == "send-broadcasts"),
                every_s,
            )
    for name, (do, every_s) in _of_web().items():
        found[name] = cost_of(do), every_s
    return found


def _of_web() -> dict[str, tuple[Callable[[], object], float]]:
    from django.utils import timezone  # noqa: PLC0415

    from businesses import heartbeats, web_processes  # noqa: PLC0415
    from frontdesk import backlog, sign_of_life  # noqa: PLC0415

    return {
        "web: looks at heartbeats": (heartbeats.look, 5.0),
        "web: sign of life": (lambda: web_processes.note(sign_of_life.row(timezone.now())), web_processes.EVERY_S),
        "figures for /metrics": (lambda: backlog.read(timezone.now()), 15.0),
    }


def _parts_of_the_loop() -> dict[str, Cost]:
    """Returns what the sending loop's looking costs while one large broadcast runs."""
    from django.utils import timezone  # noqa: PLC0415

    from whatsapp.numbers.refreshing import refresh_due  # noqa: PLC0415
    from whatsapp.sending import agenda, direct, doubts, heirs, sweeper  # noqa: PLC0415
    from whatsapp.series.occurring import make_due, occurs_now  # noqa: PLC0415
    from whatsapp.webhooks.applying import apply_news  # noqa: PLC0415

    looks: dict[str, Callable[[datetime], object]] = {
        "agenda": agenda.read_agenda,
        "agenda: tend": agenda.tend,
        "agenda: prepare": agenda.prepare_some,
        "sweep": sweeper.sweep,
        "settle": sweeper.settle,
        "heirs": heirs.settle,
        "direct messages": direct.waiting,
        "doubts": lambda now: asyncio.run(doubts.decide(None, _Here(), now)),  # type: ignore[arg-type]
        "news": apply_news,
        "templates": refresh_due,
        "occurrences": make_due,
        "occurs now": occurs_now,
    }
    return {name: cost_of(lambda do=do: do(timezone.now())) for name, do in looks.items()}


class _Here:
    """Runs in this thread what the loop runs in one for the database."""

    async def run(self, do: Callable[..., object], *arguments: object) -> object:
        return do(*arguments)


def _claims() -> Cost:
    """Returns the median cost of claiming fifty people, again and again, of the large broadcast that waits."""
    from django.utils import timezone  # noqa: PLC0415

    from businesses.tenancy import acting_for  # noqa: PLC0415
    from whatsapp import recipients  # noqa: PLC0415
    from whatsapp.models import Broadcast, Recipient  # noqa: PLC0415
    from whatsapp.sending.claims import Stock, claim  # noqa: PLC0415
    from whatsapp.states import RecipientStatus  # noqa: PLC0415

    broadcast = Broadcast.objects.select_related("business").filter(name="Offer 0", status="running").get()
    with acting_for(broadcast.business):
        costs = [
            cost_of(lambda: claim(broadcast, Stock(), most=CLAIMED, now=timezone.now()), times=1) for _ in range(CLAIMS)
        ]
        claimed = Recipient.objects.filter(broadcast=broadcast, status=RecipientStatus.CLAIMED)
        recipients.free(claimed, to=RecipientStatus.PENDING)
    return Cost(
        statistics.median(each.process_ms for each in costs),
        statistics.median(each.database_ms for each in costs),
        max(each.queries for each in costs),
    )


@contextmanager
def running() -> Iterator[None]:
    """Let the broadcast that waits run for the duration of the block."""
    from businesses.tenancy import across_businesses  # noqa: PLC0415

    with across_businesses():  # a benchmark looks everywhere
        yield from _running()


def _running() -> Iterator[None]:
    from whatsapp.models import Broadcast  # noqa: PLC0415

    found = Broadcast.objects.filter(name="Offer 0", status="paused", pause_reason="user")
    keys = list(found.values_list("pk", flat=True))
    Broadcast.objects.filter(pk__in=keys).update(status="running", pause_reason="")
    yield
    Broadcast.objects.filter(pk__in=keys).update(status="paused", pause_reason="user")
