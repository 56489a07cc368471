"""When WhatsApp moves a template to another category: other people may get its messages, at another price.

A broadcast keeps the category that its people were chosen for. Once the template has another one nothing more leaves:
the unsent rows are judged anew, and the broadcast goes on only when a person accepts the new category.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from django.db import transaction
from django.db.models import Count

from whatsapp import recipients
from whatsapp.audience.rates import RateTable, current_rates
from whatsapp.models import Broadcast, Recipient
from whatsapp.people import suppressions
from whatsapp.reasons import Cause, Datum, Reason, reason
from whatsapp.states import UNSENT, RecipientStatus, SkipReason

BATCH = 1_000
UNKNOWN_PRICE = "–"


def has_moved(broadcast: Broadcast) -> bool:
    """Returns whether the template's category is not the one that the broadcast was made for, or a person accepted."""
    return broadcast.template.category != broadcast.template_category


def why(broadcast: Broadcast) -> Reason:
    """Returns both categories with what they cost: a message to the commonest country, and all that are unsent."""
    both = compare(broadcast, broadcast.template_category, broadcast.template.category)
    return reason(
        Cause.CATEGORY_CHANGED,
        old_category=both["old_category"],
        new_category=both["new_category"],
        country=both["country"],
        currency=both["currency"],
        old_price=both["old_price"],
        new_price=both["new_price"],
        people=both["people"],
        old_total=both["old_total"],
        new_total=both["new_total"],
    )


def compare(broadcast: Broadcast, old: str, new: str) -> dict[str, Datum]:
    """Returns what a message to the commonest country and all unsent ones cost in both categories."""
    rates, unsent = current_rates(), _unsent_by_country(broadcast)
    country = (unsent.most_common(1)[0][0] if unsent else broadcast.business.region()) or ""
    return {
        **prices(country, old, new),
        "people": sum(unsent.values()),
        "old_total": _total(rates, unsent, old),
        "new_total": _total(rates, unsent, new),
    }


def prices(country: str, old: str, new: str) -> dict[str, Datum]:
    """Returns both categories with the prices of a message to this country ("" if none is known)."""
    rates = current_rates()
    return {
        "old_category": old,
        "new_category": new,
        "country": country or UNKNOWN_PRICE,
        "old_price": _price(rates.price(country, old)),
        "new_price": _price(rates.price(country, new)),
        "currency": rates.currency,
    }


def rejudge(broadcast: Broadcast) -> int:
    """Skip the unsent people who refuse messages of the template's new category. Returns their number.

    Nobody who was skipped comes back: who refused marketing is not asked again because it costs less now.
    """
    skipped, last = 0, 0
    while rows := _unsent_after(broadcast, last):
        last = rows[-1][0]
        addresses = {address for _pk, address in rows if address}
        unwanted = suppressions.blocked(broadcast.business, addresses, broadcast.template.category)
        refused = Recipient.objects.filter(pk__in=[pk for pk, address in rows if address in unwanted])
        skipped += recipients.free(refused, to=RecipientStatus.SKIPPED, skip_reason=SkipReason.OPTED_OUT)
    return skipped


def accept(broadcast: Broadcast, category: str) -> None:
    """Send the rest as this category, at its price: a person has agreed to it."""
    rates = current_rates()
    with transaction.atomic():
        Broadcast.objects.filter(pk=broadcast.pk).update(template_category=category)
        broadcast.template_category = category
        for country in _unsent_by_country(broadcast):
            unsent = Recipient.objects.filter(broadcast=broadcast, status__in=UNSENT, country=country)
            unsent.update(cost_estimate=rates.price(country, category))


def _unsent_after(broadcast: Broadcast, last: int) -> list[tuple[int, str | None]]:
    rows = Recipient.objects.filter(broadcast=broadcast, status__in=UNSENT, pk__gt=last).order_by("pk")
    return list(rows.values_list("pk", "address")[:BATCH])


def _unsent_by_country(broadcast: Broadcast) -> Counter[str]:
    unsent = Recipient.objects.filter(broadcast=broadcast, status__in=UNSENT).order_by()
    return Counter(dict(unsent.values_list("country").annotate(people=Count("pk"))))


def _total(rates: RateTable, people: Counter[str], category: str) -> str:
    prices = {country: rates.price(country, category) for country in people}
    return _price(sum((price * people[country] for country, price in prices.items() if price is not None), Decimal(0)))


def _price(amount: Decimal | None) -> str:
    """Returns an amount without needless zeros, but with the cents of one."""
    if amount is None:
        return UNKNOWN_PRICE
    shown = f"{amount:.5f}".rstrip("0")
    whole, _point, cents = shown.partition(".")
    return f"{whole}.{cents:0<2}"
