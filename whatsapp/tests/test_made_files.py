"""Files of several writers: no row is lost or invented, and each cell is taken as it is shown."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from whatsapp.audience.file_settling import settle
from whatsapp.models import Recipient
from whatsapp.tables.tables import open_table
from whatsapp.tests.conftest import Make
from whatsapp.tests.made_files import HEADER, MADE, PLAIN, Row

pytestmark = pytest.mark.once  # files are read by processes that know no database

WRITTEN = Path(__file__).parent / "files_of_libreoffice"
LIBREOFFICE: dict[str, list[Row]] = {
    "plain.xlsx": PLAIN,
    "from_ods.xlsx": [
        (1, HEADER),
        (2, ["0501234567", "30/11/2026", "15%"]),
        (3, ["0521234567", "1,234.50 ₪", "09:30"]),
    ],
}


def shown(content: bytes) -> list[Row]:
    """Returns the rows of a file as they are read for a broadcast: the header, then the others."""
    settled = settle(io.BytesIO(content), of=1, region="IL", expected=HEADER)
    with open_table(io.BytesIO(content), reading=settled.reading, country="IL") as table:
        return [(table.header_row, table.header), *((row.number, row.cells) for row in table.rows)]


def named(row: Row, width: int) -> Row:
    return row[0], row[1][:width]


@pytest.mark.parametrize("name", MADE)
def test_every_row_is_read_as_it_is_shown(name: str) -> None:
    write, rows = MADE[name]
    width = len(rows[0][1])
    assert [named(row, width) for row in shown(write())] == rows


@pytest.mark.parametrize("name", LIBREOFFICE)
def test_libreoffice_is_read_as_it_shows_it(name: str) -> None:
    assert shown((WRITTEN / name).read_bytes()) == LIBREOFFICE[name]


@pytest.mark.parametrize("name", MADE)
def test_everybody_is_taken_or_rejected(name: str, make: Make) -> None:
    write, rows = MADE[name]
    broadcast = make(write())
    people = Recipient.objects.filter(broadcast=broadcast).order_by("row_number")
    assert [person.row_number for person in people] == [number for number, _cells in rows[1:]]
    place = rows[0][1].index("first_name")
    for person, (_number, cells) in zip(people, rows[1:], strict=True):
        assert person.skip_reason or person.params["first_name"] == " ".join(cells[place].split())
    assert not [person for person in people if person.skip_reason], [str(person.cause_data) for person in people]


def test_there_are_enough_of_them() -> None:
    assert len(MADE) + len(LIBREOFFICE) >= 40
