"""What was said and heard: the turns of a call as the records and a new session of the model get them."""

from __future__ import annotations

import pytest

from calls.conversation.commands import KeepTurn, Speaker
from calls.conversation.dialogue import Dialogue, SpokenTurn, first_share

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("share", "heard"),
    [
        (0.0, ""),
        (0.1, ""),
        (0.25, "We"),
        (0.5, "We are"),
        (0.6, "We are"),
        (0.7, "We are open"),
        (1.0, "We are open  now"),
    ],
)
def test_a_share_of_a_text_is_in_whole_words(share: float, heard: str) -> None:
    assert first_share("We are open  now", share) == heard


def test_a_turn_is_kept_with_its_place_its_times_and_its_words() -> None:
    dialogue = Dialogue()
    assert dialogue.begin(Speaker.ASSISTANT, 0.25, is_greeting=True) == 0
    assert dialogue.begin(Speaker.CALLER, 2.0) == 1
    dialogue.set_words(0, "one", "Good morning,")
    dialogue.set_words(0, "two", "this is the bakery. ")
    assert dialogue.keep(0) == KeepTurn(
        0,
        Speaker.ASSISTANT,
        250,
        "Good morning, this is the bakery.",
        "Good morning, this is the bakery.",
        is_greeting=True,
    )
    assert dialogue.keep(1) == KeepTurn(1, Speaker.CALLER, 2000)
    dialogue.end(1, 2.75)
    assert (dialogue.keep(1).ended_ms, dialogue.keep(1).interrupted_ms) == (2750, None)
    dialogue.end(0, 1.5, interrupted=True)
    assert (dialogue.keep(0).ended_ms, dialogue.keep(0).interrupted_ms) == (1500, 1500)


def test_of_an_item_that_was_cut_only_the_first_words_were_heard() -> None:
    dialogue = Dialogue()
    turn = dialogue.begin(Speaker.ASSISTANT, 0.0)
    dialogue.set_words(turn, "one", "We are open")
    dialogue.set_words(turn, "two", "from nine to five")
    dialogue.heard_only(turn, "two", 0.5)
    assert dialogue.keep(turn).heard_text == "We are open from nine"
    assert dialogue.keep(turn).text == "We are open from nine to five"
    assert dialogue.history() == [SpokenTurn(Speaker.ASSISTANT, "We are open from nine")]
    dialogue.heard_only(turn, "one", 0.0)
    assert dialogue.keep(turn).heard_text == "from nine"


def test_turns_without_words_are_left_out_of_the_history() -> None:
    dialogue = Dialogue()
    for speaker in (Speaker.ASSISTANT, Speaker.CALLER):
        dialogue.set_words(dialogue.begin(speaker, 0.0), "item", f"words of the {speaker}")
    dialogue.begin(Speaker.CALLER, 1.0)
    dialogue.drop(0)
    assert dialogue.history() == [SpokenTurn(Speaker.CALLER, "words of the caller")]
    assert dialogue.keep(0).text == ""


def test_a_transcript_finds_its_turn_by_the_item_also_under_the_id_of_a_new_session() -> None:
    dialogue = Dialogue()
    assert dialogue.transcribed("unknown", "thank you for watching") is None
    assert not dialogue.lacks_words("unknown")
    dialogue.begin(Speaker.ASSISTANT, 0.0)
    turn = dialogue.begin(Speaker.CALLER, 1.0)
    dialogue.await_words(turn, "turn1")
    assert dialogue.lacks_words("turn1")
    dialogue.same_turn("turn1", "again")
    assert dialogue.transcribed("again", " what are your hours ") == turn
    assert not dialogue.lacks_words("turn1")
    assert dialogue.history() == [SpokenTurn(Speaker.CALLER, "what are your hours")]
    assert dialogue.transcribed("turn1", "what are your opening hours") == turn
    assert dialogue.keep(turn).text == "what are your opening hours", "the later transcript replaces the first"
