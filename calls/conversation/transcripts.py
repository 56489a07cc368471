"""Tell transcripts of speech from transcripts of noise.

Transcribers turn coughs and hum into stray letters and punctuation. But "כן" and "לא" (yes, no) have two
letters, and so have "ok" and "no": short words of the business's language are listed and count.
"""

from __future__ import annotations

import unicodedata

SHORTEST_UNLISTED_WORD = 3

SHORT_WORDS: dict[str, frozenset[str]] = {
    "he": frozenset(
        "כן לא אז או אם אך די זה זו הי היי מה מי פה שם לי לך בא יש אין גם כי רק טוב כמה עוד של על את אה אוי".split()
        + "אח אב אם בן בת גן חג יד ים כך לב מס נו סך עד פי צו קו רב שר תו לו לה בו בה הם הן".split()
    ),
    "en": frozenset(
        "ok no hi yo yes yep nah hey bye i a am an as at be by do go he if in is it me my of oh on or so to up us we"
        " ya ye uh".split()
    ),
}
"""Words shorter than three letters (and a few of three) that people answer with."""

BACKCHANNELS: dict[str, frozenset[str]] = {
    "he": frozenset(
        "כן אה אהה אהא אוקיי אוקי בסדר נכון טוב הבנתי מהמ ממ מממ אממ המ".split()
        + "יופי סבבה בטח ברור בדיוק מצוין מעולה אוי וואו".split()
    ),
    "en": frozenset(
        "mm mmm hm hmm mhm mmhm mhmm uhuh uhhuh uh huh ah aha oh yeah yes yep yup ya right ok okay sure good great fine"
        " nice cool exactly indeed wow".split()
    ),
}
"""What people say to show that they listen, as `letters` leaves it. "No" and "wait" are not among them."""
_PHRASES = (("i", "see"), ("got", "it"), ("of", "course"))

_HEBREW_POINTS = range(0x0591, 0x05C8)
_SPEECH_CATEGORIES = ("L", "N")


def letters(text: str) -> str:
    """The letters and digits of a text in lower case: no points, dashes, quotes or direction marks."""
    return "".join(
        character.lower()
        for character in unicodedata.normalize("NFKC", text)
        if ord(character) not in _HEBREW_POINTS and unicodedata.category(character)[0] in _SPEECH_CATEGORIES
    )


def is_noise(text: str, *, language: str) -> bool:
    """Tell whether a transcript stands for no speech: no letters, or too few of them to be a word.

    A digit is always speech (people dictate numbers), and so is a single character of a script that
    writes whole words with one. English short words count in every language: callers mix them in.
    """
    spoken = letters(text)
    if len(spoken) >= SHORTEST_UNLISTED_WORD or any(character.isdigit() for character in spoken):
        return False
    if any(unicodedata.category(character) == "Lo" and ord(character) >= 0x3040 for character in spoken):
        return False
    return spoken not in SHORT_WORDS.get(language, frozenset()) | SHORT_WORDS["en"]


def is_backchannel(text: str, *, language: str) -> bool:
    """Tell whether somebody only showed that they listen: "mm-hm", "כן כן", "right". English counts everywhere."""
    words = [word for word in (letters(part) for part in text.replace("-", "").split()) if word]
    if tuple(words) in _PHRASES:
        return True
    known = BACKCHANNELS.get(language, frozenset()) | BACKCHANNELS["en"]
    return bool(words) and all(word in known for word in words)
