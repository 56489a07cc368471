"""What is written, as people say it: telephone numbers digit by digit, times by the clock, signs as words. Pure."""

from __future__ import annotations

import re

_SIGNS = {"₪": " shekels ", "€": " euros ", "£": " pounds ", "&": " and ", "@": " at ", "+": " plus ", "%": " percent "}
_TIME = r"(?<![\d$€£₪])(\d{1,2})[:.](\d\d)(?!\d)"
_TIME_OF_DAY = re.compile(_TIME + r"\s*([ap])\.?m\b\.?", re.IGNORECASE)
_BARE_TIME = re.compile(r"(?<![\d$€£₪])([01]?\d|2[0-4]):([0-5]\d)(?!\d)")
_HOUR = re.compile(r"\b(\d{1,2})\s*([ap])\.?m\b\.?", re.IGNORECASE)
_RANGE = re.compile(r"(?<=[\w.])\s*[–—]\s*(?=\d)|(?<=\d)\s*-\s*(?=\d{1,2}(?:\D|$))|(?<=day)\s*[–—-]\s*(?=\w+day)")
# "From eight" is heard as "for mate" when it is spoken in one breath.
_RUN_TOGETHER = re.compile(r"\b(from|at|on)\s+(?=(?:8|11|18|8\d)\b|eight|eleven)", re.IGNORECASE)
_TELEPHONE = re.compile(r"(?<![\w$])\+?\d[\d\s()./-]{5,}\d(?!\w)")


def as_spoken(words: str) -> str:
    """English text for a voice that reads words."""
    words = _TELEPHONE.sub(_digit_by_digit, words)
    words = _RANGE.sub(" to ", words)
    words = _TIME_OF_DAY.sub(lambda found: _clock(found[1], found[2], found[3]), words)
    words = _HOUR.sub(lambda found: _clock(found[1], "00", found[2]), words)
    words = _BARE_TIME.sub(lambda found: _clock(found[1], found[2], ""), words)
    for sign, word in _SIGNS.items():
        words = words.replace(sign, word)
    return " ".join(_RUN_TOGETHER.sub(r"\1, ", words).split())


def _digit_by_digit(found: re.Match[str]) -> str:
    digits = [character for character in found[0] if character.isdigit()]
    if len(digits) < 7:  # a range of prices or hours
        return found[0]
    groups = [" ".join(group) for group in re.split(r"\D+", found[0]) if group]
    if len(groups) == 1:
        groups = [" ".join(digits[start : start + 3]) for start in range(0, len(digits), 3)]
    return ("plus " if found[0].startswith("+") else "") + ", ".join(groups)


def _clock(hour: str, minute: str, half: str) -> str:
    """`half`: a or p, or nothing where the hour tells it."""
    number = int(hour)
    if not half and number > 12:
        number, half = number - 12, "a" if number == 24 else "p"
    past = "" if minute == "00" else f" {minute}" if minute >= "10" else f" oh {int(minute)}"
    if half:
        return f"{number}{past} {half.upper()}M"
    return f"{number}{past}" if past else f"{number} o'clock"
