"""Rows that somebody pastes: with a header or without, and numbers in one line. No database, no clock."""

from __future__ import annotations

import re

from whatsapp.audience.header import NO, YES
from whatsapp.audience.phone_column import could_be_phone
from whatsapp.tables.readings import Answers

_BETWEEN = re.compile(r"[,;\t]")


def tidied(text: str, region: str | None) -> tuple[str, Answers]:
    """Returns the rows as lines, and whether the first is a header: one that holds a phone number is a person.

    Lines that hold nothing but several numbers become a line for each number.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    cells = [[cell.strip() for cell in _BETWEEN.split(line) if cell.strip()] for line in lines]
    if all(could_be_phone(cell, region) for row in cells for cell in row):
        lines = [cell for row in cells for cell in row]
        cells = [[line] for line in lines]
    has_person = bool(cells) and any(could_be_phone(cell, region) for cell in cells[0])
    if has_person and max(map(len, cells)) == 1:
        return "\n".join(["phone", *lines]), Answers(encoding="utf-8", header=YES)
    return "\n".join(lines), Answers(encoding="utf-8", header=NO if has_person else YES)
