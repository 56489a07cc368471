"""A broadcast as JSON and words, as the commands print it. The keys are part of the contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Max

from whatsapp.broadcasts.counts import counts_of
from whatsapp.broadcasts.figures import figures_of
from whatsapp.broadcasts.reasons import explained, why_it_stands
from whatsapp.control.money import costs_of
from whatsapp.control.preflight import Preflight, SkippedRow, preflight, skipped_rows
from whatsapp.models import Broadcast, Recipient
from whatsapp.reasons import reasons_of
from whatsapp.sending.costs import rates_at
from whatsapp.states import RecipientStatus

REJECTED_ROWS = 10_000
"""How many skipped rows are listed one by one; the counts include all of them."""


def status_report(broadcast: Broadcast, *, now: datetime) -> dict[str, Any]:
    """Returns a broadcast's state: `counts` has a number for every state, and they add up to `total`."""
    counts = counts_of(broadcast.pk)
    return {
        "id": str(broadcast.pk),
        "name": broadcast.name,
        "template": broadcast.template_name,
        "language": broadcast.template_language,
        "status": broadcast.status,
        "pause_reason": broadcast.pause_reason or None,
        "detail": why_it_stands(broadcast),
        "resume_at": broadcast.resume_at,
        "total": counts.total,
        "counts": {state.value: number for state, number in counts.by_state.items()},
        "to_send": counts.open,
        "settling": counts.settling,
        "figures": {figure.value: people for figure, people in figures_of(broadcast, counts).people.items()},
        "audience_ready": broadcast.audience_ready_at is not None,
        "scheduled_at": broadcast.scheduled_at,
        "started_at": broadcast.started_at,
        "completed_at": broadcast.completed_at,
        "messages_per_second": _pace(broadcast, now),
        "cost": _cost(broadcast, now),
        "errors": _errors(broadcast),
    }


def creation_report(broadcast: Broadcast, *, now: datetime) -> dict[str, Any]:
    """Returns what became of the rows of a new broadcast, and what a start will do."""
    counts = counts_of(broadcast.pk)
    look = preflight(broadcast, now=now)
    return {
        "id": str(broadcast.pk),
        "name": broadcast.name,
        "status": broadcast.status,
        "accepted": counts.total - counts.by_state[RecipientStatus.SKIPPED],
        "rejected": [_row(row) for row in skipped_rows(broadcast, REJECTED_ROWS)],
        "rejected_total": counts.by_state[RecipientStatus.SKIPPED],
        "total": counts.total,
        "notes": [str(note) for note in reasons_of(broadcast.audience.get("reading", {}).get("notes", ()))],
        "preflight": preflight_report(look),
    }


def preflight_report(look: Preflight) -> dict[str, Any]:
    """Returns the pre-flight of a broadcast."""
    return {
        "valid": look.valid,
        "skipped": {reason.value: number for reason, number in look.skipped.items()},
        "problems": look.problems,
        "warnings": look.warnings,
        "people_left_in_24h": look.people_left,
        "messages_per_second": look.messages_per_second,
        "expected_end": look.expected_end,
        "cost": {
            "estimate": str(look.cost),
            "currency": look.currency,
            "by_country": [
                {
                    "country": line.country,
                    "people": line.people,
                    "price": None if line.price is None else str(line.price),
                    "cost": None if line.cost is None else str(line.cost),
                }
                for line in look.costs
            ],
            "rates": look.rates_source,
            "rates_effective": look.rates_effective,
        },
    }


def _row(row: SkippedRow) -> dict[str, Any]:
    return {"row": row.row, "phone": row.given, "reason": row.reason.value, "message": _in_words(row)}


def _in_words(row: SkippedRow) -> str:
    where = f"Row {row.row}: " if row.row else ""
    return f"{where}{row.text}"


def _pace(broadcast: Broadcast, now: datetime) -> float | None:
    """Returns accepted messages per second since the start; None before the first one."""
    taken = Recipient.objects.filter(broadcast=broadcast, accepted_at__isnull=False)
    reached = taken.aggregate(number=Count("pk"), last=Max("accepted_at"))
    if not reached["number"] or broadcast.started_at is None:
        return None
    end = broadcast.completed_at or now
    return round(float(reached["number"]) / max(1.0, (min(end, now) - broadcast.started_at).total_seconds()), 2)


def _cost(broadcast: Broadcast, now: datetime) -> dict[str, str | None]:
    """Returns the cost as planned, so far, and as billed by WhatsApp; and the broadcast's budget."""
    costs = costs_of(broadcast, now=now)
    return {
        "estimate": str(costs.plan),
        "so_far": f"{costs.so_far:.5f}",
        "billed": f"{costs.billed:.5f}",
        "budget": None if broadcast.budget is None else str(broadcast.budget),
        "currency": rates_at(now).currency,
    }


def _errors(broadcast: Broadcast) -> list[dict[str, Any]]:
    """Returns the most frequent reasons of failure."""
    failed = Recipient.objects.filter(broadcast=broadcast, status=RecipientStatus.FAILED)
    groups = failed.order_by().values("error_code", "error_class", "error_text").annotate(people=Count("pk"))
    return [
        {
            "code": group["error_code"],
            "class": group["error_class"],
            "text": group["error_text"],
            "reason": explained(broadcast.sender.provider, group["error_code"], group["error_text"]),
            "people": number,
        }
        for group in groups.order_by("-people", "error_code")[:10]
        for number in [group["people"]]
    ]
