"""One call: what was said, how it went, what it cost, and its recording."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import transaction
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from businesses.audit import AuditKind, record
from businesses.dialling import can_be_shown
from businesses.known_people import people_with
from businesses.models import AuditEntry
from businesses.pages.access import PageRequest, business_page
from calls.conversation.end_reasons import EndReason
from calls.models import BlockedCaller, Call, Turn
from calls.pages import words
from calls.records import costs
from calls.records.recording import Recording, recording_of

LARGEST_PART = 8 * 1024 * 1024
"""Bytes of one answer that is held in memory: four minutes. Players ask for the rest when they need it."""
_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


@require_safe
@business_page(section="calls")
def call(request: PageRequest, call_id: UUID) -> HttpResponse:
    """Show a call."""
    calls = Call.objects.select_related("steered_by")
    found = get_object_or_404(calls, pk=call_id, business=request.business)
    context = {
        "call": found,
        "person": people_with(request.business, [found.caller_number]).get(found.caller_number),
        "steered_by": _steered_by(found),
        "can_be_blocked": can_be_shown(found.caller_number),
        "is_blocked": BlockedCaller.objects.filter(business=request.business, number=found.caller_number).exists(),
        "lines": words.shown_turns(Turn.objects.filter(call=found)),
        "waits": list(words.waits(found)),
        "cost": costs.cost_of(found.model, found.usage),
        "recording": recording_of(found) if found.ended_at else None,
    }
    return render(request, "calls/call.html", context)


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
    _note_hearing(request, call_id)
    answer = _answer(found, request.headers.get("Range", ""))
    answer["Accept-Ranges"] = "bytes"
    answer["Content-Disposition"] = f'inline; filename="{call_id}.wav"'
    return answer


def _note_hearing(request: PageRequest, call_id: UUID) -> None:
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


def _answer(recording: Recording, wanted: str) -> HttpResponseBase:
    asked = _RANGE.fullmatch(wanted.strip())
    if asked is None or not any(asked.groups()):  # no part, several parts, or another unit: the whole of it
        if recording.size <= LARGEST_PART:
            return HttpResponse(recording.part(0, recording.size), content_type="audio/wav")
        length = {"Content-Length": str(recording.size)}
        return StreamingHttpResponse(_stream(recording), content_type="audio/wav", headers=length)
    first, last = asked.groups()
    start = int(first) if first else max(recording.size - int(last), 0)
    end = min(int(last) + 1 if first and last else recording.size, recording.size, start + LARGEST_PART)
    if start >= end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{recording.size}"})
    part = HttpResponse(recording.part(start, end), status=206, content_type="audio/wav")
    part["Content-Range"] = f"bytes {start}-{end - 1}/{recording.size}"
    return part


async def _stream(recording: Recording) -> AsyncIterator[bytes]:
    parts = recording.parts()
    while part := await sync_to_async(lambda: next(parts, b""), thread_sensitive=False)():
        yield part
