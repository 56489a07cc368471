"""The time lines of calls, made once after a call has ended: its levels, its moments and its greeting certificate.

The rows are the queue (`CallTimeline.due_at`) and a task only looks: any number of workers may make them, and one that
is killed half-way loses nothing, because its claim expires. A page only reads what was made: the trace of half an hour
takes seconds to read and replay, and the time line of it milliseconds.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep, thread_time
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from businesses.hidden import is_hidden
from businesses.tenancy import across_businesses, acting_for
from calls.conversation.commands import KeepTurn
from calls.models import Call, CallStatus, CallTimeline, TraceChunk, Turn
from calls.plan import settings_of
from calls.records.certificates import certify
from calls.records.levels import STEPS_PER_S, Levels, levels_of, loudness
from calls.records.moments import Moment, Sort, moments_of
from calls.records.replay import streams_of
from calls.records.traces import Decided, TraceLine, read_trace

logger = logging.getLogger(__name__)

FORMAT: Final = 1
MAX_ATTEMPTS: Final = 3
_CLAIM = timedelta(minutes=5)
_TRACKS: Final = ("caller", "assistant", "floor", "threshold", "flags")


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a time line is drawn of. `has_trace`: else only the recording's loudness is known."""

    levels: Levels
    moments: Sequence[Moment]
    has_trace: bool = True

    @property
    def seconds(self) -> float:
        """Returns how long it is."""
        steps = max(len(getattr(self.levels, name)) for name in _TRACKS)
        last_ms = max((moment.at_ms for moment in self.moments), default=0)
        return max(steps / STEPS_PER_S, last_ms / 1000)


# What is kept ---------------------------------------------------------------------------------------------
def packed(timeline: Timeline) -> bytes:
    """Returns a time line as it is kept."""
    tracks = [bytes(getattr(timeline.levels, name)) for name in _TRACKS]
    head = {
        "format": FORMAT,
        "sizes": [len(track) for track in tracks],
        "is_exact": timeline.levels.is_exact,
        "has_trace": timeline.has_trace,
        "moments": [[moment.at_ms, moment.sort, moment.facts] for moment in timeline.moments],
    }
    return zlib.compress(b"\n".join((json.dumps(head).encode(), b"".join(tracks))), 6)


def unpacked(data: bytes) -> Timeline | None:
    """Returns a time line that was kept; None for one of another format."""
    head, _, tracks = zlib.decompress(data).partition(b"\n")
    told = json.loads(head)
    if told["format"] != FORMAT:
        return None
    levels, begins = Levels(is_exact=told["is_exact"]), 0
    for name, size in zip(_TRACKS, told["sizes"], strict=True):
        setattr(levels, name, bytearray(tracks[begins : begins + size]))
        begins += size
    moments = [Moment(at_ms, Sort(sort), facts) for at_ms, sort, facts in told["moments"]]
    return Timeline(levels, moments, told["has_trace"])


# The queue ------------------------------------------------------------------------------------------------
def want(call: Call, *, now: datetime) -> None:
    """Have a call's time line made. Expects the business to be set. It may be wanted again, when the call went on."""
    if is_hidden(call.business_id):
        return
    row = CallTimeline(business_id=call.business_id, call=call, due_at=now, attempts=0)
    CallTimeline.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["call"], update_fields=["due_at", "attempts"]
    )


def due(*, now: datetime) -> list[UUID]:
    """Returns the calls of every business whose time lines are to be made."""
    with across_businesses():  # the workers serve the whole installation; each call is then handled for its business
        return list(due_rows(now).order_by("due_at").values_list("call_id", flat=True)[:50])


def due_rows(now: datetime) -> QuerySet[CallTimeline]:
    """Returns the rows that are due. Expects the businesses to be set."""
    return CallTimeline.objects.filter(due_at__lte=now)


def make(call_id: UUID, *, now: datetime, rest: Callable[[], None] = lambda: None) -> bool:
    """Make one call's time line if it is due and not claimed. Returns whether it was made."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        row = CallTimeline.objects.select_related("call__business").defer("data").filter(call_id=call_id).first()
    if row is None:
        return False
    with acting_for(row.call.business):
        tries = CallTimeline.objects.filter(pk=row.pk, attempts=row.attempts, due_at__lte=now)
        is_last = row.attempts + 1 >= MAX_ATTEMPTS
        if not tries.update(attempts=row.attempts + 1, due_at=None if is_last else now + _CLAIM):
            return False
        mine = CallTimeline.objects.filter(pk=row.pk, attempts=row.attempts + 1)
        try:
            made, certificate = _made(row.call, rest)
        except (ValueError, KeyError, TypeError, zlib.error):  # another version's trace, or a damaged one
            logger.exception("call %s: no time line can be made of its trace", call_id)
            mine.update(due_at=None)
            return False
        with transaction.atomic():
            if not mine.update(data=packed(made) if made else b"", due_at=None):
                return False  # the call went on, and it is wanted again
            Call.objects.filter(pk=call_id).update(certificate=certificate)
    return True


def resting() -> Callable[[], None]:
    """Returns what lets this thread rest for as long as it has used the processor: calls may share the process."""
    began = thread_time()

    def rest() -> None:
        nonlocal began
        sleep(min(max(thread_time() - began, 0.0), 1.0))
        began = thread_time()

    return rest


def of_call(call: Call, *, now: datetime) -> tuple[Timeline | None, bool]:
    """Returns a call's time line, None while there is none, and whether it is being made.

    A call that ended before there were time lines gets its own when it is looked at.
    """
    row: CallTimeline | None = getattr(call, "timeline", None)  # asked for with the call, where one query counts
    if row is None and call.status == CallStatus.ENDED and _has_material(call):
        want(call, now=now)
        return None, True
    if row is None:
        return None, False
    return (unpacked(bytes(row.data)) if row.data else None), row.due_at is not None


def _has_material(call: Call) -> bool:
    has_trace: bool | None = getattr(call, "has_trace", None)  # likewise
    return call.is_recorded or (TraceChunk.objects.filter(call=call).exists() if has_trace is None else has_trace)


# Making ---------------------------------------------------------------------------------------------------
def _made(call: Call, rest: Callable[[], None]) -> tuple[Timeline | None, dict[str, object]]:
    """Returns a call's time line, None if there is nothing to draw, and the certificate of its greeting."""
    trace = read_trace(call)
    if not trace:
        levels = _recorded_levels(call)
        return (Timeline(levels, (), has_trace=False) if levels else None), call.certificate
    settings = settings_of(call.settings)
    streams = _streams(call, trace)
    certificate = certify(streams, settings).stored()
    return Timeline(levels_of(streams, settings, rest=rest), moments_of(streams)), certificate


def _streams(call: Call, trace: Sequence[TraceLine]) -> list[tuple[float, Sequence[TraceLine]]]:
    """Returns when each stream of a call opened, in seconds of the call, and its part of the trace.

    A stream's own times begin anew. Its turns, which are on record in the call's time, tell when it opened; without
    any, it is known of the last one by the call's end.
    """
    kept = dict(Turn.objects.filter(call=call).values_list("position", "started_ms"))
    streams: list[tuple[float, Sequence[TraceLine]]] = []
    for number, part in enumerate(streams_of(trace)):
        began_s = 0.0 if number == 0 else _began_s(call, part, kept)
        streams.append((began_s, part))
    return streams


def _began_s(call: Call, part: Sequence[TraceLine], kept: dict[int, int]) -> float:
    for line in reversed(part):
        if isinstance(line, Decided) and isinstance(line.command, KeepTurn) and line.command.position in kept:
            return max(kept[line.command.position] - line.command.started_ms, 0) / 1000
    if call.ended_at is None or call.stream_opened_at is None or not part:
        return 0.0
    return max((call.ended_at - call.stream_opened_at).total_seconds() - part[-1].at, 0.0)


def _recorded_levels(call: Call) -> Levels | None:
    """Returns the loudness of a call's recording: all that is known without a trace."""
    from calls.audio import ulaw  # noqa: PLC0415 - it loads numpy, and every process can end calls
    from calls.records.recording import recording_of  # noqa: PLC0415 - likewise

    recording = recording_of(call)
    if recording is None:
        return None
    caller, assistant = (
        bytearray(loudness(rms) for rms in ulaw.levels(path.read_bytes()))
        for path in (recording.caller, recording.assistant)
    )
    return Levels(caller=caller, assistant=assistant)
