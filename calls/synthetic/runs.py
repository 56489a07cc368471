"""When the installation calls itself: one call at a time, claimed in the database, and not while it is full."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q, QuerySet

from businesses import web_processes
from businesses.public_address import public_url
from calls.models import SyntheticCall, SyntheticFault, SyntheticSkip
from calls.synthetic import desk
from calls.synthetic.outcomes import LONGEST_S, Outcome

logger = logging.getLogger(__name__)

CLAIM: Final = timedelta(seconds=2 * LONGEST_S)
"""Longer than a call with its greeting's recording: a worker that was killed holds nobody up for longer."""
_WRITTEN_WITHIN_S: Final = 10.0
FREE_LINES: Final = 2
"""The call takes one, and leaves one to a caller."""


def run(*, clock: Callable[[], datetime], every: timedelta | None, url: str = "") -> SyntheticCall | None:
    """Place a call if it is time, and keep how it went. Returns it; None if none was placed.

    `every`: the least time since the last one; None: at once, unless one is running.
    """
    due = _due(now=clock(), every=every or timedelta(0))
    if every is not None and (skip := why_skipped()):
        due.update(skipped=skip)
        return None
    if not due.update(claimed_at=clock(), skipped=""):  # of several workers, the row count says which one has it
        return None
    outcome = _placed(url or public_url(), now=clock())
    _keep(outcome, now=clock())
    return SyntheticCall.objects.get(pk=SyntheticCall.ONLY)


def why_skipped() -> SyntheticSkip | None:
    """Returns why a call now would take a line from a caller, or meet processes that stop. Unknown ones are called."""
    processes = [each.row for each in web_processes.look() if not each.is_silent]
    if not processes:
        return None
    taking = [row for row in processes if not row.is_draining]
    if not taking:
        return SyntheticSkip.DRAINING
    return None if any(row.calls_most - row.calls >= FREE_LINES for row in taking) else SyntheticSkip.FULL


def latest() -> SyntheticCall | None:
    """Returns how the last call went; None if there was none."""
    return SyntheticCall.objects.filter(pk=SyntheticCall.ONLY).exclude(ended_at=None).first()


def _due(*, now: datetime, every: timedelta) -> QuerySet[SyntheticCall]:
    """Returns the row if it is time for a call and none is running."""
    SyntheticCall.objects.bulk_create(
        [SyntheticCall(pk=SyntheticCall.ONLY, claimed_at=now - timedelta(days=1))], ignore_conflicts=True
    )
    is_over = Q(ended_at__gte=F("claimed_at")) | Q(claimed_at__lt=now - CLAIM)
    return SyntheticCall.objects.filter(is_over, pk=SyntheticCall.ONLY, claimed_at__lte=now - every)


def _placed(url: str, *, now: datetime) -> Outcome:
    from calls.synthetic import caller  # noqa: PLC0415 - it loads the stand-ins' telephone, and few processes call

    try:
        ready = desk.ready(now=now)
        if not ready.greeting:
            return Outcome(SyntheticFault.NO_RECORDING)
        return asyncio.run(caller.place(url, number=ready.number, greeting=ready.greeting))
    finally:
        _clear_away(now=now)


def _clear_away(*, now: datetime) -> None:
    """Wait until the web process has written the call's end, and remove what it wrote."""
    give_up_at = time.monotonic() + _WRITTEN_WITHIN_S
    while not desk.clear_away(now=now) and time.monotonic() < give_up_at:
        time.sleep(0.2)


def _keep(outcome: Outcome, *, now: datetime) -> None:
    SyntheticCall.objects.filter(pk=SyntheticCall.ONLY).update(
        ended_at=now,
        fault=outcome.fault or "",
        greeting_whole=outcome.greeting_whole,
        first_sound_ms=outcome.first_sound_ms,
        answer_ms=outcome.answer_ms,
        interruption_ms=outcome.interruption_ms,
    )
    figures = (outcome.first_sound_ms, outcome.answer_ms, outcome.interruption_ms)
    if outcome.fault:
        logger.error(
            "[SYNTHETIC] the call failed: %s; first sound, answer, interruption: %s ms", outcome.fault, figures
        )
    else:
        logger.info("[SYNTHETIC] the call went well; first sound, answer, interruption: %s ms", figures)
