"""Pages of an import: the file, its columns, its progress, its result, and the rejected rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from businesses.models import Business, Role
from businesses.pages import csv_export
from whatsapp import tasks
from whatsapp.importing import imports, reading
from whatsapp.models import Contact, ContactImport, ImportStatus, RejectedRow
from whatsapp.pages import contact_import
from whatsapp.people import consent
from whatsapp.reasons import Cause, reason
from whatsapp.tables import tables
from whatsapp.tests.conftest import member
from whatsapp.tests.test_people_pages import text_of

HERE = "/b/clinic/contacts/import/"
DANA = "+972501234567"
ROLES = {"column_0": "phone", "column_1": "name", "column_2": "attribute", "column_3": "ignored"}
Rung = list[tuple[str, list[str]]]

NO = reason(Cause.NUMBER_MISSING).kept()


@pytest.fixture
def stranger(clinic: Business) -> Client:
    return member(Business.objects.create(name="Other", slug="other"), Role.OWNER)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> Rung:
    """The imports for which a worker was woken."""
    asked: Rung = []
    monkeypatch.setattr("whatsapp.doorbell.ring_for", lambda task, names: asked.append((task, names)))
    return asked


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page reads one chunk of two rows and leaves the rest to a worker."""
    monkeypatch.setattr(reading, "CHUNK", 2)
    monkeypatch.setattr(contact_import, "AT_ONCE_S", 0.0)


def upload(staff: Client, text: str, name: str = "people.csv") -> str:
    """Returns the address of the next step."""
    answer = staff.post(HERE, {"file": SimpleUploadedFile(name, text.encode())})
    assert answer.status_code == 302, answer.context["form"].errors
    return str(answer["Location"])


def people(count: int) -> str:
    return "phone,name\n" + "".join(f"05012345{n:02d},Dana {n}\n" for n in range(count))


def long_import(staff: Client, count: int = 5) -> str:
    """Returns the address of an import of which two rows have been read."""
    answer = staff.post(upload(staff, people(count)), {"column_0": "phone", "column_1": "name"})
    return str(answer["Location"])


def test_a_short_file_is_done_when_its_page_comes(staff: Client, rung: Rung) -> None:
    columns = upload(staff, "mobile no,שם,city,secret\n050-1234567,דנה,Haifa,x\n=abc,Tal,Eilat,y\n")
    page = staff.get(columns)
    shown = [field.value() for field, _samples in page.context["columns"]]
    assert shown == ["phone", "name", "attribute", "attribute"]
    assert page.context["columns"][0][1] == ["050-1234567", "=abc"]
    nothing = staff.post(columns, ROLES | {"column_0": "ignored"})
    assert nothing.status_code == 422
    assert "no column of phone numbers" in text_of(nothing)
    assert "Two columns are chosen as “Phone number”" in text_of(staff.post(columns, ROLES | {"column_2": "phone"}))
    assert not Contact.objects.exists()
    result = staff.post(columns, ROLES | {"tags": "spring", "consent_source": "fair"})
    dana = Contact.objects.get()
    assert (dana.phone, dana.name, dana.attributes, dana.consent) == (DANA, "דנה", {"city": "Haifa"}, "granted")
    assert dana.tags.get().name == "spring"
    assert str(consent.history(dana.business, [dana.address])[0].by) == "staff@clinic.test"
    page = staff.get(result["Location"])
    made = page.context["import"]
    assert (made.status, made.rows_read, made.added, made.rejected) == (ImportStatus.DONE, 2, 1, 1)
    assert "hx-get" not in text_of(page)
    assert rung == []


def test_columns_are_chosen_once(staff: Client, rung: Rung) -> None:
    columns = upload(staff, people(2))
    for _ in range(2):
        answer = staff.post(columns, {"column_0": "phone", "column_1": "name"})
        assert answer["Location"] == columns.replace("columns/", "")
    assert staff.get(columns)["Location"] == columns.replace("columns/", "")
    made = ContactImport.objects.get()
    assert (made.status, made.rows_read, Contact.objects.count()) == (ImportStatus.DONE, 2, 2)


@pytest.mark.usefixtures("no_time")
def test_a_long_file_is_read_in_the_background_while_its_page_tells(staff: Client, rung: Rung) -> None:
    here = long_import(staff)
    made = ContactImport.objects.get()
    assert (made.rows_read, made.about_rows) == (2, 5)
    assert rung == [("whatsapp.tasks.read_import", [str(made.business_id), str(made.pk)])]
    page = text_of(staff.get(here))
    assert "2 of about 5 rows read" in page
    assert f'hx-get="{here}progress/"' in page
    assert '<progress max="100" value="40"' in page
    assert "HX-Refresh" not in staff.get(here + "progress/")
    tasks.read_import(*rung[0][1])
    part = staff.get(here + "progress/")
    assert part["HX-Refresh"] == "true"
    assert staff.get(here).context["import"].added == 5


@pytest.mark.usefixtures("no_time")
def test_it_is_cancelled_and_what_was_read_stays(
    staff: Client, rung: Rung, django_capture_on_commit_callbacks: Any
) -> None:
    here = long_import(staff)
    file = ContactImport.objects.get().file.name or ""
    with django_capture_on_commit_callbacks(execute=True):
        answer = staff.post(here + "cancel/")
    page = staff.get(answer["Location"])
    assert page.context["import"].status == ImportStatus.CANCELLED
    assert "stopped after 2 rows" in text_of(page)
    tasks.read_import(*rung[0][1])
    assert Contact.objects.count() == 2
    assert not default_storage.exists(file)
    again = staff.post(here + "cancel/", follow=True)
    assert "It had already ended." in text_of(again)


def test_a_file_whose_columns_were_not_chosen_is_listed_and_removed(staff: Client) -> None:
    columns = upload(staff, people(1), name="אביב.csv")
    listed = text_of(staff.get(HERE))
    assert columns in listed
    assert "אביב.csv" in listed
    assert "staff@clinic.test" in listed
    file = ContactImport.objects.get().file.name or ""
    assert staff.post(columns.replace("columns/", "cancel/"))["Location"] == HERE
    assert not ContactImport.objects.exists()
    assert not default_storage.exists(file)
    assert staff.get(columns).status_code == 404


@pytest.mark.usefixtures("no_time")
def test_an_error_further_down_is_said_in_words(staff: Client, rung: Rung, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp.importing.files.CHECKED_ROWS", 5)
    here = str(staff.post(upload(staff, people(6) + '"x"y,\n'), {"column_0": "phone", "column_1": "name"})["Location"])
    tasks.read_import(*rung[0][1])
    page = text_of(staff.get(here))
    assert "Import failed" in page
    assert "Row 8 can&#x27;t be read: a quotation mark is not closed" in page
    assert Contact.objects.count() == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "empty"), ("a,a\n1,2\n", "two columns named"), ("phone\n", "no rows"), ("a\n" + "1" * 99, "has 0 MB")],
)
def test_a_file_that_can_not_be_used_is_refused_at_once(
    text: str, says: str, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LARGEST", 90)
    answer = staff.post(HERE, {"file": SimpleUploadedFile("a.csv", text.encode())})
    assert answer.status_code == 422
    assert says in answer.context["form"].errors["file"][0]
    assert not ContactImport.objects.exists()
    assert not default_storage.exists("imports")


def test_rows_not_taken_come_whole_with_reasons_and_can_be_imported_again(staff: Client) -> None:
    columns = upload(staff, 'phone,name,note\n=1+1,Dana,"-2, or so"\n0501234567,Tal,x\n@x,+Avi,\n')
    result = str(staff.post(columns, {"column_0": "phone", "column_1": "name", "column_2": "attribute"})["Location"])
    answer = staff.get(result + "rejected.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="rows-not-taken.csv"'
    rows = list(csv.reader(io.StringIO(text_of(answer).removeprefix("\ufeff"))))
    assert rows == [
        ["Row of the file", "Why it was rejected", "phone", "name", "note"],
        ["2", rows[1][1], "'=1+1", "Dana", "'-2, or so"],
        ["4", rows[2][1], "'@x", "'+Avi", ""],
    ]
    assert rows[1][1] == "“=1+1” is not a phone number. Write one number, like +972501234567."
    mended = text_of(answer).replace("'=1+1", DANA.replace("567", "568"))
    page = staff.get(upload(staff, mended))
    assert [field.value() for field, _samples in page.context["columns"]] == [
        *("ignored", "ignored", "phone", "name", "attribute"),
    ]


def test_very_many_rows_not_taken_are_sent_from_a_file(
    staff: Client, clinic: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_export, "IN_MEMORY", 1_000)
    made = ContactImport.objects.create(
        business=clinic, header=["phone"], status=ImportStatus.DONE, created_at=timezone.now()
    )
    RejectedRow.objects.bulk_create(
        RejectedRow(business=clinic, contact_import=made, row=n, **NO, cells=["דנה"]) for n in range(1_000)
    )
    answer: Any = staff.get(f"{HERE}{made.pk}/rejected.csv")
    with pytest.warns(Warning, match="must consume asynchronous iterators"):  # Django's client is no ASGI server
        content = b"".join(answer)
    assert len(content) == int(answer["Content-Length"])
    assert content.decode().splitlines()[-1] == '"999","The phone number is missing.","דנה"'


def test_an_import_is_worth_nothing_to_another_business(staff: Client, stranger: Client) -> None:
    columns = upload(staff, people(1))
    theirs = columns.replace("/clinic/", "/other/").removesuffix("columns/")
    assert stranger.get(columns).status_code == 404
    for step in ("", "columns/", "progress/", "rejected.csv"):
        assert stranger.get(theirs + step).status_code == 404
    for step in ("columns/", "cancel/"):
        assert stranger.post(theirs + step, {"column_0": "phone", "column_1": "name"}).status_code == 404
    assert text_of(stranger.get("/b/other/contacts/import/")).count("people.csv") == 0
    assert ContactImport.objects.get().status == ImportStatus.DRAFT


def test_pages_do_not_ask_more_for_more_rows(staff: Client, clinic: Business) -> None:
    def made(count: int) -> ContactImport:
        one = ContactImport.objects.create(
            business=clinic, header=["phone"], status=ImportStatus.RUNNING, created_at=timezone.now() + timedelta(count)
        )
        RejectedRow.objects.bulk_create(
            RejectedRow(business=clinic, contact_import=one, row=n, **NO, cells=["x"]) for n in range(count)
        )
        return one

    def queries(one: ContactImport) -> list[int]:
        asked = []
        for path in (HERE, f"{HERE}{one.pk}/", f"{HERE}{one.pk}/progress/", f"{HERE}{one.pk}/rejected.csv"):
            with CaptureQueriesContext(connection) as seen:
                assert staff.get(path).status_code == 200
            asked.append(len(seen))
        return asked

    queries(made(1))  # the badges are remembered
    few = queries(made(1))
    for _ in range(15):
        many = made(30)
    assert queries(many) == few
    assert max(few) <= 12


def test_how_many_rows_there_are_is_told_by_line_ends_and_by_workbooks(
    clinic: Business, monkeypatch: pytest.MonkeyPatch, workbook: Callable[[int], bytes]
) -> None:
    monkeypatch.setattr("whatsapp.importing.files.CHECKED_ROWS", 5)

    def about(content: bytes) -> int | None:
        file = io.BytesIO(content)
        return imports.draft(clinic, file, name="x", now=timezone.now()).about_rows

    assert about(people(9).encode()) == 9
    assert about(people(3).encode()) == 3
    assert about(people(9).replace("\n", "\r\n").encode("utf-16")) == 9
    assert about(workbook(9)) == 9


@pytest.fixture
def workbook() -> Callable[[int], bytes]:
    from openpyxl import Workbook  # noqa: PLC0415

    def with_rows(count: int) -> bytes:
        book, file = Workbook(), io.BytesIO()
        for row in csv.reader(io.StringIO(people(count))):
            book.active.append(row)  # type: ignore[union-attr]
        book.save(file)
        return file.getvalue()

    return with_rows
