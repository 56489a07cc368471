"""The rows that reports are about. They are looked up once for a batch: the ties and the statuses both need them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from whatsapp.models import Attempt, Recipient, Sender, WebhookNews
from whatsapp.providers.events import StatusUpdate

Report = tuple[WebhookNews, StatusUpdate]
_COLUMNS = ("pk", "provider", "provider_message_id", "address", "broadcast__sender")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a broadcast, as it was when the batch began; it is not locked."""

    pk: int
    provider: str
    message_id: str
    address: str
    sender: Sender


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows by their current attempt, by provider and message id, and by an earlier attempt, with its outcome."""

    by_attempt: dict[UUID, Row]
    by_message: dict[tuple[str, str], Row]
    by_earlier_attempt: dict[UUID, tuple[Row, str]]

    def of(self, report: Report) -> Row | None:
        """Returns the row of a report: its attempt says more than its message id, which may not be stored yet."""
        news, update = report
        if update.tracker:
            earlier = self.by_earlier_attempt.get(update.tracker)
            found = self.by_attempt.get(update.tracker) or (earlier[0] if earlier else None)
            if found:
                return found
        return self.by_message.get((news.provider, update.message_id))


def find(reports: Sequence[Report]) -> Rows:
    """Returns the rows of these reports, whether or not the reports may touch them. Call it across businesses."""
    trackers = {update.tracker for _, update in reports if update.tracker}
    current = _current(trackers)
    earlier = _earlier(trackers - current.keys())
    by_tracker = {tracker: row[:-1] for tracker, row in current.items()}
    # Most rows know the id of their message already. The others' ids may belong to another row, so they are looked up.
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for news, update in reports:
        if update.tracker not in by_tracker or by_tracker[update.tracker][1:3] != (news.provider, update.message_id):
            ids[news.provider].add(update.message_id)
    by_id = [row for provider, some in ids.items() for row in _with_ids(provider, some)]
    read = [*by_tracker.values(), *by_id, *(row[:-2] for row in earlier.values())]
    senders = Sender.objects.select_related("business").in_bulk({row[-1] for row in read})
    rows = {row[0]: Row(row[0], row[1], row[2] or "", row[3] or "", senders[row[4]]) for row in read}
    return Rows(
        {tracker: rows[row[0]] for tracker, row in by_tracker.items()},
        {(row.provider, row.message_id): row for row in rows.values() if row.message_id},
        {tracker: (rows[row[0]], row[-2]) for tracker, row in earlier.items()},
    )


def _with_ids(provider: str, ids: Collection[str]) -> QuerySet[Recipient, tuple[Any, ...]]:
    """Returns the columns of rows by the ids of their messages; one query for each provider, by its index."""
    return Recipient.objects.filter(provider=provider, provider_message_id__in=ids).values_list(*_COLUMNS)


def _current(trackers: Collection[UUID]) -> dict[UUID, tuple[Any, ...]]:
    found = Recipient.objects.filter(attempt_id__in=trackers).values_list(*_COLUMNS, "attempt_id")
    return {row[-1]: row for row in found} if trackers else {}


def _earlier(trackers: Collection[UUID]) -> dict[UUID, tuple[Any, ...]]:
    """Returns the columns of rows of which these are no longer the current attempt, with its outcome and key."""
    columns = [f"recipient__{name}" for name in _COLUMNS]
    found = Attempt.objects.filter(pk__in=trackers).values_list(*columns, "outcome", "pk")
    return {row[-1]: row for row in found} if trackers else {}
