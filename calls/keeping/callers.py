"""A person's calls: what is counted, erased and exported of a caller."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from businesses.keeping.deleting import delete_some
from businesses.keeping.person import Person
from businesses.keeping.table import Attachment, Holding, Record
from calls.models import (
    BlockedCaller,
    Call,
    CallStatus,
    CallTimeline,
    Rescue,
    Sentiment,
    Task,
    ToolRun,
    TraceChunk,
    Transfer,
    Turn,
)

LINE_OPEN = "call_running"
WAITS = {LINE_OPEN: _("The person is on the telephone. What was asked is done when the call has ended.")}
UNSAID: dict[str, Any] = {
    "summary": "",
    "summary_source": "",
    "wishes": "",
    "follow_ups": [],
    "sentiment": Sentiment.UNKNOWN,
    "summary_due_at": None,
}
"""What a call looks like of which nobody knows any more what it was about."""
EMPTIED: dict[str, Any] = {
    **UNSAID,
    "caller_number": "",
    "transfer_number": "",
    "stream_error": "",
    "end_detail": {},
    "old_end_reason": "",
}
"""What a call looks like that nobody can be recognized by. Time, length, outcome and cost stay."""


def calls_of(person: Person) -> QuerySet[Call]:
    """Returns the calls from the person's numbers."""
    wanted = Q(caller_number__in=person.addresses)
    if person.call is not None:
        wanted |= Q(pk=person.call)
    return Call.objects.filter(wanted, business=person.business)


def waits_for_calls(person: Person, _now: datetime) -> str:
    """Returns that the person is on the telephone, if they are."""
    return LINE_OPEN if calls_of(person).exclude(status=CallStatus.ENDED).exists() else ""


def _recorded(person: Person) -> QuerySet[Call]:
    return calls_of(person).filter(is_recorded=True)


def _erase_recordings(person: Person, most: int) -> int:
    from calls.records import recording  # noqa: PLC0415 - it loads numpy, and every process loads these rules

    return recording.remove(person.business, list(_recorded(person).values_list("pk", flat=True)[:most]))


def _recordings(person: Person) -> Iterator[Attachment]:
    from calls.records import recording  # noqa: PLC0415 - see above

    for call in _recorded(person).order_by("started_at"):
        found = recording.recording_of(call)
        if found is not None:
            yield Attachment(f"recordings/{call.started_at:%Y-%m-%d-%H%M%S}-{call.pk}.wav", partial(found.parts))


def _turns(person: Person) -> QuerySet[Turn]:
    return Turn.objects.filter(business=person.business, call__in=calls_of(person))


def _erase_turns(person: Person, most: int) -> int:
    return delete_some(_turns(person), most)


def _turn_records(person: Person) -> Iterator[Record]:
    fields = ("call_id", "position", "speaker", "text", "heard_text", "started_ms", "ended_ms", "interrupted_ms")
    yield from _turns(person).order_by("call__started_at", "position").values(*fields)


def _transfers(person: Person) -> QuerySet[Transfer]:
    return Transfer.objects.filter(business=person.business, call__in=calls_of(person))


def _erase_transfers(person: Person, most: int) -> int:
    return delete_some(_transfers(person), most)


def _transfer_records(person: Person) -> Iterator[Record]:
    fields = ("call_id", "name", "about", "state", "results", "asked_at", "accepted_at", "ended_at")
    yield from _transfers(person).order_by("asked_at").values(*fields)


def _tool_runs(person: Person) -> QuerySet[ToolRun]:
    return ToolRun.objects.filter(business=person.business, call__in=calls_of(person))


def _erase_tool_runs(person: Person, most: int) -> int:
    return delete_some(_tool_runs(person), most)


def _tool_records(person: Person) -> Iterator[Record]:
    yield from _tool_runs(person).order_by("pk").values("call_id", "tool", "arguments", "code", "told", "at")


def _chunks(person: Person) -> QuerySet[TraceChunk]:
    return TraceChunk.objects.filter(business=person.business, call__in=calls_of(person))


def _timelines(person: Person) -> QuerySet[CallTimeline]:
    return CallTimeline.objects.filter(business=person.business, call__in=calls_of(person))


def _erase_chunks(person: Person, most: int) -> int:
    for rows in (_timelines(person), _chunks(person)):
        keys = list(rows.values_list("pk", flat=True)[:most])
        if keys:
            return rows.model.objects.filter(pk__in=keys).delete()[0]
    return 0


def _traces(person: Person) -> Iterator[Attachment]:
    for chunk in _chunks(person).order_by("call__started_at", "position"):
        lines = zlib.decompress(bytes(chunk.data))
        yield Attachment(f"traces/{chunk.call_id}-{chunk.position:04}.jsonl", partial(iter, (lines,)))


def _identified(person: Person) -> QuerySet[Call]:
    """Returns calls that still say something about the person."""
    said = (
        ~Q(caller_number="") | ~Q(transfer_number="") | ~Q(summary="") | ~Q(wishes="") | Q(summary_due_at__isnull=False)
    )
    return calls_of(person).filter(said)


def empty(calls: QuerySet[Call]) -> int:
    """Remove from these calls who called and what it was about. Returns their number.

    A summary that is being written at this moment is not stored: it belongs to an earlier attempt.
    """
    return calls.update(**EMPTIED, summary_attempts=FINISHED)


FINISHED = 100
"""More attempts at a summary than there ever are."""


def _put_through(person: Person) -> QuerySet[Call]:
    """Returns other people's calls that were put through to the person; only the number is the person's."""
    return Call.objects.filter(business=person.business, transfer_number__in=person.addresses)


def _erase_calls(person: Person, most: int) -> int:
    keys = list(_identified(person).values_list("pk", flat=True)[:most])
    if keys:
        return empty(Call.objects.filter(pk__in=keys))
    keys = list(_put_through(person).values_list("pk", flat=True)[:most])
    return Call.objects.filter(pk__in=keys).update(transfer_number="")


def _call_records(person: Person) -> Iterator[Record]:
    fields = (
        *("id", "caller_number", "called_number", "transfer_number", "started_at", "ended_at", "outcome"),
        *(
            "end_reason",
            "is_recorded",
            "summary",
            "wishes",
            "follow_ups",
            "sentiment",
            "minutes_charged",
            "certificate",
        ),
    )
    yield from calls_of(person).order_by("started_at").values(*fields)


def _blocks(person: Person) -> QuerySet[BlockedCaller]:
    return BlockedCaller.objects.filter(business=person.business, number__in=person.addresses)


def _erase_blocks(person: Person, most: int) -> int:
    return delete_some(_blocks(person), most)


def of_person(person: Person) -> Q:
    """Returns the condition of rows that name the person's number, or come from one of their calls."""
    return Q(number__in=person.addresses) | Q(call__in=calls_of(person))


def _tasks(person: Person) -> QuerySet[Task]:
    """Returns what is to be done for the person: under their number, or from one of their calls."""
    return Task.objects.filter(of_person(person), business=person.business)


def _erase_tasks(person: Person, most: int) -> int:
    return delete_some(_tasks(person), most)


def _task_records(person: Person) -> Iterator[Record]:
    fields = ("kind", "state", "who", "number", "about", "when", "due_at", "created_at", "done_at")
    yield from _tasks(person).order_by("created_at").values(*fields)


def _rescues(person: Person) -> QuerySet[Rescue]:
    return Rescue.objects.filter(of_person(person), business=person.business)


def _erase_rescues(person: Person, most: int) -> int:
    return delete_some(_rescues(person), most)


HOLDINGS = (
    Holding(
        "blocks",
        _("Entries in the list of blocked callers"),
        rows=lambda person: (_blocks(person),),
        erase=_erase_blocks,
        records=lambda person: _blocks(person).values("number", "blocked_at"),
    ),
    Holding(
        "rescues",
        _("What was decided about writing to them after missed calls"),
        rows=lambda person: (_rescues(person),),
        erase=_erase_rescues,
        records=lambda person: _rescues(person).values("call_id", "number", "result", "at"),
    ),
    Holding(
        "tasks",
        _("Tasks after calls, with the messages that were left"),
        rows=lambda person: (_tasks(person),),
        erase=_erase_tasks,
        records=_task_records,
    ),
    Holding(
        "recordings",
        _("Recordings of calls"),
        rows=lambda person: (_recorded(person),),
        erase=_erase_recordings,
        files=_recordings,
        waits_for=waits_for_calls,
    ),
    Holding(
        "traces",
        _("Pieces of traces of calls"),
        rows=lambda person: (_chunks(person), _timelines(person)),
        erase=_erase_chunks,
        files=_traces,
    ),
    Holding(
        "turns",
        _("Sentences said in calls"),
        rows=lambda person: (_turns(person),),
        erase=_erase_turns,
        records=_turn_records,
    ),
    Holding(
        "transfers",
        _("Times that a call was put through to a person"),
        rows=lambda person: (_transfers(person),),
        erase=_erase_transfers,
        records=_transfer_records,
    ),
    Holding(
        "tool_runs",
        _("What the assistant was asked to do in calls"),
        rows=lambda person: (_tool_runs(person),),
        erase=_erase_tool_runs,
        records=_tool_records,
    ),
    Holding(
        "calls",
        _("Calls (they stay in the figures, without number and summary)"),
        rows=lambda person: (_identified(person), _put_through(person)),
        erase=_erase_calls,
        records=_call_records,
    ),
)
