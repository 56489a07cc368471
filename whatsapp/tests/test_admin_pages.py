"""The admin shows and steers broadcasts; its lists ask the database no more for many rows than for few."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from businesses.models import Business, Membership, Role, User
from testing.broadcasts import TOKEN
from whatsapp.broadcasts import lifecycle
from whatsapp.models import (
    Broadcast,
    Contact,
    ContactTag,
    EventKind,
    InboundMessage,
    Recipient,
    Sender,
    Suppression,
    Tag,
)
from whatsapp.states import RecipientStatus
from whatsapp.tests.conftest import NOW, Make

PEOPLE = "phone,first_name\n0501234567,Dana\nabc,X\n0521234567,Tal\n"


@pytest.fixture
def staff(clinic: Business) -> Client:
    return browser(clinic, Role.STAFF)


@pytest.fixture
def owner(clinic: Business) -> Client:
    return browser(clinic, Role.OWNER)


def browser(business: Business, role: Role) -> Client:
    user = User.objects.create_user(f"{role}-{business.slug}@frontdesk.test", "pw", is_staff=True)
    Membership.objects.create(business=business, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def page(name: str, *arguments: Any) -> str:
    return reverse(f"admin:whatsapp_{name}", args=arguments)


def test_a_broadcast_is_shown_with_what_will_happen_and_the_way_to_its_page(staff: Client, make: Make) -> None:
    broadcast = make(PEOPLE)
    text = staff.get(page("broadcast_change", broadcast.pk)).content.decode()
    assert reverse("broadcast", args=["clinic", broadcast.pk]) in text
    assert "2 messages, about 0.0584 EUR" in text
    skipped = f"?broadcast={broadcast.pk}&amp;status=skipped"
    assert skipped in text
    people = staff.get(page("recipient_changelist") + skipped.replace("&amp;", "&")).content.decode()
    assert "abc" in people
    assert "is not a phone number" in people
    assert "0521234567" not in people


@pytest.mark.parametrize("is_operator", [False, True])
def test_a_broadcast_is_neither_made_nor_changed_in_the_admin(
    is_operator: bool, staff: Client, operator: User, make: Make
) -> None:
    broadcast = make(PEOPLE)
    if is_operator:
        staff.force_login(operator)
    assert staff.get(page("broadcast_add")).status_code == 404
    assert staff.post(page("broadcast_change", broadcast.pk), {"name": "Other"}).status_code == 404
    assert list(Broadcast.objects.values_list("name", flat=True)) == [broadcast.name]


def act(client: Client, name: str, action: str, *rows: Any) -> str:
    answer = client.post(page(name), {"action": action, "_selected_action": [str(row.pk) for row in rows]}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_actions_steer_a_broadcast(staff: Client, make: Make) -> None:
    broadcast = make(PEOPLE)
    for action, status in (("start", "running"), ("pause", "paused"), ("resume", "running"), ("cancel", "cancelling")):
        act(staff, "broadcast_changelist", action, broadcast)
        broadcast.refresh_from_db()
        assert broadcast.status == status
    assert "can&#x27;t become" in act(staff, "broadcast_changelist", "start", broadcast)
    actors = set(broadcast.events.exclude(actor=None).values_list("kind", flat=True))
    assert actors == {"started", "paused", "resumed", "cancelled"}


def test_a_person_decides_about_a_message_whose_answer_was_lost(staff: Client, make: Make) -> None:
    broadcast = make(PEOPLE)
    lifecycle._start(broadcast, now=NOW)
    dana, tal = Recipient.objects.exclude(status=RecipientStatus.SKIPPED)
    Recipient.objects.filter(pk=dana.pk).update(status=RecipientStatus.UNKNOWN)
    assert "1 messages whose answer was lost" in act(staff, "recipient_changelist", "assume_sent", dana, tal)
    assert list(Recipient.objects.filter(pk__in=[dana.pk, tal.pk]).values_list("status", flat=True)) == [
        RecipientStatus.ASSUMED_SENT,
        RecipientStatus.PENDING,
    ]
    Recipient.objects.filter(pk=dana.pk).update(status=RecipientStatus.UNKNOWN)
    act(staff, "recipient_changelist", "send_again", dana)
    assert Recipient.objects.get(pk=dana.pk).status == RecipientStatus.PENDING
    assert {event.kind for event in broadcast.events.exclude(actor=None)} == {"assumed_sent", "sent_again"}


def test_an_owner_connects_a_number_and_its_token_is_never_shown(owner: Client, clinic: Business) -> None:
    fields = {"business": clinic.pk, "provider": "cloud", "number_id": "1055", "account_id": "2077", "secret": TOKEN}
    owner.post(page("sender_add"), fields)
    sender = Sender.objects.get()
    assert sender.credentials == {"access_token": TOKEN}
    shown = owner.get(page("sender_change", sender.pk)).content.decode()
    assert TOKEN not in shown
    assert sender.encrypted_credentials not in shown
    owner.post(page("sender_change", sender.pk), {"account_id": "2078", "secret": ""})
    sender.refresh_from_db()
    assert (sender.account_id, sender.credentials) == ("2078", {"access_token": TOKEN})


def test_a_number_that_the_business_has_is_refused_in_words(owner: Client, clinic: Business, sender: Sender) -> None:
    fields = {"business": clinic.pk, "provider": "cloud", "number_id": "1055", "account_id": "2077", "secret": "x"}
    assert "already connected" in owner.post(page("sender_add"), fields).content.decode()
    assert Sender.objects.get() == sender


def test_staff_suppress_an_address_at_once_and_take_it_back(staff: Client, make: Make, clinic: Business) -> None:
    Membership.objects.update(may_lift_opt_outs=True)
    broadcast = make()
    staff.post(page("suppression_add"), {"business": clinic.pk, "address": "050-123-4567", "category": "all"})
    suppression = Suppression.objects.get()
    assert (suppression.address, suppression.source) == ("+972501234567", "staff")
    assert Recipient.objects.get(broadcast=broadcast).skip_reason == "opted_out"
    staff.post(page("suppression_delete", suppression.pk), {"post": "yes"})
    assert not Suppression.objects.exists()


def test_a_contact_is_written_as_at_home(staff: Client, clinic: Business) -> None:
    tag = Tag.objects.create(business=clinic, name="vip")
    rows = {"contact_tags-TOTAL_FORMS": 1, "contact_tags-INITIAL_FORMS": 0, "contact_tags-0-tag": tag.pk}
    fields = {"business": clinic.pk, "phone": "050-123-4567", "attributes": "{}", "consent": "granted", **rows}
    staff.post(page("contact_add"), fields)
    contact = Contact.objects.get()
    assert (contact.phone, contact.bsuid, list(contact.tags.all())) == ("+972501234567", None, [tag])
    assert contact.consent_changed_at is not None
    wrong = staff.post(page("contact_add"), {**fields, "phone": "abc"}).content.decode()
    assert "is not a phone number" in wrong
    nobody = staff.post(page("contact_add"), {**fields, "phone": ""}).content.decode()
    assert "needs a phone number or a WhatsApp user id" in nobody


def more_rows(make: Make, clinic: Business, number: int) -> None:
    """Adds one more row to everything that has a list."""
    broadcast = make(f"phone,first_name\n05012345{number:02d},Dana\nx,Y\n")
    contact = Contact.objects.create(business=clinic, phone=f"+97252123450{number}", name="Dana")
    tag = Tag.objects.create(business=clinic, name=f"tag{number}")
    ContactTag.objects.create(business=clinic, contact=contact, tag=tag)
    Sender.objects.create(business=clinic, provider="sandbox", number_id=f"s{number}", account_id="s")
    Suppression.objects.create(business=clinic, address=f"+9725{number}", created_at=NOW)
    InboundMessage.objects.create(
        business=clinic, sender=broadcast.sender, contact=contact, address=f"+9725{number}", provider="cloud",
        provider_message_id=f"m{number}", kind="text", text="hello", received_at=NOW,
    )  # fmt: skip


LISTS = ("broadcast", "recipient", "contact", "tag", "suppression", "sender", "messagetemplate", "inboundmessage")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_no_more_for_many_rows(name: str, owner: Client, make: Make, clinic: Business) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert owner.get(page(f"{name}_changelist")).status_code == 200
        return len(asked)

    more_rows(make, clinic, 1)
    queries()  # the first page of a process also fills caches
    few = queries()
    for number in range(2, 8):
        more_rows(make, clinic, number)
    assert queries() == few


@pytest.mark.parametrize("name", ["broadcast", "recipient"])
def test_a_page_asks_no_more_for_a_long_history(name: str, owner: Client, make: Make, clinic: Business) -> None:
    broadcast = make(PEOPLE)
    row = broadcast if name == "broadcast" else Recipient.objects.filter(broadcast=broadcast)[0]

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert owner.get(page(f"{name}_change", row.pk)).status_code == 200
        return len(asked)

    queries()
    few = queries()
    for _ in range(5):
        lifecycle.record(broadcast, EventKind.RETRIED, now=NOW, data={"people": 1})
    assert queries() == few


def test_the_list_of_broadcasts_counts_from_the_rows(staff: Client, make: Make) -> None:
    broadcast = make("phone,first_name\n0501234561,A\n0501234562,B\n0501234563,C\nx,D\n")
    people = Recipient.objects.filter(broadcast=broadcast, address__isnull=False)
    for address, status in (("1", RecipientStatus.READ), ("2", RecipientStatus.FAILED)):
        people.filter(address__endswith=address).update(status=status)
    cells = staff.get(page("broadcast_changelist")).content.decode()
    for field, number in (("total_people", 4), ("to_send", 1), ("delivered", 1), ("failed", 1)):
        assert f'<td class="field-{field}">{number}</td>' in cells
