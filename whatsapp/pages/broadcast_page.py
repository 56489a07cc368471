"""A broadcast's own page: its pre-flight, its progress, and its history."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from businesses.pages.access import PageRequest, business_page
from whatsapp.broadcasts import categories, lifecycle
from whatsapp.broadcasts.counts import counts_of
from whatsapp.control import retrying
from whatsapp.control.money import billed_of
from whatsapp.control.preflight import preflight
from whatsapp.models import Broadcast, Recipient
from whatsapp.pages.bubble import bubble
from whatsapp.pages.figures import pictures, progress_of
from whatsapp.sending.costs import rates_at
from whatsapp.sending.spending import spent_on
from whatsapp.states import BroadcastStatus, PauseReason, RecipientStatus

MOST_EVENTS = 100
ENDED = (BroadcastStatus.COMPLETED, BroadcastStatus.CANCELLED, BroadcastStatus.FAILED)


@require_safe
@business_page(section="broadcasts")
def broadcast(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Show the whole page."""
    found = find(request, broadcast_id)
    context = _live(found, now=timezone.now())
    context |= {
        "bubble": bubble(found.template_components, first_values(found), named=found.template_format == "NAMED"),
        "events": found.events.select_related("actor").order_by("-id")[:MOST_EVENTS],
        "test_key": uuid.uuid4(),
    }
    if found.status in lifecycle.NOT_STARTED:
        context["preflight"] = preflight(found, now=timezone.now())
    return render(request, "whatsapp/broadcast.html", context)


@require_safe
@business_page(section="broadcasts")
def progress(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Show only the part that changes during sending; after a change of state the browser loads the whole page."""
    found = find(request, broadcast_id)
    answer = render(request, "whatsapp/broadcast_progress.html", _live(found, now=timezone.now()))
    if request.GET.get("status") != f"{found.status}{bool(found.audience_ready_at)}":
        answer["HX-Refresh"] = "true"
    return answer


def find(request: PageRequest, broadcast_id: UUID) -> Broadcast:
    """Returns the broadcast of this business; 404 for any other."""
    rows = Broadcast.objects.select_related("business", "sender", "template")
    return get_object_or_404(rows, business=request.business, pk=broadcast_id)


def _live(found: Broadcast, *, now: datetime) -> dict[str, Any]:
    counts = counts_of(found.pk)
    bars, line = pictures(found, counts, now=now)
    has_failed = counts.by_state[RecipientStatus.FAILED]
    return {
        "broadcast": found,
        "counts": [(state, counts.by_state[state]) for state in RecipientStatus],
        "total": counts.total,
        "funnel": bars,
        "timeline": line,
        "progress": progress_of(found, counts, now=now),
        "retryable": retrying.retryable(found).count() if has_failed else 0,
        "is_reading": found.audience_ready_at is None and found.status not in ENDED,
        "settling": counts.settling,
        "may": _possible(found),
        "cost": None if found.status in lifecycle.NOT_STARTED else _cost(found, now),
    }


def _cost(found: Broadcast, now: datetime) -> dict[str, Any]:
    """Returns what it has cost so far. What was billed is added up from all rows, so only when nothing is sent."""
    billed = None if found.status == BroadcastStatus.RUNNING else billed_of(found, now=now)
    return {"so_far": spent_on(found), "billed": billed, "currency": rates_at(now).currency}


def _possible(found: Broadcast) -> dict[str, bool]:
    """Returns which buttons the page shows."""
    status = BroadcastStatus(found.status)
    waits_for_consent = status == BroadcastStatus.PAUSED and found.pause_reason == PauseReason.CATEGORY
    is_moved_before_start = status in lifecycle.NOT_STARTED and categories.has_moved(found)
    return {
        "accept_category": waits_for_consent or is_moved_before_start,
        "start": status in lifecycle.NOT_STARTED,
        "pause": status in {BroadcastStatus.PREPARING, BroadcastStatus.RUNNING},
        "resume": status == BroadcastStatus.PAUSED and not waits_for_consent,
        "cancel": status not in {*ENDED, BroadcastStatus.DRAFT, BroadcastStatus.CANCELLING},
        "discard": status == BroadcastStatus.DRAFT,
    }


def first_values(found: Broadcast) -> dict[str, str]:
    """Returns the template values of the first person who is not skipped; empty while nobody is known."""
    rows = Recipient.objects.filter(broadcast=found).exclude(status=RecipientStatus.SKIPPED)
    values: dict[str, str] = rows.order_by("pk").values_list("params", flat=True).first() or {}
    return values
