"""One call: what was said, how it went, what it cost, and its recording."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from businesses.audit import AuditKind, record
from businesses.dialling import can_be_shown
from businesses.known_people import people_with
from businesses.models import AuditEntry, Business
from businesses.pages import byte_ranges
from businesses.pages.access import PageRequest, business_page
from calls.conversation.end_reasons import EndReason
from calls.models import (
    BlockedCaller,
    Call,
    CallStatus,
    OutgoingCall,
    OutgoingChoices,
    Task,
    TraceChunk,
    Transfer,
    Turn,
    Voicemail,
    VoicemailState,
)
from calls.pages import gist_words, moment_words, timeline, words
from calls.pages.done import done_in
from calls.records import certificates, costs, timelines
from calls.records.recording import recording_of

MOST_OUTGOING = 3


class Beside(TypedDict):
    """What the query of a call tells besides its columns: what there is to ask for, and what may be done."""

    is_blocked: bool
    has_trace: bool
    has_voicemail: bool
    has_transfer: bool
    has_outgoing: bool
    calls_back: bool


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    ShownCall = WithAnnotations[Call, Beside]


@require_safe
@business_page(section="calls")
def call(request: PageRequest, call_id: UUID) -> HttpResponse:
    """Show a call."""
    blocked = BlockedCaller.objects.filter(business=request.business, number=OuterRef("caller_number"))
    of_it = {"business": request.business, "call": OuterRef("pk")}
    calls = Call.objects.select_related("steered_by", "timeline").annotate(
        is_blocked=Exists(blocked),
        has_trace=Exists(TraceChunk.objects.filter(**of_it)),
        has_voicemail=Exists(Voicemail.objects.filter(**of_it)),
        has_transfer=Exists(Transfer.objects.filter(**of_it)),
        has_outgoing=Exists(OutgoingCall.objects.filter(_of_outgoing(request.business))),
        calls_back=Exists(OutgoingChoices.objects.filter(business=request.business, enabled=True)),
    )
    found: ShownCall = get_object_or_404(calls, pk=call_id, business=request.business)
    turns = list(Turn.objects.filter(call=found))
    tasks = list(Task.objects.filter(call=found).select_related("assigned_to__user", "done_by").order_by("created_at"))
    known = people_with(request.business, {found.caller_number, *(task.number for task in tasks)})
    context = {
        **_timeline(request, found, turns),
        "call": found,
        "person": known.get(found.caller_number),
        "known": known,
        "tasks": tasks,
        "untasked": gist_words.without_task(found, tasks),
        "steered_by": _steered_by(found),
        "outgoing": _outgoing(found) if found.has_outgoing else [],
        "calls_back": found.calls_back,
        "now": timezone.now(),
        "can_be_blocked": can_be_shown(found.caller_number),
        "lines": words.shown_turns(turns),
        "voicemails": _voicemails(found) if found.has_voicemail else [],
        "transfers": list(Transfer.objects.filter(call=found)) if found.has_transfer else [],
        "done": list(done_in(found)),
        "waits": list(words.waits(found)),
        "cost": costs.cost_of(found.model, found.usage),
        "recording": recording_of(found) if found.ended_at else None,
        "certificate": certificates.of_stored(found.certificate),
    }
    return render(request, "calls/call.html", context)


def _of_outgoing(business: Business) -> Q:
    """Returns the condition of outgoing calls that may belong on a call's page, for a subquery of the call."""
    return Q(business=business) & (Q(call=OuterRef("pk")) | Q(number=OuterRef("caller_number")))


def _outgoing(call: Call) -> list[OutgoingCall]:
    """Returns the call's own row if we made it, or else the last calls to this caller since."""
    rows = OutgoingCall.objects.filter(business=call.business_id)
    if call.is_outgoing:
        return list(rows.filter(call=call))
    since = rows.filter(number=call.caller_number, asked_at__gt=call.started_at)
    return list(since[:MOST_OUTGOING]) if call.caller_number else []


def _voicemails(call: Call) -> list[Voicemail]:
    return list(Voicemail.objects.filter(call=call).exclude(state=VoicemailState.ERASED).select_related("task"))


def _timeline(request: PageRequest, call: Call, turns: list[Turn]) -> dict[str, Any]:
    """Returns what the time line shows: a drawing of the part that the address asks for, or that it is being made."""
    if call.status != CallStatus.ENDED or call.stream_opened_at is None:
        return {}
    found, is_under_way = timelines.of_call(call, now=timezone.now())
    if found is None:
        return {"is_drawn_soon": is_under_way}
    window = timeline.window_of(
        found.seconds, start=request.GET.get("from", ""), seconds=request.GET.get("seconds", "")
    )
    legend = [(shape, path, moment_words.LEGEND[shape]) for shape, path in moment_words.SHAPES.items()]
    return {"drawing": timeline.drawing_of(found, turns, window), "legend": legend}


def _steered_by(call: Call) -> str:
    """Returns who of the business ended or transferred the call; "" if a request of theirs came too late."""
    took_effect = call.end_reason in {EndReason.OPERATOR_HUNG_UP, EndReason.OPERATOR_TRANSFERRED}
    return call.steered_by.shown_name if call.steered_by and took_effect else ""


@require_safe
@business_page(section="calls")
def turns(request: PageRequest, call_id: UUID) -> HttpResponse:
    """Show what was said so far. Pages poll this."""
    found = get_object_or_404(Call, pk=call_id, business=request.business)
    context = {"call": found, "lines": words.shown_turns(Turn.objects.filter(call=found))}
    return render(request, "calls/turns.html", context)


@require_safe
@business_page(section="calls")
def recording(request: PageRequest, call_id: UUID) -> HttpResponseBase:
    """Send the recording as a WAV file, whole or the range that a player requests (RFC 9110, 14)."""
    found = recording_of(get_object_or_404(Call, pk=call_id, business=request.business))
    if found is None:
        raise Http404
    note_hearing(request, call_id)
    answer = byte_ranges.answer(found, request.headers.get("Range", ""), "audio/wav")
    answer["Content-Disposition"] = f'inline; filename="{call_id}.wav"'
    return answer


def note_hearing(request: PageRequest, call_id: UUID) -> None:
    """Write into the audit log that the person hears the recording: once a day, as players ask for it in parts."""
    heard = AuditEntry.objects.filter(
        business=request.business,
        kind=AuditKind.RECORDING_HEARD,
        person_id=request.user.pk,
        details__call=str(call_id),
        at__gte=timezone.now() - timedelta(days=1),
    )
    if heard.exists():
        return
    with transaction.atomic():
        Call.objects.select_for_update(of=("self",)).get(pk=call_id, business=request.business)  # one part at a time
        if not heard.exists():
            record(request.business, AuditKind.RECORDING_HEARD, call=str(call_id))
