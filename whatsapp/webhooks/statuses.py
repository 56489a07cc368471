"""Statuses of messages: matched by our attempt id or the provider's message id, then folded into their rows."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from whatsapp import recipients
from whatsapp.models import Attempt, AttemptOutcome, Recipient, Sender, WebhookNews
from whatsapp.providers.base import ErrorRule
from whatsapp.providers.events import ReportedStatus, StatusUpdate
from whatsapp.providers.registry import provider_for
from whatsapp.sending.bulk import update_rows
from whatsapp.states import RecipientStatus
from whatsapp.webhooks import charging, reported_failures
from whatsapp.webhooks.charging import Counted
from whatsapp.webhooks.folding import Delivery, fold
from whatsapp.webhooks.origin import may_touch, senders_of
from whatsapp.webhooks.reported_failures import Failure

Report = tuple[WebhookNews, StatusUpdate]
_FIELDS = tuple(Delivery.__dataclass_fields__)


def apply(reports: Sequence[Report], now: datetime) -> list[Report]:
    """Apply reports to their rows, in the caller's transaction. Returns the reports without a row."""
    if not reports:
        return []
    by_message = _rows_by_message(reports)
    by_row, homeless = _find_rows(reports, by_message)
    rows = Recipient.objects.filter(pk__in=by_row).order_by("pk").select_for_update()
    changes: list[tuple[int, Delivery, Delivery]] = []
    charges: list[tuple[Counted, Delivery]] = []
    for values in rows.values(*_FIELDS, *charging.columns_of(Counted)):
        counted = charging.taken_from(values, Counted)
        pk = counted.pk
        before = Delivery(**{**values, "status": RecipientStatus(values["status"])})
        after = fold(before, [(update, rule_of(news.provider, update)) for news, update in by_row[pk]])
        # An id belongs to one message. A report that says otherwise is not applied: it would hold up all others.
        if by_message.setdefault((by_row[pk][0][0].provider, after.provider_message_id or ""), pk) != pk:
            after = replace(after, provider_message_id=before.provider_message_id)
        if after != before:
            changes.append((pk, before, after))
            charges.append((counted, after))
    _write(changes)
    _note_that_reports_arrive(reports)
    reported_failures.react(_failures(by_row), now)
    charging.recharge(charges, now)
    return homeless


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


def _rows_by_message(reports: Sequence[Report]) -> dict[tuple[str, str], int]:
    """Returns the rows of these message ids, by provider and id."""
    known = Recipient.objects.filter(provider_message_id__in={update.message_id for _, update in reports})
    return {(row[0], row[1] or ""): row[2] for row in known.values_list("provider", "provider_message_id", "pk")}


def _find_rows(
    reports: Sequence[Report], by_message: Mapping[tuple[str, str], int]
) -> tuple[dict[int, list[Report]], list[Report]]:
    """Returns reports by row: by the current attempt, the message id, or an earlier attempt of the row.

    A report without a row, or about a row that its signer does not speak for, is returned as homeless.
    """
    trackers = {update.tracker for _, update in reports if update.tracker}
    by_tracker: dict[uuid.UUID | None, int] = dict(
        Recipient.objects.filter(attempt_id__in=trackers).values_list("attempt_id", "pk")
    )
    earlier = _earlier_attempts(trackers - by_tracker.keys())
    by_tracker |= {tracker: row for tracker, (row, _outcome) in earlier.items()}
    found = [(report, _row_of(report, by_tracker, by_message)) for report in reports]
    senders = _senders_of_rows({pk for _, pk in found if pk is not None})
    by_row: defaultdict[int, list[Report]] = defaultdict(list)
    homeless = []
    for (news, update), pk in found:
        if pk is None or not may_touch(news, senders[pk]):
            homeless.append((news, update))
        elif update.tracker not in earlier or not _is_past(update, earlier[update.tracker][1]):
            by_row[pk].append((news, update))
    return dict(by_row), homeless


def _row_of(
    report: Report, by_tracker: Mapping[uuid.UUID | None, int], by_message: Mapping[tuple[str, str], int]
) -> int | None:
    news, update = report
    return by_tracker.get(update.tracker) or by_message.get((news.provider, update.message_id))


def _senders_of_rows(rows: Collection[int]) -> dict[int, Sender]:
    """Returns the sender of each of these rows."""
    by_row = dict(Recipient.objects.filter(pk__in=rows).values_list("pk", "broadcast__sender"))
    senders = Sender.objects.in_bulk(set(by_row.values()))
    return {row: senders[sender] for row, sender in by_row.items()}


def _earlier_attempts(trackers: Collection[uuid.UUID]) -> dict[uuid.UUID | None, tuple[int, str]]:
    """Returns row and outcome of attempts that are no longer their row's current one."""
    if not trackers:
        return {}
    found = Attempt.objects.filter(pk__in=trackers).values_list("pk", "recipient_id", "outcome")
    return {pk: (row, outcome) for pk, row, outcome in found}


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
