"""What the rules of plain numbers read, the library's tables read in the same way, in every country."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from whatsapp.people.phone_numbers import NotANumber, Phone, by_the_tables
from whatsapp.people.plain_numbers import plain_number

pytestmark = [pytest.mark.pure, pytest.mark.timeout(300)]

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = range(11)
EXAMPLES = [
    (region, str(number.country_code), phonenumbers.national_significant_number(number))
    for region in REGIONS
    for kind in KINDS
    if (number := phonenumbers.example_number_for_type(region, kind)) is not None
]


def prefix_of(region: str) -> str:
    """Returns what is dialled before a number within the country."""
    own = PhoneMetadata.metadata_for_region(region)
    return own.national_prefix or "" if own else ""


def by_the_library(text: str, region: str | None) -> Phone | None:
    try:
        return by_the_tables(text, region)
    except NotANumber:
        return None


def agrees(text: str, region: str | None) -> None:
    plain = plain_number(text, region)
    assert plain is None or Phone(*plain) == by_the_library(text, region), (text, region)


@st.composite
def near_a_number(draw: st.DrawFn) -> tuple[str, str | None]:
    """Returns a number of some country with some digits changed, written in one of many ways, and a reader's region."""
    region, code, national = draw(st.sampled_from(EXAMPLES))
    digits = list(national)
    for place in draw(st.lists(st.integers(0, len(digits) - 1), max_size=6)):
        digits[place] = draw(st.sampled_from("0123456789"))
    prefixes = {"", "0", "1", "8", "00", "9", prefix_of(region)}
    ways = [f"+{code}", f"00{code}", code, f"+{code}0", *sorted(prefixes)]
    written = draw(st.sampled_from(ways)) + "".join(digits) + draw(st.sampled_from(["", "", "", "0", "12"]))
    for _ in range(draw(st.integers(0, 3))):
        cut = draw(st.integers(1, len(written)))
        written = written[:cut] + draw(st.sampled_from(" -")) + written[cut:]
    return written, draw(st.sampled_from([region, region, region, None, *REGIONS]))


@given(near_a_number())
def test_what_a_rule_reads_the_library_reads_in_the_same_way(made: tuple[str, str | None]) -> None:
    agrees(*made)


@given(st.text(alphabet="0123456789+- ", max_size=20), st.sampled_from([None, *REGIONS]))
def test_so_it_is_with_any_digits(text: str, region: str | None) -> None:
    agrees(text, region)


@pytest.mark.parametrize("region", REGIONS)
def test_every_country_s_own_examples_are_read_alike(region: str) -> None:
    within = prefix_of(region) or "0"
    for place, code, national in EXAMPLES:
        if place == region:
            for start in ("", within, f"+{code}", f"00{code}", code, f"+{code}{within}"):
                for last in range(0, 100, 7):
                    agrees(f"{start}{national[:-2]}{last:02}", region)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("0522344567", "IL"),
        ("052-234-4567", "IL"),
        ("522344567", "IL"),
        ("972522344567", "IL"),
        ("+972 50-123-4567", None),
        ("00972501234567", "DE"),
        ("07400 123456", "GB"),
        ("9123456789", "IN"),
        ("2015550123", "US"),
        ("+12015550123", None),
        ("11961234567", "BR"),
        ("+5491123456789", None),
        ("+525512345678", None),
    ],
)
def test_usual_mobiles_are_read_by_a_rule(text: str, region: str | None) -> None:
    assert plain_number(text, region) is not None
    agrees(text, region)


NO_PLAIN_ONES = ["", "-", "+", "2026-11-30", "1-2-1999", "12345", "0522345678\n", "\u0660522345678", "052/2345678"]


@pytest.mark.parametrize("text", NO_PLAIN_ONES)
def test_everything_else_is_left_to_the_library(text: str) -> None:
    assert plain_number(text, "IL") is None
