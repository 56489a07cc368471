"""What sentences decide: refusals, sentences that only look like them, and what nothing may be made of."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.opt_outs.refusals import ALONE, LANGUAGES, Choice, refusal_in
from whatsapp.webhooks.words import Answering, choice_of

HERE = Path(__file__).parent / "sentences"
DECIDED = {
    "refusals": Choice.OPT_OUT,
    "no_advertising": Choice.NO_PROMOS,
    "ordinary": None,
    "again": Choice.OPT_IN,
}
"""What the sentences of each file decide; one is in each line."""


def lines(name: str) -> list[str]:
    return (HERE / f"{name}.txt").read_text().splitlines()


CASES = [(text, decided) for name, decided in DECIDED.items() for text in lines(name)]


def test_every_sentence_is_taken_for_what_it_is() -> None:
    wrong = [(text, found) for text, expected in CASES if (found := choice_of(text)) is not expected]
    assert wrong == []
    assert len(CASES) > 700


@pytest.mark.parametrize("answering", [Answering.SERVICE, Answering.TALK])
def test_what_may_answer_something_is_an_answer_there(answering: Answering) -> None:
    for text in ("cancel", "not interested", "לא מעוניין", "отмена", "no me interesa", "غير مهتم", "annuler"):
        assert choice_of(text, answering=answering) is None, text
    for text in ("stop", "הסר אותי", "отписаться", "baja", "إلغاء الاشتراك", "sair", "arrêter les promos"):
        assert choice_of(text, answering=answering), text


@given(st.sampled_from([text for text, choice in CASES if choice in {Choice.OPT_OUT, Choice.NO_PROMOS}]), st.data())
def test_neither_case_nor_signs_nor_blanks_change_a_refusal(text: str, data: st.DataObject) -> None:
    sign = data.draw(st.sampled_from(["", "!", "!!!", " 🙏", "…", " \u200f", "."]))
    written = data.draw(st.sampled_from([str.upper, str.lower, str.title, lambda given: given]))(text)
    assert choice_of(f"  {written}{sign} ") is choice_of(text)


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    assert choice_of(text) in {None, *Choice}


@given(st.sampled_from(lines("refusals")))
def test_a_word_that_belongs_to_no_phrase_makes_it_an_ordinary_sentence(text: str) -> None:
    assert choice_of(f"{text.rstrip('.!?')} zebra") is None or "." in text or "?" in text


def test_a_long_text_takes_no_longer_for_being_odd() -> None:
    begin = time.perf_counter()
    for text in ("stop no " * 100, "די מספיק " * 90, "please please stop it " * 40, "a" * 800):
        refusal_in(text, in_doubt=True)
    assert time.perf_counter() - begin < 1


def test_the_words_that_stand_alone_are_refusals_alone_only() -> None:
    assert len(LANGUAGES) == 10
    for word in ALONE:
        assert refusal_in(word, in_doubt=True) is Choice.OPT_OUT, word
        assert refusal_in(word, in_doubt=False) is None, word
