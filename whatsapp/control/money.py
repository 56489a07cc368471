"""What a broadcast costs: as planned, so far, and as WhatsApp has billed it; and what to say about it before it starts.

    plan     the price of every message, if all are delivered     frozen with the list of people
    so far   what is counted for those that have left             `sending.spending`
    billed   what WhatsApp has reported as billed and delivered   the `pricing` of its reports

Once everything is delivered, reported, and billed as the template's category, the three are the same to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from businesses.remembered import remembered
from whatsapp.audience.rates import RateTable, rates_on
from whatsapp.broadcasts import cut_times
from whatsapp.broadcasts.tallies import OVER
from whatsapp.models import Broadcast, BroadcastSpending, Recipient
from whatsapp.sending import spending
from whatsapp.sending.costs import COSTING, from_micros, micros
from whatsapp.states import PauseReason, RecipientStatus

PLAN_KEPT_S = 86_400
NOT_DELIVERED = (
    *(COSTING - {RecipientStatus.DELIVERED, RecipientStatus.READ}),
    RecipientStatus.FAILED,
    RecipientStatus.EXPIRED,
)
"""WhatsApp charges for delivered messages: in these states it does not, or not yet."""


@dataclass(frozen=True, slots=True)
class CountryCost:
    """What the people of one country cost if every message is delivered: the price of one, and of all of them.

    Both are None if no price is known.
    """

    country: str
    people: int
    price: Decimal | None

    @property
    def cost(self) -> Decimal | None:
        """The price of all messages."""
        return None if self.price is None else self.price * self.people


@dataclass(frozen=True, slots=True)
class Costs:
    """The three amounts, in the currency of the rate card. `billed` is None while nobody has counted it yet."""

    plan: Decimal
    so_far: Decimal
    billed: Decimal | None


def costs_of(broadcast: Broadcast, *, now: datetime) -> Costs:
    """Returns what a broadcast costs, added up from its rows."""
    sums = Recipient.objects.filter(broadcast=broadcast).aggregate(
        plan=Sum("cost_estimate"), so_far=Sum("cost_micros", filter=Q(status__in=COSTING))
    )
    return Costs(Decimal(sums["plan"] or 0), from_micros(sums["so_far"] or 0), billed_of(broadcast, now=now))


def costs_kept(broadcast: Broadcast) -> Costs:
    """Returns the same from the sums that are kept as it happens; only the plan is added up from the rows.

    Prices of a broadcast that is over don't change before it runs again, in another epoch: it is added up once a day.
    """
    if broadcast.status in OVER:
        plan = remembered(f"plan-{broadcast.pk}-{broadcast.epoch}", PLAN_KEPT_S, lambda: _plan(broadcast))
    else:
        plan = _plan(broadcast)
    return Costs(plan, spending.spent_on(broadcast), billed_on(broadcast))


def _plan(broadcast: Broadcast) -> Decimal:
    return Recipient.objects.filter(broadcast=broadcast).aggregate(plan=Sum("cost_estimate"))["plan"] or Decimal(0)


def billed_of(broadcast: Broadcast, *, now: datetime) -> Decimal:
    """Returns the prices, at their days, of the messages that were reported as billable and have been delivered."""
    reported = Recipient.objects.filter(broadcast=broadcast, billable=True).exclude(status__in=NOT_DELIVERED)
    groups = (
        reported.order_by()
        .values_list("country", "price_category", cut_times.day("delivered_at"))
        .annotate(people=Count("pk"))
    )
    total = Decimal(0)
    for country, category, day, people in groups:
        rates = rates_on(cut_times.day_of(day) or now.astimezone(UTC).date())
        price = rates.price(country, category) if category else None
        total += people * (price if price is not None else rates.price(country, broadcast.template_category) or 0)
    return total


def billed_on(broadcast: Broadcast) -> Decimal | None:
    """Returns what is kept of that sum; None if it began before it was kept, and nobody has counted it since."""
    kept = list(BroadcastSpending.objects.filter(broadcast=broadcast).values_list("billed_micros", flat=True))
    if not kept:
        return Decimal(0)  # nothing has left
    return None if kept[0] is None else from_micros(kept[0])


def count_billed(broadcast: Broadcast, now: datetime) -> None:
    """Count what was billed from the rows, and keep it, unless it is kept already.

    Whoever corrects the sum meanwhile waits for its lock, then adds to it.
    """
    with transaction.atomic():
        sum_ = BroadcastSpending.objects.select_for_update().filter(broadcast=broadcast).first()
        if sum_ is not None and sum_.billed_micros is None:
            sum_.billed_micros = micros(billed_of(broadcast, now=now))
            sum_.save(update_fields=["billed_micros"])


def warnings(broadcast: Broadcast, lines: Sequence[CountryCost], rates: RateTable, now: datetime) -> list[str]:
    """Returns what to know about the money before the start."""
    cost = sum((line.cost for line in lines if line.cost is not None), Decimal(0))
    found = []
    monthly = spending.monthly_budget(broadcast.business)
    for budget in spending.budgets(broadcast.business, broadcast, monthly, now):
        amounts = {
            "left": f"{from_micros(budget.left):.2f}", "cost": f"{cost:.2f}", "currency": rates.currency,
        }  # fmt: skip
        if from_micros(budget.left) >= cost:
            continue
        if budget.why is PauseReason.BUDGET:
            told = _("It may cost %(left)s %(currency)s, and all of it would cost %(cost)s: it pauses in between.")
            found.append(told % amounts)
        else:
            found.append(
                _(
                    "%(left)s %(currency)s are left of this month's budget, and all of it would cost %(cost)s: "
                    "it pauses in between and goes on next month."
                )
                % amounts
            )
    unsure = [line for line in lines if line.country in rates.unsure]
    if unsure:
        people = sum(line.people for line in unsure)
        told = ngettext(
            "WhatsApp has new prices for %(countries)s, which are not known here: "
            "%(people)s person is estimated at an older one.",
            "WhatsApp has new prices for %(countries)s, which are not known here: "
            "%(people)s people are estimated at older ones.",
            people,
        )
        countries = ", ".join(line.country for line in unsure)
        found.append(told % {"countries": countries, "people": intcomma(people)})
    return found
