"""Quick replies that stop messages: marked by their texts, and by owners on the template's page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from businesses.models import AuditEntry, AuditKind, Business, Role
from testing.broadcasts import make_sender, make_template
from whatsapp.models import MessageTemplate
from whatsapp.numbers import template_sync
from whatsapp.numbers.opt_out_buttons import Button, buttons_of, marks_of
from whatsapp.providers.base import RemoteTemplate
from whatsapp.tests.conftest import member

TEXTS = ("Book now", "Stop promotions", "Unsubscribe from All", "Not interested", "Cancel")


def buttons(*texts: str) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": text} for text in texts]}


@pytest.fixture
def template(clinic: Business) -> MessageTemplate:
    link = {"type": "URL", "text": "Stop", "url": "https://example.com"}
    parts = [{"type": "BODY", "text": "Hi"}, buttons(*TEXTS), {"type": "BUTTONS", "buttons": [link]}]
    return make_template(make_sender(clinic), components=parts)


def test_buttons_are_marked_by_what_they_say(template: MessageTemplate) -> None:
    assert buttons_of(template) == [
        Button("Book now", "", is_certain=False),
        Button("Stop promotions", "no_promos", is_certain=True),
        Button("Unsubscribe from All", "opt_out", is_certain=True),
        Button("Not interested", "opt_out", is_certain=False),
        Button("Cancel", "opt_out", is_certain=False),
    ]


def test_a_template_about_an_appointment_is_cancelled_not_refused(template: MessageTemplate) -> None:
    template.category = "UTILITY"
    assert {text: mark for text, mark in marks_of(template).items() if mark} == {
        "Stop promotions": "no_promos",
        "Unsubscribe from All": "opt_out",
    }


def test_buttons_on_the_cards_of_a_carousel_count(template: MessageTemplate) -> None:
    template.components = [{"type": "CAROUSEL", "cards": [{"components": [buttons("Stop promotions")]}] * 2}]
    assert marks_of(template) == {"Stop promotions": "no_promos"}


def test_an_owner_marks_and_unmarks(clinic: Business, template: MessageTemplate) -> None:
    owner, here = member(clinic, Role.OWNER), f"/b/clinic/templates/{template.pk}/"
    for text, mark in (("Book now", "no_promos"), ("Cancel", ""), ("Cancel", "")):
        assert owner.post(here + "button/", {"text": text, "mark": mark}).status_code == 302
    template.refresh_from_db()
    assert template.button_marks == {"Book now": "no_promos", "Cancel": ""}
    assert (marks_of(template)["Book now"], marks_of(template)["Cancel"]) == ("no_promos", "")
    noted = AuditEntry.objects.filter(kind=AuditKind.OPT_OUT_BUTTON_MARKED).order_by("pk")
    assert [(each.details["button"], each.details["before"], each.details["after"]) for each in noted] == [
        ("Book now", "ordinary", "no_promos"),
        ("Cancel", "opt_out", "ordinary"),
    ]
    page = owner.get(here).content.decode()
    assert page.count("<select") == 3
    assert "no more marketing" in owner.get("/b/clinic/audit/", headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize(
    ("text", "mark"),
    [("Stop promotions", ""), ("Unheard of", "opt_out"), ("Book now", "opt_in"), ("Book now", "?"), ("", "opt_out")],
)
def test_what_can_not_be_marked_stays(clinic: Business, template: MessageTemplate, text: str, mark: str) -> None:
    owner = member(clinic, Role.OWNER)
    assert owner.post(f"/b/clinic/templates/{template.pk}/button/", {"text": text, "mark": mark}).status_code == 302
    template.refresh_from_db()
    assert template.button_marks == {}
    assert not AuditEntry.objects.filter(kind=AuditKind.OPT_OUT_BUTTON_MARKED).exists()


def test_staff_see_what_buttons_mean_and_change_nothing(clinic: Business, template: MessageTemplate) -> None:
    staff: Client = member(clinic)
    page = staff.get(f"/b/clinic/templates/{template.pk}/")
    assert b"Stop promotions" in page.content
    assert b"<select" not in page.content
    answer = staff.post(f"/b/clinic/templates/{template.pk}/button/", {"text": "Book now", "mark": "opt_out"})
    assert answer.status_code == 404
    template.refresh_from_db()
    assert template.button_marks == {}


def test_marks_stay_when_templates_are_fetched_and_buttons_beside_the_content_change_no_hash(clinic: Business) -> None:
    sender = make_sender(clinic, provider="twilio", number_id="+15550100000", account_id="AC1")
    body = [{"type": "BODY", "text": "Hi"}]

    def listed(*texts: str) -> MessageTemplate:
        remote = RemoteTemplate("HX1", "sale", "en", "MARKETING", "APPROVED", "POSITIONAL", "GREEN", body, texts)
        template_sync.keep(sender, [remote], now=timezone.now())
        return MessageTemplate.objects.get()

    before = listed().content_hash
    made = listed("Stop promotions", "Book")
    made.button_marks = {"Book": "opt_out"}
    made.save()
    again = listed("Stop promotions", "Book")
    assert marks_of(again) == {"Stop promotions": "no_promos", "Book": "opt_out"}
    assert (again.content_hash, again.version) == (before, 1)
