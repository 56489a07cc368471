"""A clinic in Israel with a WhatsApp number and templates. Tests act for it unless they say otherwise."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from businesses.models import Business, Membership, PhoneNumber, Role, User
from businesses.tenancy import acting_for
from testing.broadcasts import make_sender, make_template
from whatsapp.audience.choice import Choice, FileChoice
from whatsapp.broadcasts import creation
from whatsapp.broadcasts.creation import NewBroadcast
from whatsapp.broadcasts.prepare import freeze_audience
from whatsapp.models import Broadcast, MessageTemplate, Sender

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

Make = Callable[..., Broadcast]


@pytest.fixture(autouse=True)
def _uploads_go_to_a_folder_of_the_test(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def clinic(db: None) -> Iterator[Business]:
    business = Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem")
    PhoneNumber.objects.create(number="+97231234567", business=business)
    with acting_for(business):
        yield business


def member(business: Business, role: Role = Role.STAFF) -> Client:
    user = User.objects.create_user(f"{role}@{business.slug}.test", "pw")
    Membership.objects.create(business=business, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def staff(clinic: Business) -> Client:
    return member(clinic)


@pytest.fixture
def sender(clinic: Business) -> Sender:
    made: Sender = make_sender(clinic)
    return made


@pytest.fixture
def template(sender: Sender) -> MessageTemplate:
    """A marketing template with the variable `first_name`."""
    made: MessageTemplate = make_template(sender)
    return made


@pytest.fixture
def make(clinic: Business, sender: Sender, template: MessageTemplate) -> Make:
    """Create a broadcast from the text of a file, or from another audience, and prepare its recipients."""

    def make_one(
        text: str | bytes = "phone,first_name\n0501234567,Dana\n", *, choice: Choice | None = None, **plan: Any
    ) -> Broadcast:
        chosen = choice or FileChoice()
        content = text.encode() if isinstance(text, str) else text
        file = io.BytesIO(content) if isinstance(chosen, FileChoice) else None
        whole = NewBroadcast(**{"template": template, "sender": sender, "choice": chosen, "file": file, **plan})
        broadcast = creation.create(clinic, whole, now=NOW)
        freeze_audience(broadcast, now=NOW)
        return broadcast

    return make_one


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@frontdesk.test", "pw")
