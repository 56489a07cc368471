"""A web request acts for the businesses of its user, and the setting ends with the request."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from businesses.membership import add_member
from businesses.middleware import ActingBusinessMiddleware
from businesses.models import Membership, Role, User
from businesses.tenancy import NoBusiness
from businesses.tests.rows import Tenant


def seen_by(user: Any) -> set[str]:
    """Returns the businesses whose rows a page sees when this person asks for it."""

    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(",".join(sorted({row.business.name for row in Membership.objects.all()})))

    request = RequestFactory().get("/")
    request.user = user if isinstance(user, AnonymousUser) else User.objects.get(pk=user.pk)
    answer = ActingBusinessMiddleware(page)(request).content.decode()
    return set(answer.split(",")) - {""}


def test_members_see_their_business(alpha: Tenant, beta: Tenant) -> None:
    assert seen_by(alpha.owner) == seen_by(alpha.staff) == {"qqaaa clinic"}
    assert seen_by(beta.owner) == {"qqbbb clinic"}


def test_who_belongs_to_several_sees_several(alpha: Tenant, beta: Tenant) -> None:
    add_member(beta.business, alpha.owner, Role.STAFF)
    assert seen_by(alpha.owner) == {"qqaaa clinic", "qqbbb clinic"}


def test_who_belongs_to_none_sees_nothing(alpha: Tenant) -> None:
    assert seen_by(User.objects.create_user("nobody@frontdesk.test", "pw")) == set()


def test_an_operator_sees_all(alpha: Tenant, beta: Tenant, operator: User) -> None:
    assert seen_by(operator) == {"qqaaa clinic", "qqbbb clinic"}


def zone_for(user: User) -> str:
    """Returns the time zone of a page that this person asks for."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=user.pk)
    page = ActingBusinessMiddleware(lambda request: HttpResponse(timezone.get_current_timezone_name()))
    return page(request).content.decode()


def test_times_are_shown_in_the_zone_of_the_business(alpha: Tenant, beta: Tenant, operator: User) -> None:
    assert zone_for(alpha.owner) == "Asia/Jerusalem"
    assert zone_for(operator) == "UTC"
    beta.business.time_zone = "America/New_York"
    beta.business.save()
    add_member(beta.business, alpha.owner, Role.STAFF)
    assert zone_for(alpha.owner) == "UTC", "of two zones none is right"
    assert timezone.get_current_timezone_name() == "UTC"


def test_who_is_not_signed_in_acts_for_nobody(alpha: Tenant) -> None:
    with pytest.raises(NoBusiness):
        seen_by(AnonymousUser())


def test_after_the_request_nobody_is_acted_for(alpha: Tenant) -> None:
    seen_by(alpha.owner)
    with pytest.raises(NoBusiness):
        Membership.objects.count()
    with pytest.raises(ZeroDivisionError):
        ActingBusinessMiddleware(lambda request: HttpResponse(str(1 / 0)))(_request(alpha.owner))
    with pytest.raises(NoBusiness):
        Membership.objects.count()


def _request(user: User) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_a_request_reads_its_memberships_once(alpha: Tenant, client: Any, django_assert_max_num_queries: Any) -> None:
    """Queries: session, user, memberships, then the page's own; the fence adds none for each link."""
    client.force_login(alpha.owner)
    with django_assert_max_num_queries(4):  # and the person's latest actions
        assert client.get("/admin/").status_code == 200
