"""Two people have the settings open, on the web or in the admin: what each changed is kept, or asked about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from businesses.models import Business, User
from businesses.registration import save_business
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant

Post = Callable[..., Any]


@pytest.fixture
def client(alpha: Tenant) -> Client:
    client = Client()
    client.force_login(alpha.owner)
    return client


@pytest.fixture(params=["web", "admin"])
def page(request: pytest.FixtureRequest, alpha: Tenant) -> str:
    if request.param == "web":
        return f"/b/{alpha.business.slug}/settings/"
    return f"/admin/businesses/business/{alpha.business.pk}/change/"


def opened(client: Client, page: str) -> dict[str, Any]:
    """Returns what a browser would post if nothing was changed."""
    answer = client.get(page)
    form = answer.context["adminform"].form if "/admin/" in page else answer.context["form"]
    fields = {name: form[name].value() for name in form.fields}
    inlines = ("phone_numbers", "daily_limits") if "/admin/" in page else ()
    rows = {f"{name}-{kind}_FORMS": 0 for name in inlines for kind in ("TOTAL", "INITIAL")}
    return {**rows, **{k: v for k, v in fields.items() if v not in (False, None)}, "seen": seen_in(answer)}


def seen_in(answer: Any) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', answer.content.decode())
    assert found
    return found[1].replace("&quot;", '"')


def change(tenant: Tenant, **values: Any) -> None:
    """Somebody else saves meanwhile."""
    with acting_for(tenant.business):
        business = Business.objects.get(pk=tenant.business.pk)
        for name, value in values.items():
            setattr(business, name, value)
        save_business(business, changed=list(values))


def stored(tenant: Tenant) -> Business:
    with acting_for(tenant.business):
        return Business.objects.get(pk=tenant.business.pk)


def test_what_others_changed_in_other_fields_stays(client: Client, alpha: Tenant, page: str) -> None:
    mine = {**opened(client, page), "greeting_text": "My greeting"}
    change(alpha, instructions="Their instructions", barge_in_debounce_ms=400, record_calls=False)
    assert client.post(page, mine).status_code == 302
    now = stored(alpha)
    assert (now.greeting_text, now.instructions) == ("My greeting", "Their instructions")
    assert (now.barge_in_debounce_ms, now.record_calls) == (400, False)


def test_what_both_changed_is_asked_field_by_field(client: Client, alpha: Tenant, page: str) -> None:
    mine = {**opened(client, page), "greeting_text": "My greeting", "opening_hours": "Mine"}
    change(alpha, greeting_text="Their greeting", instructions="Their instructions")
    answer = client.post(page, mine)
    shown = answer.content.decode()
    assert answer.status_code == (200 if "/admin/" in page else 422)
    assert "Their greeting" in shown
    assert "My greeting" in shown
    assert shown.count('value="theirs"') == 1
    now = stored(alpha)
    assert (now.greeting_text, now.opening_hours) == ("Their greeting", alpha.business.opening_hours), "nothing saved"
    # Saved again, with both in view:
    assert client.post(page, {**mine, "seen": seen_in(answer)}).status_code == 302
    now = stored(alpha)
    assert (now.greeting_text, now.instructions) == ("My greeting", "Their instructions")
    assert now.opening_hours == "Mine"


def test_theirs_can_be_kept(client: Client, alpha: Tenant, page: str) -> None:
    mine = {**opened(client, page), "greeting_text": "My greeting", "opening_hours": "Mine"}
    change(alpha, greeting_text="Their greeting")
    asked = client.post(page, mine)
    again = {**mine, "seen": seen_in(asked), "take-greeting_text": "theirs"}
    assert client.post(page, again).status_code == 302
    assert (stored(alpha).greeting_text, stored(alpha).opening_hours) == ("Their greeting", "Mine")


def test_a_third_change_is_asked_about_too(client: Client, alpha: Tenant, page: str) -> None:
    mine = {**opened(client, page), "greeting_text": "My greeting"}
    change(alpha, greeting_text="Their greeting")
    asked = client.post(page, mine)
    change(alpha, greeting_text="A third greeting")
    for choice in ("mine", "theirs"):
        again = client.post(page, {**mine, "seen": seen_in(asked), "take-greeting_text": choice})
        assert "A third greeting" in again.content.decode()
        assert stored(alpha).greeting_text == "A third greeting"


def test_the_same_change_by_both_is_none(client: Client, alpha: Tenant, page: str) -> None:
    mine = {**opened(client, page), "greeting_text": "One\r\ngreeting"}
    change(alpha, greeting_text="One\ngreeting")
    assert client.post(page, mine).status_code == 302


def test_it_says_who_and_when(client: Client, alpha: Tenant, page: str) -> None:
    other = Client()
    other.force_login(User.objects.create_superuser("noa@desk.example", "a quiet river", first_name="Noa"))
    mine = {**opened(client, page), "greeting_text": "My greeting"}
    theirs = {**opened(other, page), "greeting_text": "Their greeting"}
    assert other.post(page, theirs).status_code == 302
    assert "Noa changed this too (" in client.post(page, mine).content.decode()


def test_what_is_shown_of_values_says_nothing(client: Client, alpha: Tenant, page: str) -> None:
    digests = json.loads(opened(client, page)["seen"])
    assert set(digests) >= {"greeting_text", "fallback_number"}
    assert all(re.fullmatch(r"[0-9a-f]{12}", each) for each in digests.values())


@pytest.mark.parametrize("seen", ["", "x", "[]", '{"greeting_text": 1}', '{"nothing": "x"}'])
def test_a_damaged_record_breaks_nothing(client: Client, alpha: Tenant, page: str, seen: str) -> None:
    assert client.post(page, {**opened(client, page), "seen": seen}).status_code in {200, 302, 422}
