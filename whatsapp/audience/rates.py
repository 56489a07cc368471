"""What a message costs, by the person's country and the template's category.

`rate_cards/` holds each of Meta's rate cards as a file, with its source and date; a new card is a new file.
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
    """Prices of one delivered message. `prices` is by market and category, `markets` by two-letter country."""

    source: str
    effective: date
    currency: str
    prices: Mapping[tuple[str, str], Decimal]
    markets: Mapping[str, str]

    def price(self, country: str, category: str) -> Decimal | None:
        """Returns the price of a delivered message; None for a category without one.

        A country that is in no market pays Meta's rate for "all others".
        """
        return self.prices.get((self.markets.get(country, OTHER), category.upper()))


@lru_cache(maxsize=1)
def current_rates() -> RateTable:
    """Returns the newest rate card."""
    return load(max(FOLDER.glob("meta-*.csv")), FOLDER / "markets.csv")


def load(card: Path, markets: Path) -> RateTable:
    """Read a rate card and the list of markets. Lines that begin with # say `key: value` about the card."""
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
