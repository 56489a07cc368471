"""News of a call as a WhatsApp message: what Meta takes as a template's value, and what still fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.models import Business
from calls.followups.short_news import LONGEST, Short

pytestmark = pytest.mark.pure

LINK = "https://frontdesk.example/b/acme/calls/1/"
lines = st.lists(st.text(st.sampled_from("a \t\r\n\u2028"), max_size=12), max_size=4)


@given(lines)
def test_a_value_of_a_template_is_one_line_that_meta_takes(said: list[str]) -> None:
    values = Short(["a call", *said], LINK).values(Business(name="Acme"))
    assert set(values) == {"news", "link", "business_name", "1", "2"}
    assert (values["1"], values["2"]) == (values["news"], LINK)
    for value in values.values():
        assert value.splitlines() == [value]
        assert "\t" not in value
        assert "     " not in value
    assert len(values["news"]) <= LONGEST


def test_long_news_are_cut_and_the_link_never_is() -> None:
    text = Short(["a" * 5_000], LINK).text
    assert text.endswith("…\n" + LINK)
    assert len(text) == LONGEST + 1 + len(LINK)
