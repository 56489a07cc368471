"""Whom the model wants a caller to be put through to, and why: the arguments of `transfer_call`, checked. Pure.

its arguments                                 what comes of it
none, or none that name somebody              whoever is first in the business's order, or its fallback number
a name that was offered, in any spelling      that person or department
a name that was not offered                   nothing, which the model is told
no JSON object, or values that are no texts   nothing, which the model is told
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_REASON = 160
"""Characters: it is read to the person who is called, while the caller waits."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom the caller wants, as the business writes the name (empty: nobody by name), and about what."""

    to: str = ""
    about: str = ""


NO_WISH = Wish()


class UnknownName(ValueError):
    """Nobody of that name was offered."""


class UnreadableWish(ValueError):
    """The arguments are no JSON object of texts."""


def wish_of(arguments: str, people: Iterable[str]) -> Wish:
    """Return what the arguments of `transfer_call` mean. Raises `UnknownName` or `UnreadableWish`.

    `people`: the names that the model was offered. Where none were, a name means nothing.
    """
    told = _read(arguments)
    named, about = one_line(told.get("to") or ""), one_line(told.get("reason") or "")
    about = about[:LONGEST_REASON].rstrip()
    offered = {_folded(name): name for name in people}
    if not named or not offered:
        return Wish("", about)
    if _folded(named) not in offered:
        raise UnknownName
    return Wish(offered[_folded(named)], about)


def _read(arguments: str) -> dict[str, str]:
    try:
        told = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        raise UnreadableWish from None
    if not isinstance(told, dict) or not all(isinstance(value, str | None) for value in told.values()):
        raise UnreadableWish
    return told


def one_line(text: str) -> str:
    """Return a text without anything that can't be spoken, or written in XML: in one line."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", one_line(name)).casefold()
