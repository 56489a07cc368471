"""A row as the reading process hands it over. Pure: it imports no Django."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from whatsapp.tables.refusals import Flaw

_ESCAPED_CONTROL = re.compile(r"(?:_x00(?:0[0-9A-Fa-f]|1[0-9A-Fa-f])_)")
"""How workbooks write control characters. Exports carry it into texts, where nobody means these seven signs."""


@dataclass(frozen=True, slots=True)
class Cells:
    """A row's number in the file, and its cells as they are shown.

    `flaws` says which cells hold no value. `digits` holds the whole number behind a cell that shows less of it, like
    9.72501E+11.
    """

    number: int
    shown: list[str]
    flaws: dict[int, Flaw] = field(default_factory=dict)
    digits: dict[int, str] = field(default_factory=dict)


_DISARMED = re.compile(
    "'(?=[\\s\x00-\x1f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20])"
)
"""The apostrophe that exports (also ours) put before what a spreadsheet would take for a formula."""


def tidied(text: str) -> str:
    """Returns a cell's text without outer blanks, escaped control characters, and the apostrophe of an export."""
    if "_x00" in text:
        text = _ESCAPED_CONTROL.sub(" ", text)
    text = text.strip()
    return text[1:] if text[:1] == "'" and _DISARMED.match(text) else text
