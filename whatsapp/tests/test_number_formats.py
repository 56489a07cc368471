"""Numbers and moments as spreadsheets show them. LibreOffice and Excel agree on every line."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.tables.format_codes import Unclear
from whatsapp.tables.number_formats import code_of, exact, shown, shown_text
from whatsapp.tables.regional import regional_of

pytestmark = pytest.mark.pure

ISRAEL = regional_of("IL")


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        ("57.699999999999996", "General", "57.7"),
        ("0.30000000000000004", "General", "0.3"),
        ("0.3333333333333", "General", "0.333333333"),
        ("972501234567", "General", "9.72501E+11"),
        ("12345678901", "General", "12345678901"),
        ("1e-10", "General", "1E-10"),
        ("-5.5", "General", "-5.5"),
        ("1.234567890123457E+17", "0", "123456789012346000"),
        ("2.5", "0", "3"),
        ("0.075", "0.0%", "7.5%"),
        ("0.99999", "0%", "100%"),
        ("1234.5", "#,##0.00 ₪", "1,234.50 ₪"),
        ("1234567", '#,##0,,"M"', "1M"),
        ("501230509", "000-0000000", "050-1230509"),
        ("42", "00000", "00042"),
        ("5", '0 "ש""ח"', '5 ש"ח'),
        ("-1234.5", "#,##0.00;[Red](#,##0.00)", "(1,234.50)"),
        ("0", '0;-0;"zero"', "zero"),
        ("15", "[<100]0.0;0", "15.0"),
        ("7", ";;;", ""),
        ("12345", "##0.0E+0", "12.3E+3"),
        ("0.333", "# ?/?", "1/3"),
        ("1.5", "# ?/8", "1 4/8"),
        ("46356", "dd/mm/yyyy", "30/11/2026"),
        ("46356.37847222222", "dd/mm/yyyy hh:mm", "30/11/2026 09:05"),
        ("46356", 'd "בנובמבר" yyyy', "30 בנובמבר 2026"),
        ("46356", "[$-40D]dddd d mmmm", "יום שני 30 נובמבר"),
        ("46356.75", "h:mm AM/PM", "6:00 PM"),
        ("1.086805555555556", "[h]:mm", "26:05"),
        ("0.000011574", "ss.00", "01.00"),
        ("0", "d/m/yyyy", "0/1/1900"),
        ("60", "d/m/yyyy", "29/2/1900"),
        ("61", "d/m/yyyy", "1/3/1900"),
        ("-1", "dd/mm/yyyy", "########"),
        ("972501230705", "dd/mm/yyyy", "########"),
    ],
)
def test_a_number_is_shown_by_its_format(value: str, code: str, text: str) -> None:
    assert shown(exact(value), code, ISRAEL).strip() == text


@pytest.mark.parametrize(
    "code", ["[$-411]mmmm", "[$-F800]dddd, mmmm dd", "[$-2000000]0", "[DBNum1]0", "gge", "x" * 600]
)
def test_what_depends_on_the_computer_is_unclear(code: str) -> None:
    with pytest.raises(Unclear):
        shown(Decimal(46356), code, ISRAEL)


@pytest.mark.parametrize(
    ("country", "number", "day"),
    [
        ("IL", "1,234.50", "30/11/2026"),
        ("US", "1,234.50", "11/30/2026"),
        ("DE", "1.234,50", "30.11.2026"),
        ("SE", "1\u00a0234,50", "2026-11-30"),
        ("IN", "1,234.50", "30-11-2026"),
        ("", "1,234.50", "30/11/2026"),
    ],
)
def test_a_country_has_its_ways(country: str, number: str, day: str) -> None:
    regional = regional_of(country)
    assert shown(Decimal("1234.5"), "#,##0.00", regional) == number
    assert shown(Decimal(46356), code_of(14, {}, regional) or "", regional) == day


def test_large_amounts_are_grouped_in_pairs_in_india() -> None:
    assert shown(Decimal(123456789), "#,##0", regional_of("IN")) == "12,34,56,789"


def test_a_text_may_have_a_format_too() -> None:
    assert shown_text("Dana", '"Ms. "@') == "Ms. Dana"
    assert shown_text("Dana", "0;-0;0;") == ""
    assert shown_text("Dana", "0.00") == "Dana"


@given(st.decimals(-(10**15), 10**15, places=2), st.integers(0, 4))
def test_a_number_with_decimals_is_the_same_number(value: Decimal, decimals: int) -> None:
    code = "#,##0." + "0" * decimals if decimals else "#,##0"
    text = shown(exact(str(value)), code, ISRAEL).replace(",", "")
    assert abs(Decimal(text) - exact(str(value))) <= Decimal(1).scaleb(-decimals) / 2


@given(st.floats(allow_nan=False, allow_infinity=False), st.text('0#?.,%;@[]hmsdyE+-"\\/$ G', max_size=12))
def test_any_code_shows_something_or_is_unclear(value: float, code: str) -> None:
    with suppress(Unclear):
        assert isinstance(shown(exact(repr(value)), code, ISRAEL), str)
