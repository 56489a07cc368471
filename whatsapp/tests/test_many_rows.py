"""Many rows reach PostgreSQL by COPY, others as arrays or one by one: what is written is the same."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp import insert
from whatsapp.importing.contact_import import import_contacts
from whatsapp.insert import Clash, insert_rows
from whatsapp.models import Consent, ConsentChange, Contact, ContactTag, ImportedContact, RejectedRow, Tag
from whatsapp.tests.conftest import NOW

ODD = ["", "\\", "\\N", "a\tb", "a\nb", "a\\nb", "\r", "O'Neil", '"', "דנה", "{a,b}", "NULL", "😀", "x" * 200]
ROWS = [
    "phone,user_id,name,language,tags,consent,city",
    '0522345601,,"Dana ""D"" \\N",he,"vip;a\\b",yes,Haifa',
    "0522345602,IL.1234567890,דנה,he,,no,",
    "0522345603,,,,,,'=1+1",
    ",IL.555,Only an id,,vip,yes,Eilat",
    "0522345601,,Another name,en,late,no,Akko",
    "bad\\number,,Uri,,,,",
    "0522345604,,Noa,,,perhaps,",
    "+5521961234567,,Ana,pt,vip,,Rio",
    "+552161234567,,Anna,pt,,,Rio",
]


@pytest.fixture(params=[1, 10**6], ids=["copied", "not copied"])
def _copied_from(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insert, "COPIED_FROM", request.param)


def contact(business: Business, place: int, name: str, **more: Any) -> dict[str, Any]:
    return {"phone": f"+97252{place:07}", "name": name, "attributes": {"said": name}, "created_at": NOW, **more}


@pytest.mark.usefixtures("_copied_from")
def test_any_text_arrives_as_it_is(clinic: Business) -> None:
    rows = [contact(clinic, place, name, consent_changed_at=NOW) for place, name in enumerate(ODD)]
    rows[0]["consent_changed_at"] = None
    insert_rows(Contact, [{"id": Contact().pk, **row} for row in rows], {"business_id": clinic.pk})
    found = Contact.objects.order_by("phone")
    assert [(each.name, each.attributes) for each in found] == [(name, {"said": name}) for name in ODD]
    assert [each.consent_changed_at for each in found] == [None, *[NOW] * (len(ODD) - 1)]
    assert {(each.bsuid, each.consent, each.language) for each in found} == {(None, Consent.UNKNOWN, "")}


@pytest.mark.usefixtures("_copied_from")
def test_of_rows_with_one_that_is_refused_none_is_written(clinic: Business) -> None:
    rows = [{"id": Contact().pk, **contact(clinic, place % 2, "")} for place in range(3)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Contact, rows, {"business_id": clinic.pk})
    assert not Contact.objects.exists()


def test_a_row_that_is_there_gets_what_is_said_or_stays(clinic: Business) -> None:
    there = Contact.objects.create(business=clinic, phone="+972522345601", name="Dana", language="he")
    row = {"id": there.pk, **contact(clinic, 1, "New")}
    insert_rows(Contact, [row], {"business_id": clinic.pk}, clash=Clash(["id"], ["name"]))
    there.refresh_from_db()
    assert (there.name, there.language, there.phone, there.attributes) == ("New", "he", "+972522345601", {})
    tag = Tag.objects.create(business=clinic, name="vip")
    for _ in range(2):
        pair = [{"tag_id": tag.pk, "contact_id": there.pk}]
        insert_rows(ContactTag, pair, {"business_id": clinic.pk}, clash=Clash(["tag_id", "contact_id"]))
    assert ContactTag.objects.count() == 1


def taken_in(business: Business, monkeypatch: pytest.MonkeyPatch, copied_from: int) -> list[Any]:
    """Returns all that an import of the rows, and again of the first ones, leaves for a business."""
    monkeypatch.setattr(insert, "COPIED_FROM", copied_from)
    with acting_for(business):
        Contact.objects.create(business=business, phone="+972522345603", name="Known")
        for rows in (ROWS, [ROWS[0], *(row.replace("Haifa", "Yafo") for row in ROWS[1:4])]):
            import_contacts(
                business, io.BytesIO("\n".join(rows).encode()), now=NOW, tags=["all"], consent_source="fair"
            )
        people = {each.pk: each for each in Contact.objects.order_by("phone", "bsuid")}
        facts = ("phone", "bsuid", "name", "language", "attributes", "consent", "consent_source", "consent_changed_at")
        kept = ("rows", "is_named", "is_repeated", "given", "before")
        return [
            [[getattr(each, name) for name in facts] for each in people.values()],
            sorted(
                (str(people[one].phone), tag) for one, tag in ContactTag.objects.values_list("contact_id", "tag__name")
            ),
            sorted(ConsentChange.objects.values_list("address", "what", "source", "at")),
            sorted(
                (str(people[each.contact_id].phone), *[str(getattr(each, name)) for name in kept])
                for each in ImportedContact.objects.all()
            ),
            list(RejectedRow.objects.order_by("pk").values_list("row", "given", "cells", "cause", "cause_data")),
        ]


def test_an_import_leaves_the_same_however_its_rows_are_written(
    clinic: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Business.objects.create(name="Other", slug="other", local_country="IL")
    copied, not_copied = (taken_in(each, monkeypatch, rows) for each, rows in ((clinic, 1), (other, 10**6)))
    assert copied == not_copied

    assert [len(part) for part in copied] == [5, 10, 6, 8, 2]


def test_new_contacts_are_listed_in_the_order_of_their_rows(clinic: Business) -> None:
    rows = [f"0522345{number:03}" for number in range(300)]
    began = timezone.now()
    import_contacts(clinic, io.BytesIO("\n".join(["phone", *rows]).encode()), now=NOW)
    found = Contact.objects.order_by("created_at")
    assert [each.phone for each in found] == [f"+972{row[1:]}" for row in rows]
    assert all(began - timedelta(milliseconds=1) < each.created_at <= timezone.now() for each in found)
