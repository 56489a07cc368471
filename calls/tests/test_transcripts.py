"""Which transcripts count as speech."""

import pytest

from calls.conversation.transcripts import is_backchannel, is_noise, letters

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("text", ["", " ", ".", "...", "?!", "—", "\u200f", "h", "mm", "עע", "א"])
def test_sounds_are_noise_in_both_languages(text: str) -> None:
    assert is_noise(text, language="he")
    assert is_noise(text, language="en")


@pytest.mark.parametrize("text", ["כן", "לא", "כֵּן", "לֹא.", "\u200fכן\u200e", "טוב", "אז?", "הי", "ok", "No.", "hi"])
def test_short_words_of_hebrew_are_words_and_so_are_english_ones_in_a_hebrew_call(text: str) -> None:
    assert not is_noise(text, language="he")


@pytest.mark.parametrize("text", ["OK", "no", "Hi!", "I", "yes", "bye"])
def test_short_words_of_english_are_words(text: str) -> None:
    assert not is_noise(text, language="en")


def test_hebrew_short_words_are_noise_in_an_english_call() -> None:
    assert is_noise("כן", language="en")


@pytest.mark.parametrize("text", ["5", "07", "3.", "五", "はい"])
def test_numbers_and_scripts_with_one_character_words_are_speech(text: str) -> None:
    assert is_noise(text, language="en") is False


@pytest.mark.parametrize("text", ["abc", "what are your hours", "מה שעות הפתיחה"])
def test_three_letters_are_a_word(text: str) -> None:
    assert not is_noise(text, language="he")


def test_letters_drop_points_dashes_and_direction_marks() -> None:
    assert letters("\u202bבֵּית־סֵפֶר\u202c, Ok!") == "ביתספרok"


@pytest.mark.parametrize(
    ("text", "language"),
    [("Mm-hm.", "en"), ("כן, כן", "he"), ("Right!", "en"), ("I see", "en"), ("אהה", "he"), ("ok", "he")],
)
def test_signs_of_listening(text: str, language: str) -> None:
    assert is_backchannel(text, language=language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("No", "en"),
        ("Wait", "en"),
        ("לא", "he"),
        ("כן אבל", "he"),
        ("Right, and on Friday?", "en"),
        ("", "en"),
        ("...", "he"),
    ],
)
def test_words_that_want_something(text: str, language: str) -> None:
    assert not is_backchannel(text, language=language)
