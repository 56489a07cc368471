"""What goes by the person besides sending: files, windows, threads, searches, exports and erasures."""

from __future__ import annotations

import io
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from businesses.keeping import erasing, table
from businesses.keeping.person import Person
from businesses.models import Business
from testing.broadcasts import make_broadcast
from whatsapp.importing.contact_import import import_contacts
from whatsapp.inbox.direct_messages import window_end
from whatsapp.models import (
    AddressTie,
    Contact,
    ContactMerge,
    DirectKind,
    DirectMessage,
    InboundMessage,
    MessageTemplate,
    PersonAddress,
    Recipient,
    Sender,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    TieSource,
)
from whatsapp.pages.contact_forms import NewContactForm
from whatsapp.pages.conversations import conversation, last_message, threads
from whatsapp.people import identity, suppressions, ties
from whatsapp.people.contact_search import find_contacts
from whatsapp.people.ties import Tie
from whatsapp.tests.conftest import NOW, Make

HERE, THERE, USER_ID = "+972501234567", "+972529999999", "IL.13491208655"
ANA, ANA_AGAIN = "+5531996883193", "+553196883193"


@pytest.fixture
def tied(clinic: Business) -> None:
    told = [Tie(HERE, THERE, TieSource.STATUS), Tie(THERE, USER_ID, TieSource.INBOUND)]
    assert ties.learn(clinic, told, now=NOW) == 2


def wrote(sender: Sender, address: str, contact: Contact | None = None) -> InboundMessage:
    return InboundMessage.objects.create(
        business=sender.business, sender=sender, contact=contact, address=address, provider="cloud",
        provider_message_id=f"in.{address}", kind="text", text="hello", received_at=NOW,
    )  # fmt: skip


def rows(text: str, business: Business) -> dict[str, int]:
    done = import_contacts(business, io.BytesIO(text.encode()), now=NOW, consent_source="form")
    return {"added": done.added, "updated": done.updated}


def test_an_import_finds_the_contact_by_any_address(clinic: Business, tied: None) -> None:
    Contact.objects.create(business=clinic, phone=HERE, consent="withdrawn")
    text = f"phone,name\n{THERE},Dana\n{ANA},Ana\n{ANA_AGAIN},Ana again\n"
    assert rows(text, clinic) == {"added": 1, "updated": 1}
    assert dict(Contact.objects.values_list("phone", "name")) == {HERE: "Dana", ANA: "Ana"}
    assert Contact.objects.get(phone=HERE).consent == "withdrawn"


def test_a_freeze_takes_a_person_once_and_knows_who_opted_out(make: Make, clinic: Business, tied: None) -> None:
    suppressions.suppress(clinic, USER_ID, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW)
    Contact.objects.create(business=clinic, phone=ANA_AGAIN, consent="withdrawn")
    text = f"phone,first_name\n{HERE},Dana\n{THERE},Dana\n0501111111,Tal\n{ANA},Ana\n"
    found = Recipient.objects.filter(broadcast=make(text)).order_by("pk")
    assert list(found.values_list("address", "skip_reason")) == [
        (HERE, "opted_out"),
        (None, "duplicate"),
        ("+972501111111", ""),
        (ANA, "opted_out"),
    ]


def test_a_window_is_opened_from_any_address(sender: Sender, tied: None) -> None:
    wrote(sender, USER_ID)
    soon = NOW + timedelta(hours=1)
    assert [window_end(sender, address, soon) for address in (HERE, THERE, USER_ID)] == [NOW + timedelta(hours=24)] * 3
    assert window_end(sender, "+972501111111", soon) is None


def test_a_thread_holds_what_went_to_and_came_from_every_address(
    clinic: Business, sender: Sender, template: MessageTemplate, tied: None
) -> None:
    dana = Contact.objects.create(business=clinic, phone=HERE, bsuid=USER_ID, last_inbound_at=NOW)
    make_broadcast(sender, template, [HERE])
    Recipient.objects.update(accepted_at=NOW - timedelta(hours=1), status="delivered")
    said = wrote(sender, THERE, dana)
    assert (len(conversation(dana, most=9)), last_message(dana)) == (2, said)
    assert [person.is_answered for person in threads(clinic)] == [False]  # type: ignore[attr-defined] # annotated
    DirectMessage.objects.create(
        business=clinic, key=said.pk, sender=sender, kind=DirectKind.REPLY, address=THERE, text="hi", answers=said,
        status="delivered", provider="cloud", created_at=NOW + timedelta(minutes=1),
    )  # fmt: skip
    assert [person.is_answered for person in threads(clinic)] == [True]  # type: ignore[attr-defined] # annotated
    assert len(conversation(dana, most=9)) == 3


def test_a_contact_is_found_by_every_number_and_entered_once(clinic: Business, tied: None) -> None:
    dana = Contact.objects.create(business=clinic, phone=HERE)
    assert list(find_contacts(clinic, text="052-9999999")) == [dana]
    form = NewContactForm({"phone": THERE, "name": "x"}, business=clinic)
    assert "phone" in form.errors
    assert "phone" not in NewContactForm({"phone": "0501111111", "name": "x"}, business=clinic).errors


def test_lifting_an_opt_out_lifts_it_for_the_person(clinic: Business, tied: None) -> None:
    for address in (HERE, USER_ID):
        Suppression.objects.create(business=clinic, address=address, category="all", created_at=NOW)
    assert suppressions.lift(clinic, THERE, now=NOW, categories=list(SuppressionCategory))
    assert suppressions.blocked(clinic, [HERE, THERE, USER_ID], "MARKETING") == set()


def person_of(contact: Contact) -> Person:
    found = table.found("contact", contact.business, contact.pk)
    assert found is not None
    return found


def test_all_of_the_person_is_exported_and_erased(clinic: Business, sender: Sender, tied: None) -> None:
    dana = Contact.objects.create(business=clinic, phone=HERE)
    Contact.objects.create(business=clinic, phone="+15550108888", name="Dana C.")
    ties.learn(clinic, [Tie(THERE, "+15550108888", TieSource.STATUS)], now=NOW)
    ties.learn(clinic, [Tie("+972501111111", "IL.2", TieSource.STATUS)], now=NOW)
    for address in (THERE, USER_ID, "+972501111111"):
        wrote(sender, address)
    person = person_of(dana)
    assert person.addresses >= {HERE, THERE, USER_ID, "+15550108888"}
    named: Any = next(holding for holding in table.holdings() if holding.code == "names")
    assert {record.get("address") for record in named.records(person)} >= {HERE, THERE, USER_ID}
    assert any(record.get("contact_before", {}).get("name") == "Dana C." for record in named.records(person))
    asked = erasing.ask(person, now=NOW)
    assert erasing.work(clinic, asked.pk, clock=lambda: NOW, keep_going=lambda: True)
    assert not ContactMerge.objects.exists()
    assert set(PersonAddress.objects.values_list("address", flat=True)) == {"+972501111111", "IL.2"}
    assert AddressTie.objects.count() == 1
    assert InboundMessage.objects.get().address == "+972501111111"
    assert suppressions.blocked(clinic, [HERE, THERE, USER_ID, "+972501111111"], "MARKETING") == {HERE, THERE, USER_ID}


def test_contacts_of_an_older_installation_tie_their_addresses(clinic: Business) -> None:
    Contact.objects.create(business=clinic, phone=ANA_AGAIN, bsuid=USER_ID)
    Contact.objects.create(business=clinic, phone=HERE)
    Contact.objects.create(business=clinic, bsuid="IL.2")
    migration = import_module("whatsapp.migrations.0024_contacts_tie_their_addresses")
    for _ in range(2):
        migration.forwards(apps, SimpleNamespace(connection=connection))
        tie = AddressTie.objects.get()
        assert {tie.one, tie.other} == {ANA, USER_ID}
        assert set(identity.addresses_of(clinic, USER_ID)) == {USER_ID, ANA, ANA_AGAIN}
        assert PersonAddress.objects.count() == 2
