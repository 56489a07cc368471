"""Statuses of messages to one person: matched and folded like those of broadcasts.

Whatever no row of a broadcast has comes here, so on a number that other software uses too nearly all of it is nobody's.
Those are told apart by one look for a whole batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db.models import QuerySet

from whatsapp.models import DirectMessage, Sender, WebhookNews
from whatsapp.providers.events import StatusUpdate
from whatsapp.states import RecipientStatus
from whatsapp.webhooks import charging
from whatsapp.webhooks.charging import CountedLetter
from whatsapp.webhooks.folding import Delivery, fold
from whatsapp.webhooks.origin import may_touch
from whatsapp.webhooks.reported_rows import Report
from whatsapp.webhooks.statuses import rule_of

_FIELDS = tuple(Delivery.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message to one person, as it was when the batch began; it is not locked."""

    pk: UUID
    provider: str
    message_id: str | None
    sender: Sender


def apply(reports: Sequence[Report]) -> list[Report]:
    """Apply reports to their messages, in the caller's transaction. Returns the reports without a message."""
    by_letter, homeless = _by_letter(reports)
    if not by_letter:
        return homeless
    locked = DirectMessage.objects.filter(pk__in=by_letter).order_by("pk").select_for_update()
    for values in locked.values(*_FIELDS, *charging.columns_of(CountedLetter)):
        counted = charging.taken_from(values, CountedLetter)
        before = Delivery(**{**values, "status": RecipientStatus(values["status"])})
        told = by_letter[counted.pk]
        after = fold(before, [(update, rule_of(news.provider, update)) for news, update in told])
        if after != before:
            changed = asdict(after)
            DirectMessage.objects.filter(pk=counted.pk).update(**changed, lease_until=None, next_attempt_at=None)
            charging.recharge_letter(counted, after)
    return homeless


def _by_letter(reports: Sequence[Report]) -> tuple[dict[UUID, list[Report]], list[Report]]:
    """Returns reports by message. Those without one that their signer speaks for are homeless."""
    letters = list(_letters(reports))
    by_pk = {letter.pk: letter for letter in letters}
    by_id = {(letter.provider, letter.message_id): letter for letter in letters}
    for news, update in reports:  # an id that a message has only just got, by another report
        if update.tracker in by_pk and by_pk[update.tracker].message_id is None:
            by_id.setdefault((news.provider, update.message_id), by_pk[update.tracker])
    by_letter: defaultdict[UUID, list[Report]] = defaultdict(list)
    homeless = []
    for news, update in reports:
        said = (by_pk.get(update.tracker) if update.tracker else None, by_id.get((news.provider, update.message_id)))
        letter = next((each for each in said if each and may_touch(news, each.sender)), None)
        if letter is None:
            homeless.append((news, update))
        else:
            by_letter[letter.pk].append((news, update))
    return dict(by_letter), homeless


def _letters(reports: Iterable[tuple[WebhookNews, StatusUpdate]]) -> Iterator[_Letter]:
    """Yields the messages that these reports name, by the mark that we gave them or by the provider's id."""
    trackers, ids = set(), defaultdict(set)
    for news, update in reports:
        ids[news.provider].add(update.message_id)
        if update.tracker:
            trackers.add(update.tracker)
    named = [DirectMessage.objects.filter(pk__in=trackers)] if trackers else []
    named += [DirectMessage.objects.filter(provider=one, provider_message_id__in=some) for one, some in ids.items()]
    for letters in named:
        yield from _read(letters)


def _read(letters: QuerySet[DirectMessage]) -> Iterator[_Letter]:
    columns = ("provider", "provider_message_id", "sender")
    for letter in letters.select_related("sender").only("pk", *columns):
        yield _Letter(letter.pk, letter.provider, letter.provider_message_id, letter.sender)
