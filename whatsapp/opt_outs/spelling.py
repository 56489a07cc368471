"""Texts as they are compared: what people write differently without meaning anything else is made the same. Pure."""

from __future__ import annotations

import re
import unicodedata

_SAME = str.maketrans({"ة": "ه", "ى": "ي", "ـ": "", "ı": "i"})
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_SPELT_OUT = re.compile(r"(?<!\S)\w(?: \w){2,}(?!\S)")


def normalize(text: str) -> str:
    """Returns the words alone: no case, accents, Hebrew or Arabic points, punctuation, symbols and extra blanks."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in parts if unicodedata.category(char) not in {"Mn", "Cf"}).translate(_SAME)
    kept = (char if unicodedata.category(char)[0] in "LN" else " " for char in bare)
    return " ".join("".join(kept).split())


def simplify(said: str) -> str:
    """Returns normalized words without two ways of shouting: "s t o p" is "stop", and so is "stoooop"."""
    closed = _SPELT_OUT.sub(lambda found: found[0].replace(" ", ""), said)
    return _DRAWN_OUT.sub(r"\1", closed)
