"""The end of a button's link: a whole link loses the template's own beginning, or its row is rejected."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.audience.links import end_of_link
from whatsapp.audience.rows import BadValue, checked_params
from whatsapp.reasons import Cause
from whatsapp.template_variables import variables_of

BASE = "https://shop.example/orders/"


@pytest.mark.parametrize(
    ("value", "base", "end"),
    [
        ("17", BASE, "17"),
        ("17?ref=a:b//c", BASE, "17?ref=a:b//c"),
        ("https://shop.example/orders/17", BASE, "17"),
        ("HTTPS://Shop.Example/orders/17?x=1", BASE, "17?x=1"),
        ("http://shop.example/orders/17", BASE, "17"),
        ("//shop.example/orders/17", BASE, "17"),
        ("shop.example/orders/17", BASE, "17"),
        ("https://www.shop.example/orders/17", BASE, "17"),
        ("https://shop.example/orders/17", "https://www.shop.example/orders/", "17"),
        ("https://shop.example/orders/", BASE, None),
        ("https://shop.example/Orders/17", BASE, None),
        ("https://shop.example/17", BASE, None),
        ("https://shop.example", BASE, None),
        ("shop.example:8080/17", BASE, None),
        ("shop.example.evil/17", BASE, "shop.example.evil/17"),
        ("https://evil.example/orders/17", BASE, None),
        ("www.evil.example/17", BASE, None),
        ("https%3A%2F%2Fshop.example%2F17", BASE, None),
        ("ftp://x/17", BASE, None),
        ("https://news.example/17", "https://shop.example/go?to=", "https://news.example/17"),
        (
            "https://shop.example/go?to=https://news.example/17",
            "https://shop.example/go?to=",
            "https://news.example/17",
        ),
        ("https://anything.example/17", "", "https://anything.example/17"),
    ],
)
def test_ends_of_links(value: str, base: str, end: str | None) -> None:
    assert end_of_link(value, base) == end


PATHS = st.text("abcXYZ019-_.~", min_size=1, max_size=12)


@given(path=PATHS, suffix=PATHS, scheme=st.sampled_from(["https://", "http://", "//", "", "HTTPS://"]))
def test_what_opens_is_never_a_link_in_a_link(path: str, suffix: str, scheme: str) -> None:
    base = f"https://shop.example/{path}/"
    end = end_of_link(f"{scheme}shop.example/{path}/{suffix}", base)
    assert end == suffix
    assert end_of_link(suffix, base) == suffix


def test_a_row_with_a_link_to_elsewhere_is_rejected_with_the_reason() -> None:
    parts: list[dict[str, Any]] = [{"type": "BUTTONS", "buttons": [{"type": "URL", "url": BASE + "{{1}}"}]}]
    variables = variables_of(parts, "POSITIONAL")
    whole = checked_params({"button_1": BASE + "17"}, variables, body_length=0, names={})
    assert whole == {"button_1": "17"}
    with pytest.raises(BadValue) as refused:
        checked_params({"button_1": "https://evil.example/17"}, variables, body_length=0, names={"button_1": "link"})
    assert refused.value.reason.cause is Cause.VALUE_WHOLE_LINK
    assert str(refused.value) == f"Column “link” holds a whole link. Put there only what follows {BASE}."
