"""The work of the background: what beat asks for, and the parts of the sending loop."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from bench.growth.measuring import Cost, cost_of

CLAIMS, CLAIMED = 20, 50


def figures() -> dict[str, Cost]:
    """Returns what polls of an idle installation cost, and, while a large broadcast runs, the loop and a claim."""
    from whatsapp.tasks import drive  # noqa: PLC0415 - Django's models are loaded by now, not before

    be_idle()
    found = {f"idle: {name}, every {every_s:g} s": cost for name, (cost, every_s) in _polls().items()}
    found["idle: a loop that begins and finds nothing"] = cost_of(drive, everywhere=True)
    with running():
        found |= {f"loop: {name}": cost for name, cost in _parts_of_the_loop().items()}
        found[f"a claim of {CLAIMED}"] = _claims()
    return found


def be_idle() -> None:
    """End what the demo data have under way, and let its numbers be Meta's, which were asked after just now."""
    from django.utils import timezone  # noqa: PLC0415

    from businesses.tenancy import across_businesses  # noqa: PLC0415
    from whatsapp.models import Broadcast, BroadcastSeries, ProvedAccount, Sender  # noqa: PLC0415
    from whatsapp.states import LIVE_BROADCASTS  # noqa: PLC0415

    now = timezone.now()
    with across_businesses():  # a benchmark looks everywhere
        Broadcast.objects.filter(status__in=LIVE_BROADCASTS).exclude(name="Offer 0").update(status="cancelled")
        BroadcastSeries.objects.update(status="paused")
        ProvedAccount.objects.update(templates_asked_at=now, provider="cloud")
        Sender.objects.update(checked_at=now, provider="cloud")


def _polls() -> dict[str, tuple[Cost, float]]:
    """Returns what each thing costs that an idle installation does again and again, and how often it does so (s)."""
    from frontdesk.celery_app import app  # noqa: PLC0415
    from frontdesk.schedule import CELERY_BEAT_SCHEDULE  # noqa: PLC0415

    app.autodiscover_tasks(force=True)
    found = {}
    entries: dict[str, Any] = CELERY_BEAT_SCHEDULE
    for name, entry in entries.items():
        every_s = entry["schedule"]
        if isinstance(every_s, float):
            task = partial(app.tasks[entry["task"]], *entry.get("args", []), **entry.get("kwargs", {}))
            task()
            found[name] = cost_of(task), every_s
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
    return {name: cost_of(partial(_at_this_moment, do)) for name, do in looks().items()}


def looks() -> dict[str, Callable[[datetime], object]]:
    """Returns what the sending loop does again and again to find its work."""
    from whatsapp.numbers.refreshing import refresh_due  # noqa: PLC0415
    from whatsapp.sending import agenda, direct, doubts, heirs, sweeper  # noqa: PLC0415
    from whatsapp.series.occurring import make_due, occurs_now  # noqa: PLC0415
    from whatsapp.webhooks.applying import apply_news  # noqa: PLC0415

    return {
        "agenda": agenda.read_agenda,
        "agenda: tend": agenda.tend,
        "agenda: prepare": agenda.prepare_some,
        "sweep": sweeper.sweep,
        "settle": sweeper.settle,
        "heirs": heirs.settle,
        "direct messages": direct.waiting,
        "doubts": doubts.weigh,
        "news": apply_news,
        "templates": refresh_due,
        "occurrences": make_due,
        "occurs now": occurs_now,
    }


def _at_this_moment(do: Callable[[datetime], object]) -> None:
    from django.utils import timezone  # noqa: PLC0415

    do(timezone.now())


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
    from whatsapp.models import Broadcast  # noqa: PLC0415

    with across_businesses():  # a benchmark looks everywhere
        waiting = Broadcast.objects.filter(name="Offer 0", completed_at=None)
        waiting.update(status="running", pause_reason="")
        try:
            yield
        finally:
            waiting.update(status="paused", pause_reason="user")
