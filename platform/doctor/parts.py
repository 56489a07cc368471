"""The processes in the background: were beat and a worker at work just now?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.conf import settings

from businesses import heartbeats
from businesses.doctor import table
from businesses.doctor.table import Check
from businesses.doctor.verdicts import Verdict, ok, wrong
from businesses.heartbeats import DEAD_AFTER, Part


def register() -> None:
    """Have them tried."""
    table.register("background", _checks, needs=(table.TABLES,))


def beats(part: Part, at: datetime | None, now: datetime, *, has_redis: bool) -> Verdict:
    """Returns whether a part is at work. `at`: when it was last seen, by the database's clock."""
    unit = f"frontdesk-{part}" if has_redis else "frontdesk-web@8000"
    mend = f"Run: systemctl restart {unit}, then look into journalctl -u {unit} if this stays."
    if at is None:
        return wrong("It has never been at work.", mend.replace("restart", "enable --now"))
    age_s = max((now - at).total_seconds(), 0)
    if age_s > DEAD_AFTER.total_seconds():
        return wrong(f"It was last at work {age_s:,.0f} s ago.", mend)
    return ok(f"It was at work {age_s:.0f} s ago.")


def _checks() -> Iterator[Check]:
    for part in (Part.WORKER, Part.BEAT):
        yield Check(str(part.value), partial(_ask, part))


def _ask(part: Part) -> Verdict:
    known = heartbeats.look()
    at = known.worker_at if part == Part.WORKER else known.beat_at
    return beats(part, at, known.now, has_redis=bool(settings.REDIS_URL))
