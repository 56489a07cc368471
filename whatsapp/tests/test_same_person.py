"""A member enters another number of a contact: the number has changed, or two contacts are one person."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from businesses.models import AuditEntry, Business, Membership
from whatsapp.models import Consent, Contact, ContactMerge, Suppression
from whatsapp.people.suppressions import blocked

OLD, NEW = "+972501234567", "+972521234567"


@pytest.fixture
def dana(clinic: Business) -> Contact:
    return Contact.objects.create(business=clinic, phone=OLD, name="Dana", consent=Consent.GRANTED)


def enter(staff: Client, contact: Contact, phone: str, **more: str) -> Any:
    return staff.post(f"/b/clinic/contacts/{contact.pk}/number/", {"phone": phone, **more})


def test_a_changed_number_keeps_consent_and_opt_outs(staff: Client, clinic: Business, dana: Contact) -> None:
    Suppression.objects.create(business=clinic, address=OLD, category="all", source="reply", created_at=dana.created_at)
    enter(staff, dana, "052-123-4567")
    dana.refresh_from_db()
    assert (dana.phone, dana.consent, dana.name) == (NEW, Consent.GRANTED, "Dana")
    assert blocked(clinic, [NEW], "MARKETING") == {NEW}
    entry = AuditEntry.objects.get(kind="contact_address_told")
    assert (entry.person_name, NEW in str(entry.details)) == ("staff@clinic.test", False)
    page = staff.get(f"/b/clinic/contacts/{dana.pk}/").content.decode()
    assert "Other addresses of this person" in page


def test_a_number_of_another_contact_offers_to_merge(staff: Client, clinic: Business, dana: Contact) -> None:
    other = Contact.objects.create(business=clinic, phone=NEW, name="D. Levi", consent=Consent.WITHDRAWN)
    answer = enter(staff, dana, NEW)
    assert answer.status_code == 422
    assert "D. Levi" in answer.content.decode()
    assert "They are one person: merge" in answer.content.decode()
    assert Contact.objects.count() == 2, "nothing is merged before somebody says so"
    answer = enter(staff, dana, NEW, confirm="1")
    kept = Contact.objects.get()
    assert answer["Location"] == f"/b/clinic/contacts/{kept.pk}/"
    assert (kept.phone, kept.name, kept.consent) == (NEW, "Dana", Consent.WITHDRAWN), "the stricter consent holds"
    merge = ContactMerge.objects.get()
    assert (merge.source, merge.absorbed_id) == ("staff", other.pk)
    Membership.objects.update(may_lift_opt_outs=True)
    staff.post(f"/b/clinic/contacts/{kept.pk}/part/", {"merge": str(merge.pk)})
    assert dict(Contact.objects.values_list("name", "consent")) == {"Dana": "granted", "D. Levi": "withdrawn"}
    enter(staff, kept, NEW, merge="1", confirm="1")
    assert Contact.objects.count() == 2, "somebody has said that they are two"


def test_contacts_are_merged_by_hand_and_the_number_stays(staff: Client, clinic: Business, dana: Contact) -> None:
    assert "No other contact has this number." in enter(staff, dana, NEW, merge="1", confirm="1").content.decode()
    Contact.objects.create(business=clinic, phone=NEW, name="D. Levi")
    assert enter(staff, dana, NEW, merge="1").status_code == 422
    enter(staff, dana, NEW, merge="1", confirm="1")
    kept = Contact.objects.get()
    assert (kept.pk, kept.phone) == (dana.pk, OLD)


@pytest.mark.parametrize("written", ["", "nonsense", "12"])
def test_what_is_no_number_changes_nothing(staff: Client, dana: Contact, written: str) -> None:
    assert enter(staff, dana, written).status_code == 422
    dana.refresh_from_db()
    assert dana.phone == OLD


def test_the_same_number_again_is_no_news(staff: Client, dana: Contact) -> None:
    assert enter(staff, dana, OLD).status_code == 302
    dana.refresh_from_db()
    assert dana.phone == OLD


def test_another_business_s_contact_is_not_found(staff: Client, dana: Contact) -> None:
    other = Business.objects.create(name="Other", slug="other")
    theirs = Contact._base_manager.create(business=other, phone=NEW)
    assert enter(staff, theirs, "0541234567").status_code == 404
    assert enter(staff, dana, NEW).status_code == 302, "their contacts are no business of ours"
    assert Contact._base_manager.get(pk=theirs.pk).phone == NEW
