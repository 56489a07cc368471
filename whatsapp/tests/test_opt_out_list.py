"""The opt-out list leaves as a table and comes back as it was; other programs' lists are taken too."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from businesses.keeping.fingerprints import new_fingerprint
from businesses.models import AuditEntry, AuditKind, Business, PhoneNumber, Role
from businesses.pages.csv_export import as_it_was, defused
from whatsapp.importing.opt_outs import Report, import_opt_outs
from whatsapp.models import ConsentChange, Suppression, SuppressionCategory, SuppressionSource
from whatsapp.pages import suppression_list
from whatsapp.people import suppressions
from whatsapp.reasons import Cause
from whatsapp.tables import stored_files, uploads
from whatsapp.tables.tables import open_table
from whatsapp.tests.conftest import member

HERE = "/b/clinic/contacts/suppressed/"
DANA, NOAM = "+972501234567", "+972521111111"
Entries = list[tuple[str, str, str, str, datetime]]


@pytest.fixture(autouse=True)
def _in_israel(clinic: Business) -> None:
    PhoneNumber.objects.get_or_create(business=clinic, number="+97231234567")


def entries() -> Entries:
    rows = Suppression.objects.order_by("address", "category")
    return list(rows.values_list("address", "category", "source", "note", "created_at"))


def taken(business: Business, text: str) -> Report:
    with open_table(io.BytesIO(text.encode())) as table:
        return import_opt_outs(business, table, category=SuppressionCategory.ALL, now=timezone.now())


def put(business: Business, address: str, category: str, source: str, note: str = "", days: float = 1) -> None:
    suppressions.suppress(
        business, address, category=SuppressionCategory(category), source=SuppressionSource(source), note=note,
        now=timezone.now() - timedelta(days=days),
    )  # fmt: skip


@pytest.fixture
def many(clinic: Business) -> Entries:
    put(clinic, DANA, "all", "reply", "=HYPERLINK(1)")
    put(clinic, DANA, "marketing", "preference")
    put(clinic, NOAM, "marketing", "staff", '\'=in quotes, "and" a; semicolon', 400.25)
    put(clinic, "US.13491208655302741918", "all", "provider", "+972 is a note")
    put(clinic, new_fingerprint(clinic, "+972529999999"), "all", "erased")
    return entries()


@pytest.mark.parametrize("written", ["he", "en"])
@pytest.mark.parametrize("read", ["he", "en"])
def test_what_is_exported_is_imported_as_it_was(clinic: Business, many: Entries, written: str, read: str) -> None:
    owner = member(clinic, Role.OWNER)
    owner.cookies["django_language"] = written
    table = b"".join(owner.get(HERE + "export/"))
    Suppression.objects.all().delete()
    owner.cookies["django_language"] = read
    answer = owner.post(HERE + "import/", {"file": SimpleUploadedFile("list.csv", table), "category": "all"})
    assert (answer.context["report"].added, answer.context["rejected"]) == (5, [])
    assert entries() == many
    assert suppressions.blocked(clinic, ["+972529999999"], "UTILITY") == {"+972529999999"}, "erased, and still known"
    again = owner.post(HERE + "import/", {"file": SimpleUploadedFile("list.csv", table), "category": "all"})
    assert (again.context["report"].added, again.context["report"].known) == (0, 5)


def test_the_commands_do_the_same(clinic: Business, many: Entries, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "list.csv"
    call_command("export_opt_outs", "clinic", "--out", str(out))
    assert json.loads(capsys.readouterr().out) == {"business": "clinic", "out": str(out), "rows": 5}
    with pytest.raises(CommandError, match="exists"):
        call_command("export_opt_outs", "clinic", "--out", str(out))
    Suppression.objects.all().delete()
    out.write_text(out.read_text() + "12,,,,\n")
    call_command("import_opt_outs", "clinic", "--csv", str(out))
    report = json.loads(capsys.readouterr().out)
    assert (report["added"], report["known"], report["rejected_total"]) == (5, 0, 1)
    assert report["rejected"][0]["message"].startswith("Row 7: ")
    assert entries() == many
    kinds = AuditEntry.objects.values_list("kind", flat=True)
    assert {AuditKind.OPT_OUTS_IMPORTED.value, AuditKind.CONTACTS_EXPORTED.value} <= set(kinds)


def test_an_import_needs_only_numbers_and_no_header(clinic: Business) -> None:
    owner = member(clinic, Role.OWNER)
    answer = owner.post(HERE + "import/", {"text": "050-1234567\n052-1111111\n12\n", "category": "marketing"})
    assert [(row, given) for row, given, _why in answer.context["rejected"]] == [(3, "12")]
    assert {(address, category, source) for address, category, source, *_ in entries()} == {
        (DANA, "marketing", "import"),
        (NOAM, "marketing", "import"),
    }
    noted = AuditEntry.objects.get(kind=AuditKind.OPT_OUTS_IMPORTED)
    assert (noted.details, noted.person_name != "") == ({"rows": 2}, True)
    assert ConsentChange.objects.filter(source="import").count() == 2


def test_the_column_of_another_programs_list_is_found_by_what_is_in_it(clinic: Business) -> None:
    text = "Subscriber,Contact,Reason\nDana,050-1234567,spam\nNoam,+972521111111,\n,,\n"
    report = taken(clinic, text)
    assert (report.added, [each.row for each in report.rejected]) == (2, [])
    assert {address for address, *_ in entries()} == {DANA, NOAM}


def test_numbers_that_are_none_here_are_named_one_by_one(clinic: Business) -> None:
    report = taken(clinic, "050-12345678\n1-800-123\n+972521111111\nx\n")
    assert [(each.row, each.given) for each in report.rejected] == [(1, "050-12345678"), (2, "1-800-123"), (4, "x")]
    assert report.added == 1


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ("12,all,,,", "not_of_region"),
        ("050-1234567,sometimes,,,", "opt_out_of_what"),
        ("050-1234567,,,,soon", "opt_out_since_when"),
        ("050-1234567,,,,0001-01-01", "opt_out_since_when"),
        ("050-1234567,,,,2999-01-01", "opt_out_since_when"),
        ("hash:12,all,,,", "not_one_number"),
    ],
)
def test_a_row_that_can_not_be_understood_is_named(clinic: Business, row: str, cause: str) -> None:
    report = taken(clinic, f"phone,What they opted out of,Why,Note,Since\n+972521111111,all,,,\n{row}\n")
    assert [(each.row, each.reason.cause.value) for each in report.rejected] == [(3, cause)]
    assert report.added == 1
    with translation.override("he"):
        assert str(report.rejected[0].reason)


def test_dates_without_a_zone_are_the_businesss(clinic: Business) -> None:
    taken(clinic, "phone,since\n050-1234567,2026-05-31 10:00\n")
    assert Suppression.objects.get().created_at == datetime(2026, 5, 31, 7, 0, tzinfo=UTC)


def test_a_file_without_addresses_or_with_too_many_rows_changes_nothing(
    clinic: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = member(clinic, Role.OWNER)
    monkeypatch.setattr(suppression_list, "MOST_ROWS", 2)
    for text in ("name\nDana\n", "050-1234567\n052-1111111\n054-1111111\n", "", "   "):
        answer = owner.post(HERE + "import/", {"text": text, "category": "all"})
        assert answer.status_code == 422, text
        assert answer.context["form"].errors
    assert not Suppression.objects.exists()
    assert not AuditEntry.objects.filter(kind=AuditKind.OPT_OUTS_IMPORTED).exists()


def test_staff_import_and_export_only_if_they_may(clinic: Business) -> None:
    staff = member(clinic)
    assert staff.post(HERE + "import/", {"text": DANA, "category": "all"}).status_code == 200
    assert Suppression.objects.get().address == DANA
    assert staff.get(HERE + "export/").status_code == 403


def test_another_businesss_list_is_untouched(clinic: Business) -> None:
    other = Business.objects.create(name="Other", slug="other")
    stranger: Client = member(other, Role.OWNER)
    assert stranger.post(HERE + "import/", {"text": DANA, "category": "all"}).status_code == 404
    assert not Suppression.objects.exists()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20))
def test_what_disarms_a_formula_is_taken_off_again(text: str) -> None:
    assert as_it_was(defused(text)) == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.tuples(st.text(alphabet="=+-@'\";,\tאb 7", max_size=12), st.booleans()), min_size=1, max_size=4))
def test_no_note_is_lost(clinic: Business, notes: list[tuple[str, bool]]) -> None:
    Suppression.objects.all().delete()
    for index, (note, for_all) in enumerate(notes):
        put(clinic, f"+97250123456{index}", "all" if for_all else "marketing", "staff", note.strip(), index + 0.5)
    before, owner = entries(), Client()
    owner.force_login(_owner(clinic))
    table = b"".join(owner.get(HERE + "export/"))
    Suppression.objects.all().delete()
    assert taken(clinic, table.decode("utf-8-sig")).added == len(notes)
    assert entries() == before


def _owner(business: Business) -> Any:
    known = business.memberships.filter(role=Role.OWNER).first()
    if known is None:
        member(business, Role.OWNER)
        known = business.memberships.get(role=Role.OWNER)
    return known.user


# What is unclear is asked -----------------------------------------------------------------------------------------
TWO_COLUMNS = "טלפון,נייד,note\n03-5551234,050-1230001,a\n,050-1230002,b\n"


def test_which_of_two_columns_holds_the_numbers_is_asked_and_answered(clinic: Business, tmp_path: Path) -> None:
    owner, page = member(clinic, Role.OWNER), HERE + "import/"
    asked = owner.post(page, {"text": TWO_COLUMNS, "category": "all"})
    assert asked.status_code == 422
    assert 'name="phone_column" value="נייד"' in " ".join(asked.content.decode().split())
    assert "050-1230002" in asked.content.decode()
    assert not Suppression.objects.exists()
    file = tmp_path / "two.csv"
    file.write_text(TWO_COLUMNS)
    with pytest.raises(CommandError, match="--phone-column NAME"):
        call_command("import_opt_outs", "clinic", "--csv", file)
    assert not Suppression.objects.exists()
    taken = owner.post(page, {"text": TWO_COLUMNS, "category": "all", "phone_column": "נייד"})
    assert taken.status_code == 200
    assert set(Suppression.objects.values_list("address", flat=True)) == {"+972501230001", "+972501230002"}


def test_a_file_is_kept_until_the_question_about_it_is_answered(clinic: Business) -> None:
    owner, page = member(clinic, Role.OWNER), HERE + "import/"
    asked = owner.post(page, {"file": SimpleUploadedFile("two.csv", TWO_COLUMNS.encode()), "category": "all"})
    kept = asked.context["kept"]
    assert f'name="kept" value="{kept}"' in asked.content.decode()
    assert len(stored_files.names(uploads.FOLDER, clinic)) == 1
    elsewhere = Business.objects.create(name="Other", slug="other")
    theirs = member(elsewhere, Role.OWNER)
    answer = {"category": "all", "phone_column": "נייד", "kept": kept}
    refused = theirs.post("/b/other/contacts/suppressed/import/", answer)
    assert refused.context["form"].errors
    assert not Suppression.objects.exists()
    done = owner.post(page, answer)
    assert (done.context["report"].added, done.context["kept"]) == (2, "")
    assert stored_files.names(uploads.FOLDER, clinic) == []
    again = owner.post(page, answer)
    assert again.context["form"].errors == {"file": [str(Cause.FILE_GONE.label)]}


def test_another_file_takes_the_place_of_the_one_that_was_kept(clinic: Business) -> None:
    owner, page = member(clinic, Role.OWNER), HERE + "import/"
    asked = owner.post(page, {"file": SimpleUploadedFile("two.csv", TWO_COLUMNS.encode()), "category": "all"})
    other = SimpleUploadedFile("other.csv", b"phone\n0501230009\n")
    answer = {"category": "all", "phone_column": "נייד", "kept": asked.context["kept"], "file": other}
    done = owner.post(page, answer)
    assert done.context["report"].added == 1
    assert list(Suppression.objects.values_list("address", flat=True)) == ["+972501230009"]
    assert stored_files.names(uploads.FOLDER, clinic) == [], "nothing is left of the first"


def test_a_column_of_customers_numbers_is_not_the_one(clinic: Business) -> None:
    report = taken(clinic, "number,phone\n1,0501230001\n2,0501230002\n")
    assert (report.added, report.rejected) == (2, [])


def test_letters_that_may_be_several_are_asked_and_named_by_the_command(clinic: Business, tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    file.write_bytes("phone,note\n0501230001,Conceição\n0501230002,João Assunção\n".encode("cp1252"))
    with pytest.raises(CommandError, match="--encoding NAME"):
        call_command("import_opt_outs", "clinic", "--csv", file)
    call_command("import_opt_outs", "clinic", "--csv", file, "--encoding", "windows-1252")
    assert set(Suppression.objects.values_list("note", flat=True)) == {"Conceição", "João Assunção"}
