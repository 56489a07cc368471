"""Files that are no table of ours, each refused in words of its own; and a sheet whose corner holds a stray cell."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from whatsapp.errors import BadAudience
from whatsapp.tables.limits import Limits
from whatsapp.tables.tables import open_table
from whatsapp.tests.made_files import by_hand

pytestmark = pytest.mark.once
HERE = Path(__file__).parent
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def zipped(**parts: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


KINDS = {
    "is protected by a password": (HERE / "files" / "X18c_password.xlsx").read_bytes(),
    "is in the old Excel format": (HERE / "files_of_libreoffice" / "old.xls").read_bytes(),
    "is an OpenDocument file": (HERE / "files_of_libreoffice" / "open.ods").read_bytes(),
    "is from Apple Numbers": zipped(**{"Index/Document.iwa": "x", "Metadata/Properties.plist": "x"}),
    "is a zip archive": zipped(**{"people.csv": "phone\n0501234567\n"}),
    "is a binary workbook": zipped(**{"[Content_Types].xml": "<Types/>", "xl/workbook.bin": "x"}),
    "is a document, not a table. Save": zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "x"}),
    "is a document, not a table": b"%PDF-1.7\n",
    "is a web page or XML": b"<html><table><tr><td>phone</td></tr></table></html>",
    "web page or XML, not a table": b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>',
}


def strict() -> bytes:
    """Returns a workbook whose parts are in the strict namespace."""
    source, file = zipfile.ZipFile(io.BytesIO(by_hand("<row/>"))), io.BytesIO()
    with source, zipfile.ZipFile(file, "w") as archive:
        for name in source.namelist():
            text = source.read(name).decode()
            archive.writestr(name, text.replace("http://schemas.openxmlformats.org/spreadsheetml/2006/main", STRICT))
    return file.getvalue()


KINDS["“Strict Open XML” workbook"] = strict()


@pytest.mark.parametrize("says", KINDS)
def test_kinds_of_files_are_told_apart(says: str) -> None:
    with pytest.raises(BadAudience, match=says), open_table(io.BytesIO(KINDS[says])) as table:
        list(table.rows)


def test_a_stray_cell_in_the_last_corner_costs_nothing() -> None:
    content = (HERE / "files" / "X13b_stray_XFD1048576.xlsx").read_bytes()
    limits = Limits(cpu_s=1, silence_s=10, memory_mb=100)
    with open_table(io.BytesIO(content), limits=limits) as table:
        assert len(list(table.rows)) == 8
