"""Counts each call that has ended into the figures of its week, exactly once.

The rows are the queue (`Call.is_to_measure`); a task only looks. A call keeps what its week counts of it
(`Call.measured`), so that one that ended otherwise than was thought, or is measured anew, changes the week by the
difference. Traces are read here only: pages read a row for each week.
"""

from __future__ import annotations

import logging
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from businesses.hidden import HIDDEN_ID
from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from calls.conversation.settings import Protection
from calls.models import BROWSER, Call, CallStatus, Speaker, Turn, WeekOfCalls
from calls.plan import settings_of
from calls.records.certificates import certify
from calls.records.measuring import Greeting, Measured, covered_ms, greeting_of, pauses_in
from calls.records.replay import streams_of
from calls.records.traces import TraceLine, read_trace
from calls.weekly import STEP_MS, SUMS, Week, monday_of

logger = logging.getLogger(__name__)

SETTLED_AFTER: Final = timedelta(seconds=20)
"""Whoever knows best how a call ended has written it by then."""
MOST_AT_ONCE: Final = 50
_NONE: Final = Measured()
_SUMS: Final[Mapping[str, Callable[[Mapping[str, Any]], int]]] = {
    "calls": lambda _each: 1,
    "greetings": lambda each: each["greeting"] in {Greeting.HEARD, Greeting.NOT_HEARD},
    "greetings_heard": lambda each: each["greeting"] == Greeting.HEARD,
    "greetings_left": lambda each: each["greeting"] == Greeting.LEFT,
    **{name: itemgetter(name) for name in ("pauses", "false_pauses", "caller_ms", "assistant_ms", "silence_ms")},
}
"""What a call adds to each sum of its week."""


def due(*, now: datetime) -> list[UUID]:
    """Returns calls of every business that are to be measured, the newest first; none of them is claimed."""
    with across_businesses():  # the workers serve the whole installation; each call is then counted for its business
        return list(due_rows(now).order_by("-ended_at").values_list("pk", flat=True)[:MOST_AT_ONCE])


def due_rows(now: datetime) -> QuerySet[Call]:
    """Returns the calls that are due. Expects the businesses to be set."""
    waiting = Call.objects.filter(is_to_measure=True, status=CallStatus.ENDED, ended_at__lte=now - SETTLED_AFTER)
    return waiting.exclude(business=HIDDEN_ID)


def count(call_id: UUID) -> bool:
    """Measure one call and count it in its week. Returns False if that was done by another, or it ended anew."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        call = Call.objects.select_related("business").filter(pk=call_id, is_to_measure=True).first()
    if call is None:
        return False
    with acting_for(call.business):
        kept = _kept(measure(call), monday_of(call.business, call.started_at))
        with transaction.atomic():
            waiting = Call.objects.select_for_update(of=("self",)).filter(
                pk=call.pk, is_to_measure=True, ended_at=call.ended_at
            )
            row = waiting.first()
            if row is None:
                return False
            _count(call.business, row.measured, -1)
            _count(call.business, kept, 1)
            Call.objects.filter(pk=call.pk).update(is_to_measure=False, measured=kept)
    return True


def measure(call: Call) -> Measured:
    """Returns the figures of a call; empty ones for a call that never had a voice, or that a member only tried."""
    if call.stream_opened_at is None or call.ended_at is None or call.caller_number == BROWSER:
        return _NONE
    try:
        trace = read_trace(call)
        greeting = _greeting(call, trace)
    except (ValueError, KeyError, TypeError, zlib.error):  # damaged, or another version's: the rest is known without
        logger.exception("call %s: its trace can't be read", call.pk)
        trace, greeting = [], Greeting.NONE
    pauses = pauses_in(trace)
    voices = {speaker: _stretches(call, speaker) for speaker in Speaker}
    spoken_ms = covered_ms(stretch for stretches in voices.values() for stretch in stretches)
    return Measured(
        greeting=greeting,
        pauses=len(pauses),
        false_pauses=sum(pause.is_false for pause in pauses),
        interruptions=tuple(
            pause.wait_ms + pause.confirmed_ms
            for pause in pauses
            if pause.confirmed_ms is not None and not pause.is_false
        ),
        answers=tuple(call.latencies.get("felt") or call.latencies.get("answer") or ()),
        caller_ms=covered_ms(voices[Speaker.CALLER]),
        assistant_ms=covered_ms(voices[Speaker.ASSISTANT]),
        silence_ms=max(round((call.ended_at - call.stream_opened_at).total_seconds() * 1000) - spoken_ms, 0),
    )


def _greeting(call: Call, trace: Sequence[TraceLine]) -> Greeting:
    """Returns what was heard of a greeting with fixed words that is protected; that, its certificate says."""
    protected = call.settings.get("first_utterance_protection", Protection.OFF) != Protection.OFF
    if not (call.settings.get("greeting_text") and protected):
        return Greeting.NONE
    return greeting_of(certify([(0.0, part) for part in streams_of(trace)], settings_of(call.settings)))


def _stretches(call: Call, speaker: Speaker) -> list[tuple[int, int]]:
    found = Turn.objects.filter(call=call, speaker=speaker)
    return [(start, end) for start, end in found.values_list("started_ms", "ended_ms") if end is not None]


def _kept(measured: Measured, monday: date) -> dict[str, Any] | None:
    """Returns what the call keeps: the figures and the day of their week; None where there is nothing to count."""
    return None if measured == _NONE else {**asdict(measured), "monday": monday.isoformat()}


def _count(business: Business, each: Mapping[str, Any] | None, sign: int) -> None:
    """Add a call to its week, or take it away. The week's row is locked."""
    if each is None:
        return
    key = {"business": business, "monday": date.fromisoformat(each["monday"])}
    WeekOfCalls.objects.bulk_create([WeekOfCalls(**key)], ignore_conflicts=True)
    week = WeekOfCalls.objects.select_for_update(of=("self",)).get(**key)
    before = Week(week.monday, week).broken
    for name in SUMS:
        setattr(week, name, getattr(week, name) + sign * _SUMS[name](each))
    for name in ("interruptions", "answers"):
        steps = Counter(getattr(week, name))
        for milliseconds in each[name]:
            steps[str(milliseconds // STEP_MS)] += sign
        setattr(week, name, {step: times for step, times in steps.items() if times})
    broken = Week(week.monday, week).broken
    week.is_below = bool(broken)
    week.save()
    for promise in set(broken) - set(before):
        logger.warning("business %s: the week of %s fell below its promise: %s", business.pk, week.monday, promise)
