"""Every admin page for every kind of person: other businesses' rows can't be seen or changed, and answer 404."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, reverse

from businesses.fence.fenced_admin import OWNERS
from businesses.models import Business, Role, User
from businesses.tests.rows import A_TIME, FINAL, Tenant, everything
from whatsapp.models import Suppression

# Permissions don't depend on the kind of database.
pytestmark = [pytest.mark.once, pytest.mark.usefixtures("made_once")]

NEEDS_PERMISSION = {Suppression}
"""Models whose rows staff delete only if an owner lets them (`tests/attack/test_roles.py`)."""
admin.autodiscover()
REGISTRY: dict[type[models.Model], Any] = dict(admin.site._registry)
every_model = pytest.mark.parametrize("model", REGISTRY, ids=lambda model: model.__name__)

# What someone who knows alpha's marker might search for: shorter than the marker, so an echo isn't a find.
SEARCH = "qqaa"


@dataclass
class Person:
    """A signed-in person. `role` is their role in alpha, whose rows are requested."""

    client: Client
    role: Role | None = None
    is_operator: bool = False

    def may(self, roles: frozenset[Role]) -> bool:
        return self.is_operator or self.role in roles


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def insiders(alpha: Tenant, operator: User) -> dict[str, Person]:
    return {
        "staff": Person(sign_in(alpha.staff), Role.STAFF),
        "owner": Person(sign_in(alpha.owner), Role.OWNER),
        "operator": Person(sign_in(operator), is_operator=True),
    }


@pytest.fixture
def outsiders(beta: Tenant) -> dict[str, Person]:
    nowhere = User.objects.create_user("nowhere@frontdesk.test", "pw", is_staff=True)
    return {
        "owner of another": Person(sign_in(beta.owner)),
        "staff of another": Person(sign_in(beta.staff)),
        "belongs nowhere": Person(sign_in(nowhere)),
    }


def row_pages(model: type[models.Model], row: models.Model) -> dict[str, str]:
    """Returns every address of the model's admin that names a row, whatever pages its class has added."""
    pages = {}
    for pattern in REGISTRY[model].get_urls():
        assert isinstance(pattern, URLPattern)
        parameters = pattern.pattern.converters
        if parameters and pattern.name:
            arguments = dict.fromkeys(parameters, str(row.pk))
            pages[pattern.name.rpartition("_")[2]] = reverse(f"admin:{pattern.name}", kwargs=arguments)
    return pages


def table_pages(model: type[models.Model]) -> dict[str, str]:
    return {
        pattern.name.rpartition("_")[2]: reverse(f"admin:{pattern.name}")
        for pattern in REGISTRY[model].get_urls()
        if pattern.name and not pattern.pattern.converters
    }


def shown(response: Any, tenant: Tenant) -> bool:
    """Returns whether any text or key of the tenant's rows is on the page."""
    keys = [str(tenant.business.pk), *(str(row.pk) for row in tenant.rows.values() if not isinstance(row.pk, int))]
    page = response.content.decode()
    return any(mark in page for mark in [tenant.marker, tenant.number, *keys])


def is_sign_in(response: Any) -> bool:
    return bool(response.status_code == 302 and response.headers["Location"].startswith("/admin/login/?next="))


# Reading -----------------------------------------------------------------------------------------


@every_model
def test_signed_out_every_page_asks_to_sign_in(model: type[models.Model], alpha: Tenant) -> None:
    for address in [*table_pages(model).values(), *row_pages(model, alpha.row(model)).values(), "/admin/nowhere/"]:
        assert is_sign_in(Client().get(address)), address


@every_model
def test_another_businesss_row_does_not_exist(
    model: type[models.Model], alpha: Tenant, outsiders: dict[str, Person]
) -> None:
    nothing = outsiders["owner of another"].client.get("/admin/businesses/never-there/").content
    for who, person in outsiders.items():
        for page, address in row_pages(model, alpha.row(model)).items():
            for query in ("", "?_popup=1", "?_to_field=id"):
                response = person.client.get(address + query)
                assert (response.status_code, response.content) == (404, nothing), (who, page)


def questions(model: type[models.Model], tenant: Tenant) -> list[str]:
    """Query strings of a list page: search, filters, sorting, and lookups that fish for others' rows."""
    model_admin = REGISTRY[model]
    asked = ["", "?all=", "?o=1", "?p=1", "?_popup=1", f"?q={SEARCH}", "?e=1"]
    asked += [f"?business__id__exact={tenant.business.pk}", f"?business={tenant.business.pk}"]
    asked += [f"?id__exact={tenant.row(model).pk}", f"?business__name__startswith={SEARCH}"]
    for item in model_admin.list_filter:
        name = item[0] if isinstance(item, tuple) else item
        if isinstance(name, str):
            asked += [f"?{name}={SEARCH}", f"?{name}__isnull=False", f"?{name}__exact=1"]
    if model_admin.date_hierarchy:
        asked.append(f"?{model_admin.date_hierarchy}__year={A_TIME.year}")
    return asked


@every_model
def test_lists_show_nothing_of_another_business(
    model: type[models.Model], alpha: Tenant, outsiders: dict[str, Person]
) -> None:
    for who, person in outsiders.items():
        for page, address in table_pages(model).items():
            for question in questions(model, alpha):
                response = person.client.get(address + question)
                hidden = response.content.decode().replace(question.partition("=")[2] or " ", "")
                assert response.status_code in {200, 302, 400, 404}, (who, page, question)
                for mark in (alpha.marker, alpha.number, str(alpha.business.pk)):
                    assert mark not in hidden, (who, page, question)


def expected(model: type[models.Model], person: Person) -> dict[str, int]:
    """Returns what the admin class says about the person's role, as answers of Django's own pages."""
    fence = REGISTRY[model]
    reads = person.may(fence.view_roles)
    deletes = model not in FINAL and person.may(OWNERS if model in NEEDS_PERMISSION else fence.delete_roles)
    return {
        "changelist": 200 if reads else 404,
        "change": 200 if reads else 404,
        "history": 200 if reads else 404,
        "delete": 200 if deletes else 404,
        "add": 200 if person.may(fence.add_roles) and not fence.records else 404,
    }


@every_model
def test_own_pages_open_for_the_roles_that_the_admin_names(
    model: type[models.Model], alpha: Tenant, beta: Tenant, insiders: dict[str, Person]
) -> None:
    pages = {**table_pages(model), **row_pages(model, alpha.row(model))}
    for who, person in insiders.items():
        for page, status in expected(model, person).items():
            response = person.client.get(pages[page])
            assert response.status_code == status, (who, page)
            if status == 200 and page in {"changelist", "change"}:
                assert shown(response, alpha), (who, page)
            if not person.is_operator:
                assert not shown(response, beta), (who, page)


def test_the_start_pages_name_only_what_a_person_may_open(
    alpha: Tenant, insiders: dict[str, Person], outsiders: dict[str, Person]
) -> None:
    settings_link, people_link = (reverse(f"admin:businesses_{name}_changelist") for name in ("business", "user"))
    start = {who: person.client.get("/admin/").content.decode() for who, person in {**insiders, **outsiders}.items()}

    assert {who for who, page in start.items() if settings_link in page} == {"owner", "operator", "owner of another"}
    assert {who for who, page in start.items() if people_link in page} == {"operator"}
    of_businesses = insiders["staff"].client.get("/admin/businesses/").content.decode()
    assert "appointment/" in of_businesses
    assert settings_link not in of_businesses
    assert people_link not in of_businesses


def test_a_member_without_entry_can_not_come_in(alpha: Tenant) -> None:
    member = User.objects.create_user("member@frontdesk.test", "pw")
    assert is_sign_in(sign_in(member).get("/admin/"))


# Dropdowns ---------------------------------------------------------------------------------------


@every_model
def test_autocomplete_suggests_nothing_of_another_business(
    model: type[models.Model], alpha: Tenant, beta: Tenant, insiders: dict[str, Person], outsiders: dict[str, Person]
) -> None:
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey):
            continue
        asked = {"app_label": model._meta.app_label, "model_name": model.__name__.lower(), "field_name": field.name}
        for person in outsiders.values():
            response = person.client.get("/admin/autocomplete/", {**asked, "term": SEARCH})
            assert response.status_code == 404 or response.json()["results"] == []
        response = insiders["owner"].client.get("/admin/autocomplete/", {**asked, "term": "qq"})
        assert response.status_code == 404 or not shown(response, beta)


def test_autocomplete_finds_what_one_may_see(
    alpha: Tenant, insiders: dict[str, Person], outsiders: dict[str, Person]
) -> None:
    asked = {"app_label": "businesses", "model_name": "membership", "field_name": "business", "term": "qq"}
    found = {
        who: [result["text"] for result in person.client.get("/admin/autocomplete/", asked).json()["results"]]
        for who, person in {**insiders, **outsiders}.items()
        if person.is_operator or "owner" in who
    }
    assert found == {
        "owner": ["qqaaa clinic"],
        "operator": ["qqaaa clinic", "qqbbb clinic"],
        "owner of another": ["qqbbb clinic"],
    }


def test_filters_by_a_relation_offer_own_rows(alpha: Tenant, beta: Tenant, insiders: dict[str, Person]) -> None:
    """Django's filter offers every business there is."""
    both = beta.business.memberships.model(business=beta.business, user=alpha.owner, role=Role.OWNER)
    third = Business.objects.create(name="qqccc clinic", slug="third")
    both.save()

    page = insiders["owner"].client.get("/admin/businesses/membership/").content.decode()

    assert f"?business__id__exact={alpha.business.pk}" in page
    assert f"?business__id__exact={beta.business.pk}" in page
    assert third.name not in page


# Writing -----------------------------------------------------------------------------------------


@every_model
def test_another_businesss_row_can_not_be_changed(
    model: type[models.Model], alpha: Tenant, outsiders: dict[str, Person]
) -> None:
    row = alpha.row(model)
    before = everything()
    for who, person in outsiders.items():
        for page, address in row_pages(model, row).items():
            response = person.client.post(address, {"post": "yes", "name": "taken", "role": "owner", "number": "+1"})
            assert response.status_code == 404, (who, page)
    assert everything() == before


@every_model
def test_actions_do_not_reach_another_businesss_row(
    model: type[models.Model], alpha: Tenant, beta: Tenant, outsiders: dict[str, Person]
) -> None:
    row = alpha.row(model)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    actions = {
        "delete_selected",
        *(action if isinstance(action, str) else action.__name__ for action in REGISTRY[model].actions),
    }
    before = everything()
    for who, person in outsiders.items():
        for action in actions:
            marked = {"action": action, "_selected_action": str(row.pk), "select_across": "1", "post": "yes"}
            response = person.client.post(address, marked)
            assert not shown(response, alpha), (who, action)
    after = everything()
    for label, rows in before.items():
        changed = [row for row in rows if row not in after[label]]
        assert [row for row in changed if row.get("business_id") != beta.business.pk] == []  # beta's people may do that


@every_model
def test_insiders_change_only_what_their_role_allows(
    model: type[models.Model], alpha: Tenant, insiders: dict[str, Person]
) -> None:
    fence, pages = REGISTRY[model], row_pages(model, alpha.row(model))
    before = everything()
    for who, person in insiders.items():
        if not person.may(fence.change_roles) or fence.records:
            assert person.client.post(pages["change"], {"name": "taken"}).status_code == 404, who
        if not person.may(fence.delete_roles):
            assert person.client.post(pages["delete"], {"post": "yes"}).status_code == 404, who
    assert everything() == before
