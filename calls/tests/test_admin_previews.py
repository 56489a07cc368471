"""What the admin lets an owner hear and see: the greeting among the settings, a call's words and recording."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from businesses.membership import add_member
from businesses.models import Business, Role, User
from businesses.tenancy import acting_for
from calls.greetings import recordings
from calls.models import Call, GreetingAudio, GreetingState, Speaker, Turn
from testing.markup import compact

pytestmark = pytest.mark.once
SAID = "The greeting is recorded when you save. To hear a changed text, save it first."


@pytest.fixture
def clinic(db: None) -> Business:
    return Business.objects.create(name="Clinic", slug="clinic", language="en", greeting_text="Good morning!")


@pytest.fixture
def owner(clinic: Business) -> Client:
    return signed_in(clinic, Role.OWNER)


def signed_in(business: Business, role: Role) -> Client:
    user = User.objects.create_user(f"{role}@clinic.test", "pw", is_staff=True)
    add_member(business, user, role)
    User.objects.filter(pk=user.pk).update(is_staff=True)  # as somebody who owned something else
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, name: str, *row: Any) -> str:
    answer = client.get(reverse(f"admin:{name}", args=row))
    assert answer.status_code == 200
    return compact(unescape(answer.content.decode()))


def test_the_greeting_is_heard_among_the_settings(owner: Client, clinic: Business) -> None:
    """The page asks for the same part as the web's settings page, which says how far the recording is."""
    part = reverse("greeting-state", args=["clinic"])
    page = text_of(owner, "businesses_business_change", clinic.pk)
    assert f'<div hx-get="{part}" hx-trigger="load"><p><a href="{part}">Listen to the greeting</a></p></div>' in page
    assert SAID in page
    assert re.search(r'<script src="/static/django_htmx/htmx[^"]*\.js"', page)
    assert '"allowEval": false' in page
    with acting_for(clinic):
        row = recordings.request(clinic, now=timezone.now())
        assert row is not None
    for changes, state in (
        ({}, "This takes a few seconds"),
        ({"state": GreetingState.FAILED, "failure": "silence"}, "The speech service sent silence."),
        ({"state": GreetingState.READY, "rendered_at": timezone.now()}, "/calls/greeting/heard/open.wav"),
    ):
        GreetingAudio._base_manager.filter(pk=row.pk).update(**changes)
        assert state in owner.get(part, headers={"hx-request": "true"}).content.decode()


def test_an_operator_hears_it_too_and_a_new_business_has_none_yet(clinic: Business) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@frontdesk.test", "pw"))
    part = reverse("greeting-state", args=["clinic"])
    assert part in text_of(client, "businesses_business_change", clinic.pk)
    assert client.get(part, headers={"hx-request": "true"}).status_code == 200
    new = text_of(client, "businesses_business_add")
    assert SAID in new
    assert "hx-get" not in new


def test_a_call_shows_what_was_said_and_the_way_to_its_page(owner: Client, clinic: Business) -> None:
    call = Call._base_manager.create(
        business=clinic, twilio_call_sid="CA1", called_number="+97231234567", status="ended",
        started_at=timezone.now(), ended_at=timezone.now(),
    )  # fmt: skip
    Turn._base_manager.create(
        business=clinic, call=call, position=1, speaker=Speaker.ASSISTANT, text="At ten or at eleven",
        heard_text="At ten", started_ms=0, ended_ms=900, interrupted_ms=500,
    )  # fmt: skip
    page = text_of(owner, "calls_call_change", call.pk)
    assert '<span dir="auto">At ten <del>or at eleven</del></span>' in page
    assert f'<a href="{reverse("call", args=["clinic", call.pk])}" class="viewsitelink">View on the site</a>' in page
    assert "<audio" not in page  # it has no recording


def test_the_start_page_leads_an_owner_to_the_settings(owner: Client, clinic: Business) -> None:
    page = text_of(owner, "index")
    assert f'href="{reverse("admin:businesses_business_change", args=[clinic.pk])}">Greeting and settings</a>' in page
    assert '<div id="site-name"><a href="/admin/"><bdi>Clinic</bdi></a></div>' in page
    for heading in ("Your business", "Phone calls", "WhatsApp messages", "People you write to"):
        assert f'<span class="section">{heading}</span>' in page
    assert "The installation" not in page


def test_staff_read_calls_and_no_settings(clinic: Business) -> None:
    page = text_of(signed_in(clinic, Role.STAFF), "index")
    assert "Greeting and settings" not in page
    assert '<span class="section">Phone calls</span>' in page
    assert '<span class="section">Your business</span>' not in page


def test_an_empty_list_says_so_and_what_it_is_for(owner: Client) -> None:
    page = text_of(owner, "calls_call_changelist")
    assert "Nothing here yet." in page
    assert "Who called, what was said and heard, how it ended, and the recording." in page
    found = unescape(owner.get(reverse("admin:calls_call_changelist") + "?q=nobody").content.decode())
    assert "No results." in found


def test_every_page_of_the_admin_says_what_it_is_for() -> None:
    from django.contrib import admin  # noqa: PLC0415 - the registry of this process

    admin.autodiscover()
    assert [model.__name__ for model, each in admin.site._registry.items() if not each.about] == []  # type: ignore[attr-defined]


def test_every_filter_has_a_text(owner: Client, clinic: Business) -> None:
    contacts = apps.get_model("whatsapp.Contact")._base_manager
    contacts.create(business=clinic, phone="+972501234567", language="")
    contacts.create(business=clinic, phone="+972501234568", language="he")
    assert re.findall(r"<a href[^>]*>\s*</a>", text_of(owner, "whatsapp_contact_changelist")) == []
