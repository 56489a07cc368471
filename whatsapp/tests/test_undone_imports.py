"""Undoing an import: what it added goes, what it changed comes back, and what happened since stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from businesses.audit import AuditKind
from businesses.models import AuditEntry, Business, Role, User
from whatsapp.importing import imports, reading, undoing
from whatsapp.importing.contact_layout import guess
from whatsapp.models import (
    Consent,
    Contact,
    ContactImport,
    ContactTag,
    ImportedContact,
    Suppression,
    SuppressionCategory,
    Tag,
    ThreadNote,
)
from whatsapp.people import consent, tagging
from whatsapp.tests.conftest import member

DANA, RON, TAL = "+972501234567", "+972521234567", "+972541234567"


def imported(business: Business, text: str, *, source: str = "", tags: tuple[str, ...] = ()) -> ContactImport:
    """Import a file, the way that workers do."""
    draft = imports.draft(business, BytesIO(text.encode()), name="people.csv", now=timezone.now())
    imports.start(draft, guess(draft.header), tags=tags, consent_source=source, now=timezone.now())
    reading.read(draft, clock=timezone.now)
    draft.refresh_from_db()
    return draft


@pytest.fixture
def owner(staff: Client) -> User:
    return User.objects.get(email="staff@clinic.test")


def undone(made: ContactImport, by: User, *, now: datetime | None = None) -> dict[str, int] | None:
    """Returns the numbers of an import that has been undone; None if it could not be."""
    made.refresh_from_db()
    was_done = undoing.undo(made, now=now or timezone.now(), by=by)
    made.refresh_from_db()
    return {name: count for name, count in (made.undone or {}).items() if count} if was_done else None


@pytest.mark.parametrize("chunk", [1, 1_000])
def test_the_first_row_of_a_person_counts_in_every_field(
    clinic: Business, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)
    Contact.objects.create(business=clinic, phone=RON, language="en", attributes={"city": "Acre"})
    header, rows = "phone,language,city,size\n", f"{DANA},,Haifa,\n{RON},he,Lod,\n{DANA},ar,Eilat,L\n{RON},fr,Yafo,S\n"
    imported(clinic, header + rows)
    assert {each.phone: (each.language, each.attributes) for each in Contact.objects.all()} == {
        DANA: ("ar", {"city": "Haifa", "size": "L"}),
        RON: ("he", {"city": "Lod", "size": "S"}),
    }


@pytest.mark.parametrize("chunk", [1, 1_000])
def test_what_it_added_goes_and_what_it_changed_comes_back(
    clinic: Business, owner: User, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)
    monkeypatch.setattr(undoing, "AT_ONCE", chunk)
    ron = Contact.objects.create(
        business=clinic, phone=RON, name="Ronald", language="en", attributes={"city": "Acre", "size": "M"}
    )
    tagging.tag(clinic, [ron], "old")
    text = f"phone,name,language,city,shoe\n{DANA},Dana,he,Haifa,38\n{RON},Ron,he,Lod,44\n{RON},Rony,fr,Yafo,45\n"
    made = imported(clinic, text, source="fair", tags=("old", "spring"))
    ron.refresh_from_db()
    assert (ron.name, ron.attributes, ron.consent) == ("Ron", {"city": "Lod", "size": "M", "shoe": "44"}, "granted")
    assert undone(made, owner) == {"removed": 1, "restored": 1}
    assert [each.phone for each in Contact.objects.all()] == [RON]
    ron.refresh_from_db()
    assert (ron.name, ron.language, ron.attributes) == ("Ronald", "en", {"city": "Acre", "size": "M"})
    assert (ron.consent, ron.consent_source) == (Consent.UNKNOWN, "")
    assert list(ContactTag.objects.values_list("contact__phone", "tag__name")) == [(RON, "old")]
    assert list(Tag.objects.values_list("name", flat=True)) == ["old"], "a tag that nobody has left goes too"
    for address in (DANA, RON):
        steps = [(step.what, step.source) for step in consent.history(clinic, [address])]
        assert steps == [("unknown", "people.csv"), ("agreed", "fair")]
    assert not ImportedContact.objects.exists()
    assert AuditEntry.objects.get(kind=AuditKind.IMPORT_UNDONE).person_id == owner.pk
    assert undone(made, owner) is None, "it is undone once"


def test_what_was_changed_since_stays(clinic: Business, owner: User) -> None:
    ron = Contact.objects.create(business=clinic, phone=RON, name="Ronald", language="en", attributes={"city": "Acre"})
    made = imported(clinic, f"phone,name,language,city\n{RON},Ron,he,Lod\n{DANA},Dana,,\n{TAL},Tal,,\n")
    Contact.objects.filter(pk=ron.pk).update(name="Ronny", attributes={"city": "Yafo", "size": "M"})
    Contact.objects.filter(phone=DANA).update(name="Dana Levi")
    assert undone(made, owner) == {"removed": 1, "restored": 1, "kept": 1}
    ron.refresh_from_db()
    assert (ron.name, ron.language, ron.attributes) == ("Ronny", "en", {"city": "Yafo", "size": "M"})
    assert Contact.objects.get(phone=DANA).name == "Dana Levi"
    assert not Contact.objects.filter(phone=TAL).exists()


@pytest.mark.parametrize("what", ["message", "note", "tag", "agreement", "another import"])
def test_a_contact_to_which_something_happened_stays(clinic: Business, owner: User, what: str) -> None:
    made = imported(clinic, f"phone,name\n{DANA},Dana\n")
    dana = Contact.objects.get()
    match what:
        case "message":
            Contact.objects.filter(pk=dana.pk).update(last_inbound_at=timezone.now())
        case "note":
            ThreadNote.objects.create(
                business=clinic, key=uuid4(), contact=dana, address=DANA, text="x", created_at=timezone.now()
            )
        case "tag":
            tagging.tag(clinic, [dana], "spring")
        case "agreement":
            consent.agree(dana, source="told us", now=timezone.now(), by=owner)
        case _:
            imported(clinic, f"phone,name\n{DANA},Dana\n")
    assert undone(made, owner) == {"kept": 1}
    assert Contact.objects.get().name == "Dana"


def test_refusals_stay(clinic: Business, owner: User) -> None:
    Contact.objects.create(business=clinic, phone=RON, consent=Consent.GRANTED)
    made = imported(clinic, f"phone,name,consent\n{DANA},Dana,no\n{RON},Ron,no\n")
    assert set(Contact.objects.values_list("consent", flat=True)) == {Consent.WITHDRAWN}
    assert undone(made, owner) == {"removed": 1, "restored": 1}
    ron = Contact.objects.get()
    assert (ron.name, ron.consent) == ("", Consent.WITHDRAWN)
    listed = Suppression.objects.values_list("address", "category")
    assert list(listed) == [(DANA, SuppressionCategory.MARKETING)]


def test_an_undoing_that_was_killed_goes_on(clinic: Business, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    made = imported(clinic, f"phone\n{DANA}\n{RON}\n{TAL}\n")
    monkeypatch.setattr(undoing, "AT_ONCE", 2)
    part, parts = undoing._part, iter([True])

    def killed(*args: Any, **named: Any) -> bool:
        if next(parts, None) is None:
            raise KeyboardInterrupt
        return part(*args, **named)

    monkeypatch.setattr(undoing, "_part", killed)
    with pytest.raises(KeyboardInterrupt):
        undoing.undo(made, now=timezone.now(), by=owner)
    monkeypatch.setattr(undoing, "_part", part)
    assert Contact.objects.count() == 1
    assert undone(made, owner) == {"removed": 3}


def test_the_page_offers_it_for_some_days(staff: Client, clinic: Business) -> None:
    made = imported(clinic, f"phone,name\n{DANA},Dana\n")
    here = reverse("contacts-import-result", args=["clinic", made.pk])
    action = reverse("contacts-import-undo", args=["clinic", made.pk])
    other = member(Business.objects.create(name="Other", slug="other"), Role.OWNER)
    assert other.post(action.replace("/clinic/", "/other/")).status_code == 404
    ContactImport.objects.update(finished_at=timezone.now() - undoing.UNDOABLE - timedelta(seconds=1))
    assert action not in staff.get(here).content.decode()
    assert "can no longer be undone" in staff.post(action, follow=True).content.decode()
    assert Contact.objects.count() == 1
    ContactImport.objects.update(finished_at=timezone.now())
    assert action in staff.get(here).content.decode()
    page = staff.post(action, follow=True).content.decode()
    assert "This import was undone" in page
    assert action not in page
    assert not Contact.objects.exists()
    assert "Import of contacts undone" in str(AuditKind(AuditEntry.objects.latest("pk").kind).label)


def test_an_import_of_which_nothing_was_kept_is_not_undone(clinic: Business, owner: User) -> None:
    made = imported(clinic, f"phone,name\n{DANA},Dana\n")
    ImportedContact.objects.update(given=None)
    assert undone(made, owner) is None
    assert Contact.objects.count() == 1
