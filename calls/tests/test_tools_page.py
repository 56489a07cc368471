"""Owners switch the assistant's tools on and off, and see what it did in a call."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from businesses.models import AuditEntry, AuditKind, Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.models import Task, ToolRun, ToolSwitch
from calls.tests.conftest import NOW, make_business, make_call
from calls.tools import registry, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(transactional_db: None) -> Business:
    return make_business()


@pytest.fixture
def owner(clinic: Business, client: Client) -> Client:
    user = User.objects.create_user("owner@clinic.test", "pw")
    with acting_for(clinic):
        Membership.objects.create(business=clinic, user=user, role=Role.OWNER)
    client.force_login(user)
    return client


def page(clinic: Business) -> str:
    return reverse("assistant-tools", args=[clinic.slug])


def form(**changes: str) -> dict[str, str]:
    on = {f"{tool.name}-is_on": "on" for tool in registry.TOOLS if tool.is_on_at_first}
    return {name: value for name, value in {**on, **changes}.items() if value}


def switches(clinic: Business) -> dict[str, tuple[bool, str]]:
    with acting_for(clinic):
        return {each.tool: (each.is_on, each.guidance) for each in ToolSwitch.objects.all()}


def test_an_owner_sees_all_tools_and_what_is_missing_for_them(clinic: Business, owner: Client) -> None:
    shown = owner.get(page(clinic)).content.decode()
    for tool in registry.TOOLS:
        assert str(tool.title) in shown
    assert "something it needs is not set up" in shown, "there is no WhatsApp number"


def test_a_change_is_saved_and_noted_and_nothing_else_is(clinic: Business, owner: Client) -> None:
    sent = form(**{"take_message-is_on": "", "look_up_caller-guidance": "Only by first name."})
    answer = owner.post(page(clinic), sent, follow=True)
    assert "Saved" in answer.content.decode()
    assert switches(clinic) == {"take_message": (False, ""), "look_up_caller": (True, "Only by first name.")}
    with acting_for(clinic):
        offered = {each.tool.name: each.function() for each in registry.offered_by(clinic)}
        noted = AuditEntry.objects.filter(business=clinic, kind=AuditKind.SETTINGS_CHANGED)
        changed = {name for entry in noted for name in entry.details["changes"]}
    assert "take_message" not in offered
    assert str(offered["look_up_caller"]["description"]).endswith("Only by first name.")
    assert changed == {"take_message.is_on", "look_up_caller.guidance"}


def test_a_text_that_is_too_long_is_refused_and_kept_in_the_form(clinic: Business, owner: Client) -> None:
    answer = owner.post(page(clinic), form(**{"take_message-guidance": "x" * 301}))
    assert answer.status_code == 422
    assert "x" * 301 in answer.content.decode()
    assert switches(clinic) == {}


def test_staff_don_t_change_it(clinic: Business, client: Client) -> None:
    user = User.objects.create_user("staff@clinic.test", "pw")
    with acting_for(clinic):
        Membership.objects.create(business=clinic, user=user, role=Role.STAFF)
    client.force_login(user)
    assert client.get(page(clinic)).status_code == 404


def test_the_page_of_a_call_says_what_the_assistant_did(clinic: Business, owner: Client) -> None:
    call = make_call(clinic, status="ended", ended_at=NOW, caller_number="+972501234567")
    asked: dict[str, Any] = {"tool_call_id": "c1", "name": "take_message", "now": NOW}
    running.run_tool(call.pk, clinic, arguments='{"about": "The order has not come", "name": "Noa"}', **asked)
    running.run_tool(call.pk, clinic, arguments="{}", **{**asked, "tool_call_id": "c2"})
    shown = owner.get(reverse("call", args=[clinic.slug, call.pk])).content.decode()
    for words in ("What the assistant did", "Message taken", "The order has not come", "Noa", "in a wrong way"):
        assert words in shown
    with acting_for(clinic):
        task = Task.objects.get()
        assert (task.about, task.who, task.number) == ("The order has not come", "Noa", "+972501234567")
        assert ToolRun.objects.count() == 2
