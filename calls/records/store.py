"""Writing what a call leaves behind, in a thread of its own so that no call ever waits for the database.

One thread for all calls of the process, with one lasting connection: a write takes a few milliseconds, and twenty
calls need about ten a second. After an error the connection is dropped, and the next write opens a new one. After each
write the thread rests for as long as it has used the processor: what has waited for a database that was away is then
written at a pace that leaves live calls theirs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from time import monotonic, sleep, thread_time
from typing import Final, TypeVar
from uuid import UUID

from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from businesses import media_folder
from businesses.prepared import Given, PreparedUpdate
from businesses.tenancy import acting_for
from calls import figures
from calls.audio.tracks import Recorded
from calls.conversation.commands import KeepStanding, KeepTurn
from calls.conversation.end_reasons import EndReason
from calls.models import Call, TraceChunk, Turn
from calls.plan import CallPlan
from calls.records import charging, finishing, recording
from calls.records.endings import Ending
from calls.records.traces import NewChunk

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

MOST_WAITING: Final = 1000
"""Pieces of audio of a second each, of all calls: 16 MB when all of them are of calls in which both speak at once."""

_places = threading.BoundedSemaphore(MOST_WAITING)
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="call-records")
_known_as_recorded: set[UUID] = set()
"""Running calls whose row says that they are recorded. Of the thread."""
_rests_until = 0.0
"""Of the thread, by the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What changed in a call since the last write. The same batch may be written twice.

    `is_charged`: it is time to charge for the call again. Its end always is.
    """

    turns: Sequence[KeepTurn] = ()
    trace: NewChunk = field(default_factory=NewChunk)
    trace_position: int = 0
    latencies: Mapping[str, Sequence[int]] = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)
    standing: KeepStanding | None = None
    is_charged: bool = True
    ending: Ending | None = None


def _ours() -> models.QuerySet[Call]:
    of_this_stream = Given("number", models.PositiveSmallIntegerField())
    return Call.objects.filter(pk=Given("call", models.UUIDField()), stream_number=of_this_stream)


_so_far = PreparedUpdate(_ours, "alive_at", "latencies", "usage")
_with_standing = PreparedUpdate(_ours, "alive_at", "latencies", "usage", "standing")


class Superseded(Exception):
    """The call goes on in a newer stream, whose process writes its records from then on."""


def write_later(plan: CallPlan, batch: Batch) -> Future[EndReason | None]:
    """Write a batch in the records' thread, and charge the call so far if it is time.

    The future holds why the call must end if nothing is left that pays for it, or the database's error, or
    `Superseded`.
    """
    return _begin(_thread.submit(_write, plan, batch))


def write_audio_later(plan: CallPlan, recorded: Recorded) -> None:
    """Write audio in the records' thread. While that is far behind, audio is dropped instead of piling up."""
    if not _places.acquire(blocking=False):
        figures.records_lost.inc()
        logger.error("call %s: a piece of its recording is lost: %s wait already", plan.call_id, MOST_WAITING)
        return
    _begin(_thread.submit(_write_audio, plan, recorded)).add_done_callback(lambda _written: _places.release())


def write_notice_later(plan: CallPlan) -> None:
    """Write in the records' thread that the caller has heard the notice of recording."""
    _begin(_thread.submit(_write_notice, plan))


def _begin(writing: Future[Result]) -> Future[Result]:
    """Count a write as waiting until it is done."""
    figures.records_waiting.inc()
    writing.add_done_callback(lambda _written: figures.records_waiting.dec())
    return writing


def close_connection() -> None:
    """Close the thread's database connection, after everything that waits has been written."""
    _thread.submit(_disconnect).result()


def _disconnect() -> None:
    connection.close()  # Django keeps one per thread, so this must run in the thread that owns it


def _write_audio(plan: CallPlan, recorded: Recorded) -> None:
    try:
        is_new = recording.write(plan.business.pk, plan.call_id, recorded)
        if is_new or plan.call_id not in _known_as_recorded:  # with each piece, until the database has it
            with acting_for(plan.business):
                Call.objects.filter(pk=plan.call_id).update(is_recorded=True, was_recorded=True)
            _known_as_recorded.add(plan.call_id)
    except DatabaseError as error:
        logger.warning("call %s: its row does not say yet that it is recorded: %s", plan.call_id, type(error).__name__)
        connection.close()
    except OSError as error:
        figures.records_lost.inc()
        media_folder.failed(error, folder=recording.folder_of(plan.business.pk))


def _write_notice(plan: CallPlan) -> None:
    try:
        with acting_for(plan.business):
            Call.objects.filter(pk=plan.call_id).update(notice_heard=True)
    except DatabaseError as error:
        logger.error("call %s: not on record that its notice was heard: %s", plan.call_id, type(error).__name__)
        connection.close()


def _write(plan: CallPlan, batch: Batch) -> EndReason | None:
    global _rests_until  # noqa: PLW0603 - of the thread
    sleep(max(0.0, _rests_until - monotonic()))
    began = thread_time()
    try:
        return _write_now(plan, batch)
    finally:
        _rests_until = monotonic() + thread_time() - began


def _write_now(plan: CallPlan, batch: Batch) -> EndReason | None:
    try:
        with acting_for(plan.business), transaction.atomic():
            now = timezone.now()
            so_far = {"alive_at": now, "latencies": dict(batch.latencies), "usage": dict(batch.usage)}
            ours = {"call": plan.call_id, "number": plan.stream_number}
            if batch.standing:
                written = _with_standing.run(**ours, **so_far, standing=asdict(batch.standing))
            else:
                written = _so_far.run(**ours, **so_far)
            if not written and Call.objects.filter(pk=plan.call_id).exists():
                raise Superseded
            _write_turns(plan, batch.turns)
            _write_trace(plan, batch)
            if batch.ending is not None:
                _tell_of_recording(plan)
                finishing.end_by_its_process(plan.call_id, plan.business, batch.ending, now=now)
                return None
            return charging.charge_so_far(plan.call_id, plan.business, now=now) if batch.is_charged else None
    except Superseded:
        raise
    except BaseException:
        connection.close()  # it may be broken: the next write starts afresh
        raise


def _tell_of_recording(plan: CallPlan) -> None:
    """See to it that a call whose last piece met no database is known as recorded, if it is."""
    if plan.call_id in _known_as_recorded:
        _known_as_recorded.discard(plan.call_id)
    elif recording.has_files(plan.business.pk, plan.call_id):
        Call.objects.filter(pk=plan.call_id).update(is_recorded=True, was_recorded=True)


def _write_turns(plan: CallPlan, turns: Sequence[KeepTurn]) -> None:
    began_ms = round(plan.past.seconds * 1000) if plan.past else 0
    rows = [
        Turn(
            business_id=plan.business.pk,
            call_id=plan.call_id,
            position=turn.position,
            speaker=turn.speaker.value,
            is_greeting=turn.is_greeting,
            text=_storable(turn.text),
            heard_text=_storable(turn.heard_text),
            started_ms=began_ms + turn.started_ms,
            ended_ms=None if turn.ended_ms is None else began_ms + turn.ended_ms,
            interrupted_ms=None if turn.interrupted_ms is None else began_ms + turn.interrupted_ms,
        )
        for turn in turns
    ]
    Turn.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["call", "position"],
        update_fields=["speaker", "is_greeting", "text", "heard_text", "started_ms", "ended_ms", "interrupted_ms"],
    )


def _write_trace(plan: CallPlan, batch: Batch) -> None:
    if not batch.trace.lines:
        return
    chunk = TraceChunk(
        business_id=plan.business.pk,
        call_id=plan.call_id,
        position=batch.trace_position,
        data=batch.trace.compressed(),
    )
    TraceChunk.objects.bulk_create([chunk], ignore_conflicts=True)


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL characters and no lone surrogates, and a model may send either."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
