"""Splitting a spreadsheet's format code into its sections and their parts, as ECMA-376 18.8.31 describes them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache

LONGEST = 512
"""Characters of a code. Excel allows 255."""


class Unclear(Exception):
    """How the value is shown depends on the computer that shows it, or can't be told: it must not be guessed."""


class Kind(Enum):
    """What a part of a section stands for."""

    LITERAL = "literal"
    DIGIT = "digit"  # 0, # or ?
    POINT = "point"
    COMMA = "comma"
    PERCENT = "percent"
    EXPONENT = "exponent"  # E+ or E-
    SLASH = "slash"
    GENERAL = "general"
    TEXT = "text"  # @
    DATE = "date"  # a run of y, m, d, h or s, or AM/PM
    ELAPSED = "elapsed"  # [h], [m], [s]
    FRACTION = "fraction"  # of seconds: the zeros behind the point


@dataclass(frozen=True, slots=True)
class Part:
    """One part: a literal's text, or the signs as they are written."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One of up to four sections. `language` is that of names (like he), "" if the code names none."""

    parts: tuple[Part, ...]
    condition: tuple[str, Decimal] | None = None
    language: str = ""
    system_time: bool = False

    def has(self, *kinds: Kind) -> bool:
        """Returns whether a part is of one of these kinds."""
        return any(part.kind in kinds for part in self.parts)


_TOKEN = re.compile(
    r"""
    "(?P<quoted>(?:[^"]|"")*)"? | \\(?P<escaped>.) | _(?P<width>.) | \*(?P<fill>.) | \[(?P<bracket>[^\]]*)\]
    | (?P<general>general) | (?P<half>am/pm|a/p) | (?P<exponent>e[+-]) | (?P<date>y+|m+|d+|h+|s+|e+|b+|g+)
    | (?P<digit>[0\#?]) | (?P<point>\.) | (?P<comma>,) | (?P<percent>%) | (?P<slash>/) | (?P<text>@) | (?P<section>;)
    | (?P<literal>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_KINDS = {
    "digit": Kind.DIGIT,
    "point": Kind.POINT,
    "comma": Kind.COMMA,
    "percent": Kind.PERCENT,
    "slash": Kind.SLASH,
    "general": Kind.GENERAL,
    "text": Kind.TEXT,
    "date": Kind.DATE,
    "half": Kind.DATE,
    "exponent": Kind.EXPONENT,
}
_CONDITION = re.compile(r"^(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)$")
_LANGUAGES = {
    0x09: "en",
    0x0D: "he",
    0x01: "ar",
    0x19: "ru",
    0x0C: "fr",
    0x07: "de",
    0x0A: "es",
    0x16: "pt",
    0x10: "it",
}
"""The languages of LCIDs by their low byte, as far as their names are known here."""


@lru_cache(maxsize=2_000)
def sections_of(code: str) -> tuple[Section, ...]:
    """Returns the sections of a format code. Raises `Unclear`."""
    if len(code) > LONGEST:
        raise Unclear
    made, current = [], _Builder()
    for found in _TOKEN.finditer(code):
        if found.lastgroup == "section":
            made.append(current.section())
            current = _Builder()
        else:
            current.add(found.lastgroup or "literal", found[found.lastgroup or 0])
    return (*made, current.section())


class _Builder:
    """The parts of one section while its code is read."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.condition: tuple[str, Decimal] | None = None
        self.language, self.system_time = "", False

    def add(self, group: str, text: str) -> None:
        """Add what was read. Raises `Unclear`."""
        match group:
            case "quoted":
                self.parts.append(Part(Kind.LITERAL, text.replace('""', '"')))
            case "escaped" | "literal":
                self.parts.append(Part(Kind.LITERAL, text))
            case "width":
                self.parts.append(Part(Kind.LITERAL, " "))
            case "fill":
                return
            case "bracket":
                self._bracket(text)
            case _:
                self.parts.append(Part(_KINDS[group], text.lower()))

    def _bracket(self, text: str) -> None:
        lowered = text.lower()
        if lowered and set(lowered) in ({"h"}, {"m"}, {"s"}):
            self.parts.append(Part(Kind.ELAPSED, lowered))
        elif found := _CONDITION.match(text.strip()):
            self.condition = (found[1], Decimal(found[2]))
        elif text.startswith("$"):
            self._locale(text[1:])
        elif lowered.startswith("dbnum"):
            raise Unclear  # other scripts' numerals

    def _locale(self, text: str) -> None:
        currency, _dash, language = text.partition("-")
        if currency:
            self.parts.append(Part(Kind.LITERAL, currency))
        language = language.partition(",")[0].upper()
        if language in {"F400", "X-SYSTIME"}:
            self.system_time = True
        elif language in {"F800", "X-SYSDATE"}:
            self.language = "?"
        elif re.fullmatch(r"[0-9A-F]{1,8}", language):
            number = int(language, 16)
            if number >> 16:  # another calendar, or another script's numerals
                raise Unclear
            self.language = _LANGUAGES.get(number & 0xFF, "?")
        elif language:
            self.language = language.partition("-")[0].lower()

    def section(self) -> Section:
        """Returns the section; seconds take the zeros behind their point as their fraction."""
        parts: list[Part] = []
        for part in self.parts:
            if part.kind is Kind.DIGIT and parts and parts[-1].kind is Kind.FRACTION and part.text == "0":
                parts[-1] = Part(Kind.FRACTION, parts[-1].text + "0")
            elif part.kind is Kind.POINT and parts and parts[-1].text in {"s", "ss"}:
                parts.append(Part(Kind.FRACTION, ""))
            else:
                parts.append(part)
        return Section(tuple(parts), self.condition, self.language, self.system_time)
