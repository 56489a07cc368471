"""What is written can be read again: the export of contacts, and the rows that an import rejected."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from businesses.membership import add_member
from businesses.models import Business, Role, User
from businesses.pages.csv_export import defused
from whatsapp.importing.contact_import import import_contacts
from whatsapp.importing.exported import columns_of, tags_cell
from whatsapp.importing.rows import tags_in_cell
from whatsapp.models import Consent, ConsentChange, Contact, RejectedRow, Tag
from whatsapp.people import tagging
from whatsapp.tables.cells import tidied

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def owner(clinic: Business) -> Client:
    user = User.objects.create_user("owner@clinic.test", "pw")
    add_member(clinic, user, Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


PEOPLE: list[dict[str, Any]] = [
    {"phone": "+972501234567", "name": "-Dana", "consent": Consent.GRANTED, "consent_source": "form, May"},
    {"phone": "+972521234567", "name": '=Avi "the" Great', "consent": Consent.WITHDRAWN, "language": "he"},
    {"phone": "+16505551234", "name": "@noa", "attributes": {"city": "Haifa; north: x", "City": "2", "phone": "x"}},
    {"bsuid": "US.13491208655302741918", "name": "Joe, Jr.", "attributes": {"score": "-5", "note": "+1"}},
]
TAGS = {"-Dana": ["vip", "a;b"], "@noa": ["north, south", 'the "best"']}


def everything() -> list[Any]:
    return [
        (
            *(each.phone, each.bsuid, each.name, each.language, each.consent, each.consent_source_in_words),
            each.attributes,
            sorted(tag.name for tag in each.tags.all()),
        )
        for each in Contact.objects.order_by("phone", "bsuid")
    ]


@pytest.mark.parametrize("language", ["en", "he"])
def test_an_export_is_imported_without_loss(owner: Client, clinic: Business, language: str) -> None:
    for facts in PEOPLE:
        contact = Contact.objects.create(business=clinic, **facts)
        for name in TAGS.get(contact.name, []):
            tagging.tag(clinic, [contact], name)
    before = everything()
    owner.cookies["django_language"] = language
    answer = owner.get(reverse("contacts-export", kwargs={"slug": "clinic"}))
    content = answer.content
    unchanged = import_contacts(clinic, io.BytesIO(content), now=NOW)
    renamed = {"City": "City", "city": "city (2)", "phone": "phone (2)"}
    assert (unchanged.rejected, unchanged.added) == (0, 0)
    Contact.objects.all().delete()
    Tag.objects.all().delete()
    made = import_contacts(clinic, io.BytesIO(content), now=NOW)
    assert (made.added, made.rejected) == (4, 0)
    expected = [
        (*facts[:6], {renamed.get(name, name): value for name, value in facts[6].items()}, facts[7]) for facts in before
    ]
    assert everything() == expected
    assert ConsentChange.objects.filter(what="withdrawn").exists()


def test_rejected_rows_come_back_with_their_names(owner: Client, clinic: Business) -> None:
    file = "phone,name,tags,consent\nabc,-Dana,vip,yes\n0521234567,Avi,,no\n0531234567,Noa,,perhaps\n"
    made = import_contacts(clinic, io.BytesIO(file.encode()), now=NOW)
    assert made.rejected == 2
    assert RejectedRow.objects.get(row=4).cause == "consent_unclear"
    page = reverse("contacts-import-rejected", kwargs={"slug": "clinic", "import_id": made.pk})
    mended = owner.get(page).content.decode().replace("abc", "0501234567").replace("perhaps", "כן")
    assert import_contacts(clinic, io.BytesIO(mended.encode()), now=NOW).added == 2
    facts = dict(Contact.objects.values_list("name", "consent"))
    assert facts == {"-Dana": Consent.GRANTED, "Avi": Consent.WITHDRAWN, "Noa": Consent.GRANTED}
    assert list(Contact.objects.get(name="-Dana").tags.values_list("name", flat=True)) == ["vip"]
    assert set(Contact.objects.get(name="-Dana").attributes) == set()


def test_a_withdrawal_of_a_file_counts_and_an_agreement_lifts_none(clinic: Business) -> None:
    Contact.objects.create(business=clinic, phone="+972501234567", consent=Consent.WITHDRAWN)
    Contact.objects.create(business=clinic, phone="+972521234567", consent=Consent.GRANTED)
    import_contacts(clinic, io.BytesIO(b"phone,consent\n0501234567,yes\n0521234567,no\n0531234567,\n"), now=NOW)
    told = dict(Contact.objects.values_list("phone", "consent"))
    assert told == {
        "+972501234567": Consent.WITHDRAWN,
        "+972521234567": Consent.WITHDRAWN,
        "+972531234567": Consent.UNKNOWN,
    }


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@given(st.lists(_TEXT.map(tagging.tidy).filter(bool), max_size=5, unique=True))
def test_tags_of_any_kind_survive_a_cell(names: list[str]) -> None:
    assert list(tags_in_cell(tags_cell(names))) == names


@given(_TEXT.map(str.strip).filter(lambda text: text and not text.startswith("'") and "_x00" not in text))
def test_any_text_survives_an_export(text: str) -> None:
    assert tidied(defused(text)) == text


@given(st.sets(_TEXT, max_size=6))
def test_every_attribute_has_a_column_of_its_own(names: set[str]) -> None:
    columns = columns_of(names)
    assert set(columns) == names
    assert len({column.casefold() for column in columns.values()}) == len(names)
