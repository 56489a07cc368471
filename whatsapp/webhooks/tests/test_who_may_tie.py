"""Only who speaks for a number may say which addresses are one person's, and only to the number's own business."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from testing.broadcasts import make_sender
from whatsapp.models import AddressTie, Contact, PersonAddress, Recipient, Sender, TieSource
from whatsapp.models.senders import app_key_of
from whatsapp.people import identity
from whatsapp.webhooks.tests.test_one_person import DANA, UNLIKE, USER_ID, row
from whatsapp.webhooks.tests.worlds import MetaWorld, TwilioWorld, World


def ties() -> int:
    with across_businesses():
        return AddressTie.objects.count() + PersonAddress.objects.count()


def message(number: str, user_id: str) -> dict[str, Any]:
    return {
        "contacts": [{"wa_id": number.lstrip("+"), "user_id": user_id}],
        "messages": [
            {
                "from": number.lstrip("+"),
                "from_user_id": user_id,
                "id": f"wamid.{user_id}",
                "timestamp": "1750030073",
                "type": "text",
                "text": {"body": "hello"},
            }
        ],
    }


def test_news_without_a_right_signature_tie_nothing(at_meta: MetaWorld) -> None:
    assert at_meta.post("messages", message(DANA, USER_ID), secret="a guess") == 401
    assert ties() == 0


def test_another_businesss_app_ties_nothing(at_meta: MetaWorld, client: Client) -> None:
    """They sign with a secret of their own, and name our number and our message."""
    other = Business.objects.create(name="Other", slug="other")
    theirs = make_sender(other, number_id="9", account_id="8")
    theirs.set_credentials({"access_token": "t", "app_secret": "their own"})
    theirs.save()
    sent = row(at_meta.broadcast(DANA))
    assert Sender._base_manager.get(pk=theirs.pk).app_key == app_key_of("their own")
    body = message(UNLIKE, USER_ID)
    body["messages"][0]["context"] = {"id": sent.provider_message_id}
    status = {"id": sent.provider_message_id, "status": "sent", "timestamp": "1750030073"}
    body["statuses"] = [status | {"recipient_id": UNLIKE[1:], "biz_opaque_callback_data": str(sent.attempt_id)}]
    at_meta.post("messages", body, secret="their own")
    assert ties() == 0
    assert not Contact.objects.exists()


def test_a_number_that_waits_for_its_proof_ties_nothing(at_meta: MetaWorld) -> None:
    Sender.objects.update(proved_account=None)
    at_meta.post("messages", message(DANA, USER_ID))
    assert ties() == 0


def test_another_twilio_account_ties_nothing(at_twilio: TwilioWorld) -> None:
    sent = row(at_twilio.broadcast(DANA))
    assert at_twilio.post({"From": f"whatsapp:{UNLIKE}", "MessageSid": "SMx", "Body": "x"}, token="another") == 401
    form = {"MessageSid": str(sent.provider_message_id), "MessageStatus": "sent", "To": f"whatsapp:{UNLIKE}"}
    assert at_twilio.post(form, token="another", tracker=sent.attempt_id) == 401
    assert ties() == 0


def test_what_one_business_learns_is_its_own(world: World) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        Contact.objects.create(business=other, phone=DANA)
        Contact.objects.create(business=other, bsuid=USER_ID)
    world.says(DANA, "hello", user_id=USER_ID)
    assert set(identity.addresses_of(world.business, USER_ID)) >= {DANA, USER_ID}
    with acting_for(other):
        assert identity.addresses_of(other, USER_ID) == [USER_ID]
        assert Contact.objects.count() == 2


def test_a_quote_of_another_numbers_message_ties_nothing(at_meta: MetaWorld) -> None:
    """The same business has two numbers: a message is quoted in the chat with the number that sent it."""
    sent = row(at_meta.broadcast(DANA))
    second = make_sender(at_meta.business, number_id="1066", account_id="2077")
    Recipient.objects.filter(pk=sent.pk).update(address=DANA)
    sent.broadcast.sender = second
    sent.broadcast.save(update_fields=["sender"])
    at_meta.says(UNLIKE, "hello", quoting=sent)
    assert ties() == 0


@pytest.mark.parametrize("recipient_type", ["group", "individual"])
def test_a_group_is_no_person(at_meta: MetaWorld, recipient_type: str) -> None:
    sent = row(at_meta.broadcast(DANA))
    status = {"id": sent.provider_message_id, "status": "sent", "timestamp": "1750030073"}
    at_meta.post("messages", {"statuses": [status | {"recipient_id": "15550107777", "recipient_type": recipient_type}]})
    assert bool(ties()) == (recipient_type == "individual")


def test_two_people_of_one_webhook_are_two(at_meta: MetaWorld) -> None:
    """Contacts of a webhook are their senders': what is missing in both is not the same."""
    one, other = message(DANA, "IL.1"), message(UNLIKE, "IL.2")
    del other["messages"][0]["from"], other["contacts"][0]["wa_id"]
    both = {"contacts": [*one["contacts"], *other["contacts"]], "messages": [*one["messages"], *other["messages"]]}
    at_meta.post("messages", both)
    assert set(Contact.objects.values_list("phone", "bsuid")) == {(DANA, "IL.1"), (None, "IL.2")}


def test_an_opt_out_by_user_id_holds_for_the_number_that_somebody_entered(world: World) -> None:
    Contact.objects.create(business=world.business, phone=DANA, bsuid=USER_ID)
    world.says("", "STOP", user_id=USER_ID)
    assert AddressTie.objects.get().source == TieSource.CONTACT
    world.broadcast(DANA)
    assert world.got() == []
