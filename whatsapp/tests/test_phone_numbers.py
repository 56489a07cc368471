from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.phone_numbers import NotDialable, dialable_e164
from whatsapp.people.phone_numbers import NotANumber, Phone, is_bsuid, to_e164, zone_of

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "written",
    [
        "+972501234567",
        "0501234567",
        "050-123-4567",
        "(050) 123.4567",
        "501234567",  # a spreadsheet dropped the zero
        "501234567.0",  # and made it a number
        '="0501234567"',
        "972501234567",
        "00972501234567",
        "+972 50 123 4567",
        "\u202a+972 50-123-4567\u202c",
        "whatsapp:+972501234567",
        "tel:+972501234567",
        "٠٥٠١٢٣٤٥٦٧",
        " 050–123–4567 ",
    ],
)
def test_every_usual_notation_of_a_number_is_the_same_number(written: str) -> None:
    assert to_e164(written, "IL") == Phone("+972501234567", "IL")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "missing"),
        ("abc", "not a phone number"),
        ("9.72501E+11", "shortened by a spreadsheet"),
        ("050123456", "not a phone number of IL"),
        ("05012345678", "not a phone number of IL"),
        ("0501234567 / 0521234567", "not a phone number"),
        ("+1234", "too few"),
        ("+97250123456789", "not a phone number|too few"),
        ("+999123456789", "not a phone number"),
        ("1-800-FLOWERS", "Write one number"),
        ("=1+1", "not a phone number"),
        ("²50", "not a phone number"),
    ],
)
def test_what_is_no_number_is_refused_in_words(written: str, says: str) -> None:
    with pytest.raises(NotANumber, match=says):
        to_e164(written, "IL")


def test_without_a_country_only_international_numbers_are_understood() -> None:
    assert to_e164("+14155552671", None) == Phone("+14155552671", "US")
    with pytest.raises(NotANumber, match="no country code"):
        to_e164("0501234567", None)


def test_a_number_of_another_country_is_not_taken_for_a_local_one() -> None:
    assert to_e164("+447700900123", "IL").e164 == "+447700900123"
    with pytest.raises(NotANumber, match="not a phone number of IL"):
        to_e164("14155552671", "IL")


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with suppress(NotANumber):
        phone = to_e164(text, "IL")
        assert phone.e164.startswith("+")
        assert phone.e164[1:].isascii()
        assert phone.e164[1:].isdigit()
        assert to_e164(phone.e164, None).e164 == phone.e164


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+972501234567", "Asia/Jerusalem"),
        ("+12125550000", "America/New_York"),
        ("+14155552671", "America/Los_Angeles"),
        ("+33612345678", "Europe/Paris"),
        ("+888", None),
    ],
)
def test_a_number_tells_its_time_zone(number: str, zone: str | None) -> None:
    assert zone_of(number) == zone


@pytest.mark.parametrize(("text", "is_one"), [("US.13491208655302741918", True), ("us.1", False), ("+97250", False)])
def test_user_ids_of_whatsapp_are_recognised(text: str, is_one: bool) -> None:
    assert is_bsuid(text) is is_one


@pytest.mark.parametrize("written", ["+15551234", "+97212345678", "+15005559999", "+972600123456", "+97280012345"])
def test_messages_and_calls_have_one_rule(written: str) -> None:
    def accepts(read: Callable[[str, None], object], refusal: type[ValueError]) -> bool:
        try:
            read(written, None)
        except refusal:
            return False
        return True

    assert accepts(dialable_e164, NotDialable) == accepts(to_e164, NotANumber)
