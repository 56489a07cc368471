"""A broadcast's own page: its pre-flight, its progress, and its history."""

from __future__ import annotations

import math
import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, UUIDField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from businesses.pages.access import PageRequest, business_page
from businesses.remembered import remembered
from whatsapp.broadcasts import announced, categories, lifecycle, taking_back
from whatsapp.broadcasts.counts import Counts, counts_of
from whatsapp.control import retrying
from whatsapp.control.money import billed_on
from whatsapp.control.preflight import preflight
from whatsapp.models import Broadcast, Occurrence, Recipient
from whatsapp.pages import history, kept_figures
from whatsapp.pages.bubble import bubble
from whatsapp.pages.figures import pictures, progress_of, steps_of
from whatsapp.sending.costs import rates_at
from whatsapp.sending.spending import spent_on
from whatsapp.states import BroadcastStatus, NextStep, PauseReason, RecipientStatus

MOST_EVENTS = 1_000
ASKS_AGAIN_S = 2
ASKS_SELDOM_S = 10
"""While it waits for a person or for its time."""
MANY_PEOPLE = 20_000
COUNTS_KEPT_S = 5
"""So many people are not counted anew for each open page: what a poll shows of them may be this old."""
STOP_POLLING = 286
"""The answer that ends htmx's polling, for a page of before the end."""
MOVING = (BroadcastStatus.PREPARING, BroadcastStatus.RUNNING, BroadcastStatus.CANCELLING)
ENDED = (BroadcastStatus.COMPLETED, BroadcastStatus.CANCELLED, BroadcastStatus.FAILED)


@require_safe
@business_page(section="broadcasts")
def broadcast(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Show the whole page."""
    found = _with_series(request, broadcast_id)
    if found.next_step and found.status == BroadcastStatus.DRAFT:
        return redirect(step_page(found))
    context = _live(found, counts_of(found.pk), now=timezone.now())
    context |= {
        "bubble": bubble(found.template_components, first_values(found), named=found.template_format == "NAMED"),
        "events": history.folded(found.events.select_related("actor").order_by("-id")[:MOST_EVENTS]),
        "test_key": uuid.uuid4(),
    }
    if found.status not in ENDED:
        context["announced"] = announced.of_broadcast(found, timezone.now())
    if found.status in lifecycle.NOT_STARTED:
        context["preflight"] = preflight(found, now=timezone.now())
    return render(request, "whatsapp/broadcast.html", context)


@require_safe
@business_page(section="broadcasts")
def progress(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Show only the part that changes during sending; after a change of state the browser loads the whole page."""
    found = find(request, broadcast_id)
    context = _live(found, _counts_lately(found), now=timezone.now())
    answer = render(request, "whatsapp/broadcast_progress.html", context)
    if request.GET.get("status") != context["state_key"]:
        answer["HX-Refresh"] = "true"
    elif context["asks_again_s"] is None:
        answer.status_code = STOP_POLLING
    return answer


def _asks_again_s(found: Broadcast) -> int | None:
    """Returns after how many seconds the page asks for news; None if it has ended: what changes then comes slowly."""
    if found.status in ENDED:
        return None
    is_moving = found.status in MOVING or (found.audience_ready_at is None and not found.cause)
    return ASKS_AGAIN_S if is_moving else ASKS_SELDOM_S


def find(request: PageRequest, broadcast_id: UUID) -> Broadcast:
    """Returns the broadcast of this business; 404 for any other."""
    return get_object_or_404(_rows(), business=request.business, pk=broadcast_id)


def _with_series(request: PageRequest, broadcast_id: UUID) -> Broadcast:
    """Returns the same, and to its template the series that it came from."""
    made = Occurrence.objects.filter(broadcast=OuterRef("pk"))
    rows = _rows().annotate(
        series_id=Subquery(made.values("series"), output_field=UUIDField()),
        series_name=Subquery(made.values("series__name")),
    )
    return get_object_or_404(rows, business=request.business, pk=broadcast_id)


def _rows() -> QuerySet[Broadcast]:
    return Broadcast.objects.select_related("business", "sender", "template", "edits_series")


def step_page(found: Broadcast) -> str:
    """Returns the address of the broadcast's page, or of the step at which its draft was left."""
    steps = {NextStep.PEOPLE: "broadcast-edit-people", NextStep.DETAILS: "broadcast-edit-details"}
    waits = found.status == BroadcastStatus.DRAFT and found.next_step in NextStep.values
    name = steps[NextStep(found.next_step)] if waits else "broadcast"
    return reverse(name, args=[found.business.slug, found.pk])


def _counts_lately(found: Broadcast) -> Counts:
    """Returns the counts, which may be `COUNTS_KEPT_S` old if there are many people and the state is the same."""
    key = f"whatsapp:counts:{found.pk}:{found.epoch}"
    return remembered(
        key, COUNTS_KEPT_S, lambda: counts_of(found.pk), is_worth_it=lambda counts: counts.total >= MANY_PEOPLE
    )


def _live(found: Broadcast, counts: Counts, *, now: datetime) -> dict[str, Any]:
    kept, cost = steps_of(found, counts), _cost(found, now)
    if (kept is None or cost["billed"] is None) and kept_figures.count(found, counts.total, now=now):
        kept, cost = steps_of(found, counts), _cost(found, now)
    is_counting = kept is None or cost["billed"] is None
    starts_in_s = _starts_in_s(found, now)
    steps = kept or []
    bars, line = pictures(found, counts, steps, now=now)
    has_failed = counts.by_state[RecipientStatus.FAILED]
    return {
        "broadcast": found,
        "counts": [(state, counts.by_state[state]) for state in RecipientStatus],
        "people": counts,
        "total": counts.total,
        "funnel": bars,
        "timeline": line,
        "progress": progress_of(found, counts, steps, now=now),
        "retryable": retrying.retryable(found).count() if has_failed else 0,
        "is_reading": found.audience_ready_at is None and found.status not in ENDED and not found.cause,
        "settling": counts.settling,
        "is_counting": is_counting,
        "asks_again_s": ASKS_AGAIN_S if is_counting else _asks_again_s(found),
        "as_of": now,
        "state_key": f"{found.status}{bool(found.audience_ready_at)}{'undo' if starts_in_s else ''}",
        "starts_in_s": starts_in_s,
        "may": _possible(found),
        "cost": cost,
    }


def _starts_in_s(found: Broadcast, now: datetime) -> int:
    """Returns after how many seconds it begins to send, while its start can be undone; else 0."""
    if not lifecycle.can_be_undone(found, now) or found.started_at is None:
        return 0
    return math.ceil((found.started_at - now).total_seconds())


def _cost(found: Broadcast, now: datetime) -> dict[str, Any]:
    """Returns what it has cost so far; `billed` is None while that is to be counted."""
    if found.status in lifecycle.NOT_STARTED:
        return {"so_far": 0, "billed": 0}
    return {"so_far": spent_on(found), "billed": billed_on(found), "currency": rates_at(now).currency}


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
        "edit": status == BroadcastStatus.DRAFT,
        "take_back": status in taking_back.EDITABLE,
    }


def first_values(found: Broadcast) -> dict[str, str]:
    """Returns the template values of the first person who is not skipped; empty while nobody is known."""
    rows, states = Recipient.objects.filter(broadcast=found), set(RecipientStatus) - {RecipientStatus.SKIPPED}
    # The first of each state, from an index: in one go, the rows of everybody would be read and sorted.
    firsts: list[Any] = [
        Subquery(rows.filter(status=state).order_by("pk").values("pk")[:1]) for state in sorted(states)
    ]
    values: dict[str, str] = rows.filter(pk__in=firsts).order_by("pk").values_list("params", flat=True).first() or {}
    return values
