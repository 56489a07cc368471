"""Every address of the API, asked with no token, a wrong one, one that only reads, and one of another business.

`ADDRESSES` lists all of them: one that is missing here fails, as does one that shows or changes another's row.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client

from businesses import api_tokens
from businesses.models import ApiToken
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant, everything, make_tenant

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


class Address(NamedTuple):
    """An operation: the model of the row in its address, and a body that it would accept."""

    row: str = ""
    body: Any = None


ADDRESSES = {
    "GET /contacts": Address(),
    "POST /contacts": Address("", {"phone": "+972501234567"}),
    "GET /contacts/{contact_id}": Address("whatsapp.Contact"),
    "PATCH /contacts/{contact_id}": Address("whatsapp.Contact", {"name": "Taken over"}),
    "POST /contacts/{contact_id}/tags": Address("whatsapp.Contact", {"tag": "mine"}),
    "DELETE /contacts/{contact_id}/tags/{tag}": Address("whatsapp.Contact"),
    "POST /contacts/{contact_id}/opt-out": Address("whatsapp.Contact", {}),
    "GET /calls": Address(),
    "GET /calls/{call_id}": Address("calls.Call"),
    "GET /services": Address(),
    "GET /services/{service_id}/free": Address("businesses.Service"),
    "GET /calendars": Address(),
    "GET /appointments": Address(),
    "POST /appointments": Address("", {"service": str(UUID(int=7)), "starts_at": "2026-12-01T10:00", "name": "Dana"}),
    "GET /appointments/{appointment_id}": Address("businesses.Appointment"),
    "POST /appointments/{appointment_id}/move": Address("businesses.Appointment", {"starts_at": "2026-12-01T10:00"}),
    "POST /appointments/{appointment_id}/cancel": Address("businesses.Appointment", {}),
    "GET /broadcasts": Address(),
    "POST /broadcasts": Address("", {"template": "qqbbb", "language": "qqbbb", "rows": [{"phone": "+972501234567"}]}),
    "GET /broadcasts/{broadcast_id}": Address("whatsapp.Broadcast"),
    "POST /broadcasts/{broadcast_id}/start": Address("whatsapp.Broadcast", {}),
    "POST /broadcasts/{broadcast_id}/pause": Address("whatsapp.Broadcast", {}),
}


@pytest.fixture
def alpha() -> Tenant:
    return make_tenant("qqaaa", "+97231230001")


@pytest.fixture
def beta() -> Tenant:
    return make_tenant("qqbbb", "+97231230002")


def token_of(tenant: Tenant, *, may_write: bool = True) -> str:
    with acting_for(tenant.business):
        return api_tokens.make(tenant.business, name="x", may_write=may_write, by=None, now=NOW)[1]


def ask(name: str, tenant: Tenant, token: str = "") -> Any:
    """Ask one address, for the row of a business, with a token."""
    method, _space, path = name.partition(" ")
    line = ADDRESSES[name]
    if line.row:
        row = tenant.row(apps.get_model(line.row))
        start, _brace, rest = path.partition("{")
        path = f"{start}{row.pk}{rest.partition('}')[2]}".replace("{tag}", "qqaaa")
    body = {} if line.body is None else {"data": json.dumps(line.body), "content_type": "application/json"}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return getattr(Client(), method.lower())(f"/api/v1{path}", **body, headers=headers)


def unchanged(before: dict[str, Any]) -> bool:
    """Returns whether nothing has changed but when a token was last used."""
    now = everything()
    for rows in (*before.values(), *now.values()):
        for row in rows:
            row.pop("last_used_at", None)
    return before == now


def test_every_address_is_listed() -> None:
    described = json.loads(Client().get("/api/v1/openapi.json").content)
    there = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, each in described["paths"].items()
        for method in each
    }
    assert there == set(ADDRESSES)


@pytest.mark.parametrize("name", ADDRESSES)
def test_nobody_gets_in_without_a_token(name: str, alpha: Tenant) -> None:
    revoked = token_of(alpha)
    with acting_for(alpha.business):
        for row in ApiToken.objects.all():
            api_tokens.revoke(row)
    before = everything()
    for token in ("", "fd_wrong", revoked, "qqaaa"):
        answer = ask(name, alpha, token)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer["Content-Type"] == "application/problem+json"
    assert unchanged(before)


@pytest.mark.parametrize("name", ADDRESSES)
def test_another_business_does_not_exist(name: str, alpha: Tenant, beta: Tenant) -> None:
    token = token_of(alpha)
    before = everything()
    answer = ask(name, beta, token)
    text = answer.content.decode()
    assert "qqbbb" not in text.replace('"qqbbb"', "") or name == "POST /broadcasts"
    assert beta.number not in text
    if ADDRESSES[name].row:
        assert answer.status_code == 404
        assert unchanged(before)


@pytest.mark.parametrize("name", [name for name in ADDRESSES if not name.startswith("GET")])
def test_a_token_that_may_only_read_changes_nothing(name: str, alpha: Tenant) -> None:
    token = token_of(alpha, may_write=False)
    before = everything()
    answer = ask(name, alpha, token)
    assert answer.status_code == 403
    assert unchanged(before)


@pytest.mark.parametrize("name", [name for name in ADDRESSES if name.startswith("GET")])
def test_ones_own_rows_are_shown(name: str, alpha: Tenant, beta: Tenant) -> None:
    answer = ask(name, alpha, token_of(alpha, may_write=False))
    assert answer.status_code == 200
    assert "qqaaa" in answer.content.decode()
