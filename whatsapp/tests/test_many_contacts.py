"""What is done with many contacts at once, and the facts of one that are corrected by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from businesses.models import AuditEntry, Business, Role
from whatsapp.models import Consent, Contact, ContactTag, Suppression
from whatsapp.people import many_contacts
from whatsapp.people.suppressions import blocked
from whatsapp.tests.conftest import member

ALL = "/b/clinic/contacts/all/"


@pytest.fixture
def owner(clinic: Business) -> Client:
    return member(clinic, Role.OWNER)


@pytest.fixture
def people(clinic: Business, monkeypatch: pytest.MonkeyPatch) -> list[Contact]:
    """Seven contacts, more than are handled at once; the last three agreed."""
    monkeypatch.setattr(many_contacts, "AT_ONCE", 3)
    return [
        Contact.objects.create(
            business=clinic, phone=f"+97250123456{n}", name=f"P{n}", consent="granted" if n > 3 else "unknown"
        )
        for n in range(7)
    ]


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_list_says_how_many_there_are(staff: Client, people: list[Contact]) -> None:
    assert "7 contacts" in text_of(staff.get("/b/clinic/contacts/"))
    shown = text_of(staff.get("/b/clinic/contacts/", {"consent": "granted"}))
    assert "3 contacts" in shown
    assert f"{ALL}?consent=granted" in shown


def test_all_that_match_are_tagged_and_untagged_and_no_other(staff: Client, people: list[Contact]) -> None:
    address = f"{ALL}?consent=granted"
    assert "3 contacts" in text_of(staff.get(address))
    staff.post(address, {"people": "3", "do": "tag", "tag": " vip "})
    assert set(ContactTag.objects.values_list("contact__name", "tag__name")) == {(f"P{n}", "vip") for n in (4, 5, 6)}
    staff.post(ALL, {"people": "7", "do": "untag", "tag": "vip"})
    assert not ContactTag.objects.exists()
    assert "Enter a tag." in text_of(staff.post(ALL, {"people": "7", "do": "tag", "tag": ""}, follow=True))


def test_nothing_happens_if_others_match_meanwhile(owner: Client, people: list[Contact]) -> None:
    answer = owner.post(f"{ALL}?consent=granted", {"people": "4", "do": "delete"}, follow=True)
    assert "The list has changed meanwhile" in text_of(answer)
    owner.post(ALL, {"do": "delete"})
    assert Contact.objects.count() == 7


def test_owners_delete_all_that_match_and_it_is_noted(owner: Client, staff: Client, people: list[Contact]) -> None:
    address = f"{ALL}?consent=granted"
    staff.post(address, {"people": "3", "do": "delete"})
    assert Contact.objects.count() == 7, "staff do not delete"
    assert "3 contacts deleted." in text_of(owner.post(address, {"people": "3", "do": "delete"}, follow=True))
    assert set(Contact.objects.values_list("name", flat=True)) == {"P0", "P1", "P2", "P3"}
    assert AuditEntry.objects.get(kind="contacts_deleted").details == {"people": 3}


def test_marked_ones_are_asked_about_before_they_are_deleted(owner: Client, people: list[Contact]) -> None:
    marked = [str(people[0].pk), str(people[6].pk), "nonsense"]
    answer = owner.post("/b/clinic/contacts/tags/", {"contact": marked, "do": "delete"})
    assert Contact.objects.count() == 7
    assert "Delete 2 contacts" in text_of(owner.get(answer["Location"]))
    owner.post(answer["Location"], {"people": "2", "do": "delete"})
    assert set(Contact.objects.values_list("name", flat=True)) == {f"P{n}" for n in range(1, 6)}


def test_a_deleted_person_who_withdrew_is_never_messaged(owner: Client, clinic: Business) -> None:
    phone = "+972501234567"
    Contact.objects.create(business=clinic, phone=phone, consent=Consent.WITHDRAWN, consent_source="sign-up form")
    owner.post(ALL, {"people": "1", "do": "delete"})
    assert not Contact.objects.exists()
    kept = Suppression.objects.get()
    assert (kept.address, kept.category, kept.source, kept.note) == (phone, "marketing", "import", "sign-up form")
    assert blocked(clinic, [phone], "MARKETING") == {phone}
    assert AuditEntry.objects.get(kind="contacts_deleted").details["people"] == 1


def test_another_business_s_contacts_are_not_among_them(owner: Client, people: list[Contact]) -> None:
    other = Business.objects.create(name="Other", slug="other")
    theirs = Contact._base_manager.create(business=other, phone="+972529999999")
    answer = owner.get(f"{ALL}?contact={theirs.pk}")
    assert answer.context["people"] == 0
    owner.post(f"{ALL}?contact={theirs.pk}", {"people": "1", "do": "delete"})
    assert Contact._base_manager.filter(pk=theirs.pk).exists()


def test_attributes_are_corrected_on_the_page(staff: Client, people: list[Contact]) -> None:
    dana = people[0]
    dana.attributes = {"city": "Haifa", "size": 4}
    dana.save()
    page = f"/b/clinic/contacts/{dana.pk}/"
    assert "city: Haifa\nsize: 4" in staff.get(page).content.decode()
    form = {"name": "Dana", "language": "he"}
    staff.post(f"{page}facts/", {**form, "attributes": "city : Tel Aviv: old town\r\n\r\nsize:\r\nday: Sunday"})
    dana.refresh_from_db()
    assert (dana.name, dana.attributes) == ("Dana", {"city": "Tel Aviv: old town", "day": "Sunday"})
    for wrong, said in (
        ("city", "Line 1 is not like"),
        (f"a: b\nc: {'x' * 1_025}", "Line 2 is too long"),
        ("a:1\na:2", "twice"),
    ):
        answer = staff.post(f"{page}facts/", {**form, "attributes": wrong})
        assert answer.status_code == 422
        assert said in answer.content.decode()
    dana.refresh_from_db()
    assert dana.attributes == {"city": "Tel Aviv: old town", "day": "Sunday"}
    staff.post(f"{page}facts/", form)
    dana.refresh_from_db()
    assert dana.attributes["day"] == "Sunday", "a form that says nothing about them changes nothing"
