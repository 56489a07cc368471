from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from whatsapp.audience.rates import FOLDER, BadRateCard, load, problems, rates_on
from whatsapp.models import TemplateCategory

pytestmark = pytest.mark.once

DAY = date(2026, 11, 28)


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
    assert rates_on(DAY).price(country, category) == Decimal(price)


def test_a_category_without_a_price_has_none() -> None:
    assert rates_on(DAY).price("IL", "SOMETHING_NEW") is None


def test_replies_cost_like_utility_from_october_on_beyond_the_free_ones() -> None:
    before, after = rates_on(date(2026, 9, 30)), rates_on(date(2026, 10, 1))
    assert (before.price("IL", "SERVICE"), before.free_replies) == (Decimal(0), 0)
    assert (after.price("IL", "service"), after.free_replies) == (Decimal("0.0044"), 1000)


def test_countries_with_new_prices_are_known_and_said_to_be_unsure() -> None:
    before, after = rates_on(date(2026, 9, 30)), rates_on(date(2026, 10, 1))
    assert before.unsure == frozenset()
    assert after.unsure == frozenset("BD IQ KZ KW LK MA NP OM UA".split())
    for country in after.unsure:
        assert after.markets[country] != before.markets[country]
        assert after.price(country, "MARKETING") == before.price(country, "MARKETING")


def test_a_category_of_webhooks_is_priced_like_its_kin() -> None:
    assert rates_on(DAY).price("IL", "marketing_lite") == rates_on(DAY).price("IL", "MARKETING")
    assert rates_on(DAY).price("IN", "authentication_international") == rates_on(DAY).price("IN", "AUTHENTICATION")


def test_every_country_has_a_price_in_every_category() -> None:
    rates = rates_on(DAY)
    for country in phonenumbers.SUPPORTED_REGIONS:
        for category in TemplateCategory:
            assert rates.price(country, category), country
    assert set(rates.markets.values()) <= {market for market, _category in rates.prices}


def test_the_newest_card_counts_and_says_where_it_is_from(tmp_path: Path) -> None:
    rates = rates_on(DAY)
    newest = max(FOLDER.glob("meta-*.csv"))
    assert rates_on(date(2000, 1, 1)).effective == date(2026, 7, 1)
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


WHOLE = "# source: ours\n# effective: {day}\n# currency: EUR\nmarket,marketing,utility,authentication\nOther,1,2,3\n"
PART = (
    "# source: our contract\n# effective: {day}\n# currency: {currency}\n"
    "market,countries,marketing,utility,authentication\nKuwait,KW,0.5,0.25,\n"
)


def own_cards(folder: Path, settings: Any, **cards: str) -> None:
    folder.mkdir()
    for name, text in cards.items():
        (folder / f"{name}.csv").write_text(text)
    settings.WHATSAPP_RATE_CARDS = str(folder)


def test_an_operators_card_adds_to_metas_from_its_day_on(tmp_path: Path, settings: Any) -> None:
    own_cards(tmp_path / "own", settings, a=PART.format(day="2026-11-01", currency="EUR"))
    assert rates_on(date(2026, 10, 31)).price("KW", "MARKETING") == Decimal("0.0282")
    rates = rates_on(date(2026, 11, 1))
    assert (rates.price("KW", "MARKETING"), rates.price("KW", "UTILITY")) == (Decimal("0.5"), Decimal("0.25"))
    assert rates.price("KW", "AUTHENTICATION") == Decimal("0.0075"), "an empty cell keeps what it was"
    assert rates.price("IL", "MARKETING") == Decimal("0.0292")
    assert "KW" not in rates.unsure
    assert "KZ" in rates.unsure
    assert rates.source.endswith("; our contract")


def test_a_whole_card_of_the_operator_takes_the_place_of_metas_of_the_same_day(tmp_path: Path, settings: Any) -> None:
    own_cards(tmp_path / "own", settings, a=WHOLE.format(day="2026-10-01"))
    assert rates_on(date(2026, 10, 1)).price("IL", "MARKETING") == 1
    assert rates_on(date(2026, 9, 30)).price("IL", "MARKETING") == Decimal("0.0292")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks 'source'"),
        (WHOLE.format(day="2026-13-01"), "can't be read"),
        (WHOLE.format(day="2026-10-01").replace("1,2,3", "1,x,3"), "can't be read"),
        (WHOLE.format(day="2026-10-01").replace("1,2,3", "1,-2,3"), "is no price"),
    ],
)
def test_a_card_that_is_none_is_left_out_and_said(tmp_path: Path, settings: Any, text: str, said: str) -> None:
    own_cards(tmp_path / "own", settings, bad=text)
    assert rates_on(DAY).price("IL", "MARKETING") == Decimal("0.0292")
    (sentence,) = problems()
    assert "bad.csv" in sentence
    assert said in sentence
    with pytest.raises(BadRateCard):
        load(tmp_path / "own" / "bad.csv", None)


def test_a_card_in_another_currency_is_left_out(tmp_path: Path, settings: Any) -> None:
    own_cards(tmp_path / "own", settings, a=PART.format(day="2026-11-01", currency="USD"))
    assert rates_on(DAY).price("KW", "MARKETING") == Decimal("0.0282")


def test_a_folder_that_is_not_there_is_said(settings: Any, tmp_path: Path) -> None:
    settings.WHATSAPP_RATE_CARDS = str(tmp_path / "nowhere")
    assert len(problems()) == 1
