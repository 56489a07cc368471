"""What a caller wants, by the words of a transcript. Pure."""

from __future__ import annotations

from calls.sandbox.receptionist.intent_patterns import DAY_AFTER_TOMORROW, PATTERNS, TODAY, TOMORROW, Intent
from calls.sandbox.receptionist.keywords import stems
from calls.sandbox.voices.listeners import is_wordless


def intents(said: str) -> frozenset[Intent]:
    """Everything that a transcript asks for; empty when no pattern knows it."""
    said = said.replace("’", "'")
    if not any(character.isalnum() for character in said):
        return frozenset({Intent.NOTHING})
    if is_wordless(said):
        return frozenset({Intent.WORDLESS})
    return frozenset(intent for intent, pattern in PATTERNS.items() if pattern.search(said))


def without(said: str, intent: Intent) -> str:
    """What follows the words of an intent: "I'd like to leave a message: …" leaves the message."""
    found = PATTERNS[intent].search(said)
    return said[found.end() :].strip(" .,:;!?") if found else said


def names_relative_day_only(said: str) -> bool:
    """Tell whether only the distance of a day from today is named, as in "And tomorrow?"."""
    rest = said
    for day in (DAY_AFTER_TOMORROW, TOMORROW, TODAY):
        rest = day.sub(" ", rest)
    return rest != said and not stems(rest)


def days_from_today(said: str) -> int | None:
    """0 for "today", 1 for "tomorrow", 2 for the day after, None where none is said."""
    if DAY_AFTER_TOMORROW.search(said):
        return 2
    if TOMORROW.search(said):
        return 1
    return 0 if TODAY.search(said) else None
