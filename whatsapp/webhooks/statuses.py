"""Statuses of messages: matched by our attempt id or the provider's message id, then folded into their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from whatsapp import recipients
from whatsapp.broadcasts import course
from whatsapp.models import AttemptOutcome, Recipient, WebhookNews
from whatsapp.providers.base import ErrorRule
from whatsapp.providers.events import ReportedStatus, StatusUpdate
from whatsapp.providers.registry import provider_for
from whatsapp.sending.bulk import update_rows
from whatsapp.states import RecipientStatus
from whatsapp.webhooks import charging, reported_failures
from whatsapp.webhooks.charging import Charge, Counted
from whatsapp.webhooks.folding import Delivery, fold
from whatsapp.webhooks.origin import may_touch, senders_of
from whatsapp.webhooks.reported_failures import Failure
from whatsapp.webhooks.reported_rows import Report, Rows

_FIELDS = tuple(Delivery.__dataclass_fields__)


def apply(reports: Sequence[Report], rows: Rows, moved: list[course.Change], now: datetime) -> list[Report]:
    """Apply reports to their `rows`, in the caller's transaction. Returns the reports without a row.

    What changes in the courses of broadcasts is added to `moved`; the caller counts it, last in its transaction.
    """
    if not reports:
        return []
    by_message = {key: row.pk for key, row in rows.by_message.items()}
    by_row, homeless = _by_row(reports, rows)
    locked = Recipient.objects.filter(pk__in=by_row).order_by("pk").select_for_update()
    changes: list[tuple[int, Delivery, Delivery]] = []
    charges: list[Charge] = []
    for values in locked.values(*_FIELDS, *charging.columns_of(Counted)):
        counted = charging.taken_from(values, Counted)
        pk = counted.pk
        before = Delivery(**{**values, "status": RecipientStatus(values["status"])})
        after = fold(before, [(update, rule_of(news.provider, update)) for news, update in by_row[pk]])
        # An id belongs to one message. A report that says otherwise is not applied: it would hold up all others.
        if by_message.setdefault((by_row[pk][0][0].provider, after.provider_message_id or ""), pk) != pk:
            after = replace(after, provider_message_id=before.provider_message_id)
        if after != before:
            changes.append((pk, before, after))
            charges.append(Charge(counted, before, after))
            moves = before.status != after.status
            moved.append(course.Change(counted.broadcast_id, _times(before), _times(after), has_moved=moves))
    _write(changes)
    _note_that_reports_arrive(reports)
    reported_failures.react(_failures(by_row), now)
    charging.recharge(charges, now)
    return homeless


def _times(delivery: Delivery) -> course.Times:
    return course.Times(delivery.accepted_at, delivery.delivered_at, delivery.read_at)


def _write(changes: Sequence[tuple[int, Delivery, Delivery]]) -> None:
    """Write only the columns that change in some row. A row that moves on is no longer claimed, waiting or skipped."""
    for moves in (True, False):
        group = [change for change in changes if (change[1].status != change[2].status) == moves]
        names = [name for name in _FIELDS if any(getattr(old, name) != getattr(new, name) for _, old, new in group)]
        update_rows(
            Recipient,
            [
                {
                    "pk": pk,
                    **{name: getattr(new, name) for name in names},
                    **(recipients.freed(new.status, skip_reason="") if moves else {}),
                }
                for pk, _, new in group
            ],
        )


def _by_row(reports: Sequence[Report], rows: Rows) -> tuple[dict[int, list[Report]], list[Report]]:
    """Returns reports by row. Those without a row, or about one that their signer does not speak for, are homeless."""
    by_row: defaultdict[int, list[Report]] = defaultdict(list)
    homeless = []
    for news, update in reports:
        row = rows.of((news, update))
        earlier = rows.by_earlier_attempt.get(update.tracker) if update.tracker else None
        if row is None or not may_touch(news, row.sender):
            homeless.append((news, update))
        elif earlier is None or not _is_past(update, earlier[1]):
            by_row[row.pk].append((news, update))
    return dict(by_row), homeless


def _is_past(update: StatusUpdate, outcome: str) -> bool:
    """Returns whether a report is about the start of a failed attempt: only a delivery may stop the retry."""
    return outcome == AttemptOutcome.REJECTED and update.status not in {ReportedStatus.DELIVERED, ReportedStatus.READ}


def rule_of(provider: str, update: StatusUpdate) -> ErrorRule | None:
    """Returns the rule for the error of a failed message; None if it has not failed."""
    return provider_for(provider).rule_for(update.error_code) if update.status is ReportedStatus.FAILED else None


def _note_that_reports_arrive(reports: Iterable[Report]) -> None:
    newest: dict[tuple[str, str | None, str, str], tuple[WebhookNews, datetime]] = {}
    for news, update in reports:
        key = (news.provider, news.verified_by, news.account_id, update.number_id)
        _, known = newest.get(key, (news, update.at))
        newest[key] = (news, max(known, update.at))
    for (*_, number_id), (news, at) in newest.items():
        numbers = senders_of(news).filter(number_id=number_id)
        numbers.exclude(last_status_event_at__gte=at).update(last_status_event_at=at)


def _failures(by_row: Mapping[int, Sequence[Report]]) -> dict[int, Failure]:
    return {
        pk: (rule, update)
        for pk, reports in by_row.items()
        for news, update in reports
        if (rule := rule_of(news.provider, update))
    }
