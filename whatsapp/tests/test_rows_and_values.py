"""Properties over generated sheets and encodings: rows in = taken + rejected, and each value taken is the one shown."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from whatsapp.audience.columns import understand
from whatsapp.audience.rows import Candidate, Reader
from whatsapp.importing.contact_layout import layout_of
from whatsapp.importing.rows import Entry, understood
from whatsapp.states import ColumnRole
from whatsapp.tables.cells import Cells
from whatsapp.tables.child import bounded
from whatsapp.tables.csv_file import read_csv
from whatsapp.tables.tables import Row
from whatsapp.tables.text_encodings import encoding_of
from whatsapp.tables.xlsx_sheets import open_sheet
from whatsapp.template_variables import variables_of

pytestmark = pytest.mark.once
VARIABLES = variables_of([{"type": "BODY", "text": "Hi {{first_name}}, {{day}}"}], "NAMED")
HEADER = ["phone", "first_name", "day"]
LETTERS = {
    "utf-8": "aZé דנם مح Ж漢😀",
    "utf-8-sig": "aZé דנם مح Ж漢😀",
    "utf-16": "aZé דנם مح Ж漢😀",
    "cp1255": "aZ דנם'\"",
    "cp1252": "aZéüñ -",
    "cp1251": "aZ жя,",
    "cp862": "aZ דנם;",
}
PHONES = st.sampled_from(["0501234567", "+16505551234", "972521234567", "nonsense", "", "1.1.2026", "501234567"])


def texts(alphabet: str) -> st.SearchStrategy[str]:
    return st.text(alphabet + "-#N/A=1", max_size=12)


ENCODED = st.sampled_from(sorted(LETTERS)).flatmap(
    lambda encoding: st.tuples(
        st.just(encoding),
        st.lists(st.tuples(PHONES, texts(LETTERS[encoding]), texts(LETTERS[encoding])), min_size=1, max_size=8),
        st.sampled_from([",", ";", "\t"]),
    )
)


def judged(rows: list[Cells]) -> list[Candidate]:
    """Returns what becomes of the rows below the header."""
    head, *rest = bounded(iter(rows))
    reader = Reader(understand(head.shown, VARIABLES), VARIABLES, {}, "IL", 20)
    found = [reader.candidate(row.number, row.shown, row.flaws, row.digits) for row in rest]
    layout = layout_of(head.shown, [ColumnRole.PHONE, ColumnRole.NAME, ColumnRole.ATTRIBUTE])
    for row in rest:  # an import takes or rejects the same rows, and says so of each
        entry = understood(Row(row.number, row.shown, row.flaws, row.digits), layout, "IL")
        assert entry.address if isinstance(entry, Entry) else entry.row == row.number
    return found


def is_same(sent: str, shown: str) -> bool:
    return sent == " ".join(shown.split())


def armed(text: str) -> str:
    """The text without the one apostrophe that exports put before what a spreadsheet would take for a formula."""
    shown = text.strip()
    return shown[1:] if re.match(r"'\s*[=+@-]", shown) else shown


def check(found: list[Candidate], given_rows: dict[int, tuple[str, str, str]]) -> None:
    assert [each.row_number for each in found] == list(given_rows)
    for each in found:
        _phone, first_name, day = given_rows[each.row_number or 0]
        if each.skip_reason is None:
            assert is_same(each.params["first_name"], first_name)
            assert is_same(each.params["day"], day)
            assert re.fullmatch(r"\+\d{8,15}", each.address or "")
        else:
            assert each.reason is not None


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(ENCODED)
@example(("cp1255", [("0501234567", "'-1", "' =1"), ("0501234567", "''-1", "'a")], ","))
def test_rows_of_a_text_are_taken_or_rejected_as_they_are_shown(case: tuple[str, list[Any], str]) -> None:
    encoding, people, delimiter = case
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([HEADER, *people])
    file = io.BytesIO(text.getvalue().encode(encoding))
    asked_for = encoding if encoding.startswith("cp") else ""
    rows = list(read_csv(file, encoding_of(file, asked_for)))
    below = {number: row for number, row in enumerate(people, start=2) if any(cell.strip() for cell in row)}
    check(judged(rows), {number: (phone, armed(name), armed(day)) for number, (phone, name, day) in below.items()})


MONEY = (("0.00", "{:.2f}"), ("#,##0", "{:,.0f}"), ('0.0" NIS"', "{:.1f} NIS"), ("00000", "{:05.0f}"))
CELLS = st.one_of(
    texts("aZ דנם漢😀\n").map(lambda text: (text, "", text.strip())),
    st.tuples(st.integers(0, 10**6), st.sampled_from(MONEY)).map(
        lambda case: (case[0], case[1][0], case[1][1].format(case[0]))
    ),
    st.booleans().map(lambda value: (value, "", str(value).upper())),
    st.integers(0, 10**6).map(lambda hundredths: (hundredths / 100, "0.00", f"{hundredths / 100:.2f}")),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(PHONES, CELLS, CELLS, st.booleans()), min_size=1, max_size=8), st.booleans())
def test_rows_of_a_sheet_are_taken_or_rejected_as_they_are_shown(people: list[Any], is_inline: bool) -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "constant_memory": is_inline})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    below: dict[int, tuple[str, str, str]] = {}
    hidden = 0
    for number, (phone, *cells, is_hidden) in enumerate(people, start=1):
        sheet.write_string(number, 0, phone)
        if is_hidden:
            sheet.set_row(number, options={"hidden": True})
        for place, (value, code, _shown) in enumerate(cells, start=1):
            write = sheet.write_string if isinstance(value, str) else sheet.write
            write(number, place, value, *([book.add_format({"num_format": code})] if code else []))
        shown = (phone, cells[0][2], cells[1][2])
        hidden += is_hidden
        if any(shown) and not is_hidden:
            below[number + 1] = shown
    book.close()
    rows, known = open_sheet(file, "", "IL")
    check(judged(list(rows)), below)
    notes = dict(known["notes"])
    assert notes == ({"rows_hidden": {"rows": hidden}} if hidden else {})
