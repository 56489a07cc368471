"""Messages whose answer was lost: what proves that they were accepted, what proves that they were not.

A status with the attempt's id proves acceptance (`webhooks.statuses`). Some providers can be asked, Meta can't. With
Meta, no report about a message while reports about later ones of the same template arrive is strong evidence that it
was never accepted, because `sent` (one check mark) does not need the person's phone. Messages that Meta holds to watch
their template's quality are silent for as long as that lasts (`silence_of`), and then nothing is decided. The business
decides whether the evidence is enough.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import aiohttp
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from businesses.keeping.person import ERASED
from businesses.models import User
from businesses.tenancy import across_businesses, acting_for
from whatsapp import recipients
from whatsapp.broadcasts import lifecycle
from whatsapp.models import (
    Attempt,
    DirectMessage,
    EventKind,
    MessageTemplate,
    MessagingSettings,
    Quality,
    Recipient,
    UnknownPolicy,
)
from whatsapp.providers.base import ProviderUnavailable
from whatsapp.providers.registry import account_of, provider_for
from whatsapp.reasons import Cause, Reason, reason
from whatsapp.sending.threads import DatabaseThread
from whatsapp.states import RecipientStatus

logger = logging.getLogger(__name__)

ASK_AFTER = timedelta(minutes=2)
"""After this time a provider's list of messages is certain to contain a message."""
SILENCE = timedelta(minutes=15)
SILENCE_OF_PACED = timedelta(minutes=75)
"""Meta may hold messages of a template that is not GREEN before it sends them: 99 of 100 for at most an hour."""
LONGEST_HOLD = timedelta(hours=24)
"""Where it is known to have held some, this is how long it may hold the others of that time."""
LATER = timedelta(minutes=1)
BATCH = 100


def unproven(now: datetime, after: int = 0) -> list[Recipient]:
    """Returns unknown rows that are old enough to be asked about: a batch of those whose keys come after this one."""
    with across_businesses():  # one loop serves every business
        rows = Recipient.objects.filter(
            pk__gt=after, status=RecipientStatus.UNKNOWN, attempts__started_at__lt=now - ASK_AFTER
        )
        rows = rows.exclude(address__startswith=ERASED).select_related(
            "broadcast__sender", "broadcast__business", "broadcast__template"
        )
        return list(rows.order_by("pk").distinct()[:BATCH])


def ripe(now: datetime) -> list[Recipient]:
    """Returns rows that may be decided now. Of too many any are taken: those that wait must not hold up others."""
    found: list[Recipient] = []
    after = 0
    while batch := unproven(now, after):
        after = batch[-1].pk
        found += _silent_enough(batch, now)
    return random.sample(found, BATCH) if len(found) > BATCH else found


def _silent_enough(rows: Sequence[Recipient], now: datetime) -> list[Recipient]:
    with across_businesses():  # see `unproven`
        started = dict(Attempt.objects.filter(pk__in=[row.attempt_id for row in rows]).values_list("pk", "started_at"))
    return [
        row
        for row in rows
        if provider_for(row.broadcast.sender.provider).can_prove_absence
        or (row.attempt_id in started and _is_silent(row, started[row.attempt_id], now))
    ]


def _is_silent(row: Recipient, started_at: datetime, now: datetime) -> bool:
    return now - started_at >= silence_of(row.broadcast.template, started_at)


async def decide(http: aiohttp.ClientSession, database: DatabaseThread, now: datetime) -> None:
    """Ask the providers that can be asked, and weigh the evidence for the others."""
    for row in await database.run(ripe, now):
        sender = row.broadcast.sender
        provider = provider_for(sender.provider)
        if not provider.can_prove_absence:
            await database.run(weigh, row, now)
            continue
        since = await database.run(_started_at, row)
        with suppress(ProviderUnavailable):  # it is asked again in the next round
            found = await provider.find_messages(http, account_of(sender), row.address or "", since)
            await database.run(believe, row, found, now)


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
        recipients.free(
            _still_unknown(row),
            to=RecipientStatus.ACCEPTED,
            provider_message_id=ours[0],
            accepted_at=now,
            error_class="",
            error_text="",
        )


def weigh(row: Recipient, now: datetime) -> None:
    """Send a message again if reports about later ones show that it was not accepted, and the business allows it."""
    with acting_for(row.broadcast.business):
        chosen = MessagingSettings.objects.filter(business=row.business_id).values_list("unknown_policy", flat=True)
        if (chosen.first() or UnknownPolicy.EVIDENCE) != UnknownPolicy.EVIDENCE:
            return
        started_at = _attempt_start(row)
        if not _is_silent(row, started_at, now):
            return
        if _is_heard_of_since(row, started_at + LATER) and not _of_template(row).filter(status=RecipientStatus.HELD):
            requeue([row], now=now, why=reason(Cause.NO_REPORT))


def silence_of(template: MessageTemplate, started_at: datetime) -> timedelta:
    """Returns how long a message that left at this time must have been silent before that is evidence."""
    if template.held_at and template.held_at > started_at - LONGEST_HOLD:
        return LONGEST_HOLD + SILENCE_OF_PACED
    is_paced = template.quality != Quality.GREEN or (template.paced_until and started_at < template.paced_until)
    return SILENCE_OF_PACED if is_paced else SILENCE


def _of_template(row: Recipient) -> QuerySet[Recipient]:
    """Returns all people to whom its number sends its template, in whatever broadcast."""
    return Recipient.objects.filter(
        broadcast__sender=row.broadcast.sender_id, broadcast__template=row.broadcast.template_id
    )


def _is_heard_of_since(row: Recipient, moment: datetime) -> bool:
    """Returns whether a report came of a message of the same template that left after this moment.

    What counts is when it left: one whose answer was lost, too, is accepted as far as we know when it is reported.
    """
    left_earlier = Attempt.objects.filter(pk=OuterRef("attempt_id"), started_at__lte=moment)
    return _of_template(row).filter(~Exists(left_earlier), accepted_at__gt=moment, sent_at__gt=moment).exists()


def requeue(rows: Sequence[Recipient], *, now: datetime, why: Reason, actor: User | None = None) -> int:
    """Send these unknown messages (of one business) again. Returns the number of those that were still unknown."""
    moved = 0
    for row in rows:
        with transaction.atomic():
            recipients.locked(row.broadcast)
            changed = recipients.free(_still_unknown(row), to=RecipientStatus.PENDING, error_class="", error_text="")
            if changed:
                if not lifecycle.go_on(row.broadcast, now=now, actor=actor, because=why):
                    recipients.free(Recipient.objects.filter(pk=row.pk), to=RecipientStatus.CANCELLED)
                lifecycle.record(row.broadcast, EventKind.SENT_AGAIN, now=now, data=why.kept(), actor=actor)
        moved += changed
    return moved


def assume_sent(rows: Sequence[Recipient], *, now: datetime, actor: User) -> int:
    """Record a person's decision that these unknown messages (of one business) have arrived.

    Returns the number of those that were still unknown.
    """
    moved = 0
    for row in rows:
        with transaction.atomic():
            changed = recipients.free(_still_unknown(row), to=RecipientStatus.ASSUMED_SENT)
            if changed:
                lifecycle.record(row.broadcast, EventKind.ASSUMED_SENT, now=now, actor=actor)
        moved += changed
    return moved


def _still_unknown(row: Recipient) -> QuerySet[Recipient]:
    """Returns the row, if its outcome is still unknown and it has not been tried again since it was read."""
    return Recipient.objects.filter(pk=row.pk, status=RecipientStatus.UNKNOWN, attempt_id=row.attempt_id)


def _started_at(row: Recipient) -> datetime:
    with acting_for(row.broadcast.business):
        return _attempt_start(row)


def _attempt_start(row: Recipient) -> datetime:
    return Attempt.objects.values_list("started_at", flat=True).get(recipient=row, no=row.attempt_no)
