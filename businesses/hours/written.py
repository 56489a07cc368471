"""Hours as an owner writes them in one line: `8-13, 16:00-19:00`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from enum import StrEnum
from itertools import pairwise
from typing import Final

MOST_A_DAY: Final = 6
_TIME: Final = r"(\d{1,2})(?:[:.](\d{2}))?"
_PAIR: Final = re.compile(rf"\s*{_TIME}\s*(?:-|–|—|עד|to)\s*{_TIME}\s*")
_SEPARATORS: Final = re.compile(r"[,;\n]|(?<=\d)\s+(?=\d)")
_CLOSED: Final = {"", "-", "–", "—", "closed", "סגור"}


class Fault(StrEnum):
    """What is wrong with a line."""

    UNREADABLE = "unreadable"
    NO_SUCH_TIME = "no_such_time"
    EMPTY = "empty"
    OVERLAP = "overlap"
    TOO_MANY = "too_many"


class UnclearHours(ValueError):
    """A line that can't be read. `part`: the piece of it that is wrong."""

    def __init__(self, fault: Fault, part: str) -> None:
        super().__init__(fault, part)
        self.fault, self.part = fault, part


def read(line: str) -> list[list[str]]:
    """Returns the pairs of a line, sorted; empty for a closed day. Raises `UnclearHours`."""
    plain = line.strip().casefold()
    if plain in _CLOSED:
        return []
    found = sorted(_pair(part.strip()) for part in _SEPARATORS.split(plain) if part.strip())
    if len(found) > MOST_A_DAY:
        raise UnclearHours(Fault.TOO_MANY, str(MOST_A_DAY))
    for (start, end), (next_start, next_end) in pairwise(found):
        if end <= start or next_start < end:
            raise UnclearHours(Fault.OVERLAP, f"{_shown(start, end)}, {_shown(next_start, next_end)}")
    return [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in found]


def write(pairs: Sequence[Sequence[str]]) -> str:
    """Returns pairs as a line: `08:00-13:00, 16:00-19:00`."""
    return ", ".join(f"{start}-{end}" for start, end in pairs)


def _pair(part: str) -> tuple[time, time]:
    match = _PAIR.fullmatch(part)
    if match is None:
        raise UnclearHours(Fault.UNREADABLE, part)
    start, end = _time(match[1], match[2], part), _time(match[3], match[4], part)
    if start == end and start != time(0):
        raise UnclearHours(Fault.EMPTY, part)
    return start, end


def _time(hour: str, minute: str | None, part: str) -> time:
    """Returns a time of day. 24:00 is the midnight at the day's end."""
    if int(hour) == 24 and int(minute or 0) == 0:
        return time(0)
    try:
        return time(int(hour), int(minute or 0))
    except ValueError:
        raise UnclearHours(Fault.NO_SUCH_TIME, part) from None


def _shown(start: time, end: time) -> str:
    return f"{start:%H:%M}-{end:%H:%M}"


def night_into(pairs: Sequence[Sequence[str]], next_day: Sequence[Sequence[str]]) -> bool:
    """Returns whether the last hours of a day run into the first of the next day."""
    nights = [end for start, end in pairs if end <= start]
    return bool(nights and next_day) and max(nights) > min(start for start, _end in next_day)
