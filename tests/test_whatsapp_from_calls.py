"""What the assistant sends callers by WhatsApp: with their consent, once, and by the rules of every message."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.models import Call, ToolSwitch
from calls.tests.conftest import NOW, make_business, make_call
from calls.tools import registry, running
from testing.broadcasts import make_sender, make_template
from whatsapp.models import Consent, Contact, DirectMessage, InboundMessage, Sender, SuppressionCategory
from whatsapp.models import SuppressionSource as Source
from whatsapp.people import suppressions

pytestmark = pytest.mark.django_db(transaction=True)
CALLER = "+972501234567"
ADDRESS = "Herzl 1, Haifa"


@pytest.fixture
def clinic(transactional_db: None) -> Iterator[Business]:
    business = make_business()
    with acting_for(business):
        yield business


@pytest.fixture
def sender(clinic: Business) -> Sender:
    made: Sender = make_sender(clinic)
    make_template(made, name="from_a_call", category="UTILITY")
    return made


@pytest.fixture
def call(sender: Sender) -> Call:
    return make_call(sender.business, caller_number=CALLER)


def send(call: Call, *, agreed: bool = True, number: int = 1) -> str:
    """Have the model ask for a message. Returns what came of it."""
    arguments = json.dumps({"text": ADDRESS, "agreed": agreed})
    done = running.run_tool(
        call.pk, call.business, tool_call_id=f"c{number}", name="send_whatsapp", arguments=arguments, now=NOW
    )
    return str(json.loads(done.output)["outcome"])


def choose(business: Business, template: str) -> None:
    ToolSwitch.objects.create(business=business, tool="send_whatsapp", options={"template": template})


def write(sender: Sender) -> None:
    """Let the caller have written a minute ago."""
    InboundMessage.objects.create(
        business=sender.business,
        sender=sender,
        provider=sender.provider,
        address=CALLER,
        provider_message_id=f"wamid.{uuid.uuid4()}",
        kind="text",
        text="hello",
        received_at=NOW,
    )


def messages() -> list[dict[str, Any]]:
    return [dict(each) for each in DirectMessage.objects.values("kind", "address", "text")]


def test_a_caller_who_wrote_gets_free_text_once(call: Call, sender: Sender) -> None:
    write(sender)
    assert [send(call), send(call, number=2)] == ["sent", "sent"]
    assert [(each["address"], each["text"]) for each in messages()] == [(CALLER, ADDRESS)]
    assert Contact.objects.get().consent == Consent.GRANTED


def test_others_get_the_template_that_the_owner_has_chosen(call: Call) -> None:
    choose(call.business, "from_a_call")
    assert send(call) == "sent"
    (message,) = messages()
    assert (message["kind"], message["address"]) == ("template", CALLER)
    assert ADDRESS in str(DirectMessage.objects.values().get())


def test_nobody_is_messaged_who_was_not_asked(call: Call, sender: Sender) -> None:
    choose(call.business, "from_a_call")
    assert send(call, agreed=False) == "ask_first"
    assert (messages(), Contact.objects.count()) == ([], 0)


def test_without_a_template_nothing_is_sent_and_no_consent_is_recorded(call: Call) -> None:
    assert send(call) == "no_window"
    assert (messages(), Contact.objects.count()) == ([], 0)


def test_who_opted_out_gets_nothing(call: Call) -> None:
    choose(call.business, "from_a_call")
    suppressions.suppress(call.business, CALLER, category=SuppressionCategory.ALL, source=Source.REPLY, now=NOW)
    assert send(call) == "opted_out"
    assert messages() == []


def test_a_withheld_number_gets_nothing(sender: Sender) -> None:
    assert send(make_call(sender.business, caller_number="")) == "no_number"


def test_it_is_offered_where_there_is_something_to_send_by(clinic: Business) -> None:
    ToolSwitch.objects.create(business=clinic, tool="send_whatsapp")
    assert "send_whatsapp" not in [each.tool.name for each in registry.offered_by(clinic)]
    make_template(make_sender(clinic))
    assert "send_whatsapp" in [each.tool.name for each in registry.offered_by(clinic)]
