"""What is said is what is written: signs and the spelling of numbers don't count, words and numbers do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.greetings.same_words import compare

pytestmark = pytest.mark.pure

CLINIC = (
    "Hello, you have reached North Clinic. We are open from 8 to 18, Sunday to Thursday. This call is recorded. "
    "How can I help you today?"
)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Hello!", "hello"),
        ("We're open 24/7.", "We're open twenty-four seven"),
        ("Call 03-555 1234", "call zero three five five five one two three four"),
        ("We open at 8:30.", "We open at eight thirty."),
        ("Dr. Levi & Sons", "Doctor Levi and sons"),
        ("The Frontdesk answers", "the front desk answers"),
        ("It takes 15 minutes", "It takes fifteen minutes"),
        ("שלום, הגעתם למרפאה. ד״ר לוי", "שלום הגעתם למרפאה דוקטור לוי"),
        ("אנחנו פתוחים מ-8 עד 18", "אנחנו פתוחים מ שמונה עד שמונה עשרה"),
        ("שָׁלוֹם לָכֶם", "שלום לכם"),
        ("יש לנו 21 סניפים", "יש לנו עשרים ואחד סניפים"),
        ("רחוב הגפן 12", "רחוב הגפן 12."),
        ("התוכנית שלנו", "התכנית שלנו"),
        ("Hello there", "[substitute sound] Hello there"),
    ],
)
def test_the_same_words(written: str, said: str) -> None:
    assert compare(written=written, said=said).is_exact
    assert compare(written=said, said=written).is_exact


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Hello, this is the clinic.", "Sure! Hello, this is the clinic."),
        ("We can help you.", "We can't help you."),
        ("We open at 8.", "We open at 9."),
        ("Call 03-555 1234", "call zero three five five five one two three five"),
        ("This call is recorded.", ""),
        ("You are able to pay", "You are unable to pay"),
        ("לא פתוחים בשבת", "פתוחים בשבת"),
        ("We open at 18.", "We open at eighty."),
        (CLINIC, CLINIC.replace("This call is recorded. ", "")),
    ],
)
def test_other_words(written: str, said: str) -> None:
    assert not compare(written=written, said=said).is_exact


@pytest.mark.parametrize(
    "said",
    [
        CLINIC.replace("North", "Norse"),
        CLINIC.replace("Sunday to Thursday", "Sunday through Thursday"),
        CLINIC.replace("8 to 18", "eight to eighteen"),
    ],
)
def test_a_listener_may_mishear_a_word(said: str) -> None:
    assert compare(written=CLINIC, said=said).is_alike


@pytest.mark.parametrize(
    "said",
    [
        "",
        CLINIC.replace("This call is recorded. ", ""),
        CLINIC.replace("18", "19"),
        CLINIC + " Visit our sponsors at their shop.",
        "Hello, you have reached South Bakery. We are closed.",
        "Thank you for watching!",
    ],
)
def test_no_listener_mishears_so_much(said: str) -> None:
    assert not compare(written=CLINIC, said=said).is_alike


def test_a_single_other_word_is_not_alike() -> None:
    assert not compare(written="Hello", said="Goodbye").is_alike


WORD = st.text("abcdefgאבגדהוז", min_size=1, max_size=8)


@given(st.lists(WORD, min_size=1, max_size=12))
def test_every_text_is_itself(words: list[str]) -> None:
    text = " ".join(words)
    assert compare(written=text, said=text.upper() + ".").is_exact


@given(st.lists(WORD, min_size=8, max_size=12), st.data())
def test_three_words_that_are_left_out_are_noticed(words: list[str], data: st.DataObject) -> None:
    numbered = [f"{word}{'xyzwvutsrq'[index % 10] * 6}" for index, word in enumerate(words)]
    start = data.draw(st.integers(0, len(words) - 3))
    left = numbered[:start] + numbered[start + 3 :]
    comparison = compare(written=" ".join(numbered), said=" ".join(left))
    assert not comparison.is_exact
    assert not comparison.is_alike
