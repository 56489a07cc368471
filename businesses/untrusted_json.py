"""Reading JSON that a stranger may have written. Whatever is wrong with it is a `ValueError`.

Python's own reader raises `RecursionError` for deep nesting, at a depth that depends on the version, and what it just
lets through breaks whoever writes it again. It also reads NaN and infinite numbers, which PostgreSQL refuses.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

DEEPEST: Final = 50
"""Levels. Meta's webhooks have eleven."""
MOST_VALUES: Final = 150_000
"""Lists, objects and commas. Meta's largest webhook has some 40,000."""
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def read(data: bytes) -> Any:
    """Returns the value. Raises `ValueError` if it is no JSON, too deep or too long, or has numbers that are none."""
    outside = _without_strings(data)
    brackets = outside.translate(None, _NO_BRACKETS)
    if len(brackets) // 2 + outside.count(b",") > MOST_VALUES:
        raise ValueError(f"JSON of more than {MOST_VALUES} values")
    if _are_deep(brackets):
        raise ValueError(f"JSON of more than {DEEPEST} levels")
    return json.loads(data.decode(), parse_constant=_refuse, parse_float=_finite)


def _without_strings(data: bytes) -> bytes:
    without_escapes = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(without_escapes.split(b'"')[::2])


def _are_deep(brackets: bytes) -> bool:
    """Returns whether they are nested too deeply: what is left after removing the innermost pairs so many times.

    Brackets that don't match count as nested too deeply, too; they are no JSON anyway. Each step is one pass in C.
    """
    for _level in range(DEEPEST):
        rest = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(rest) == len(brackets):
            break
        brackets = rest
    return bool(brackets)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number that is infinite")
    return number


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
