"""Creating a broadcast: a mistake leaves nothing behind, and only a draft can be deleted."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from businesses.models import Business
from whatsapp.audience.choice import Choice, ContactsChoice, FileChoice
from whatsapp.broadcasts import creation
from whatsapp.broadcasts.creation import NewBroadcast, Timing
from whatsapp.errors import BadAudience, WhatsappError
from whatsapp.models import Broadcast, BroadcastEvent, MessageTemplate, Recipient, Sender
from whatsapp.tests.conftest import NOW, Make

PEOPLE = "phone,first_name\n0501234567,Dana\nabc,X\n0521234567,Tal\n"
BROKEN_LATER = 'phone,first_name\n0501234567,Dana\n0521234567,"Tal\n'


def create(
    business: Business,
    template: MessageTemplate,
    sender: Sender,
    text: str | None = PEOPLE,
    *,
    choice: Choice | None = None,
    **fields: Any,
) -> Broadcast:
    file = None if text is None else io.BytesIO(text.encode())
    new = NewBroadcast(template, sender, choice or FileChoice(), file=file, **fields)
    return creation.create(business, new, now=NOW)


def kept_files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"text": "name\nDana\n"}, "no column of phone numbers"),
        ({"text": "phone,first_name\n"}, "no rows below"),
        ({"text": None}, "The file is missing."),
        ({"text": None, "choice": ContactsChoice()}, "No contacts match this selection."),
        ({"choice": FileChoice({"until": "Friday"})}, "has no variable “until”"),
        ({"timing": Timing(wall_time="soon")}, "is not a time"),
        ({"timing": Timing(wall_time="2020-01-01T09:00")}, "has passed"),
        ({"canary_size": 0}, "at least one message"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    values: dict[str, Any], says: str, clinic: Business, template: MessageTemplate, sender: Sender, settings: Any
) -> None:
    with pytest.raises(WhatsappError, match=says):
        create(clinic, template, sender, **values)
    assert not Broadcast.objects.exists()
    assert not BroadcastEvent.objects.exists()
    assert kept_files(settings) == []


def test_a_file_that_breaks_later_leaves_nothing(
    clinic: Business, template: MessageTemplate, sender: Sender, settings: Any
) -> None:
    broadcast = create(clinic, template, sender, BROKEN_LATER)
    assert len(kept_files(settings)) == 1
    with pytest.raises(BadAudience, match="Row 3"):
        creation.read_people(broadcast, now=NOW)
    assert not Broadcast.objects.exists()
    assert not Recipient.objects.exists()
    assert kept_files(settings) == []


def test_a_draft_that_was_started_meanwhile_stays(clinic: Business, template: MessageTemplate, sender: Sender) -> None:
    broadcast = create(clinic, template, sender, BROKEN_LATER)
    Broadcast.objects.update(status="preparing")
    with pytest.raises(BadAudience, match="Row 3"):
        creation.read_people(broadcast, now=NOW)
    assert Broadcast.objects.get().status == "preparing"


def test_whoever_is_overtaken_has_nothing_left_to_read(
    clinic: Business, template: MessageTemplate, sender: Sender
) -> None:
    broadcast = create(clinic, template, sender)
    Broadcast.objects.update(audience_cursor="99")
    assert creation.read_people(broadcast, now=NOW)
    assert not Recipient.objects.exists()


def test_a_draft_is_removed_with_its_people_and_its_file(
    clinic: Business, template: MessageTemplate, sender: Sender, settings: Any
) -> None:
    broadcast = create(clinic, template, sender)
    creation.discard(broadcast)
    assert not Broadcast.objects.exists()
    assert kept_files(settings) == []


def test_a_broadcast_that_a_stale_page_calls_a_draft_is_not_removed(make: Make) -> None:
    broadcast = make(PEOPLE)
    Broadcast.objects.update(status="running")
    assert broadcast.status == "draft"
    with pytest.raises(WhatsappError, match="Only a draft can be removed"):
        creation.discard(broadcast)
    assert Recipient.objects.filter(broadcast=broadcast).count() == 3
