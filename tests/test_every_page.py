"""Addresses are refused, without effects, to people signed out, of another business or in the wrong role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from businesses.models import Membership, Permission, User
from businesses.tests.rows import Tenant, everything, tenants_for_a_module
from testing.every_page import ANYBODY, BY_NAME, ITSELF, MEMBERS, OPERATOR, OWNERS, PAGES, PERSON, Page

pytestmark = pytest.mark.once  # permissions don't depend on the kind of database


def addresses(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route with its pattern; the admin has a sweep of its own (`businesses/tests/test_admin_sweep.py`)."""
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from addresses(pattern, route)
        else:
            yield route, pattern


ALL = list(addresses(get_resolver()))
SLASHED = {route for route, _pattern in ALL}
# Webhooks answer also without their last slash, there without a name.
ROUTES = {pattern.name or route: (route, pattern) for route, pattern in ALL if f"{route}/" not in SLASHED}
PRESENT = [each for each in PAGES if each.name in ROUTES]
OF_A_BUSINESS = [each for each in PRESENT if each.who in {OWNERS, MEMBERS}]


def named(pages: list[Page]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.name)


@pytest.fixture(scope="module")
def made_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Tenant]]:
    with django_db_blocker.unblock(), tenants_for_a_module() as made:
        yield made


@pytest.fixture(scope="module")
def as_made(made_once: dict[str, Tenant], django_db_blocker: DjangoDbBlocker) -> dict[str, Any]:
    """Every row that each test finds."""
    with django_db_blocker.unblock():
        return stored()


@pytest.fixture
def alpha(made_once: dict[str, Tenant], db: None) -> Tenant:
    return deepcopy(made_once["alpha"])


@pytest.fixture
def beta(made_once: dict[str, Tenant], db: None) -> Tenant:
    return deepcopy(made_once["beta"])


def url_of(page: Page, tenant: Tenant) -> str:
    """Returns the page's address, for a row of this business."""
    route = ROUTES[page.name][0].replace("<slug:slug>", tenant.business.slug)
    value = str(tenant.row(apps.get_model(page.row)).pk) if "." in page.row else "nothing-of-anybody"
    route = re.sub(r"<\w+:\w+>", value, route)
    assert "<" not in route, route
    return f"/{route}"


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def stored() -> dict[str, Any]:
    """Returns every row, without the times of the last sign-ins."""
    rows = everything()
    for user in rows["businesses.User"]:
        del user["last_login"]
    return rows


def statuses(client: Client, url: str) -> set[int]:
    return {client.get(url).status_code, client.post(url, {"name": "x", "role": "staff"}).status_code}


def test_every_address_has_its_line() -> None:
    missing = sorted(name for name in ROUTES if name not in BY_NAME)
    assert missing == [], "add them to testing/every_page.py"


def test_every_page_of_a_business_is_behind_its_door() -> None:
    for name, (route, pattern) in ROUTES.items():
        if route.startswith("b/"):
            assert getattr(pattern.callback, "roles", None), f"{name} has no @business_page"
            owners_only = len(pattern.callback.roles) == 1  # type: ignore[attr-defined]
            assert owners_only == (BY_NAME[name].who == OWNERS), f"{name}: the table says {BY_NAME[name].who}"


@named(OF_A_BUSINESS)
def test_signed_out_it_asks_to_sign_in(alpha: Tenant, as_made: dict[str, Any], page: Page) -> None:
    url, client = url_of(page, alpha), Client()
    for answer in (client.get(url), client.post(url, {"name": "x"})):
        assert answer.status_code in {302, 405}
        assert answer.status_code == 405 or answer["Location"].startswith("/accounts/login/?next=/b/")
    assert stored() == as_made


@named(OF_A_BUSINESS)
def test_to_another_business_it_does_not_exist(
    alpha: Tenant, beta: Tenant, as_made: dict[str, Any], page: Page
) -> None:
    url = url_of(page, alpha)
    for person in (beta.owner, beta.staff):
        assert statuses(sign_in(person), url) <= {404, 405}
    assert stored() == as_made


@named([each for each in OF_A_BUSINESS if each.row])
def test_a_row_of_another_business_does_not_exist_below_ones_own_address(
    alpha: Tenant, beta: Tenant, page: Page
) -> None:
    Membership._base_manager.update(**dict.fromkeys(Permission.values, True))
    url, before = url_of(page, alpha).replace(alpha.business.slug, beta.business.slug), stored()
    for person in (beta.owner, beta.staff):
        client = sign_in(person)
        if not page.post:  # a GET of an action looks at no row
            assert client.get(url).status_code == 404
        assert client.post(url, {"name": "x", "role": "staff"}).status_code in {404, 405}
    assert stored() == before


@named([each for each in OF_A_BUSINESS if each.who == OWNERS])
def test_to_staff_owners_pages_do_not_exist(alpha: Tenant, as_made: dict[str, Any], page: Page) -> None:
    url = url_of(page, alpha)
    assert statuses(sign_in(alpha.staff), url) <= {404, 405}
    assert stored() == as_made


@named([each for each in OF_A_BUSINESS if each.post])
def test_a_get_on_an_action_leads_to_its_page_and_does_nothing(
    alpha: Tenant, as_made: dict[str, Any], page: Page
) -> None:
    url, client = url_of(page, alpha), sign_in(alpha.owner)
    answer = client.get(url, follow=True)  # as after signing in again
    assert answer.redirect_chain
    assert answer.status_code in {200, 422}, "422: the page shows what is wrong with a row"
    assert client.put(url).status_code == 405
    assert stored() == as_made


@named([each for each in OF_A_BUSINESS if each.look])
def test_it_opens_for_those_who_may(alpha: Tenant, page: Page) -> None:
    url = url_of(page, alpha)
    for person in [alpha.owner] + [alpha.staff] * (page.who == MEMBERS):
        assert sign_in(person).get(url, follow=True).status_code == 200


@named([each for each in PRESENT if each.who == PERSON])
def test_a_persons_own_pages_ask_to_sign_in(db: None, page: Page) -> None:
    answer = Client().get("/" + ROUTES[page.name][0])
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@named([each for each in PRESENT if each.who == OPERATOR])
def test_operators_pages_exist_for_operators_only(alpha: Tenant, page: Page) -> None:
    url = "/" + ROUTES[page.name][0]
    assert Client().get(url)["Location"].startswith("/accounts/login/")
    for person in (alpha.owner, alpha.staff):
        assert sign_in(person).get(url).status_code == 404
    operator = User.objects.create_superuser("operator@example.com", "qq-operator-pass")
    assert sign_in(operator).get(url).status_code == 200


def test_the_table_says_who_for_every_page() -> None:
    assert {each.who for each in PAGES} == {OWNERS, MEMBERS, PERSON, OPERATOR, ANYBODY, ITSELF}
    assert len(BY_NAME) == len(PAGES), "a page stands there twice"
