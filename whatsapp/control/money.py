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

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from whatsapp.audience.rates import RateTable, rates_on
from whatsapp.models import Broadcast, Recipient
from whatsapp.sending import spending
from whatsapp.sending.costs import COSTING, from_micros
from whatsapp.states import PauseReason, RecipientStatus

NOT_DELIVERED = (
    *(COSTING - {RecipientStatus.DELIVERED, RecipientStatus.READ}),
    RecipientStatus.FAILED,
    RecipientStatus.EXPIRED,
)
"""WhatsApp charges for delivered messages: in these states it does not, or not yet."""


@dataclass(frozen=True, slots=True)
class CountryCost:
    """What the people of one country cost if every message is delivered; None if no price is known."""

    country: str
    people: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Costs:
    """The three amounts, in the currency of the rate card."""

    plan: Decimal
    so_far: Decimal
    billed: Decimal


def costs_of(broadcast: Broadcast, *, now: datetime) -> Costs:
    """Returns what a broadcast costs, added up from its rows."""
    sums = Recipient.objects.filter(broadcast=broadcast).aggregate(
        plan=Sum("cost_estimate"), so_far=Sum("cost_micros", filter=Q(status__in=COSTING))
    )
    return Costs(Decimal(sums["plan"] or 0), from_micros(sums["so_far"] or 0), billed_of(broadcast, now=now))


def billed_of(broadcast: Broadcast, *, now: datetime) -> Decimal:
    """Returns the prices, at their days, of the messages that were reported as billable and have been delivered."""
    reported = Recipient.objects.filter(broadcast=broadcast, billable=True).exclude(status__in=NOT_DELIVERED)
    groups = (
        reported.order_by()
        .values_list("country", "price_category", TruncDate("delivered_at", tzinfo=UTC))
        .annotate(people=Count("pk"))
    )
    total = Decimal(0)
    for country, category, day, people in groups:
        rates = rates_on(day or now.astimezone(UTC).date())
        price = rates.price(country, category) if category else None
        total += people * (price if price is not None else rates.price(country, broadcast.template_category) or 0)
    return total


def warnings(broadcast: Broadcast, lines: Sequence[CountryCost], rates: RateTable, now: datetime) -> list[str]:
    """Returns what to know about the money before the start."""
    cost = sum((line.cost for line in lines if line.cost is not None), Decimal(0))
    found = []
    for budget in spending.budgets(broadcast.business, broadcast, now):
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
        found.append(
            _(
                "WhatsApp has new prices for %(countries)s, which are not known here: "
                "%(people)s people are estimated at older ones."
            )
            % {"countries": ", ".join(line.country for line in unsure), "people": sum(line.people for line in unsure)}
        )
    return found
