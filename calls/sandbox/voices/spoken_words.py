"""Writes text as people say it: telephone numbers digit by digit, times by the clock, signs as words. Pure."""

from __future__ import annotations

import re

_SIGNS = {"₪": " shekels ", "€": " euros ", "£": " pounds ", "&": " and ", "@": " at ", "+": " plus ", "%": " percent "}
_TELEPHONE = re.compile(r"(?<![\w$])\+?\d(?:[\s()./-]*\d){6,}(?!\w)")
_RANGE = re.compile(r"(?<=[\w.])\s*[–—]\s*(?=\d)|(?<=\d)\s*-\s*(?=\d{1,2}(?:\D|$))|(?<=day)\s*[–—-]\s*(?=\w+day)")
_HALF = r"(?:\s*([ap])\.?m\b\.?)"
_TIME = re.compile(rf"(?<![\d$€£₪:.])(\d{{1,2}})(?::([0-5]\d){_HALF}?|\.([0-5]\d){_HALF}|{_HALF})(?!\d)", re.IGNORECASE)
# "From eight" is heard as "for mate" when it is spoken in one breath.
_RUN_TOGETHER = re.compile(r"\b(from|at|on)\s+(?=(?:8|11|18|8\d)\b|eight|eleven)", re.IGNORECASE)


def as_spoken(words: str) -> str:
    """Returns English text for a voice that reads words."""
    words = _RANGE.sub(" to ", _TELEPHONE.sub(_digit_by_digit, words))
    words = _TIME.sub(_clock, words)
    for sign, word in _SIGNS.items():
        words = words.replace(sign, word)
    return " ".join(_RUN_TOGETHER.sub(r"\1, ", words).split())


def _digit_by_digit(found: re.Match[str]) -> str:
    groups = re.findall(r"\d+", found[0])
    if len(groups) == 1:
        groups = re.findall(r"\d{1,3}", groups[0])
    return ("plus " if found[0].startswith("+") else "") + ", ".join(" ".join(group) for group in groups)


def _clock(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), found[2] or found[4] or "00"
    half = found[3] or found[5] or found[6] or ("p" if 12 < hour < 24 else "a" if hour == 24 else "")
    past = "" if minute == "00" else f" {minute}" if minute >= "10" else f" oh {int(minute)}"
    oclock = f"{past} {half.upper()}M" if half else past or " o'clock"
    return f"{hour - 12 if hour > 12 else hour}{oclock}"
