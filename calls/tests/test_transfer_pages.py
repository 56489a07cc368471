"""The page of those to whom callers are put through: add, change, order, remove; only for owners."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from businesses.models import AuditEntry, AuditKind, Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.models import TransferTarget
from calls.tests.conftest import make_business

pytestmark = pytest.mark.django_db

FIRST, SECOND = "+97235550112", "+972501234567"
DANA = {"name": "Dana", "about": "Appointments", "numbers": f"{FIRST}\n050-123-4567", "reached_when": "always",
        "asks_for_key": "on", "is_on": "on"}  # fmt: skip


def member(client: Client, business: Business, role: Role) -> Client:
    user = User.objects.create_user(f"{uuid4().hex}@clinic.test", "pw")
    Membership.objects.create(business=business, user=user, role=role)
    client.force_login(user)
    return client


@pytest.fixture
def owner(client: Client, business: Business) -> Client:
    return member(client, business, Role.OWNER)


def page(business: Business, rest: str = "") -> str:
    return f"/b/{business.slug}/calls/transfers/{rest}"


def names(business: Business) -> list[str]:
    with acting_for(business):
        return [each.name for each in TransferTarget.objects.all()]


def only(business: Business) -> TransferTarget:
    with acting_for(business):
        return TransferTarget.objects.get()


def test_somebody_is_added_changed_and_removed(owner: Client, business: Business) -> None:
    assert b"put callers through to a person" in owner.get(page(business)).content, "nobody yet"
    assert owner.post(page(business, "add/"), DANA).status_code == 302
    added = only(business)
    assert (added.name, added.numbers, added.asks_for_key) == ("Dana", [FIRST, SECOND], True)
    own = {"reached_when": "own", "from_time": "09:00", "until_time": "16:30", "weekdays": ["6", "0"]}
    assert owner.post(page(business, f"{added.pk}/"), {**DANA, **own}).status_code == 302
    changed = only(business)
    assert (changed.weekdays, str(changed.from_time)) == ("06", "09:00:00")
    assert "Sun Mon, " in owner.get(page(business)).content.decode()
    assert owner.post(page(business, f"{added.pk}/remove/")).status_code == 302
    assert names(business) == []
    kinds = AuditEntry._base_manager.filter(business=business).values_list("kind", flat=True)
    assert list(kinds).count(AuditKind.TRANSFERS_CHANGED) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("numbers", "12"),
        ("numbers", "+442079460958"),
        ("numbers", "+19005550100"),
        ("numbers", ""),
        ("numbers", "\n".join(f"+97235550{number}" for number in range(112, 118))),
        ("name", ""),
        ("name", "DANA"),
        ("reached_when", "own"),
        ("reached_when", "never"),
    ],
)
def test_what_can_t_work_is_refused_and_nothing_typed_is_lost(
    owner: Client, business: Business, field: str, value: str
) -> None:
    with acting_for(business):
        TransferTarget.objects.create(business=business, name="Dana", numbers=[FIRST])
    answer = owner.post(page(business, "add/"), {**DANA, "name": "Ruth", field: value})
    assert answer.status_code == 422
    assert "Appointments" in answer.content.decode()
    assert names(business) == ["Dana"]


def test_the_order_is_the_owners(owner: Client, business: Business) -> None:
    for name in ("Dana", "Billing", "Ruth"):
        owner.post(page(business, "add/"), {**DANA, "name": name})
    assert names(business) == ["Dana", "Billing", "Ruth"]
    with acting_for(business):
        ruth = TransferTarget.objects.get(name="Ruth")
    for _ in range(3):
        owner.post(page(business, f"{ruth.pk}/up/"))
    assert names(business) == ["Ruth", "Dana", "Billing"]


def test_staff_see_none_of_it(client: Client, business: Business) -> None:
    staff = member(client, business, Role.STAFF)
    assert staff.get(page(business)).status_code == 404
    assert staff.post(page(business, "add/"), DANA).status_code == 404
    assert "transfers/" not in staff.get(f"/b/{business.slug}/calls/").content.decode()


def test_another_businesss_people_do_not_exist(owner: Client, business: Business) -> None:
    other = make_business()
    with acting_for(other):
        theirs = TransferTarget.objects.create(business=other, name="Theirs", numbers=[FIRST])
    for address, how in (("", owner.get), ("", owner.post), ("up/", owner.post), ("remove/", owner.post)):
        answer: Any = how(page(business, f"{theirs.pk}/{address}"))
        assert answer.status_code in (302, 404)
    assert names(other) == ["Theirs"]
    assert "Theirs" not in owner.get(page(business)).content.decode()
