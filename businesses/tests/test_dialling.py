"""The rule for what may be dialled: ordinary telephones of every country, and nothing that costs more."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from businesses.dialling import DialRefusal, can_be_shown, countries_in, no_country_in, refusal_of

ORDINARY = {
    "landline": PhoneNumberType.FIXED_LINE,
    "mobile": PhoneNumberType.MOBILE,
    "either": PhoneNumberType.FIXED_LINE_OR_MOBILE,
    "voip": PhoneNumberType.VOIP,
    "free": PhoneNumberType.TOLL_FREE,
}
DEAR = {
    "premium": PhoneNumberType.PREMIUM_RATE,
    "shared cost": PhoneNumberType.SHARED_COST,
    "personal": PhoneNumberType.PERSONAL_NUMBER,
    "pager": PhoneNumberType.PAGER,
    "UAN": PhoneNumberType.UAN,
    "voicemail": PhoneNumberType.VOICEMAIL,
}
EVERY_COUNTRY = sorted(phonenumbers.SUPPORTED_REGIONS)


def example(country: str, kind: int) -> str | None:
    found = phonenumbers.example_number_for_type(country, kind)
    return phonenumbers.format_number(found, PhoneNumberFormat.E164) if found else None


@pytest.mark.parametrize("kind", ORDINARY)
def test_ordinary_telephones_of_every_country_pass(kind: str) -> None:
    tried = {country: number for country in EVERY_COUNTRY if (number := example(country, ORDINARY[kind]))}
    assert {country: why for country, number in tried.items() if (why := refusal_of(number, [country]))} == {}
    assert len(tried) > 40


@pytest.mark.parametrize("kind", DEAR)
def test_what_costs_more_is_refused_in_every_country_even_where_it_is_allowed(kind: str) -> None:
    tried = {country: number for country in EVERY_COUNTRY if (number := example(country, DEAR[kind]))}
    assert {refusal_of(number, EVERY_COUNTRY) for number in tried.values()} == {DialRefusal.COSTLY}
    assert len(tried) > 3


@pytest.mark.parametrize(
    ("number", "countries", "refusal"),
    [
        ("+972501234567", "IL", None),  # 050-1: no table knows it, and all beside it are mobiles
        ("+972721234567", "IL", None),
        ("+97221234567", "IL", None),
        ("+97221234567", "US", DialRefusal.COUNTRY),
        ("+972501234567", "US", DialRefusal.COUNTRY),
        ("+12125550100", "US", None),
        ("+14165550100", "US", DialRefusal.COUNTRY),  # Canada
        ("+18765550100", "US", DialRefusal.COUNTRY),  # Jamaica: dear, and written like an American number
        ("+18005551234", "CA", None),
        ("+9721801234567", "IL", None),
        ("+15005550006", "US", DialRefusal.COSTLY),
        ("+881612345678", "US IL GB", DialRefusal.COUNTRY),
        ("+870773111632", "US IL GB", DialRefusal.COUNTRY),
        ("+88213123456", "US IL GB", DialRefusal.COUNTRY),
        ("+447624123456", "GB", DialRefusal.COUNTRY),  # Isle of Man
        ("+97250", "IL", DialRefusal.NOT_A_NUMBER),
        ("0501234567", "IL", DialRefusal.NOT_A_NUMBER),
        ("", "IL", DialRefusal.NOT_A_NUMBER),
        ("+97221234567", "", DialRefusal.COUNTRY),
    ],
)
def test_numbers_one_by_one(number: str, countries: str, refusal: DialRefusal | None) -> None:
    assert refusal_of(number, countries.split()) == refusal


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+972501234567", True), ("", False), ("anonymous", False), ("+266696687", False), ("browser", False)],
)
def test_a_withheld_number_can_not_be_shown(number: str, shown: bool) -> None:
    assert can_be_shown(number) == shown


def test_a_list_of_countries_is_read_as_people_write_it() -> None:
    assert countries_in(" us,GB il, us ,XX") == ["US", "GB", "IL"]
    assert [no_country_in(each) for each in ("us, gb", "", "us, USA")] == [None, None, "USA"]
