"""Failures that are reported after the message was accepted: they act as those that are answered at once."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from businesses.tenancy import acting_for
from whatsapp.broadcasts import lifecycle
from whatsapp.models import Broadcast, Recipient, SuppressionCategory, SuppressionSource
from whatsapp.people import suppressions
from whatsapp.providers.base import ErrorRule, SendOutcome, SendResult
from whatsapp.providers.events import StatusUpdate
from whatsapp.sending import reactions
from whatsapp.states import RecipientStatus

Failure = tuple[ErrorRule, StatusUpdate]


def react(failed: Mapping[int, Failure], now: datetime) -> None:
    """Act on failures by their rows' keys. Their rows are written already; one that was delivered has not failed."""
    by_broadcast: defaultdict[uuid.UUID, list[Recipient]] = defaultdict(list)
    rows = Recipient.objects.filter(pk__in=failed).order_by("pk")
    for row in rows.only("pk", "broadcast_id", "address", "status"):
        by_broadcast[row.broadcast_id].append(row)
    broadcasts = Broadcast.objects.select_related("sender", "business").in_bulk(list(by_broadcast))
    for pk, met in by_broadcast.items():
        with acting_for(broadcasts[pk].business):
            _suppress(broadcasts[pk], [row for row in met if failed[row.pk][0].outcome is SendOutcome.SUPPRESS], now)
            _pause(broadcasts[pk], [row for row in met if row.status == RecipientStatus.FAILED], failed, now)


def _pause(broadcast: Broadcast, met: list[Recipient], failed: Mapping[int, Failure], now: datetime) -> None:
    """Judge the broadcast by the messages that left since it last began to run: who resumed it knew of the others."""
    if met:
        rows = Recipient.objects.filter(pk__in=[row.pk for row in met]).order_by("pk")
        fresh = reactions.left_since(rows, lifecycle.running_since(broadcast)).values_list("pk", flat=True)
        told = [(rule, _result(rule, update)) for rule, update in (failed[pk] for pk in fresh)]
        reactions.to_reports(broadcast, told, now)


def _result(rule: ErrorRule, update: StatusUpdate) -> SendResult:
    return SendResult(rule.outcome, rule, update.message_id, code=update.error_code, text=update.error_text)


def _suppress(broadcast: Broadcast, rows: list[Recipient], now: datetime) -> None:
    for row in rows:
        suppressions.suppress(
            broadcast.business,
            row.address or "",
            category=SuppressionCategory.MARKETING,
            source=SuppressionSource.PROVIDER,
            now=now,
        )
