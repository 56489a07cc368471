"""What happens to sandbox messages after they were accepted, reported in Meta's form through the same intake.

No process runs in between: what is due is computed from the rows and the time, so a restart loses nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from businesses.tenancy import across_businesses
from whatsapp.models import Broadcast, DirectMessage, Provider, Recipient, Sender
from whatsapp.providers.cloud import splitting
from whatsapp.providers.sandbox import notices
from whatsapp.providers.sandbox.behaviour import CHANGED_AFTER_S, LONGEST_S, behaviour_of
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.sending.threads import DatabaseThread
from whatsapp.states import RecipientStatus
from whatsapp.webhooks import intake
from whatsapp.webhooks.origin import INSTALLATION

UNFINISHED = (RecipientStatus.ACCEPTED, RecipientStatus.HELD, RecipientStatus.SENT)
BATCH = 1_000
READ_LATE = timedelta(hours=1)
_STAMPS = {"sent": "sent_at", "delivered": "delivered_at", "read": "read_at", "failed": "failed_at"}


async def report_due(database: DatabaseThread, now: datetime) -> None:
    """Store a webhook for everything that has happened to sandbox messages since the last call."""
    await database.run(report, now)


def report(now: datetime) -> None:
    """Store what is due at this moment. A repetition changes nothing."""
    with across_businesses():  # the sandbox serves every business, as Meta does
        if not Sender.objects.filter(provider=Provider.SANDBOX).exists():
            return
        lately = Q(accepted_at__gt=now - timedelta(seconds=LONGEST_S))
        unread = Q(status=RecipientStatus.DELIVERED, accepted_at__gt=now - READ_LATE)  # nobody looked for a while
        rows = Recipient.objects.filter(Q(status__in=UNFINISHED) | lately | unread, provider=Provider.SANDBOX)
        happened: defaultdict[tuple[str, str], list[Happening]] = defaultdict(list)
        for row in rows.select_related("broadcast__sender").order_by("-accepted_at")[:BATCH]:
            for each in _happened_to(row, str(row.attempt_id), now):
                happened[row.broadcast.sender.number_id, _field_of(each)].append(each)
        letters = DirectMessage.objects.filter(Q(status__in=UNFINISHED) | lately | unread, provider=Provider.SANDBOX)
        for letter in letters.select_related("sender").order_by("-accepted_at")[:BATCH]:
            for each in _happened_to(letter, str(letter.pk), now):
                happened[letter.sender.number_id, _field_of(each)].append(each)
    for (number_id, field), happenings in happened.items():
        body = json.dumps(notices.notice(number_id, "sandbox", happenings, field=field)).encode()
        intake.take_in(Provider.SANDBOX, splitting.split(body), verified_by=INSTALLATION, now=now)


def broadcasts_to_report(now: datetime) -> QuerySet[Broadcast]:
    """Returns the sandbox's broadcasts with people to whom something may happen. Expects the businesses to be set."""
    lately = now - timedelta(seconds=LONGEST_S)
    awaited = Recipient.objects.filter(Q(status__in=UNFINISHED) | Q(accepted_at__gt=lately), broadcast=OuterRef("pk"))
    open_ones = Q(settled_at=None) | Q(settled_at__gt=now - READ_LATE)
    return Broadcast.objects.filter(open_ones, Exists(awaited), sender__provider=Provider.SANDBOX)


def senders_to_report(now: datetime) -> QuerySet[Sender]:
    """Returns the sandbox's numbers from which single messages were just sent. Expects the businesses to be set."""
    lately = now - timedelta(seconds=LONGEST_S)
    awaited = DirectMessage.objects.filter(Q(status__in=UNFINISHED) | Q(accepted_at__gt=lately), sender=OuterRef("pk"))
    return Sender.objects.filter(Exists(awaited), provider=Provider.SANDBOX)


def _field_of(happening: Happening) -> str:
    return "standby" if happening.is_standby else "messages"


def _happened_to(row: Recipient | DirectMessage, tracker: str, now: datetime) -> list[Happening]:
    if row.accepted_at is None or not row.provider_message_id:
        return []
    behaviour = behaviour_of(row.address or "", row.provider_message_id)
    age_s = (now - row.accepted_at).total_seconds()
    who = (row.address or "", row.provider_message_id, tracker)
    found = [
        Happening(*who, step.status.value, row.accepted_at + timedelta(seconds=step.after_s), step.error_code)
        for step in behaviour.steps
        if step.after_s <= age_s and getattr(row, _STAMPS[step.status.value]) is None
    ]
    if behaviour.reply and behaviour.reply_after_s <= age_s < LONGEST_S:
        at = row.accepted_at + timedelta(seconds=behaviour.reply_after_s)
        own_id = f"reply.{row.provider_message_id}"
        said = Happening(*who, behaviour.reply_as, at, text=behaviour.reply, own_id=own_id)
        found.append(replace(said, is_standby=behaviour.is_standby))
        if behaviour.changed_by and behaviour.reply_after_s + CHANGED_AFTER_S <= age_s:
            what, text = behaviour.changed_by
            at += timedelta(seconds=CHANGED_AFTER_S)
            changed_id = f"change.{row.provider_message_id}"
            found.append(replace(said, what=what, at=at, text=text, own_id=changed_id, changes=own_id))
    return found
