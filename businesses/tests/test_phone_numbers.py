"""Numbers as people write them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from businesses.phone_numbers import NotDialable, dialable_e164, region_of
from businesses.validators import validate_e164

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("written", "region", "stored"),
    [
        ("+972501234567", None, "+972501234567"),
        ("+972 (50) 123-45 67", None, "+972501234567"),
        ("050-1234567", "IL", "+972501234567"),
        ("03 123 4567", "IL", "+97231234567"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("+44 20 7946 0958", "IL", "+442079460958"),
        ("\u202a+972 50 123 4567\u202c", None, "+972501234567"),
    ],
)
def test_read(written: str, region: str | None, stored: str) -> None:
    assert dialable_e164(written, region) == stored


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("", None),
        ("050-1234567", None),
        ("12", "IL"),
        ("+9999999", None),
        ("call me", "IL"),
        ("+97231234567 ext. 8", None),
        ("+1 555 1234", None),  # of a possible length, within its town
        ("+9723123456", None),
        ("+441234", None),
        ("123456", "IL"),
    ],
)
def test_refused(written: str, region: str | None) -> None:
    with pytest.raises(NotDialable):
        dialable_e164(written, region)


@pytest.mark.parametrize(
    "written",
    ["+972 501234567", "0501234567", "972501234567", "+9725", "+972501234567;ext=1", "+15551234", "+9723123456"],
)
def test_only_e164_is_stored(written: str) -> None:
    with pytest.raises(ValidationError, match="international form"):
        validate_e164(written)


def test_country() -> None:
    assert region_of("+97231234567") == "IL"
    assert region_of("+14155552671") == "US"
    assert region_of("+80012345678") is None
