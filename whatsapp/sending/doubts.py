"""Messages whose answer was lost: what proves that they were accepted, what proves that they were not.

A status with the attempt's id proves acceptance (`webhooks.statuses`). Some providers can be asked. Of the others only
silence can be evidence (`evidence`), and the business decides whether that is enough.
"""

from __future__ import annotations

import logging
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from businesses.models import User
from businesses.tenancy import across_businesses, acting_for
from whatsapp import recipients
from whatsapp.broadcasts import course, lifecycle
from whatsapp.models import (
    Broadcast,
    DirectMessage,
    EventKind,
    MessagingSettings,
    Provider,
    Recipient,
    UnknownPolicy,
)
from whatsapp.providers.base import ProviderUnavailable
from whatsapp.providers.registry import account_of, provider_for
from whatsapp.reasons import Cause, Reason, reason
from whatsapp.sending import evidence
from whatsapp.sending.evidence import Kind
from whatsapp.sending.threads import DatabaseThread
from whatsapp.states import RecipientStatus

if TYPE_CHECKING:
    import aiohttp

logger = logging.getLogger(__name__)

ASK_AFTER = timedelta(minutes=2)
"""After this time a provider's list of messages is certain to contain a message."""
BATCH = 100


async def decide(http: aiohttp.ClientSession, database: DatabaseThread, now: datetime) -> None:
    """Weigh the evidence, and ask the providers that can be asked."""
    await database.run(weigh, now)
    for row in await database.run(askable, now):
        sender = row.broadcast.sender
        provider, account = provider_for(sender.provider), account_of(sender)
        with suppress(ProviderUnavailable):  # it is asked again in the next round
            found = await provider.find_messages(http, account, row.address or "", row.left_at)
            await database.run(believe, row, found, now)


def askable(now: datetime) -> list[Any]:
    """Returns unknown rows (`evidence.in_doubt`) that are old enough to be asked about; of too many, any."""
    with across_businesses():  # one loop serves every business
        rows = evidence.in_doubt().filter(
            broadcast__sender__provider__in=_providers(can_be_asked=True),
            broadcast__sender__proved_account__isnull=False,
            left_at__lt=now - ASK_AFTER,
        )
        keys = list(rows.values_list("pk", flat=True))
        chosen = random.sample(keys, BATCH) if len(keys) > BATCH else keys
        with_all = rows.select_related("broadcast__sender", "broadcast__business")
        return list(with_all.filter(pk__in=chosen).order_by("pk"))


def believe(row: Recipient, message_ids: Sequence[str], now: datetime) -> None:
    """Decide by the provider's list for this person: an id that no other row has is ours; without one it never came."""
    with acting_for(row.broadcast.business):
        taken = Recipient.objects.filter(provider=row.provider, provider_message_id__in=message_ids)
        written = DirectMessage.objects.filter(provider=row.provider, provider_message_id__in=message_ids)
        known = {found for rows in (taken, written) for found in rows.values_list("provider_message_id", flat=True)}
        ours = [message_id for message_id in message_ids if message_id not in known]
        if not ours:
            requeue([row], now=now, why=reason(Cause.NEVER_ARRIVED))
            return
        known_now = {"provider_message_id": ours[0], "accepted_at": now, "error_class": "", "error_text": ""}
        with transaction.atomic():
            accepted = _move([row], RecipientStatus.ACCEPTED, **known_now)
            course.count([course.Change(row.broadcast_id, course.Times(), course.Times(now)) for _key in accepted], now)


def weigh(now: datetime) -> int:
    """Send messages again of which silence shows that they were not accepted, where the business allows it.

    Returns their number.
    """
    with across_businesses():  # see `askable`
        kinds = evidence.kinds_in_doubt(_providers(can_be_asked=False))
    return sum(_weigh(kind, now) for kind in kinds)


def _weigh(kind: Kind, now: datetime) -> int:
    business = kind.template.business
    with acting_for(business):
        chosen = MessagingSettings.objects.filter(business=business).values_list("unknown_policy", flat=True)
        if (chosen.first() or UnknownPolicy.EVIDENCE) != UnknownPolicy.EVIDENCE:
            return 0
        return requeue(evidence.never_accepted(kind, now), now=now, why=reason(Cause.NO_REPORT))


def _providers(*, can_be_asked: bool) -> list[str]:
    return [name for name in Provider.values if provider_for(name).can_prove_absence == can_be_asked]


def requeue(rows: Sequence[Recipient], *, now: datetime, why: Reason, actor: User | None = None) -> int:
    """Send these unknown messages (of one business) again. Returns the number of those that were still unknown."""
    moved = 0
    for broadcast, its in _by_broadcast(rows):
        with transaction.atomic():
            recipients.locked(broadcast)
            changed = _move(its, RecipientStatus.PENDING, error_class="", error_text="")
            if changed:
                if not lifecycle.go_on(broadcast, now=now, actor=actor, because=why):
                    recipients.free(Recipient.objects.filter(pk__in=changed), to=RecipientStatus.CANCELLED)
                data = {"people": len(changed), **why.kept()}
                lifecycle.record(broadcast, EventKind.SENT_AGAIN, now=now, data=data, actor=actor)
        moved += len(changed)
    return moved


def assume_sent(rows: Sequence[Recipient], *, now: datetime, actor: User) -> int:
    """Record a person's decision that these unknown messages (of one business) have arrived.

    Returns the number of those that were still unknown.
    """
    moved = 0
    for broadcast, its in _by_broadcast(rows):
        with transaction.atomic():
            changed = _move(its, RecipientStatus.ASSUMED_SENT)
            if changed:
                data = {"people": len(changed)}
                lifecycle.record(broadcast, EventKind.ASSUMED_SENT, now=now, data=data, actor=actor)
        moved += len(changed)
    return moved


def _by_broadcast(rows: Sequence[Recipient]) -> Iterator[tuple[Broadcast, list[Recipient]]]:
    of: defaultdict[Broadcast, list[Recipient]] = defaultdict(list)
    for row in rows:
        of[row.broadcast].append(row)
    yield from of.items()


def _move(rows: Sequence[Recipient], to: RecipientStatus, **fields: Any) -> list[int]:
    """Move those whose outcome is still unknown, and that were not tried again since they were read.

    Call it in a transaction. Returns the keys of the rows that were moved.
    """
    attempts = {row.pk: row.attempt_id for row in rows}
    unknown = Recipient.objects.filter(pk__in=attempts, status=RecipientStatus.UNKNOWN).order_by("pk")
    locked = unknown.select_for_update().values_list("pk", "attempt_id")
    keys = [key for key, attempt in locked if attempt == attempts[key]]
    recipients.free(Recipient.objects.filter(pk__in=keys), to=to, **fields)
    return keys
