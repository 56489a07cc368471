"""Broadcasts by the API: made, started and paused by the functions that their pages use."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Status
from ninja.params.functions import Query

from businesses.models import Business
from frontdesk.api.entry import token_of
from frontdesk.api.once import created
from frontdesk.api.paging import MOST, USUAL, page
from frontdesk.api.problems import Refused
from frontdesk.api.shapes import BroadcastIn, BroadcastOut, Page, Problem
from whatsapp.audience.choice import Choice, FileChoice, SegmentChoice
from whatsapp.broadcasts import creation, lifecycle
from whatsapp.broadcasts.counts import Counts, counts_of
from whatsapp.broadcasts.creation import NewBroadcast, Timing
from whatsapp.broadcasts.tallies import counts_of_broadcasts
from whatsapp.control import starting
from whatsapp.control.preflight import skipped_rows
from whatsapp.models import Broadcast, Segment
from whatsapp.numbers import template_sync

router = Router()

REJECTED_SHOWN = 1_000


@router.get("", response={200: Page[BroadcastOut], 400: Problem}, operation_id="listBroadcasts")
def list_broadcasts(request: HttpRequest, cursor: str | None = None, limit: int = Query(USUAL, ge=1, le=MOST)) -> Any:
    """List broadcasts, newest first."""
    rows = Broadcast.objects.filter(business=token_of(request).business)
    found, following = page(rows, cursor, limit, by="created_at")
    counts = counts_of_broadcasts(found)
    return {"items": [_shown(each, counts[each.pk]) for each in found], "next": following}


@router.post(
    "", response={201: BroadcastOut, 200: BroadcastOut, 409: Problem, 422: Problem}, operation_id="createBroadcast"
)
def create_broadcast(request: HttpRequest, given: BroadcastIn) -> Any:
    """Make a draft; nothing is sent before it is started. `rejected` are rows that nothing will be sent to.

    With an Idempotency-Key a repeated request gets the broadcast that the first one made (200).
    """
    business = token_of(request).business
    broadcast_id, is_new = created(request, business, lambda: _create(business, given))
    broadcast = _found(request, broadcast_id)
    if broadcast.audience_ready_at is None:
        creation.read_people(broadcast, now=timezone.now())
        broadcast.refresh_from_db()
    rejected = [
        {"row": row.row, "reason": row.reason.value, "message": row.text}
        for row in skipped_rows(broadcast, REJECTED_SHOWN)
    ]
    return Status(201 if is_new else 200, {**_one(broadcast), "rejected": rejected})


@router.get("/{uuid:broadcast_id}", response={200: BroadcastOut, 404: Problem}, operation_id="getBroadcast")
def get_broadcast(request: HttpRequest, broadcast_id: UUID) -> Any:
    """Get a broadcast's state and counts."""
    return _one(_found(request, broadcast_id))


Answers = {200: BroadcastOut, 404: Problem, 409: Problem, 422: Problem}


@router.post("/{uuid:broadcast_id}/start", response=Answers, operation_id="startBroadcast")
def start_broadcast(request: HttpRequest, broadcast_id: UUID) -> Any:
    """Start it, or let it wait for its time. Checked as on its page: template, number, budget, opt-outs, limits."""
    return _steered(request, broadcast_id, lambda found: starting.start(found, now=timezone.now()))


@router.post("/{uuid:broadcast_id}/pause", response=Answers, operation_id="pauseBroadcast")
def pause_broadcast(request: HttpRequest, broadcast_id: UUID) -> Any:
    """Send nothing more for now. What is on its way still arrives."""
    return _steered(request, broadcast_id, lambda found: lifecycle.pause(found, now=timezone.now()))


def _steered(request: HttpRequest, broadcast_id: UUID, change: Callable[[Broadcast], None]) -> dict[str, Any]:
    broadcast = _found(request, broadcast_id)
    change(broadcast)
    broadcast.refresh_from_db()
    return _one(broadcast)


def _create(business: Business, given: BroadcastIn) -> UUID:
    if (given.rows is None) == (given.segment is None):
        raise Refused(422, "Give either rows or a segment.")
    template, sender = template_sync.find(business, given.template, given.language)
    file = None if given.rows is None else _table(given.rows)
    new = NewBroadcast(
        template=template,
        sender=sender,
        choice=_choice(business, given),
        name=given.name,
        file=file,
        timing=Timing(wall_time=given.starts_at),
        budget=given.budget,
    )
    return creation.create(business, new, now=timezone.now()).pk


def _choice(business: Business, given: BroadcastIn) -> Choice:
    if given.segment is None:
        if given.values:
            raise Refused(422, "values belong to a segment: rows hold each person's own.")
        return FileChoice(given.constants, columns={"phone": "phone"})
    if not Segment.objects.filter(business=business, pk=given.segment).exists():
        raise Refused(422, "There is no such segment.")
    return SegmentChoice(str(given.segment), values=given.values, constants=given.constants)


def _table(rows: list[dict[str, str]]) -> io.BytesIO:
    """Returns rows as a CSV file of people, which is read as every other is."""
    columns = list(dict.fromkeys(["phone", *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode())


def _found(request: HttpRequest, broadcast_id: UUID) -> Broadcast:
    rows = Broadcast.objects.select_related("business", "sender", "template")
    return get_object_or_404(rows, business=token_of(request).business, pk=broadcast_id)


def _one(broadcast: Broadcast) -> dict[str, Any]:
    return _shown(broadcast, counts_of(broadcast.pk))


def _shown(broadcast: Broadcast, counts: Counts) -> dict[str, Any]:
    return {
        "id": broadcast.pk,
        "name": broadcast.name,
        "template": broadcast.template_name,
        "language": broadcast.template_language,
        "status": broadcast.status,
        "pause_reason": broadcast.pause_reason or None,
        "total": counts.total,
        "counts": {state.value: number for state, number in counts.by_state.items()},
        "created_at": broadcast.created_at,
        "scheduled_at": broadcast.scheduled_at,
        "started_at": broadcast.started_at,
        "completed_at": broadcast.completed_at,
    }
