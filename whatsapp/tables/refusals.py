"""Why a file is refused, as the reading process says it. Pure: it imports no Django.

The values are those of `whatsapp.reasons.Cause`, which holds the words; a test compares them.
"""

from __future__ import annotations

from enum import StrEnum


class Problem(StrEnum):
    """What is wrong with a file, or which limit it met."""

    FILE_EMPTY = "file_empty"
    NOT_A_TABLE = "not_a_table"
    FILE_OF_OLD_EXCEL = "file_of_old_excel"
    ROW_UNREADABLE = "row_unreadable"
    FIELD_TOO_LONG = "field_too_long"
    QUOTE_NOT_CLOSED = "quote_not_closed"
    WORKBOOK_BROKEN = "workbook_broken"
    TOO_MANY_COLUMNS = "too_many_columns"
    ROW_TOO_WIDE = "row_too_wide"
    TOO_MANY_ROWS = "too_many_rows"
    WORKBOOK_UNPACKED = "workbook_unpacked"
    STRINGS_UNPACKED = "strings_unpacked"
    PACKED_TOO_TIGHTLY = "packed_too_tightly"
    TOO_MANY_PARTS = "too_many_parts"
    READING_TOOK_TOO_LONG = "reading_took_too_long"
    READING_TOOK_TOO_MUCH = "reading_took_too_much"


class Refused(Exception):
    """The file can't be used. `data` fills the words of the problem."""

    def __init__(self, problem: Problem, **data: str | int) -> None:
        super().__init__(problem)
        self.problem, self.data = problem, data
