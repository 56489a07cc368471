"""What silence about a message proves: for each number and template, which messages were certainly never accepted.

Meta can't be asked. No report about a message while reports about later ones of the same template arrive is strong
evidence that it was never accepted, because `sent` (one check mark) does not need the person's phone. Messages that
Meta holds to watch their template's quality are silent for as long as that lasts (`silence_of`), and while one is known
to be held nothing is decided.

What is the same for all messages of a number and a template is read once for them all, however many wait.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least

from businesses.keeping.person import ERASED
from whatsapp.models import Attempt, MessageTemplate, Quality, Recipient
from whatsapp.states import RecipientStatus

SILENCE = timedelta(minutes=15)
SILENCE_OF_PACED = timedelta(minutes=75)
"""Meta may hold messages of a template that is not GREEN before it sends them: 99 of 100 for at most an hour."""
LONGEST_HOLD = timedelta(hours=24)
"""Where it is known to have held some, this is how long it may hold the others of that time."""
LATER = timedelta(minutes=1)
MOST = 1_000
"""Messages of one number and template that are decided together."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A template as one number sends it, in whatever broadcast."""

    sender_id: uuid.UUID
    template: MessageTemplate

    @property
    def matches(self) -> Q:
        """Returns the condition for rows of people who were sent it."""
        return Q(broadcast__sender=self.sender_id, broadcast__template=self.template)


def in_doubt() -> QuerySet[Any]:
    """Returns the unknown rows about which something can be found out (not of people who were erased).

    They are `Recipient`s with `left_at`: when the message left.
    """
    unknown = Recipient.objects.filter(status=RecipientStatus.UNKNOWN).exclude(address__startswith=ERASED)
    return unknown.annotate(left_at=_attempt_began())


def kinds_in_doubt(providers: Collection[str]) -> list[Kind]:
    """Returns what the unknown rows of these providers were sent."""
    rows = in_doubt().filter(broadcast__sender__provider__in=providers).order_by()
    found = list(rows.values_list("broadcast__sender", "broadcast__template").distinct())
    templates = MessageTemplate.objects.select_related("business").in_bulk({template for _, template in found})
    return [Kind(sender, templates[template]) for sender, template in found]


def never_accepted(kind: Kind, now: datetime) -> list[Recipient]:
    """Returns the rows whose messages were certainly never accepted, with their broadcasts: the oldest of very many."""
    if Recipient.objects.filter(kind.matches, status=RecipientStatus.HELD).exists():
        return []
    waiting = in_doubt().filter(kind.matches).exclude(left_at=None).order_by("left_at", "pk")
    silent = [
        (key, left_at)
        for key, left_at in waiting.values_list("pk", "left_at")
        if now - left_at >= silence_of(kind.template, left_at)
    ]
    if not silent:
        return []
    heard_of = _newest_heard_of(kind, silent[0][1] + LATER)
    decided = [key for key, left_at in silent if heard_of and left_at + LATER < heard_of]
    return list(Recipient.objects.filter(pk__in=decided[:MOST]).select_related("broadcast").order_by("pk"))


def silence_of(template: MessageTemplate, left_at: datetime) -> timedelta:
    """Returns how long a message that left at this time must have been silent before that is evidence."""
    if template.held_at and template.held_at > left_at - LONGEST_HOLD:
        return LONGEST_HOLD + SILENCE_OF_PACED
    is_paced = template.quality != Quality.GREEN or (template.paced_until and left_at < template.paced_until)
    return SILENCE_OF_PACED if is_paced else SILENCE


def _newest_heard_of(kind: Kind, moment: datetime) -> datetime | None:
    """Returns when the newest message left of which a report came; None if none left after this moment.

    What counts is when it left: one whose answer was lost, too, is accepted as far as we know when it is reported.
    """
    left_at = Coalesce(_attempt_began(), F("sent_at"))
    later = Recipient.objects.filter(
        kind.matches,
        Q(broadcast__completed_at=None) | Q(broadcast__completed_at__gt=moment),
        accepted_at__gt=moment,
        sent_at__gt=moment,
    )
    found: datetime | None = later.aggregate(at=Max(Least(left_at, "accepted_at", "sent_at")))["at"]
    return found


def _attempt_began() -> Subquery:
    return Subquery(Attempt.objects.filter(pk=OuterRef("attempt_id")).values("started_at"))
