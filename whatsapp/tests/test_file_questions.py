"""What is asked about a file and what is not: header, phone column, sheet, encoding; and the pages that ask."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from businesses.models import Business
from whatsapp.audience.columns import understand
from whatsapp.audience.file_settling import Settled, settle
from whatsapp.audience.rows import Reader
from whatsapp.errors import BadAudience
from whatsapp.models import Broadcast, Contact, ContactImport, MessageTemplate, Recipient
from whatsapp.pages import pasting
from whatsapp.states import FileMatter
from whatsapp.tables.readings import Answers, FileQuestion
from whatsapp.tables.tables import open_table
from whatsapp.tables.text_encodings import encoding_of
from whatsapp.template_variables import variables_of


def settled(text: str | bytes, expected: Sequence[str] = (), **answers: str) -> Settled:
    content = text.encode() if isinstance(text, str) else text
    return settle(io.BytesIO(content), of=1, region="IL", expected=expected, answers=Answers(**answers))


def asked(text: str | bytes, expected: Sequence[str] = (), **answers: str) -> tuple[FileMatter, list[str]]:
    with pytest.raises(FileQuestion) as question:
        settled(text, expected, **answers)
    return question.value.matter, [choice.value for choice in question.value.choices]


@pytest.mark.parametrize(
    ("text", "header", "above"),
    [
        ("phone,name\n0501234567,Dana\n", 1, 0),
        ("Kontakt;Vorname\n0501234567;Dana\n", 1, 0),
        ("People of November\n\nphone,name\n0501234567,Dana\n", 3, 1),
        ("Clinic,,\nAs of,1.11.2026,\nטלפון,שם פרטי,יום\n0501234567,Dana,x\n", 3, 2),
        ("A list,,\nKontakt,Vorname,Tag\n0501234567,Dana,x\n0501234568,Avi,x\n", 2, 1),
        ("phone\n0501234567\n", 1, 0),
        ("notes,what\n1,2\n", 1, 0),
    ],
)
def test_the_header_is_found(text: str, header: int, above: int) -> None:
    found = settled(text)
    assert (found.reading.header, found.rows[0].number) == (header, header + 1)
    said = [str(note) for note in found.notes]
    assert said == ([f"Rows above the header are not read: {above}."] if above else [])


@pytest.mark.parametrize(
    "text",
    [
        "0501234567,Dana\n0501234568,Avi\n",
        ",Dana\n0501234567,Avi\n0501234568,Noa\n",
        "050123,Dana\n0501234567,Avi\n0501234568,Noa\n",
        "p:+972501234567\tDana\n",
        "650 555 1234,Joe\n0501234567,Avi\n",  # of another country, and a person still
        "A list,\n0501234567,Dana\n0501234568,Avi\n",
    ],
)
def test_a_first_row_that_may_be_a_person_is_asked_about(text: str) -> None:
    assert asked(text) == (FileMatter.HEADER, ["no", "yes"])
    assert settled(text, header="no").reading.header == 0
    assert settled(text, header="no").header[:2] == ["A", "B"]
    with pytest.raises(BadAudience, match="“maybe” is no answer"):
        settled(text, header="maybe")


@pytest.mark.parametrize(
    ("header", "rows", "place"),
    [
        ("number,phone", ["1,0501234567", "2,0501234568"], 1),
        ("phone,contact", ["1,0501234567", "2,0501234568"], 1),
        ("מס' טלפון,name", ["0501234567,Dana"], 0),
        ("First Name,Mobile Phone,Home Phone", ["Dana,0501234567,", "Avi,0501234568,"], 1),
        ("Name,Phone 1 - Type,Phone 1 - Value", ["Dana,Mobile,0501234567"], 2),
        ("phone,customer", ["0501234567,501234567", "0501234568,501234568"], 0),  # no plus and no zero: an id
        ("phone,mobile", ["0501234567,0501234567", "0501234568,0501234568"], 0),  # the same in every row
        ("phone,support_line", ["0501234567,0521234567"], 0),  # a value of the template
        ("phone,name", ["nonsense,Dana", "more,Avi"], 0),
        ("name,day", ["Dana,Sunday"], None),
        ("bsuid,name", ["US.1349,Dana"], None),
    ],
)
def test_the_phone_column_is_found(header: str, rows: list[str], place: int | None) -> None:
    assert settled("\n".join([header, *rows]), ["support_line"]).phone == place


@pytest.mark.parametrize(
    ("header", "row", "choices"),
    [
        ("טלפון,נייד", "03-5551234,0501234567", ["נייד", "טלפון"]),
        ("phone,contact person", "0501234567,0521234567", ["phone", "contact person"]),
        ("number,name", "0501234567,Dana", None),
        ("customer,name", "501234567,Dana", ["customer"]),
        ("number,phone", "501234567,0521234567", ["number", "phone"]),
    ],
)
def test_what_could_be_the_phone_column_is_asked(header: str, row: str, choices: list[str] | None) -> None:
    text = f"{header}\n{row}\n"
    if choices is None:
        assert settled(text).phone == 0
        return
    assert asked(text) == (FileMatter.PHONE_COLUMN, choices)
    last = settled(text, phone_column=choices[-1])
    assert last.phone == header.split(",").index(choices[-1])
    with pytest.raises(BadAudience, match="no column “missing”"):
        settled(text, phone_column="missing")


def workbook(**sheets: str) -> bytes:
    """Returns a workbook of sheets with a person each; the first is open, and hidden if its name says so."""
    book, file = Workbook(), io.BytesIO()
    for name, person in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(["phone", "name"])
        sheet.append(["0501234567", person])
        sheet.sheet_state = "hidden" if name == "hidden" else "visible"
    del book["Sheet"]
    book.save(file)
    opened = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(opened, "w") as archive:
        for name in source.namelist():  # openpyxl opens a visible sheet, whatever is asked
            archive.writestr(name, re.sub(rb'activeTab="\d+"', b'activeTab="0"', source.read(name)))
    return opened.getvalue()


def test_a_hidden_sheet_is_never_read_unasked() -> None:
    found = settled(workbook(hidden="Old", November="Dana"))
    assert (found.reading.sheet, found.rows[0].cells[1]) == ("November", "Dana")
    assert [str(note) for note in found.notes] == ["Hidden sheets are not read: “hidden”."]


def test_of_several_sheets_none_of_which_is_open_one_is_chosen() -> None:
    content = workbook(hidden="Old", May="Dana", June="Avi")
    assert asked(content) == (FileMatter.SHEET, ["May", "June"])
    assert settled(content, sheet="june").rows[0].cells[1] == "Avi"
    with pytest.raises(BadAudience, match="no sheet “July”"):
        settled(content, sheet="July")


def test_a_row_with_bytes_of_another_encoding_is_rejected_wherever_they_are(clinic: Business) -> None:
    content = "phone,name,note\n0501234567,דנה,\n0521234567,Avi,René\n".encode().replace(b"\xc3\xa9", b"\xe9")
    variables = variables_of([{"type": "BODY", "text": "Hi {{name}}"}], "NAMED")
    with open_table(io.BytesIO(content)) as table:
        reader = Reader(understand(table.header, variables), variables, {}, "IL", 10)
        found = [reader.candidate(row.number, row.cells, row.flaws).skip_reason for row in table.rows]
    assert found == [None, "bad_value"]


NAMES = {
    "cp1255": ["דנה כהן", "יוסי לוי", "רותם אברהם"],
    "cp1252": ["José Müller", "François", "Conceição"],
    "cp1251": ["Анна Иванова", "Дмитрий", "Ольга Петрова"],
    "cp1250": ["Łukasz Żółć", "Małgorzata", "Świętosław"],
    "cp1253": ["Γιώργος", "Ελένη Παπαδοπούλου"],
    "cp1256": ["محمد علي", "فاطمة"],
    "cp862": ["דנה כהן", "יוסי לוי"],
    "cp866": ["Анна Иванова", "Дмитрий"],
    "cp850": ["José Müller", "François"],
    "cp852": ["Łukasz Żółć", "Małgorzata"],
    "koi8-r": ["Анна Иванова", "Дмитрий"],
    "mac_roman": ["José Müller", "François"],
}


@pytest.mark.parametrize("encoding", NAMES)
def test_the_right_reading_is_among_the_first_three(encoding: str) -> None:
    rows = [f"050123456{number},{name}" for number, name in enumerate(NAMES[encoding])]
    content = "\n".join(["phone,name", *rows]).encode(encoding)
    with pytest.raises(FileQuestion) as question:
        settled(content)
    right = [choice for choice in question.value.choices[:3] if choice.examples == tuple(NAMES[encoding][:3])]
    assert right, question.value
    assert [row.cells[1] for row in settled(content, encoding=right[0].value).rows] == NAMES[encoding]


def test_an_encoding_that_can_not_be_is_refused() -> None:
    content = "phone,name\n0501234567,דנה\n".encode("cp1255")
    with pytest.raises(BadAudience, match="no encoding “klingon”"):
        settled(content, encoding="klingon")
    with pytest.raises(BadAudience, match="can't be in shift_jis"):
        settled(b"phone,name\n0501234567,\xfa\xff\n", encoding="shift_jis")
    assert encoding_of(io.BytesIO(content), "latin-1") == "cp1252"


@pytest.mark.parametrize(
    ("text", "lines", "header"),
    [
        ("0501234567\n052-123-4567\n", ["phone", "0501234567", "052-123-4567"], "yes"),
        ("0501234567, 0521234567; 0531234567", ["phone", "0501234567", "0521234567", "0531234567"], "yes"),
        ("0501234567, Dana\n\n0521234567, Avi", ["0501234567, Dana", "0521234567, Avi"], "no"),
        ("phone\tname\n0501234567\tDana", ["phone\tname", "0501234567\tDana"], "yes"),
    ],
)
def test_pasted_rows_have_a_header_or_none(text: str, lines: list[str], header: str) -> None:
    tidy, answers = pasting.tidied(text, "IL")
    assert (tidy.splitlines(), answers.header) == (lines, header)


UNCLEAR = "03-5551234,050-1234567,דנה\r\n,052-1234567,יוסי\r\n".encode("cp1255")
ANSWERS = [("encoding", "windows-1255"), ("header", "no"), ("phone_column", "B")]


def page(name: str, **named: Any) -> str:
    return reverse(name, kwargs={"slug": "clinic", **named})


def upload() -> io.BytesIO:
    file = io.BytesIO(UNCLEAR)
    file.name = "people.csv"
    return file


def click_through(staff: Client, here: str) -> None:
    for matter, answer in ANSWERS:
        shown = staff.get(here)
        assert (shown.status_code, shown.context["matter"]) == (200, matter)
        assert answer in [choice["value"] for choice in shown.context["first"]]
        assert staff.post(here, {"matter": matter, "answer": answer})["Location"] == here


def test_an_import_asks_one_question_after_the_other(staff: Client) -> None:
    here = str(staff.post(page("contacts-import"), {"file": upload()})["Location"])
    assert ContactImport.objects.get().header == []
    click_through(staff, here)
    assert staff.get(here).context["import"].header == ["A", "B", "C"]
    staff.post(here, {"column_0": "ignored", "column_1": "phone", "column_2": "name"})
    assert set(Contact.objects.values_list("phone", "name")) == {("+972501234567", "דנה"), ("+972521234567", "יוסי")}


def test_a_wrong_answer_leaves_the_file_to_be_discarded(staff: Client) -> None:
    here = str(staff.post(page("contacts-import"), {"file": upload()})["Location"])
    staff.post(here, {"matter": "encoding", "answer": "utf-16"})
    refused = staff.get(here)
    assert refused.status_code == 422
    assert "can&#x27;t be in utf-16" in refused.content.decode()
    staff.post(here.replace("columns", "cancel"))
    assert not ContactImport.objects.exists()


def test_the_wizard_asks_one_question_after_the_other(staff: Client, template: MessageTemplate) -> None:
    staff.post(page("broadcast-new"), {"template": template.pk})
    people = {"source": "file", "group": "not_read", "file": upload()}
    draft = Broadcast.objects.get()
    here = page("broadcast-edit-details", broadcast_id=draft.pk)
    assert staff.post(page("broadcast-edit-people", broadcast_id=draft.pk), people)["Location"] == here
    click_through(staff, here)
    when = {"starts": "now", "window_zone": "business", "zone": "Asia/Jerusalem"}
    staff.post(here, {"from_@phone": "B", "from_first_name": "C", **when})
    taken = Recipient.objects.filter(broadcast=Broadcast.objects.get()).order_by("pk").values_list("address", "params")
    assert list(taken) == [("+972501234567", {"first_name": "דנה"}), ("+972521234567", {"first_name": "יוסי"})]
