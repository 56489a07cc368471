from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from whatsapp.errors import BadAudience
from whatsapp.tables import xlsx_contents, xlsx_package
from whatsapp.tables.csv_file import read_csv
from whatsapp.tables.limits import LONGEST_ROW
from whatsapp.tables.refusals import Problem, Refused
from whatsapp.tables.tables import open_table

pytestmark = pytest.mark.once

PEOPLE = [["0501234567", "דנה כהן"], ["0521234567", "יוסי"]]
TEXT = "phone,name\r\n0501234567,דנה כהן\r\n0521234567,יוסי\r\n"


def read(content: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    with open_table(io.BytesIO(content)) as table:
        return table.header, [(row.number, row.cells) for row in table.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_encoding_delimiter_and_line_ends_are_found_out(encoding: str, delimiter: str, newline: str) -> None:
    text = TEXT.replace(",", delimiter).replace("\r\n", newline)
    assert read(text.encode(encoding)) == (["phone", "name"], [(2, PEOPLE[0]), (3, PEOPLE[1])])


def test_excels_hint_about_the_delimiter_counts_as_a_row() -> None:
    assert read(b"sep=;\nphone;name\n1;A\n") == (["phone", "name"], [(3, ["1", "A"])])


def test_quoted_fields_may_hold_delimiters_quotes_and_line_breaks() -> None:
    rows = read(b'phone,name\n1,"Smith, ""Joe""\nJr."\n2,B\n')[1]
    assert rows == [(2, ["1", 'Smith, "Joe"\nJr.']), (3, ["2", "B"])]


def test_empty_rows_are_left_out_but_counted() -> None:
    assert read(b"\n\nphone,name\n\n,\n1,A\n") == (["phone", "name"], [(6, ["1", "A"])])


def test_cells_lose_their_outer_blanks() -> None:
    assert read(b" phone , name \n 1 ,  A B \n") == (["phone", "name"], [(2, ["1", "A B"])])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "file is empty"),
        (b"\n\n ,\n", "file is empty"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"\x7fELF\0\0\0", "not a table"),
        (b"PK\x03\x04broken", "can't be read"),
        (b'phone,name\n1,A\n2,"B\n3,C\n', "Row 3.*quotation mark"),
        (b'phone,name\n1,"A" B\n', "Row 2.*quotation mark"),
        (b"phone,name\n1,A\n2," + b"x" * (LONGEST_ROW + 1) + b"\n", "Row 3.*2,000,000 characters"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, says: str) -> None:
    with pytest.raises(BadAudience, match=says):
        read(content)


def workbook(*rows: list[object]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def test_a_workbook_is_read_as_people_see_it() -> None:
    content = workbook(
        ["phone", "name", "day", "at", "sum", "left"],
        [501234567, "דנה כהן", date(2026, 11, 30), datetime(2026, 11, 30, 9, 30), 12.5, None],  # noqa: DTZ001
        [None, None, None, None, None, None],
        ["0521234567", " יוסי ", None, None, 3.0, True],
    )
    header, rows = read(content)
    assert header == ["phone", "name", "day", "at", "sum", "left"]
    assert rows == [
        (2, ["501234567", "דנה כהן", "2026-11-30", "2026-11-30 9:30:00", "12.5", ""]),
        (4, ["0521234567", "יוסי", "", "", "3", "TRUE"]),
    ]


def test_a_formula_of_a_workbook_stays_visible() -> None:
    assert read(workbook(["phone", "name"], ["1", "=A2&1"]))[1] == [(2, ["1", "=A2&1"])]


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_package, "UNPACKED_MB", 0.001)
    with pytest.raises(Refused) as refused:
        xlsx_contents.opened(io.BytesIO(workbook(["phone"], ["1"])))
    assert refused.value.problem == Problem.WORKBOOK_UNPACKED


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(BadAudience, match="is a zip archive"):
        read(file.getvalue())


def test_rows_are_read_one_at_a_time() -> None:
    """A long file is never in memory as a whole: after one row, only a little of it has been read."""
    lines = b"phone,name\n" + b"0501234567,Somebody\n" * 200_000
    file = io.BytesIO(lines)
    rows = read_csv(file)
    next(rows)
    assert file.tell() < 100_000
