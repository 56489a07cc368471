"""Files of people can't hurt a call: whatever a member of staff uploads costs the web process next to nothing.

Defended: the processor and memory of the process that holds calls, its disk, its secrets, and other businesses' turn to
upload. Each file goes the three ways in: an import, the wizard of a broadcast, and the command `create_broadcast`.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client

from businesses.membership import add_member
from businesses.models import Business, Role, User
from businesses.tenancy import acting_for
from testing.broadcasts import make_sender, make_template
from testing.slowness import slowness
from whatsapp.errors import BadAudience
from whatsapp.models import Broadcast, ContactImport, MessageTemplate
from whatsapp.tables import reader_process, tables
from whatsapp.tables.limits import Limits
from whatsapp.tables.seats import Seats

pytestmark = pytest.mark.once  # files are read by processes that know no database

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
HEADER = b'<row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c></row>'
PERSON = b'<row r="2"><c r="A2"><v>972501234567</v></c></row>'
OWN_SECONDS = 0.5 * slowness()
"""Seconds of processor time that one upload may cost the web process; the reading process is not counted."""
PATIENT = Limits(cpu_s=300, silence_s=300)
"""On a slow machine millions of rows take longer than a preview may."""


def workbook(rows: bytes = HEADER + PERSON, *, head: bytes = b"", parts: dict[str, bytes] | None = None) -> bytes:
    """A workbook of these bytes. `head` goes before the rows; `parts` are added, or replace others."""
    types = "".join(
        f'<Override PartName="/{name}" ContentType="{KIND}.{kind}+xml"/>'
        for name, kind in (("xl/workbook.xml", "sheet.main"), (SHEET, "worksheet"), (STRINGS, "sharedStrings"))
    )
    sheets = '<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets>'
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{sheets}</workbook>'
    target = f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    relationships = f'<Relationships xmlns="{PACKAGE}/relationships">{target}</Relationships>'
    content = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{types}</Types>'.encode(),
        "xl/workbook.xml": book.encode(),
        "xl/_rels/workbook.xml.rels": relationships.encode(),
        SHEET: f'<worksheet xmlns="{MAIN}">'.encode() + head + b"<sheetData>" + rows + b"</sheetData></worksheet>",
        STRINGS: strings(b"<si><t>a</t></si>"),
        **(parts or {}),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return file.getvalue()


def strings(items: bytes) -> bytes:
    return f'<sst xmlns="{MAIN}">'.encode() + items + b"</sst>"


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", content)
    return file.getvalue()


def entities() -> bytes:
    """The billion laughs: each entity is ten of the one before."""
    lines = [b'<!DOCTYPE x [<!ENTITY e0 "ha">'] + [
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">'.encode() for n in range(1, 10)
    ]
    return b"\n".join([*lines, b"]>", strings(b"<si><t>&e9;</t></si>")])


HARMLESS: dict[str, Callable[[], bytes]] = {
    "a sheet that claims to go on to Excel's end": lambda: workbook(head=b'<dimension ref="A1:XFD1048576"/>'),
    "a sheet that claims more than there is": lambda: workbook(head=b'<dimension ref="A1:ZZZ99999999999"/>'),
    "NULs further down": lambda: b"phone\n" + (b" " * 2_000 + b"\n") * 550 + b"\0+972501234567\0\n",
}
"""Files that stopped or broke a process, and hold a table that can be used."""

MOST = "more than 250 columns"
REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "40,000 columns": (MOST, lambda: ",".join(f"c{n}" for n in range(40_000)).encode() + b"\n1\n"),
    "40,000 columns without names": ("more than 1,000 cells", lambda: b"phone" + b"," * 40_000 + b"\n1\n"),
    "40,000 cells in a row": ("more than 1,000 cells", lambda: b"phone\n1" + b"," * 40_000 + b"\n"),
    "16,384 cells in a sheet's row": (
        "more than 1,000 cells",
        lambda: workbook(HEADER + b'<row r="2"><c r="XFD2"><v>1</v></c></row>'),
    ),
    "an endless line": ("Row 1 has a field of more than 2,000,000", lambda: b"x" * 6_000_000),
    "an endless row": ("Row 2 has a field of more than 2,000,000", lambda: b"phone\n" + b'"\n",' * 2_000_000),
    "shared strings that unpack 400-fold": (
        "more than 100 times its size",
        lambda: workbook(parts={STRINGS: strings(b"<si><t>a</t></si>" * 1_200_000)}),
    ),
    "a bomb of one part": ("more than 100 times", lambda: workbook(parts={"xl/media/a.png": bytes(60_000_000)})),
    "a bomb of many parts": (
        "more than 200 MB when unpacked",
        lambda: workbook(parts={f"xl/media/{n}.png": bytes(4_900_000) for n in range(50)}),
    ),
    "a bomb within a bomb": ("can't be read", lambda: workbook(parts={SHEET: zipped(zipped(bytes(10_000_000)))})),
    "thousands of parts": ("more than 2,000 parts", lambda: workbook(parts={f"a/{n}": b"" for n in range(2_100)})),
    **{
        f"a shared text number {number}, of one": (
            "can't be read",
            lambda number=number: workbook(HEADER + f'<row r="2"><c r="A2" t="s"><v>{number}</v></c></row>'.encode()),  # type: ignore[misc]
        )
        for number in (-1, 1, 10**30)
    },
    "the billion laughs": ("can't be read", lambda: workbook(parts={STRINGS: entities()})),
    "a workbook of zeros": ("can't be read", lambda: b"PK\x03\x04" + bytes(100_000)),
    "NULs": ("not a table", lambda: bytes(100_000)),
}


@pytest.fixture
def clinic(db: None, settings: Any, tmp_path: Path) -> Business:
    settings.MEDIA_ROOT = tmp_path / "media"
    return Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem")


@pytest.fixture
def template(clinic: Business) -> MessageTemplate:
    with acting_for(clinic):
        return make_template(make_sender(clinic), components=[{"type": "BODY", "text": "Hello"}])


@pytest.fixture
def staff(clinic: Business) -> Client:
    return staff_of(clinic)


def staff_of(business: Business) -> Client:
    user = User.objects.create_user(f"staff@{business.slug}.test", "pw")
    add_member(business, user, Role.STAFF)
    client = Client()
    client.force_login(user)
    return client


def named(content: bytes) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = "people.csv"
    return file


@pytest.fixture
def cheap() -> Iterator[None]:
    """What the test does must cost this process next to nothing."""
    before = time.process_time()
    yield
    assert time.process_time() - before < OWN_SECONDS


def stored() -> list[str]:
    """Every file in the storage."""
    root = Path(default_storage.path(""))
    return [str(path) for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_on_every_way_in_with_the_limit_that_it_met(
    name: str, staff: Client, clinic: Business, template: MessageTemplate, tmp_path: Path
) -> None:
    says, build = REFUSED[name]
    content = build()
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    before = time.process_time()
    answer = staff.post("/b/clinic/contacts/import/", {"file": named(content)})
    assert (answer.status_code, stored()) == (422, []), "an import keeps nothing of it"
    assert says in answer.context["form"].errors["file"][0]
    step = staff.post("/b/clinic/broadcasts/new/", {"template": template.pk})["Location"]
    answer = staff.post(step, {"source": "file", "group": "not_read", "file": named(content)})
    assert (answer.status_code, stored()) == (422, []), "the wizard keeps nothing of it"
    assert says in answer.context["form"].errors["file"][0]
    with pytest.raises(CommandError, match=says):
        call_command("create_broadcast", "clinic", template="spring_sale", language="en_US", csv=str(file))
    with acting_for(clinic):
        assert not ContactImport.objects.exists()
        assert not Broadcast.objects.exclude(next_step="people").exists()
    # Three ways, and copying an upload of 10 MB a few times, which Django does.
    assert time.process_time() - before < 3 * OWN_SECONDS + slowness() * len(content) / 10_000_000


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.usefixtures("template")
def test_what_a_file_claims_of_itself_is_not_believed(name: str, staff: Client, clinic: Business) -> None:
    content, before = HARMLESS[name](), time.process_time()
    answer = staff.post("/b/clinic/contacts/import/", {"file": named(content)})
    roles = {f"column_{number}": "ignored" for number in range(1, 60)}
    answer = staff.post(answer["Location"], {**roles, "column_0": "phone"})
    assert answer.status_code == 302
    with acting_for(clinic):
        made = ContactImport.objects.get()
    assert (made.status, made.rows_read, made.added) == ("done", 1, 1)
    assert time.process_time() - before < 2 * OWN_SECONDS


@pytest.mark.timeout(600)  # five million rows are read
@pytest.mark.parametrize(
    "build",
    [
        lambda: workbook(HEADER + b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'),
        lambda: b"phone\n" + b"\n" * 6_000_000,
    ],
)
def test_empty_rows_are_counted_too(build: Callable[[], bytes], cheap: None) -> None:
    refuses(build(), PATIENT, "more than 5,000,000 rows")


@pytest.fixture
def texts() -> bytes:
    """A workbook of many different texts, built before the time is taken."""
    return workbook(parts={STRINGS: strings(b"".join(b"<si><t>%d</t></si>" % (n * 7919) for n in range(1_600_000)))})


def test_a_file_that_takes_too_long_is_stopped_by_the_kernel(texts: bytes, cheap: None) -> None:
    refuses(texts, Limits(cpu_s=1, silence_s=100), "more than 1 seconds")


def test_a_file_whose_next_rows_do_not_come_is_given_up(cheap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_process, "_PROGRAM", "import time; time.sleep(60)")
    refuses(b"phone\n1\n", Limits(cpu_s=30, silence_s=1), "more than 1 seconds")


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not limit memory")
def test_a_file_that_takes_too_much_memory_is_stopped() -> None:
    # The texts differ, so that the part does not unpack 100-fold.
    texts = b"".join(b"<si><t>%x</t></si>" % (n * 2654435761 % 2**32) for n in range(1_600_000))
    content = workbook(parts={STRINGS: strings(texts)})
    refuses(content, Limits(cpu_s=60, silence_s=60, memory_mb=120), "120 MB of memory")


def test_a_reading_process_that_breaks_or_lies_is_no_error_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for program in (
        "import os; os.abort()",
        "raise SystemExit(0)",
        "import os; os.write(1, b'\\xff' * 100)",
        "import os; os.write(1, b'\\0\\0\\0\\2[]')",
        'import os; os.write(1, b\'\\0\\0\\0\\x19\' + b\'{"refused":"x","data":{}}\')',
    ):
        monkeypatch.setattr(reader_process, "_PROGRAM", program)
        refuses(b"phone\n1\n", Limits(cpu_s=5, silence_s=5), "broke off")


def test_the_reading_process_ends_with_the_last_row_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Kept(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Kept)
    with tables.open_table(io.BytesIO(b"phone\n" + b"1\n" * 1_000_000)) as table:
        next(table.rows)
        assert started[0].poll() is None
    assert started[0].returncode == -9


def test_the_reading_process_knows_no_secrets_no_django_and_can_not_write(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", "do-not-tell")
    program = f"""
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
from whatsapp.tables import child
from whatsapp.tables.refusals import Problem
child.hold_back(5, 600)
found = [name for name in sys.modules if name.startswith(("django", "frontdesk", "businesses"))]
found += [name for name in os.environ if name not in ("PATH", "LC_CTYPE")]
try:
    with open({str(tmp_path / "written")!r}, "w") as file:
        file.write("x")
    found.append("wrote")
except OSError:
    pass
child.send({{"header": ["found", *found]}})
child.send({{"end": True}})
"""
    monkeypatch.setattr(reader_process, "_PROGRAM", program)
    with tables.open_table(io.BytesIO(b"phone\n1\n")) as table:
        assert table.header == ["found"]


def test_a_business_that_uploads_slow_files_takes_one_seat_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "previews", Seats(most=2, patience_s=0.2))
    good = b"phone\n0501234567\n"
    with tables.open_preview(io.BytesIO(good), of="loud"):
        with (
            pytest.raises(BadAudience, match="Try again in a minute"),
            tables.open_preview(io.BytesIO(good), of="loud"),
        ):
            pass
        with tables.open_preview(io.BytesIO(good), of="quiet") as table:
            assert table.header == ["phone"]
            with (
                pytest.raises(BadAudience, match="Try again in a minute"),
                tables.open_preview(io.BytesIO(good), of="third"),
            ):
                pass
    with tables.open_preview(io.BytesIO(good), of="loud") as table:
        assert table.header == ["phone"]


def refuses(content: bytes, limits: Limits, says: str) -> None:
    with pytest.raises(BadAudience, match=says), tables.open_table(io.BytesIO(content), limits=limits) as table:
        list(table.rows)
