"""What a message costs, by the country of the person and the category of the template.

`rate_cards/` holds Meta's rate card as a file, with its source and date; a new card is a new file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "rate_cards"
OTHER = "Other"


@dataclass(frozen=True, slots=True)
class RateTable:
    """Prices for one delivered message. `prices` by market and category, `markets` by two-letter country."""

    source: str
    effective: date
    currency: str
    prices: Mapping[tuple[str, str], Decimal]
    markets: Mapping[str, str]

    def price(self, country: str, category: str) -> Decimal | None:
        """The price of a delivered message, None for a category without one.

        A country in no market pays Meta's rate for all others.
        """
        return self.prices.get((self.markets.get(country, OTHER), category.upper()))


@lru_cache(maxsize=1)
def current_rates() -> RateTable:
    """The newest card."""
    return load(max(FOLDER.glob("meta-*.csv")), FOLDER / "markets.csv")


def load(card: Path, markets: Path) -> RateTable:
    """Read a card and the list of markets. Lines that begin with # say `key: value` about the card."""
    notes = (line[1:].partition(":") for line in card.read_text("utf-8").splitlines() if line.startswith("#"))
    about = {key.strip(): value.strip() for key, _colon, value in notes}
    prices = {
        (row["market"], category.upper()): Decimal(row[category])
        for row in _rows(card)
        for category in ("marketing", "utility", "authentication")
    }
    by_country = {country: row["market"] for row in _rows(markets) for country in row["countries"].split()}
    return RateTable(about["source"], date.fromisoformat(about["effective"]), about["currency"], prices, by_country)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))
