"""One template to one person, from their thread."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import time_machine
from django.test import Client

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.models import Consent, Contact, DirectMessage, MessageTemplate, Sender, SuppressionCategory
from whatsapp.models import SuppressionSource as Source
from whatsapp.pages.conversations import threads
from whatsapp.people import suppressions
from whatsapp.sending import direct
from whatsapp.tests.conftest import NOW
from whatsapp.tests.test_inbox_pages import DANA, HOUR, wrote
from whatsapp.tests.test_inbox_standing import address
from whatsapp.tests.test_people_pages import text_of


@pytest.fixture
def _at_nine() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def place(person: Contact, template: MessageTemplate) -> str:
    return f"{address('thread-template', person)}?template={template.pk}"


def form(**values: str) -> dict[str, str]:
    return {"form": str(uuid.uuid4()), "value_first_name": "Dana"} | values


@pytest.mark.usefixtures("_at_nine")
def test_a_closed_thread_leads_to_a_template_that_is_sent_once(
    staff: Client, sender: Sender, template: MessageTemplate, clinic: Business
) -> None:
    dana = wrote(sender, "hello", ago=30 * HOUR)
    Contact.objects.filter(pk=dana.pk).update(name="Dana Cohen")
    assert address("thread-template", dana) in text_of(staff.get(address("thread", dana)))
    choices = staff.get(address("thread-template", dana))
    assert [each for each, _bubble in choices.context["choices"]] == [template]
    page = staff.get(place(dana, template))
    assert page.context["form"]["value_first_name"].value() == "Dana", "what is known is filled in"
    assert page.context["bubble"].body == "Hi Dana"
    given = form()
    for _ in range(2):
        assert staff.post(place(dana, template), given)["Location"] == address("thread", dana)
    sent = DirectMessage.objects.get()
    assert (sent.kind, sent.address, sent.text, sent.template, sent.status) == (
        "template", DANA, "Hi Dana", template, "pending",
    )  # fmt: skip
    assert str(sent.created_by) == "staff@clinic.test"
    with acting_for(clinic):
        assert not threads(clinic, only_unanswered=True).exists(), "a template is an answer, too"
    assert "Template to this person" in text_of(staff.get(address("thread", dana)))


@pytest.mark.usefixtures("_at_nine")
def test_a_template_without_its_values_is_shown_again(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    dana = wrote(sender, "hello", ago=30 * HOUR)
    for values in ({"value_first_name": ""}, {"value_first_name": "=1+1"}, {"form": ""}):
        assert staff.post(place(dana, template), form(**values)).status_code == 422
    MessageTemplate.objects.update(status="PAUSED")
    assert staff.post(place(dana, template), form()).status_code == 200, "only what can be sent can be chosen"
    assert not DirectMessage.objects.exists()


@pytest.mark.usefixtures("_at_nine")
@pytest.mark.parametrize(
    ("category", "wish", "goes"),
    [
        ("MARKETING", SuppressionCategory.MARKETING, False),
        ("UTILITY", SuppressionCategory.MARKETING, True),
        ("UTILITY", SuppressionCategory.ALL, False),
        ("MARKETING", None, False),
        ("UTILITY", None, True),
    ],
)
def test_opt_outs_and_consent_hold_as_in_a_broadcast(
    category: str,
    wish: SuppressionCategory | None,
    goes: bool,
    staff: Client,
    sender: Sender,
    template: MessageTemplate,
    clinic: Business,
) -> None:
    """`wish` None: no opt-out is listed, and the consent is withdrawn."""
    dana = wrote(sender, "hello", ago=30 * HOUR)
    MessageTemplate.objects.update(category=category)
    if wish is None:
        Contact.objects.update(consent=Consent.WITHDRAWN)
    else:
        with acting_for(clinic):
            suppressions.suppress(clinic, DANA, category=wish, source=Source.STAFF, now=NOW)
    assert staff.post(place(dana, template), form()).status_code == (302 if goes else 422)
    assert DirectMessage.objects.count() == goes


@pytest.mark.usefixtures("_at_nine")
def test_an_opt_out_that_comes_before_it_is_sent_holds(
    staff: Client, sender: Sender, template: MessageTemplate, clinic: Business
) -> None:
    dana = wrote(sender, "hello", ago=30 * HOUR)
    staff.post(place(dana, template), form())
    with acting_for(clinic):
        suppressions.suppress(clinic, DANA, category=SuppressionCategory.ALL, source=Source.REPLY, now=NOW)
        message = DirectMessage.objects.select_related("sender__business", "template").get()
    assert direct.claim(message, NOW) is None
    message.refresh_from_db()
    assert (message.status, message.cause, message.cost_micros) == ("failed", "opted_out_since", 0)
