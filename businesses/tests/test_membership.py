"""Owners have access to the admin only as long as they own a business."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from businesses.membership import add_member, remove_member
from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("Dana@Clinic.test", "pw")


@pytest.fixture
def clinic(db: None) -> Business:
    return Business.objects.create(name="Clinic", slug="clinic")


def roles(business: Business) -> list[tuple[str, str]]:
    with acting_for(business):
        return list(Membership.objects.values_list("user__email", "role"))


def may_enter(person: User) -> bool:
    return User.objects.get(pk=person.pk).is_staff


def test_an_owner_may_enter_and_staff_may_not(person: User, clinic: Business) -> None:
    add_member(clinic, person, Role.STAFF)
    assert not may_enter(person)
    add_member(clinic, person, Role.OWNER)
    assert may_enter(person)
    assert roles(clinic) == [("dana@clinic.test", "owner")]
    assert person.business_ids({Role.OWNER}) == {clinic.pk}


def test_who_owns_another_business_stays(person: User, clinic: Business) -> None:
    shop = Business.objects.create(name="Shop", slug="shop")
    of_clinic, of_shop = (add_member(business, person, Role.OWNER) for business in (clinic, shop))
    remove_member(of_clinic)
    assert may_enter(person)
    remove_member(of_shop)
    assert not may_enter(person)
    assert roles(clinic) == roles(shop) == []


def test_an_operator_stays_an_operator(operator: User, clinic: Business) -> None:
    remove_member(add_member(clinic, operator, Role.OWNER))
    assert may_enter(operator)


def test_the_admin_goes_through_the_same_actions(operator: User, person: User, clinic: Business) -> None:
    client = Client()
    client.force_login(operator)
    added: dict[str, Any] = {"user": person.pk, "business": clinic.pk, "role": "owner"}
    assert client.post("/admin/businesses/membership/add/", added).status_code == 302
    assert may_enter(person)
    with acting_for(clinic):
        page = f"/admin/businesses/membership/{Membership.objects.get().pk}"

    assert client.post(f"{page}/change/", {"role": "staff"}).status_code == 302
    assert not may_enter(person)
    assert client.post(f"{page}/change/", {"role": "owner"}).status_code == 302
    assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert not may_enter(person)


def test_deleting_marked_members_ends_their_entry_too(operator: User, person: User, clinic: Business) -> None:
    key = add_member(clinic, person, Role.OWNER).pk
    client = Client()
    client.force_login(operator)
    marked = {"action": "delete_selected", "_selected_action": str(key), "post": "yes"}
    assert client.post("/admin/businesses/membership/", marked).status_code == 302
    assert not may_enter(person)
    assert roles(clinic) == []
