"""What a message costs, by the day, the person's country and the message's category.

`rate_cards/` holds each of Meta's rate cards as a file, with its source and the day from which it is valid; a new card
is a new file. An operator may keep cards of their own in the folder WHATSAPP_RATE_CARDS (docs/operations.md): a whole
one (with the market "Other") takes the place of Meta's from its day on, any other one adds to it.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils import timezone

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "rate_cards"
OTHER = "Other"
SERVICE = "SERVICE"
"""The category of a reply: free text within 24 hours of the person's message."""
CATEGORIES = ("marketing", "utility", "authentication")
_PRICED_AS = {"MARKETING_LITE": "MARKETING", "AUTHENTICATION_INTERNATIONAL": "AUTHENTICATION"}
"""Categories that occur in webhooks and have no price of their own in a card."""


class BadRateCard(ValueError):
    """A file that is no rate card. The text names the file and says what is wrong."""


@dataclass(frozen=True, slots=True)
class RateTable:
    """Prices of one delivered message. `prices` is by market and category, `markets` by two-letter country.

    `service` is the category whose price a reply has ("": replies are free), `free_replies` the number of them that
    each phone number has free in a month. `dollars` is the price of one unit of the currency in US dollars. For the
    countries in `unsure` the card has another market's prices, because their own are not known here.
    """

    source: str
    effective: date
    currency: str
    prices: Mapping[tuple[str, str], Decimal]
    markets: Mapping[str, str]
    service: str = ""
    free_replies: int = 0
    dollars: Decimal = Decimal(1)
    unsure: frozenset[str] = frozenset()

    def price(self, country: str, category: str) -> Decimal | None:
        """Returns the price of a delivered message; None for a category without one.

        A country that is in no market pays Meta's rate for "all others".
        """
        category = category.upper()
        if category == SERVICE:
            if not self.service:
                return Decimal(0)
            category = self.service
        market = self.markets.get(country, OTHER)
        return self.prices.get((market, _PRICED_AS.get(category, category)))

    @property
    def is_whole(self) -> bool:
        """Whether it has a price for every country."""
        return any(market == OTHER for market, _category in self.prices)


def rates_on(day: date) -> RateTable:
    """Returns the prices of a day; of a day before the first card, that card's."""
    return _rates_on(day, str(settings.WHATSAPP_RATE_CARDS))


def current_rates() -> RateTable:
    """Returns the prices of today."""
    return rates_on(timezone.now().date())


@lru_cache(maxsize=100)
def _rates_on(day: date, folder: str) -> RateTable:
    published = [load(card, FOLDER / "markets.csv") for card in sorted(FOLDER.glob("meta-*.csv"))]
    own = [table for table in _own(folder)[0] if table.effective <= day]
    whole = [table for table in [*published, *own] if table.is_whole and table.effective <= day]
    # Of two cards of one day the later in the list counts: the operator's.
    table = max(reversed(whole), key=lambda each: each.effective) if whole else published[0]
    for addition in sorted(own, key=lambda each: each.effective):
        if not addition.is_whole and addition.effective >= table.effective:
            table = _with(table, addition)
    return table


def _with(table: RateTable, addition: RateTable) -> RateTable:
    if addition.currency != table.currency:
        logger.error("Rate card %r is in %s, not %s: left out", addition.source, addition.currency, table.currency)
        return table
    return replace(
        table,
        source=f"{table.source}; {addition.source}",
        prices={**table.prices, **addition.prices},
        markets={**table.markets, **addition.markets},
        unsure=table.unsure - addition.markets.keys(),
    )


def problems() -> list[str]:
    """Returns what is wrong with the operator's own cards, one sentence for each; those cards are left out."""
    return _own(str(settings.WHATSAPP_RATE_CARDS))[1]


@lru_cache(maxsize=10)
def _own(folder: str) -> tuple[list[RateTable], list[str]]:
    """Returns the operator's own cards, and what is wrong with the others."""
    if not folder:
        return [], []
    tables, wrong = [], []
    if not Path(folder).is_dir():
        wrong.append(f"WHATSAPP_RATE_CARDS: there is no folder {folder}.")
    for card in sorted(Path(folder).glob("*.csv")):
        try:
            tables.append(load(card, None))
        except BadRateCard as error:
            wrong.append(f"{error} It is left out.")
    for sentence in wrong:
        logger.error("%s", sentence)
    return tables, wrong


@lru_cache(maxsize=100)
def load(card: Path, markets: Path | None) -> RateTable:
    """Read a rate card and the list of markets. Lines that begin with # say `key: value` about the card.

    A market of the card may list its countries itself. Raises `BadRateCard`.
    """
    try:
        text = card.read_text("utf-8")
        notes = (line[1:].partition(":") for line in text.splitlines() if line.startswith("#"))
        about = {key.strip(): value.strip() for key, _colon, value in notes}
        rows = list(_rows(card))
        prices = {
            (row["market"], category.upper()): _price(row[category])
            for row in rows
            for category in CATEGORIES
            if row.get(category)
        }
        listed = [*(_rows(markets) if markets else ()), *rows]
        return RateTable(
            source=about["source"],
            effective=date.fromisoformat(about["effective"]),
            currency=about["currency"],
            prices=prices,
            markets={country: row["market"] for row in listed for country in (row.get("countries") or "").split()},
            service=about.get("replies cost like", "").upper(),
            free_replies=int(about.get("free replies", "0")),
            dollars=_price(about.get("us dollars", "1")),
            unsure=frozenset(about.get("unsure", "").split()),
        )
    except KeyError as error:
        raise BadRateCard(f"The rate card {card.name} lacks {error}.") from None
    except (ValueError, OSError, InvalidOperation, csv.Error) as error:
        raise BadRateCard(f"The rate card {card.name} can't be read ({error}).") from None


def _price(written: str) -> Decimal:
    price = Decimal(written)
    if not price.is_finite() or price < 0:
        raise ValueError(f"{written} is no price")
    return price


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))
