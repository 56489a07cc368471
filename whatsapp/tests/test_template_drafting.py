"""What WhatsApp would refuse in a template is told before it is asked, field by field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.template_drafting import (
    Fault,
    WrittenTemplate,
    components,
    name_from,
    problems,
    written_from,
)
from whatsapp.template_variables import variables_of

pytestmark = pytest.mark.pure
GOOD = WrittenTemplate(
    name="spring_sale",
    language="en_US",
    category="MARKETING",
    header="Spring sale",
    body="Hi {{first_name}}, everything for your garden costs less until {{until}}, come by.",
    footer="Garden Shop",
    replies=("Thanks", "Stop promotions"),
    url_text="See it",
    url="https://example.com/o/{{1}}",
    url_sample="https://example.com/o/spring",
    samples={"first_name": "Dana", "until": "Sunday"},
)


def test_a_good_one_has_no_problems() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("changed", "field", "fault"),
    [
        ({"name": ""}, "name", Fault.EMPTY),
        ({"name": "x" * 513}, "name", Fault.TOO_LONG),
        ({"header": "x" * 61}, "header", Fault.TOO_LONG),
        ({"header": "Hi {{1}}"}, "header", Fault.HAS_VARIABLE),
        ({"header": "Two\nlines"}, "header", Fault.HAS_NEWLINE),
        ({"header": "Sale 🌷"}, "header", Fault.HAS_EMOJI),
        ({"header": "*Sale*"}, "header", Fault.HAS_MARKS),
        ({"body": " "}, "body", Fault.EMPTY),
        ({"body": "x" * 1025}, "body", Fault.TOO_LONG),
        ({"body": "{{first_name}}, come by until {{until}} and take a look at it"}, "body", Fault.AT_EDGE),
        ({"body": "Come by and take a look at what is new until {{until}}"}, "body", Fault.AT_EDGE),
        ({"body": "Hello dear {{first_name}} {{until}} come by and take a look"}, "body", Fault.TOUCHING),
        ({"body": "Hi {{1}}, come by until {{3}} and take a good look"}, "body", Fault.GAP),
        ({"body": "Hi {{1}}, come by until {{until}} and take a good look"}, "body", Fault.MIXED),
        ({"body": "Hi {{First-Name}}, come by and take a good look"}, "body", Fault.BRACES),
        ({"body": "Hi {{First_name}}, come by and take a good look"}, "body", Fault.BRACES),
        ({"body": "Hi {{first_name}} until {{until}} bye"}, "body", Fault.FEW_WORDS),
        ({"body": "One\n\n\nTwo"}, "body", Fault.MANY_LINES),
        ({"samples": {"first_name": "Dana", "until": " "}}, "samples", Fault.NO_SAMPLE),
        ({"footer": "x" * 61}, "footer", Fault.TOO_LONG),
        ({"footer": "Bye {{1}}"}, "footer", Fault.HAS_VARIABLE),
        ({"replies": ("x" * 26,)}, "reply_1", Fault.TOO_LONG),
        ({"replies": ("", "Yes", "Yes")}, "reply_3", Fault.TWICE),
        ({"url_text": "x" * 26}, "url_text", Fault.TOO_LONG),
        ({"url_text": "Thanks"}, "url_text", Fault.TWICE),
        ({"url_text": ""}, "url_text", Fault.NO_TEXT),
        ({"url": ""}, "url", Fault.NO_LINK),
        ({"url": "example.com"}, "url", Fault.NO_LINK),
        ({"url": "https://example.com/{{1}}/x"}, "url", Fault.VARIABLE_IN_LINK),
        ({"url_sample": "https://other.example/1"}, "url_sample", Fault.NO_SAMPLE),
        ({"url_sample": "https://example.com/o/"}, "url_sample", Fault.NO_SAMPLE),
    ],
)
def test_each_fault_is_found_at_its_field(changed: dict[str, Any], field: str, fault: Fault) -> None:
    found = [(each.field, each.fault) for each in problems(replace(GOOD, **changed))]
    assert (field, fault) in found


def test_lengths_at_the_limit_are_right() -> None:
    at_limit = replace(
        GOOD, name="x" * 512, header="h" * 60, body="b" * 1024, footer="f" * 60, replies=("r" * 25,), url_text="u" * 25
    )
    assert problems(at_limit) == []


words = st.text(alphabet="abcdefgh אבגד", min_size=1, max_size=12).map(str.strip).filter(bool)
names = st.lists(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), max_size=4, unique=True)


@given(names, st.lists(words, max_size=3, unique=True), words, st.booleans())
def test_what_is_written_is_read_back_as_it_was(
    variables: list[str], replies: list[str], text: str, numbered: bool
) -> None:
    used = [str(number + 1) for number in range(len(variables))] if numbered else variables
    body = "".join(f"one two three {{{{{name}}}}} " for name in used) + f"one two {text}"
    written = replace(GOOD, body=body, replies=tuple(replies), samples=dict.fromkeys(used, text))
    parts = components(written)
    assert problems(replace(written, url_text="a link")) == []
    assert written_from(parts, name=written.name, language=written.language, category=written.category) == written
    found = [each.key for each in variables_of(parts, written.parameter_format) if each.place == "body"]
    assert sorted(found) == sorted(used)


@given(st.text(max_size=50))
def test_any_words_make_a_name_that_whatsapp_takes(written: str) -> None:
    made = name_from(written)
    assert all(sign in "abcdefghijklmnopqrstuvwxyz0123456789_" for sign in made)
    assert name_from(made) == made


def test_a_name_is_made_of_what_was_typed() -> None:
    assert [name_from(each) for each in ("Spring sale!", "  מבצע 2026 ", "מבצע")] == ["spring_sale", "2026", ""]
