"""Short turns of a caller who waits for an answer: "hello?", "are you there?".

A model that is slow and a caller who asks every two seconds would never hear each other if each such turn cancelled the
answer that is on its way. So what is said after some waiting is judged by its words:

    its words                          the answer on its way
    only a sign of waiting             comes; the turn is on record and needs no answer of its own
    anything else                      is cancelled, or interrupted if it is being heard; the turn is answered
    none within `WORDS_WAIT_S`         is cancelled, unless it is being heard; the turn is answered
"""

from __future__ import annotations

from calls.conversation.barge_in import LONGEST_BACKCHANNEL_MS
from calls.conversation.first_utterance import OPENINGS
from calls.conversation.responses import Response
from calls.conversation.transcripts import letters

NUDGE_AFTER_S = 1.5
"""Who speaks again sooner goes on with what they said."""
WORDS_WAIT_S = 1.5
"""Transcripts of short turns come within a second."""

_SIGNS = {
    "en": "hello|hi|hey|are you there|you there|is anyone there|is anybody there|anybody there|anyone there|still there"
    "|are you still there|can you hear me|do you hear me|you hear me|are you with me|what is happening|whats happening"
    "|can anyone hear me|is someone there|so|well",
    "he": "הלו|שלום|היי|הי|אתה שם|את שם|אתם שם|יש שם מישהו|יש מישהו|מישהו שם|שומעים אותי|שומעים|אתה שומע|את שומעת"
    "|אתה שומע אותי|את שומעת אותי|שומע אותי|שומעת אותי|נו|אתה איתי|את איתי|מה קורה|אתה עוד שם|את עוד שם|עוד שם",
}
_KNOWN = frozenset(letters(sign) for signs in _SIGNS.values() for sign in signs.split("|"))
_ENDS = str.maketrans(dict.fromkeys("?!,;:…\n", "."))


def is_sign_of_waiting(text: str) -> bool:
    """Tell whether somebody only asks whether they are heard, in any of the languages."""
    said = [letters(part) for part in text.translate(_ENDS).split(".")]
    return any(said) and all(_is_sign(part) for part in said if part)


def _is_sign(part: str) -> bool:
    """Tell whether a sentence, run together, is a sign, or one sign over and over ("hello hello")."""
    return part in _KNOWN or any(part == sign * (len(part) // len(sign)) for sign in _KNOWN if len(sign) > 2)


class Nudges:
    """The short turns whose words are awaited, each until a time (seconds since the stream opened)."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def awaits(self, item_id: str, at: float, voiced_ms: int, response: Response | None) -> bool:
        """Tell whether the words of a turn that has ended are to be awaited, while `response` is on its way."""
        if response is None or response.is_revoked or response.owed.kind in OPENINGS:
            return False
        if voiced_ms >= LONGEST_BACKCHANNEL_MS or at - response.owed.since < NUDGE_AFTER_S:
            return False
        self._until[item_id] = at + WORDS_WAIT_S
        return True

    def take(self, item_id: str) -> bool:
        """Forget a turn whose words have come, or never will. Returns whether they were awaited."""
        return self._until.pop(item_id, None) is not None

    def overdue(self, at: float) -> list[str]:
        """Return the turns whose words have not come in time."""
        return [item_id for item_id, until in self._until.items() if at >= until]

    def deadline(self) -> float | None:
        """Return when a turn is overdue."""
        return min(self._until.values(), default=None)
