"""Names from files: of several rows of one person, and of broadcasts' files in contacts and inbox."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast
from whatsapp.audience.columns import understand
from whatsapp.audience.rows import Reader
from whatsapp.broadcasts import lifecycle
from whatsapp.importing import imports, reading
from whatsapp.importing.contact_layout import guess
from whatsapp.models import (
    Broadcast,
    Contact,
    ContactImport,
    ImportedContact,
    MessageTemplate,
    Recipient,
    Sender,
    WebhookNews,
)
from whatsapp.people import file_names
from whatsapp.providers.events import Inbound
from whatsapp.webhooks import people

DANA, RON = "+972501234567", "+972521234567"


def imported(business: Business, text: str) -> ContactImport:
    """Import a file, the way that workers do."""
    draft = imports.draft(business, BytesIO(text.encode()), name="people.csv", now=timezone.now())
    imports.start(draft, guess(draft.header), tags=[], consent_source="", now=timezone.now())
    reading.read(draft, clock=timezone.now)
    draft.refresh_from_db()
    return draft


@pytest.mark.parametrize("chunk", [1, 1_000])
def test_the_first_name_of_a_person_counts_and_the_rows_are_told(
    staff: Client, clinic: Business, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)
    Contact.objects.create(business=clinic, phone=RON, name="Ronald")
    text = f"phone,name,city\n{DANA},,Haifa\n{DANA},Dana,Eilat\n{RON},Ron,\n050-123-4567,Somebody,\n{RON},Else,\n"
    made = imported(clinic, text)
    assert dict(Contact.objects.values_list("phone", "name")) == {DANA: "Dana", RON: "Ron"}
    assert Contact.objects.get(phone=DANA).attributes == {"city": "Haifa"}
    rows = ImportedContact.objects.order_by("contact__phone").values_list("rows", "is_repeated")
    assert list(rows) == [([2, 3, 5], True), ([4, 6], True)]
    page = staff.get(reverse("contacts-import-result", args=["clinic", made.pk])).content.decode()
    assert "The same person in several rows" in page
    assert "rows 3, 5" in " ".join(page.split())
    imported(clinic, f"phone,name\n{DANA},Dana Levi\n")
    assert Contact.objects.get(phone=DANA).name == "Dana Levi", "another import names anew"


def test_rows_of_different_people_say_nothing(staff: Client, clinic: Business) -> None:
    made = imported(clinic, f"phone,name\n{DANA},Dana\n{RON},Ron\n")
    page = staff.get(reverse("contacts-import-result", args=["clinic", made.pk])).content.decode()
    assert "several rows" not in page
    imports.forget_rejected(timezone.now() + imports.REJECTED_KEPT)
    assert not ImportedContact.objects.exists()


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        (["phone", "name"], [DANA, " Dana  Levi "], "Dana Levi"),
        (["phone", "First Name", "Last Name"], [DANA, "Dana", "Levi"], "Dana Levi"),
        (["phone", "last name", "first_name"], [DANA, "Levi", "-"], "Levi"),
        (["phone", "שם מלא", "first name"], [DANA, "דנה לוי", "Dana"], "דנה לוי"),
        (["phone", "city"], [DANA, "Haifa"], ""),
        (["phone", "name"], [DANA, "=HYPERLINK(1)"], ""),
        (["phone", "name"], [DANA], ""),
    ],
)
@pytest.mark.pure
def test_a_name_is_read_from_the_columns_that_are_called_so(header: list[str], cells: list[str], expected: str) -> None:
    reader = Reader(understand(header, []), [], {}, "IL", 0)
    assert reader.candidate(2, cells).name == expected


def named(broadcast: Broadcast, name: str) -> None:
    Recipient.objects.filter(broadcast=broadcast).update(given_name=name)


def test_the_file_of_a_started_broadcast_names_who_has_no_name(
    sender: Sender, template: MessageTemplate, django_capture_on_commit_callbacks: Any
) -> None:
    broadcast = make_broadcast(sender, template, addresses(2), status="preparing")
    for row, name in zip(Recipient.objects.order_by("pk"), ("", "Given by a person"), strict=True):
        row.contact = Contact.objects.create(business=sender.business, phone=row.address, name=name)
        row.save()
    named(broadcast, "From the file")
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.finish_preparing(broadcast, now=timezone.now())
    assert set(Contact.objects.values_list("name", flat=True)) == {"From the file", "Given by a person"}


def test_who_writes_first_has_the_name_of_the_last_file(sender: Sender, template: MessageTemplate) -> None:
    (address,) = addresses(1)
    assert file_names.known(sender.business, [address]) == ""
    for number, name in enumerate(("Old", "New", "")):
        broadcast = make_broadcast(sender, template, [address])
        named(broadcast, name)
        sent = timezone.now() + timedelta(minutes=number)
        Recipient.objects.filter(broadcast=broadcast).update(accepted_at=sent, status="sent")
    assert file_names.known(sender.business, [address]) == "New"


@pytest.mark.parametrize(("before", "expected"), [(None, "From the file"), ("", "From the file"), ("Mine", "Mine")])
def test_the_inbox_shows_the_name_of_the_file(
    sender: Sender, template: MessageTemplate, before: str | None, expected: str
) -> None:
    (address,) = addresses(1)
    broadcast = make_broadcast(sender, template, [address])
    named(broadcast, "From the file")
    if before is not None:
        Contact.objects.create(business=sender.business, phone=address, name=before)
    event = Inbound("1055", "wamid.1", timezone.now(), phone=address, kind="text", text="Hi", name="Profile")
    news = WebhookNews(provider="cloud", account_id=sender.account_id)
    assert people.receive(news, event, [], timezone.now())
    assert Contact.objects.get().name == expected
