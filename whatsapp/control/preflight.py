"""What starting a broadcast would do, worked out before it is started."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from businesses.models import Business
from whatsapp.audience.choice import ContactsChoice, EarlierChoice, SegmentChoice
from whatsapp.audience.rates import RateTable
from whatsapp.audience.sources import choice_of, contacts_of, earlier_chosen
from whatsapp.broadcasts import categories
from whatsapp.broadcasts.reasons import InWords, reason_of, reason_words
from whatsapp.broadcasts.schedule import seconds_open
from whatsapp.control import money
from whatsapp.control.money import CountryCost
from whatsapp.errors import BadAudience, NotSendable
from whatsapp.models import Broadcast, Recipient, SenderHealth, TemplateCategory, WindowZone
from whatsapp.reasons import Cause, reason
from whatsapp.sending.costs import rates_at
from whatsapp.sending.gates import window_of
from whatsapp.sending.limiter import most_of
from whatsapp.sending.quota import people_left_to_tell
from whatsapp.states import BroadcastStatus, RecipientStatus, SkipReason
from whatsapp.template_variables import UnsupportedTemplate, unfillable_part

PROBLEM_ROWS = 100
"""How many skipped rows are listed; the page of the broadcast's people has them all."""


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that gets no message, and the reason."""

    row: int | None
    given: str
    reason: SkipReason
    text: str


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a start would do. Any of `problems` forbids the start; `warnings` are only for reading.

    `people_left` is the rest of the number's 24-hour limit (None: no limit is known). `expected_end` is when the last
    message will have been sent if it starts now.
    """

    valid: int
    skipped: dict[SkipReason, int]
    skipped_rows: list[SkippedRow]
    costs: list[CountryCost]
    currency: str
    rates_source: str
    rates_effective: date
    people_left: int | None
    messages_per_second: float
    expected_end: datetime
    problems: list[str]
    warnings: list[str]

    @property
    def cost(self) -> Decimal:
        """Sum of the known prices."""
        return sum((line.cost for line in self.costs if line.cost is not None), Decimal(0))


def preflight(broadcast: Broadcast, *, now: datetime) -> Preflight:
    """Returns what starting the broadcast now would do. Changes nothing."""
    rates, mps = rates_at(max(now, broadcast.scheduled_at or now)), most_of(broadcast.sender)
    costs, skipped = _costs_and_skipped(broadcast, rates)
    valid = sum(line.people for line in costs) if broadcast.audience_ready_at else _estimate(broadcast)
    left = people_left_to_tell(broadcast.sender, now)
    return Preflight(
        valid=valid,
        skipped=skipped,
        skipped_rows=skipped_rows(broadcast, PROBLEM_ROWS) if skipped else [],
        costs=costs,
        currency=rates.currency,
        rates_source=rates.source,
        rates_effective=rates.effective,
        people_left=left,
        messages_per_second=mps,
        expected_end=seconds_open(now, valid / mps, window_of(broadcast), broadcast.business.time_zone),
        problems=_problems(broadcast, valid),
        warnings=[*_warnings(broadcast, valid, left, costs), *money.warnings(broadcast, costs, rates, now)],
    )


def refuse_unsendable(broadcast: Broadcast) -> None:
    """Raise `NotSendable` if the broadcast must not be started as it is."""
    is_waiting = Recipient.objects.filter(broadcast=broadcast, status=RecipientStatus.PENDING).exists()
    valid = int(is_waiting) if broadcast.audience_ready_at else _estimate(broadcast)
    problems = _problems(broadcast, valid)
    if problems:
        raise NotSendable(problems)


def skipped_rows(broadcast: Broadcast, most: int) -> list[SkippedRow]:
    """Returns the first `most` rows that get no message, in the order of the file."""
    rows = Recipient.objects.filter(broadcast=broadcast, status=RecipientStatus.SKIPPED).order_by("pk")[:most]
    return [SkippedRow(row.row_number, row.given_address, SkipReason(row.skip_reason), reason_of(row)) for row in rows]


def _estimate(broadcast: Broadcast) -> int:
    """Returns the size of an audience that is not frozen yet; of a file the rows read so far, at least 1."""
    business: Business = broadcast.business
    try:
        match choice_of(broadcast):
            case ContactsChoice() | SegmentChoice() as choice:
                return contacts_of(business, choice).count()
            case EarlierChoice() as choice:
                return earlier_chosen(business, choice).count()
    except BadAudience:  # preparing it says why
        return 0
    return max(1, Recipient.objects.filter(broadcast=broadcast, status=RecipientStatus.PENDING).count())


def _costs_and_skipped(broadcast: Broadcast, rates: RateTable) -> tuple[list[CountryCost], dict[SkipReason, int]]:
    """Returns what those who wait cost by country, and how many get no message, by reason: counted in one go."""
    counted = (
        Recipient.objects.filter(broadcast=broadcast, status__in=(RecipientStatus.PENDING, RecipientStatus.SKIPPED))
        .order_by()
        .values_list("status", "country", "skip_reason")
        .annotate(people=Count("pk"))
    )
    waiting: Counter[str] = Counter()
    skipped: Counter[SkipReason] = Counter()
    for status, country, why, people in counted:
        if status == RecipientStatus.PENDING:
            waiting[country] += people
        else:
            skipped[SkipReason(why)] += people
    category = broadcast.template_category
    lines = [CountryCost(country, people, rates.price(country, category)) for country, people in waiting.items()]
    return sorted(lines, key=lambda line: (-line.people, line.country)), dict(skipped)


def _problems(broadcast: Broadcast, valid: int) -> list[str]:
    if broadcast.next_step:
        return [_("It is not finished: %(step)s is missing.") % {"step": broadcast.get_next_step_display()}]
    if is_unreadable(broadcast):
        unreadable = _("The people can't be read: %(why)s Nothing was sent. Choose other people, or another file.")
        return [InWords(unreadable, why=reason_words(broadcast))]
    nobody = (
        [] if valid else [_("Nobody in this broadcast can be messaged. The reasons are in the list of skipped people.")]
    )
    return nobody + standing_problems(broadcast)


def is_unreadable(broadcast: Broadcast) -> bool:
    """Returns whether reading its people broke off: it needs others before it can be started."""
    broken = broadcast.status in {BroadcastStatus.DRAFT, BroadcastStatus.FAILED} and bool(broadcast.cause)
    return broken and broadcast.audience_ready_at is None


def standing_problems(broadcast: Broadcast) -> list[str]:
    """Returns why nothing of this broadcast can be sent now, to anybody: its template or its number is unusable."""
    template, sender = broadcast.template, broadcast.sender
    found = []
    if not template.can_be_sent:
        found.append(
            _("The template “%(template)s” is %(status)s: only approved ones can be sent.")
            % {"template": template, "status": template.get_status_display().lower()}
        )
    if part := unfillable_part(broadcast.template_components):
        found.append(str(UnsupportedTemplate(part)))
    if template.content_hash != broadcast.template_hash:
        found.append(str(reason(Cause.TEMPLATE_CHANGED)))
    if categories.has_moved(broadcast):
        found.append(str(categories.why(broadcast)))
    if sender.health == SenderHealth.BLOCKED:
        found.append(InWords(_("The WhatsApp number needs attention: %(why)s"), why=reason_words(sender)))
    return found


def _warnings(broadcast: Broadcast, valid: int, left: int | None, costs: list[CountryCost]) -> list[str]:
    found = []
    if left is not None and left < valid:
        found.append(
            _("The number may reach %(left)s more people in 24 hours; the rest of %(valid)s waits for the next.")
            % {"left": f"{left:,}", "valid": f"{valid:,}"}
        )
    americans = sum(line.people for line in costs if line.country == "US")
    if americans and broadcast.template_category == TemplateCategory.MARKETING:
        found.append(
            ngettext(
                "WhatsApp does not deliver marketing to numbers in the USA: %(americans)s person.",
                "WhatsApp does not deliver marketing to numbers in the USA: %(americans)s people.",
                americans,
            )
            % {"americans": intcomma(americans)}
        )
    if broadcast.window_zone == WindowZone.RECIPIENT and window_of(broadcast):
        found.append(_("The sending hours go by each person's clock, so the end may be hours later than expected."))
    return found
