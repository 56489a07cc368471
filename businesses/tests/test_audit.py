"""The audit log: entries name the person and the address, and nobody can change one."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction
from django.test import RequestFactory

from businesses.audit import AuditKind, acting_person, record, record_for_person
from businesses.models import AuditEntry, Business, Membership, User
from businesses.tenancy import acting_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def business() -> Business:
    return Business.objects.create(name="North", slug="north")


def test_an_entry_names_the_person_and_the_address_of_the_request(business: Business) -> None:
    person = User.objects.create_user("dana@north.test", first_name="Dana")
    request = RequestFactory(REMOTE_ADDR="203.0.113.9").get("/")
    with acting_person(person, request):
        record(business, AuditKind.SETTINGS_CHANGED, fields=["greeting_text"])
    with acting_for(business):
        entry = AuditEntry.objects.get()
    assert (entry.person_id, entry.person_name, entry.address) == (person.pk, "Dana", "203.0.113.9")
    assert entry.details == {"fields": ["greeting_text"]}


def test_an_entry_of_a_command_has_no_person(business: Business) -> None:
    entry = record(business, AuditKind.BROADCAST_STARTED)
    assert (entry.person_id, entry.person_name, entry.address) == (None, "", None)


def test_an_address_that_can_not_be_told_stays_empty(business: Business) -> None:
    request = RequestFactory(REMOTE_ADDR="").get("/")
    request.user = AnonymousUser()
    with acting_person(None, request):
        assert record(business, AuditKind.SIGN_IN_FAILED).address is None


def test_a_persons_own_changes_stand_in_each_of_their_businesses(business: Business) -> None:
    other = Business.objects.create(name="South", slug="south")
    person = User.objects.create_user("dana@north.test")
    for each in (business, other):
        Membership.objects.create(business=each, user=person)
    record_for_person(person, AuditKind.PASSWORD_CHANGED)
    with acting_for(business, other):
        assert set(AuditEntry.objects.values_list("business", "kind")) == {
            (business.pk, "password_changed"),
            (other.pk, "password_changed"),
        }


def test_the_database_refuses_to_change_an_entry(business: Business) -> None:
    entry = record(business, AuditKind.SIGNED_IN)
    entry.person_name = "Somebody else"
    with pytest.raises(DatabaseError, match="audit log"), transaction.atomic():
        entry.save()
    with acting_for(business), pytest.raises(DatabaseError, match="audit log"), transaction.atomic():
        AuditEntry.objects.update(person_name="Somebody else")


def test_an_entry_outlives_the_account(business: Business) -> None:
    person = User.objects.create_user("dana@north.test")
    record(business, AuditKind.SIGNED_IN, person=person)
    person.delete()
    with acting_for(business):
        assert AuditEntry.objects.get().person_name == "dana@north.test"
