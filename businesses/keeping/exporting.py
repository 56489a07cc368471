"""What is stored about a person as one archive (ZIP): a JSON file for each sort of data, recordings as WAV, and a page.

The records are read at once, while the caller acts for the business; recordings are read while the archive is sent,
so that hours of calls take neither memory nor disk.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string

from businesses import audit
from businesses.audit import AuditKind
from businesses.keeping import table
from businesses.keeping.person import Person
from businesses.keeping.table import Attachment


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sort of data in the archive: its name in the reader's language, its file, and the number of its records."""

    label: str
    name: str
    records: int


@dataclass(frozen=True, slots=True)
class Export:
    """An archive that is ready to be written."""

    sheets: list[Sheet]
    documents: list[tuple[str, bytes]]
    files: list[Attachment]

    def parts(self) -> Iterator[bytes]:
        """Yields the archive in pieces."""
        sink = _Sink()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.documents:
                archive.writestr(name, content)
                yield sink.taken()
            for file in self.files:
                with archive.open(zipfile.ZipInfo(file.name), "w", force_zip64=True) as entry:
                    for part in file.parts():
                        entry.write(part)
                        yield sink.taken()
        yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that can't be rewound: what was written is taken out of it."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = bytes(data)  # type: ignore[call-overload]
        self._written += view
        return len(view)

    def taken(self) -> bytes:
        """Returns what was written since the last time."""
        taken, self._written = bytes(self._written), bytearray()
        return taken


def export(person: Person, *, now: datetime) -> Export:
    """Collect what is kept of a person, with an entry in the audit log. Expects the business to be set."""
    sheets: list[Sheet] = []
    documents: list[tuple[str, bytes]] = []
    files: list[Attachment] = []
    for holding in table.holdings():
        records = [dict(record) for record in holding.records(person)]
        files += holding.files(person)
        if records:
            name = f"{holding.code}.json"
            sheets.append(Sheet(str(holding.label), name, len(records)))
            written = json.dumps(records, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
            documents.append((name, written.encode("utf-8", "replace")))
    context = {
        "business": person.business,
        "addresses": [*person.phones, *person.user_ids],
        "sheets": sheets,
        "files": files,
        "now": now,
    }
    documents.insert(0, ("index.html", render_to_string("pages/export.html", context).encode()))
    rows = sum(sheet.records for sheet in sheets)
    audit.record(person.business, AuditKind.PERSON_EXPORTED, number=person.hint, rows=rows)
    return Export(sheets, documents, files)
