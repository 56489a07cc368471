"""The forms of one phone number: WhatsApp and telephone companies write some numbers in two ways. Pure.

| country | forms of one number | source |
|---|---|---|
| Brazil (55) | mobiles with or without the ninth digit: +55 DD 9XXXX XXXX, +55 DD XXXX XXXX | ANATEL, 2012 to 2016 |
| Mexico (52) | with or without a 1 before the ten digits: +52 1 XXX, +52 XXX | IFT, August 2019; WhatsApp kept the 1 |
| Argentina (54) | with or without a 9 before the ten digits: +54 9 XXX, +54 XXX | WhatsApp writes the 9 |
| Côte d'Ivoire (225) | mobiles of eight digits, and the same behind 01, 05 or 07 | ARTCI, 31 January 2021 |
| Benin (229) | eight digits, and the same behind 01 | ARCEP Bénin, 30 November 2024 |

Two numbers are forms of one only where both can't be given to different people. In Brazil that leaves out landlines,
which begin with 2 to 5, and trunk radio (70, 77, 78, 79), which never got the ninth digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_BRAZIL = re.compile(r"\+55([1-9][1-9])9?([689]\d{7}|7[1-6]\d{6})")
_MEXICO = re.compile(r"\+521?([2-9]\d{9})")
_ARGENTINA = re.compile(r"\+549?([1-8]\d{9})")
_IVORY_COAST = re.compile(r"\+225(0[157])?((?:[0457][0-3]|[04-9][4-9])\d{6})")
_BENIN = re.compile(r"\+229(?:01)?([24569]\d{7})")
_OPERATORS = {"01": "0123", "05": "456", "07": "789"}
"""Côte d'Ivoire's new prefixes, by the second digit of the old number."""

OTHER_SHAPES = (("+55", 13), ("+521", 14), ("+54", 13), ("+225", 12), ("+229", 12))
"""Beginning and length of every address that may not be canonical, so that a query can tell them from the others."""


def canonical(address: str) -> str:
    """Returns the one form that stands for every form of this number (E.164), or a user id as it is."""
    rule = _RULES.get(address[:3])
    return rule(address)[0] if rule else address


def forms(address: str) -> tuple[str, ...]:
    """Returns every form of this number (E.164), the canonical one first; of a user id the id alone."""
    rule = _RULES.get(address[:3])
    return rule(address) if rule else (address,)


def _brazil(number: str) -> tuple[str, ...]:
    found = _BRAZIL.fullmatch(number)
    return (f"+55{found[1]}9{found[2]}", f"+55{found[1]}{found[2]}") if found else (number,)


def _mexico(number: str) -> tuple[str, ...]:
    found = _MEXICO.fullmatch(number)
    return (f"+52{found[1]}", f"+521{found[1]}") if found else (number,)


def _argentina(number: str) -> tuple[str, ...]:
    found = _ARGENTINA.fullmatch(number)
    return (f"+549{found[1]}", f"+54{found[1]}") if found else (number,)


def _ivory_coast_or_benin(number: str) -> tuple[str, ...]:
    if found := _BENIN.fullmatch(number):
        return f"+22901{found[1]}", f"+229{found[1]}"
    found = _IVORY_COAST.fullmatch(number)
    if found is None:
        return (number,)
    prefix = next(prefix for prefix, digits in _OPERATORS.items() if found[2][1] in digits)
    if found[1] not in {None, prefix}:  # a number of ten digits that never had eight
        return (number,)
    return f"+225{prefix}{found[2]}", f"+225{found[2]}"


_RULES: dict[str, Callable[[str], tuple[str, ...]]] = {
    "+55": _brazil,
    "+52": _mexico,
    "+54": _argentina,
    "+22": _ivory_coast_or_benin,
}
