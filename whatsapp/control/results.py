"""The result of a broadcast: its figures, why people were not reached, what it cost, and how earlier ones did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from whatsapp.audience.choice import Group
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.counts import Counts
from whatsapp.broadcasts.figures import STATES, Figure, Figures, figures_of_many
from whatsapp.broadcasts.reasons import meaning_of
from whatsapp.broadcasts.tallies import counts_of_broadcasts
from whatsapp.control.money import Costs, costs_kept
from whatsapp.models import Broadcast, Recipient
from whatsapp.states import PASSING_ERRORS, ErrorClass, RecipientStatus, SkipReason

MOST_COMPARED = 5
MOST_REASONS = 20
FOLLOW_UPS = (Group.REPLIED, Group.NOT_READ, Group.NOT_REACHED)
"""The groups of people to whom one press makes the next broadcast."""

_ADVICE = {
    ErrorClass.SAFE_RETRY: gettext_lazy("Retry: it never reached WhatsApp."),
    ErrorClass.THROTTLED: gettext_lazy("Retry: it was only too fast."),
    ErrorClass.RETRY: gettext_lazy("Retry: it may work now."),
    ErrorClass.DEFERRED: gettext_lazy("Retry after a day: until then WhatsApp refuses more marketing to this person."),
    ErrorClass.PERMANENT: gettext_lazy("Check the number, or reach them in another way."),
    ErrorClass.SUPPRESS: gettext_lazy("They get no more marketing from you. Respect that."),
    ErrorClass.TEMPLATE_WIDE: gettext_lazy("Look at the template and its values, then make a new broadcast for them."),
    ErrorClass.CHANNEL_WIDE: gettext_lazy("Look at the WhatsApp number, then retry."),
    ErrorClass.UNKNOWN: gettext_lazy("Wait for a report, or ask them."),
}
_ADVICE_SKIPPED = {
    SkipReason.INVALID_NUMBER: gettext_lazy("Correct the numbers in the file."),
    SkipReason.DUPLICATE: gettext_lazy("Nothing: each person gets it once."),
    SkipReason.OPTED_OUT: gettext_lazy("Nothing: they asked for it."),
    SkipReason.MISSING_VARIABLE: gettext_lazy("Fill in the missing values."),
    SkipReason.BAD_VALUE: gettext_lazy("Correct the values."),
}


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why so many people got nothing, and what to do about it. `query` asks for their list."""

    people: int
    words: str
    advice: str
    query: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A group of people who can be written to again, and their number."""

    group: Group
    people: int


@dataclass(frozen=True, slots=True)
class Compared:
    """Another broadcast of the same template, with its figures."""

    broadcast: Broadcast
    figures: Figures


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a broadcast. `shortfalls` begin with the reason that met the most people."""

    figures: Figures
    counts: Counts
    shortfalls: list[Shortfall]
    follow_ups: list[FollowUp]
    costs: Costs
    earlier: list[Compared]


def result_of(broadcast: Broadcast) -> Result:
    """Returns the result so far. Seven queries."""
    others = _earlier(broadcast)
    counts = counts_of_broadcasts([broadcast, *others])
    figures = figures_of_many(counts)
    groups = _groups(broadcast)
    return Result(
        figures=figures[broadcast.pk],
        counts=counts[broadcast.pk],
        shortfalls=_shortfalls(broadcast, groups),
        follow_ups=_follow_ups(figures[broadcast.pk], counts[broadcast.pk], groups),
        costs=costs_kept(broadcast),
        earlier=[Compared(other, figures[other.pk]) for other in others],
    )


def _earlier(broadcast: Broadcast) -> list[Broadcast]:
    """Returns the last broadcasts of the same template that were sent before."""
    same = Broadcast.objects.filter(business=broadcast.business_id, template_name=broadcast.template_name)
    before = same.filter(created_at__lt=broadcast.created_at, started_at__isnull=False)
    return list(before.exclude(status__in=lifecycle.NOT_STARTED).order_by("-created_at")[:MOST_COMPARED])


@dataclass(frozen=True, slots=True)
class _Alike:
    """People who were skipped or not reached for one reason."""

    status: RecipientStatus
    code: str
    kind: str
    skip_reason: str
    people: int


def _groups(broadcast: Broadcast) -> list[_Alike]:
    states = [*STATES[Figure.NOT_REACHED], RecipientStatus.SKIPPED]
    rows = Recipient.objects.filter(broadcast=broadcast, status__in=states).order_by()
    named = rows.values_list("status", "error_code", "error_class", "skip_reason").annotate(people=Count("pk"))
    return [_Alike(RecipientStatus(status), *rest) for status, *rest in named]


def _shortfalls(broadcast: Broadcast, groups: Iterable[_Alike]) -> list[Shortfall]:
    people: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for group in groups:
        people[_told(broadcast, group)] += group.people
    found = [Shortfall(number, words, advice, query) for (words, advice, query), number in people.items()]
    return sorted(found, key=lambda each: (-each.people, each.words))[:MOST_REASONS]


def _told(broadcast: Broadcast, group: _Alike) -> tuple[str, str, str]:
    """Returns the reason in words, the advice, and the query of the list."""
    if group.status == RecipientStatus.SKIPPED:
        reason = SkipReason(group.skip_reason)
        return str(reason.label), str(_ADVICE_SKIPPED[reason]), f"status=skipped&skip={reason.value}"
    if group.status == RecipientStatus.EXPIRED:
        return str(group.status.label), _("Their phones were off or without a network for long."), "status=expired"
    kind = ErrorClass(group.kind) if group.kind in ErrorClass.values else ErrorClass.PERMANENT
    words = meaning_of(broadcast.sender.provider, group.code) if group.code else str(kind.label)
    return words, str(_ADVICE[kind]), f"status=failed&error={group.code or kind.value}"


def _follow_ups(figures: Figures, counts: Counts, groups: Iterable[_Alike]) -> list[FollowUp]:
    reachable = sum(
        group.people
        for group in groups
        if group.status == RecipientStatus.EXPIRED
        or (group.status == RecipientStatus.FAILED and group.kind in PASSING_ERRORS)
    )
    numbers = {
        Group.REPLIED: figures.people[Figure.REPLIED],
        Group.NOT_READ: counts.by_state[RecipientStatus.DELIVERED],
        Group.NOT_REACHED: reachable,
    }
    return [FollowUp(group, numbers[group]) for group in FOLLOW_UPS]
