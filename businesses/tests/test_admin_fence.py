"""A person with different roles in several businesses, in an admin that owners may change."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest
from django.test import RequestFactory

from businesses.fence.fenced_admin import MEMBERS, NOBODY, OWNERS, FencedAdmin
from businesses.membership import add_member
from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant


class MembersAdmin(FencedAdmin):
    view_roles = MEMBERS
    add_roles = OWNERS
    change_roles = OWNERS


class Records(FencedAdmin):
    view_roles = MEMBERS
    add_roles = MEMBERS
    change_roles = MEMBERS
    delete_roles = OWNERS
    records = True


MEMBERS_ADMIN = MembersAdmin(Membership, admin.site)
RECORDS_ADMIN = Records(Membership, admin.site)


def request_by(user: User) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=user.pk)
    return request


@pytest.fixture
def both(alpha: Tenant, beta: Tenant) -> User:
    """An owner of alpha who is staff of beta and doesn't belong to a third business."""
    Business.objects.create(name="third", slug="third")
    add_member(beta.business, alpha.owner, Role.STAFF)
    return alpha.owner


def form_for(request: HttpRequest, **data: Any) -> Any:
    form = MEMBERS_ADMIN.get_form(request)
    return form(data) if data else form()


def test_dropdowns_offer_the_businesses_where_one_may_write(both: User, alpha: Tenant) -> None:
    fields = form_for(request_by(both)).fields
    assert list(fields["business"].queryset) == [alpha.business]
    assert list(fields["user"].queryset) == []


def test_an_operators_dropdowns_offer_everything(both: User, operator: User) -> None:
    fields = form_for(request_by(operator)).fields
    assert fields["business"].queryset.count() == 3
    assert fields["user"].queryset.count() == User.objects.count()


def test_a_posted_business_of_others_is_no_choice(both: User, beta: Tenant) -> None:
    form = form_for(request_by(both), business=str(beta.business.pk), user=str(both.pk), role="owner")
    assert not form.is_valid()
    assert set(form.errors) == {"business", "user"}


def test_each_row_is_judged_by_the_role_in_its_own_business(both: User, alpha: Tenant, beta: Tenant) -> None:
    request = request_by(both)
    with acting_for(alpha.business, beta.business):
        ours, theirs = (Membership.objects.get(business=t.business, user=t.staff) for t in (alpha, beta))
        assert MEMBERS_ADMIN.has_change_permission(request, ours)
        assert not MEMBERS_ADMIN.has_change_permission(request, theirs)
        assert MEMBERS_ADMIN.has_view_permission(request, theirs)
        assert {ours, theirs} <= set(MEMBERS_ADMIN.get_queryset(request))


def test_the_fence_holds_also_where_a_query_may_see_more(both: User, alpha: Tenant, beta: Tenant) -> None:
    """The middleware lets staff act for their business; an admin for owners still leaves its rows out."""
    owners_only = type("OwnersOnly", (FencedAdmin,), {"view_roles": OWNERS})(Membership, admin.site)
    with acting_for(alpha.business, beta.business):
        assert {row.business_id for row in owners_only.get_queryset(request_by(both))} == {alpha.business.pk}


def test_what_the_system_writes_nobody_adds_or_changes(both: User, operator: User) -> None:
    for person in (both, operator):
        request = request_by(person)
        assert not RECORDS_ADMIN.has_add_permission(request)
        assert not RECORDS_ADMIN.has_change_permission(request)
        assert RECORDS_ADMIN.has_view_permission(request)
        assert RECORDS_ADMIN.has_delete_permission(request)


def test_an_admin_that_names_no_roles_is_for_operators(both: User, operator: User) -> None:
    bare = FencedAdmin(Membership, admin.site)
    assert bare.view_roles == NOBODY
    assert not bare.has_module_permission(request_by(both))
    assert bare.has_module_permission(request_by(operator))
    with acting_for(*(membership.business for membership in both.own_memberships)):
        assert list(bare.get_queryset(request_by(both))) == []
