"""The figures of a broadcast: each has one definition, one name, and the people who are counted in it.

Pages, CSV files, JSON and commands take figures from here, so that one word never stands for two numbers.

| figure | who is counted |
|---|---|
| to reach | everybody of the list but the skipped ones |
| still to send | those whose message has not left, or is leaving now |
| taken | WhatsApp accepted the message, whatever came of it, unless it reported a failure later |
| delivered | the message is on the person's phone, read or not |
| read | the person has read it, and lets others know |
| replied | the person wrote back |
| opted out | the person's reply was an opt-out |
| not reached | failed, or not delivered in time |
| skipped | the person was not to be messaged |
| cancelled | the broadcast was cancelled before the message left |
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from whatsapp.audience.groups import replied
from whatsapp.broadcasts.counts import Counts
from whatsapp.models import Broadcast, InboundAction, InboundMessage, Recipient
from whatsapp.states import OPEN, REACHED_PROVIDER, BroadcastStatus, RecipientStatus

MANY_FAILED, MOST_FAILED = 0.05, 0.5
"""From these shares of the people to reach on, a completed broadcast is no success, or a failure."""
OPT_OUTS = (InboundAction.OPT_OUT, InboundAction.NO_PROMOS)


class Figure(models.TextChoices):
    """A number of people of one broadcast."""

    TO_REACH = "to_reach", gettext_lazy("To reach")
    TO_SEND = "to_send", gettext_lazy("Still to send")
    TAKEN = "taken", gettext_lazy("Handed over to WhatsApp")
    DELIVERED = "delivered", gettext_lazy("Delivered")
    READ = "read", gettext_lazy("Read")
    REPLIED = "replied", gettext_lazy("Replied")
    OPTED_OUT = "opted_out", gettext_lazy("Opted out in reply")
    NOT_REACHED = "not_reached", gettext_lazy("Not reached")
    SKIPPED = "skipped", gettext_lazy("Skipped")
    CANCELLED = "cancelled", gettext_lazy("Cancelled before it was sent")


STATES: Mapping[Figure, Collection[RecipientStatus]] = {
    Figure.TO_REACH: tuple(state for state in RecipientStatus if state != RecipientStatus.SKIPPED),
    Figure.TO_SEND: OPEN,
    Figure.TAKEN: REACHED_PROVIDER,
    Figure.DELIVERED: (RecipientStatus.DELIVERED, RecipientStatus.READ),
    Figure.READ: (RecipientStatus.READ,),
    Figure.NOT_REACHED: (RecipientStatus.FAILED, RecipientStatus.EXPIRED),
    Figure.SKIPPED: (RecipientStatus.SKIPPED,),
    Figure.CANCELLED: (RecipientStatus.CANCELLED,),
}
"""Figures that are sums of states. The others are counted from replies."""

SHARE_OF: Mapping[Figure, Figure] = {
    Figure.TAKEN: Figure.TO_REACH,
    Figure.NOT_REACHED: Figure.TO_REACH,
    Figure.DELIVERED: Figure.TO_REACH,
    Figure.READ: Figure.DELIVERED,
    Figure.REPLIED: Figure.DELIVERED,
    Figure.OPTED_OUT: Figure.DELIVERED,
}
"""Of which other figure a percentage is given."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one broadcast."""

    people: Mapping[Figure, int]

    def percent(self, figure: Figure) -> float | None:
        """Returns the figure as a percentage of its base, 0 to 100; None without a base, or while that is empty."""
        base = self.people[SHARE_OF[figure]] if figure in SHARE_OF else 0
        return 100 * self.people[figure] / base if base else None

    @property
    def delivered(self) -> float | None:
        """Percentage of those to reach who got it."""
        return self.percent(Figure.DELIVERED)

    @property
    def read(self) -> float | None:
        """Percentage of those delivered who read it."""
        return self.percent(Figure.READ)

    @property
    def replied(self) -> float | None:
        """Percentage of those delivered who replied."""
        return self.percent(Figure.REPLIED)


def number_of(counts: Counts, figure: Figure) -> int:
    """Returns a figure that is a sum of states."""
    return sum(counts.by_state[state] for state in STATES[figure])


def opted_out() -> Q:
    """Returns the condition on recipients that they opted out in reply."""
    return Q(Exists(InboundMessage.objects.filter(recipient=OuterRef("pk"), action__in=OPT_OUTS)))


def people_in(broadcast: Broadcast, figure: Figure) -> QuerySet[Recipient]:
    """Returns the people who are counted in a figure."""
    rows = Recipient.objects.filter(broadcast=broadcast)
    match figure:
        case Figure.REPLIED:
            return rows.filter(replied())
        case Figure.OPTED_OUT:
            return rows.filter(opted_out())
        case _:
            return rows.filter(status__in=STATES[figure])


def figures_of(broadcast: Broadcast, counts: Counts) -> Figures:
    """Returns the figures of a broadcast whose people have been counted. One query."""
    return figures_of_many({broadcast.pk: counts})[broadcast.pk]


def figures_of_many(counts: Mapping[uuid.UUID, Counts]) -> dict[uuid.UUID, Figures]:
    """Returns the figures of several broadcasts, whose people have been counted. One query."""
    # That few messages answer a broadcast is only known to PostgreSQL where it is said.
    answers_of = InboundMessage.objects.filter(recipient__isnull=False, recipient__broadcast__in=list(counts))
    wrote = answers_of.order_by()
    rows = wrote.values_list("recipient__broadcast").annotate(
        replied=Count("recipient", distinct=True),
        opted_out=Count("recipient", distinct=True, filter=Q(action__in=OPT_OUTS)),
    )
    answers = {broadcast: (first, second) for broadcast, first, second in rows}
    found = {}
    for broadcast, each in counts.items():
        people = {figure: number_of(each, figure) for figure in STATES}
        people[Figure.REPLIED], people[Figure.OPTED_OUT] = answers.get(broadcast, (0, 0))
        found[broadcast] = Figures({figure: people[figure] for figure in Figure})
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """A broadcast's state as its badge shows it: in words, and "good", "warn", "bad", "live" or "" for its colour."""

    words: str
    colour: str


_COLOURS: Mapping[str, str] = {
    BroadcastStatus.PREPARING: "live",
    BroadcastStatus.RUNNING: "live",
    BroadcastStatus.PAUSED: "warn",
    BroadcastStatus.MISSED: "warn",
    BroadcastStatus.FAILED: "bad",
    BroadcastStatus.COMPLETED: "good",
}


def standing(broadcast: Broadcast, counts: Counts) -> Standing:
    """Returns how a broadcast stands. A completed one is no success if many were not reached."""
    words, colour = str(broadcast.get_status_display()), _COLOURS.get(broadcast.status, "")
    if broadcast.status == BroadcastStatus.COMPLETED and (failed := number_of(counts, Figure.NOT_REACHED)):
        share = failed / number_of(counts, Figure.TO_REACH)
        colour = "bad" if share >= MOST_FAILED else "warn" if share >= MANY_FAILED else "good"
        words = _("Completed with failures")
    return Standing(words, colour)
