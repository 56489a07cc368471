"""Statuses of messages to one person: matched and folded like those of broadcasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from django.db.models import Q

from whatsapp.models import DirectMessage, WebhookNews
from whatsapp.providers.events import StatusUpdate
from whatsapp.states import RecipientStatus
from whatsapp.webhooks import charging
from whatsapp.webhooks.charging import CountedLetter
from whatsapp.webhooks.folding import Delivery, fold
from whatsapp.webhooks.origin import senders_of
from whatsapp.webhooks.reported_rows import Report
from whatsapp.webhooks.statuses import rule_of

_FIELDS = tuple(Delivery.__dataclass_fields__)


def apply(reports: Sequence[Report]) -> list[Report]:
    """Apply reports to their messages, in the caller's transaction. Returns the reports without a message."""
    return [(news, update) for news, update in reports if not _apply_one(news, update)]


def _apply_one(news: WebhookNews, update: StatusUpdate) -> bool:
    ours = Q(provider=news.provider, provider_message_id=update.message_id)
    if update.tracker:
        ours |= Q(pk=update.tracker)
    letters = DirectMessage.objects.select_for_update().filter(ours, sender__in=senders_of(news))
    rows = letters.values(*_FIELDS, *charging.columns_of(CountedLetter))
    found = next(iter(sorted(rows, key=lambda one: one["pk"] != update.tracker)), None)
    if found is None:
        return False
    counted = charging.taken_from(found, CountedLetter)
    pk = counted.pk
    before = Delivery(**{**found, "status": RecipientStatus(found["status"])})
    after = fold(before, [(update, rule_of(news.provider, update))])
    if after != before:
        DirectMessage.objects.filter(pk=pk).update(**asdict(after), lease_until=None, next_attempt_at=None)
        charging.recharge_letter(counted, after)
    return True
