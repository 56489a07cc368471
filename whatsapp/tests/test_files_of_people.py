"""Every file of `files`, as a broadcast and as an import: who is taken, who is rejected and why, what is asked."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from testing.broadcasts import make_template
from whatsapp.models import Contact, Recipient, Sender

FILES = Path(__file__).parent / "files"
NAMES = [f"Name{number}" for number in range(1, 9)]
WITHOUT_A_PERSON = {"F36_empty.csv", "X18c_password.xlsx", "README.md"}

TAKEN: dict[str, list[str]] = {
    "F13_utf8_one_bad_byte.csv": ["דנה", "רותי", "יוסי"],
    "F13d_utf8_then_cp1255.csv": ["דנה", "רותי"],
    "F20b_google.csv": ["Avi"],
    "F22_number_before_phone.csv": ["Dana", "Avi"],
    "F41_fb_leads.csv": ["Dana", "Avi"],
    "M_dates.csv": [],
    "X01_dimension_A1.xlsx": NAMES,
    "X02_dimension_stale_A1_C4.xlsx": NAMES,
    "X03_empty_fill.xlsx": NAMES,
    "X03e_font_family.xlsx": NAMES,
    "X04_formulas.xlsx": ["Dana", "Avi", "Noa", "Tal"],
    "X07_numbers.xlsx": ["row1", "row2", "row3", "row4", "row6", "row7"],
    "X08_hidden_first.xlsx": ["Name1", "Name2", "Name3"],
    "X12_wide_formatted.xlsx": NAMES,
    "X13b_stray_XFD1048576.xlsx": NAMES,
    "X15_errors.xlsx": [],
    "X16_x000D.xlsx": ["Dana Levi", "a b", "under_x0041_score"],
}
REJECTED: dict[str, list[tuple[int, str]]] = {
    "F13_utf8_one_bad_byte.csv": [(5, "“first_name” can't be read")],
    "F13d_utf8_then_cp1255.csv": [(4, "“first_name” can't be read")],
    "F20b_google.csv": [(2, "Write one number")],
    "M_dates.csv": [(row, "a date|not a phone number of IL") for row in range(2, 14)],
    "X04_formulas.xlsx": [(5, "“-1229482” is not a phone number")],
    "X07_numbers.xlsx": [(6, "“30/11/2026” is a date")],
    "X15_errors.xlsx": [
        (2, "“first_name” holds “#N/A”"),
        (3, "“phone” holds “#REF!”"),
        (4, "“day” holds “#VALUE!”"),
    ],
}
ASKED: dict[str, tuple[str, str, list[str], list[str]]] = {
    "F07_cp1252_portuguese.csv": (
        "--encoding",
        "cp1252",
        ["Conceição", "windows-1252"],
        ["Conceição", "João Assunção"],
    ),
    "F09_cp1256_arabic.csv": ("--encoding", "windows-1256", ["محمد", "windows-1256"], ["محمد", "فاطمة"]),
    "F17_no_header.csv": ("--header", "no", ["0501230001", "Dana", "yes"], ["Dana", "Avi", "Noa"]),
    "F21_two_phone_columns.csv": (
        "--phone-column",
        "נייד",
        ["נייד (050-1230001, 050-1230002); טלפון"],
        ["Dana", "Avi"],
    ),
}


@pytest.fixture(autouse=True)
def visit_reminder(sender: Sender) -> None:
    make_template(
        sender,
        name="visit_reminder",
        category="UTILITY",
        components=[{"type": "BODY", "text": "Hi {{first_name}}, see you on {{day}}"}],
    )


def run(name: str, *arguments: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command(name, "clinic", *map(str, arguments), stdout=out, stderr=io.StringIO())
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def broadcast(file: Path, *more: str) -> dict[str, Any]:
    """Returns what the command prints; every row of the file is accounted for."""
    made = run("create_broadcast", "--template", "visit_reminder", "--language", "en_US", "--csv", file, *more)
    assert made["accepted"] + made["rejected_total"] == made["total"]
    return made


def taken(made: dict[str, Any]) -> dict[int | None, tuple[str | None, str, str]]:
    """Returns address, first name and day of everybody who is taken, by row."""
    people = Recipient.objects.filter(broadcast=made["id"], status="pending").order_by("row_number")
    return {each.row_number: (each.address, each.params["first_name"], each.params["day"]) for each in people}


@pytest.mark.parametrize("name", TAKEN)
def test_who_is_taken_and_who_is_rejected(name: str) -> None:
    made = broadcast(FILES / name)
    assert [person[1] for person in taken(made).values()] == TAKEN[name]
    expected = REJECTED.get(name, [])
    assert [row["row"] for row in made["rejected"]] == [row for row, _says in expected]
    for row, (_number, says) in zip(made["rejected"], expected, strict=True):
        assert re.search(says, row["message"])


@pytest.mark.parametrize("name", ASKED)
def test_what_is_unclear_is_asked_and_then_read_so(name: str) -> None:
    option, answer, choices, names = ASKED[name]
    with pytest.raises(CommandError) as refused:
        broadcast(FILES / name)
    assert f"Repeat the command with {option}" in str(refused.value)
    for choice in choices:
        assert choice in str(refused.value)
    assert not Recipient.objects.exists()
    assert [person[1] for person in taken(broadcast(FILES / name, option, answer)).values()] == names


@pytest.mark.parametrize("name", ASKED)
def test_an_import_asks_the_same(name: str) -> None:
    option, answer, choices, names = ASKED[name]
    with pytest.raises(CommandError) as refused:
        run("import_contacts", "--csv", FILES / name)
    assert all(choice in str(refused.value) for choice in choices)
    assert not Contact.objects.exists()
    made = run("import_contacts", "--csv", FILES / name, option, answer)
    assert (made["added"], made["rejected_total"]) == (len(names), 0)


def test_every_value_of_a_workbook_is_as_it_shows_it() -> None:
    made = broadcast(FILES / "X05_formats.xlsx")
    shown = run("import_contacts", "--csv", FILES / "X05_formats.xlsx")
    assert (made["accepted"], shown["added"]) == (21, 21)
    for contact in Contact.objects.all():
        person = Recipient.objects.get(broadcast=made["id"], address=contact.phone)
        assert person.params["first_name"] == contact.attributes["first_name"] == contact.attributes["shown"]


def test_what_is_not_read_is_said() -> None:
    made = run("import_contacts", "--csv", FILES / "X08_hidden_first.xlsx")
    assert made["notes"] == ["Hidden sheets are not read: “old list”."]
    assert broadcast(FILES / "X08_hidden_first.xlsx")["notes"] == made["notes"]


@pytest.mark.parametrize(
    ("name", "says"), [("F36_empty.csv", "The file is empty"), ("X18c_password.xlsx", "is protected by a password")]
)
def test_what_can_not_be_used_is_refused_in_plain_words(name: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        broadcast(FILES / name)
    with pytest.raises(CommandError, match=says):
        run("import_contacts", "--csv", FILES / name)


def test_a_file_with_empty_formatted_columns_is_imported() -> None:
    assert run("import_contacts", "--csv", FILES / "X12_wide_formatted.xlsx")["added"] == 8
    assert Contact.objects.filter(attributes__has_key="day").count() == 8


NO_NUMBER = {
    "ext", "ext_x", "slash_two", "slash_short", "slash_short_mobile", "two_comma", "two_space", "two_newline", "two_or",
    "sci", "sci_full", "sci_comma", "letters", "star", "short", "tollfree", "extra_digit", "missing_digit",
    "repeat_plus", "plus_00", "underscore", "hash", "tilde", "us_without_plus", "us_10",
}  # fmt: skip
FORMS = {  # of people whose number is known in two forms
    "landline": "+97235551234", "zeros": "+972500000000", "all_same": "+972555555555",
    "br9": "+5511987654321", "br_rs9": "+5531988883193", "mx": "+525512345678", "ar": "+541123456789",
    "ci8": "+2250707080910",
}  # fmt: skip
SAME_PERSON = {"br8", "br_rs8", "mx1", "ar9", "ci10"}


def test_ways_to_write_a_number() -> None:
    made = broadcast(FILES / "F24_phones.csv")
    everybody = Recipient.objects.filter(broadcast=made["id"]).order_by("row_number")
    assert made["total"] == 67
    names = [line.split(",")[-2] for line in re.findall(r".*,Sunday", (FILES / "F24_phones.csv").read_text())]
    for name, person in zip(names, everybody, strict=True):
        if name in NO_NUMBER:
            assert person.skip_reason == "invalid_number", name
        elif name not in SAME_PERSON:
            digits = re.sub(r"\D", "", str(int(re.sub(r"\D", "", person.given_address) or 0)))
            ours = FORMS.get(name, f"+972{digits[-10:].removesuffix('0') if 'float' in name else digits[-9:]}")
            assert person.address == ours, name
            assert person.params["first_name"] == name


ROWS_WITH_VALUES = {
    223: "+972501234567", 224: "-10 %", 225: "@dana", 226: "a b", 227: "a b", 228: "a b", 229: "a b", 231: "D\u0301ana",
    234: "FALSE", 235: "0.30000000000000004",
}  # fmt: skip


def test_cells_that_hold_no_value_are_rejected_each_with_its_row() -> None:
    made = broadcast(FILES / "F25_values.csv")
    assert (made["total"], made["accepted"]) == (37, len(ROWS_WITH_VALUES))
    assert {int(str(person[0])[-3:]): person[1] for person in taken(made).values()} == ROWS_WITH_VALUES
    assert all(row["reason"] in {"bad_value", "missing_variable"} for row in made["rejected"])


def test_every_file_has_its_test() -> None:
    tested = {*TAKEN, *ASKED, *WITHOUT_A_PERSON, "F24_phones.csv", "F25_values.csv", "X05_formats.xlsx"}
    assert {path.name for path in FILES.iterdir()} == tested
