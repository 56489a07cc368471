from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import phonenumbers
import pytest

from whatsapp.audience.rates import FOLDER, current_rates, load
from whatsapp.models import TemplateCategory

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("country", "category", "price"),
    [
        ("IL", "MARKETING", "0.0292"),
        ("IL", "UTILITY", "0.0044"),
        ("US", "MARKETING", "0.0207"),
        ("CA", "AUTHENTICATION", "0.0028"),
        ("PT", "MARKETING", "0.0490"),
        ("XX", "MARKETING", "0.0500"),
        ("", "UTILITY", "0.0064"),
    ],
)
def test_a_price_is_that_of_the_countrys_market(country: str, category: str, price: str) -> None:
    assert current_rates().price(country, category) == Decimal(price)


def test_a_category_without_a_price_has_none() -> None:
    assert current_rates().price("IL", "SERVICE") is None


def test_every_country_has_a_price_in_every_category() -> None:
    rates = current_rates()
    for country in phonenumbers.SUPPORTED_REGIONS:
        for category in TemplateCategory:
            assert rates.price(country, category), country
    assert set(rates.markets.values()) <= {market for market, _category in rates.prices}


def test_the_newest_card_counts_and_says_where_it_is_from(tmp_path: Path) -> None:
    rates = current_rates()
    newest = max(FOLDER.glob("meta-*.csv"))
    assert newest.stem == f"meta-{rates.effective.isoformat()}"
    assert rates.source
    assert len(rates.currency) == 3
    card = tmp_path / "meta-2027-01-01.csv"
    card.write_text(
        "# source: x\n# effective: 2027-01-01\n# currency: USD\nmarket,marketing,utility,authentication\nOther,1,2,3\n"
    )
    markets = tmp_path / "markets.csv"
    markets.write_text("market,countries\nOther,IL\n")
    assert load(card, markets).price("IL", "utility") == Decimal(2)
