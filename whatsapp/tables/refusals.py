"""Why a file is refused, or a cell of it can't be used, as the reading process says it. Pure: it imports no Django.

The values are those of `whatsapp.reasons.Cause`, which holds the words; a test compares them.
"""

from __future__ import annotations

from enum import StrEnum


class Problem(StrEnum):
    """What is wrong with a file, which limit it met, or what of it is not read."""

    FILE_EMPTY = "file_empty"
    NOT_A_TABLE = "not_a_table"
    FILE_OF_OLD_EXCEL = "file_of_old_excel"
    FILE_WITH_PASSWORD = "file_with_password"  # noqa: S105 - not one
    FILE_OF_OPEN_DOCUMENT = "file_of_open_document"
    FILE_OF_NUMBERS = "file_of_numbers"
    FILE_STRICT = "file_strict"
    FILE_BINARY_WORKBOOK = "file_binary_workbook"
    FILE_OF_ARCHIVE = "file_of_archive"
    FILE_OF_DOCUMENT = "file_of_document"
    FILE_OF_PAGE = "file_of_page"
    NO_SUCH_ENCODING = "no_such_encoding"
    NOT_IN_ENCODING = "not_in_encoding"
    NO_SUCH_SHEET = "no_such_sheet"
    SHEETS_HIDDEN = "sheets_hidden"
    SHEETS_NOT_READ = "sheets_not_read"
    ROWS_HIDDEN = "rows_hidden"
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


class Flaw(StrEnum):
    """Why a cell holds no value that could be sent."""

    ERROR = "value_is_error"  # an error of the spreadsheet, like #N/A
    FORMULA = "value_formula"  # a formula whose result is not kept in the file
    UNREADABLE = "value_unreadable"  # bytes that are none of the file's encoding
    UNCLEAR = "value_unclear"  # shown differently from computer to computer


class Refused(Exception):
    """The file can't be used. `data` fills the words of the problem."""

    def __init__(self, problem: Problem, **data: str | int) -> None:
        super().__init__(problem)
        self.problem, self.data = problem, data


class Asked(Exception):
    """The file can be read in several ways. `choices` are values to choose from, each with examples from the file."""

    def __init__(self, about: str, choices: list[tuple[str, list[str]]]) -> None:
        super().__init__(about)
        self.about, self.choices = about, choices


def note(problem: Problem, **data: str | int) -> tuple[str, dict[str, str | int]]:
    """Returns what of a file is not read, as a frame carries it."""
    return problem.value, data
