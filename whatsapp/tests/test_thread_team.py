"""Threads that belong to a member, and notes that only members see."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from businesses.keeping import erasing, exporting
from businesses.keeping.person import Person
from businesses.models import Business, Membership, Role
from businesses.tenancy import acting_for
from whatsapp.models import Contact, DirectMessage, Sender, ThreadNote, TieSource
from whatsapp.people import identity, merging
from whatsapp.people.identity import People
from whatsapp.tests.conftest import NOW, member
from whatsapp.tests.test_inbox_pages import DANA, HOUR, wrote
from whatsapp.tests.test_inbox_standing import TAL, address, shown
from whatsapp.tests.test_people_pages import text_of


@pytest.fixture(autouse=True)
def _at_nine() -> Any:
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


def note(staff: Client, person: Contact, text: str, key: uuid.UUID | None = None) -> None:
    form = {"form": str(key or uuid.uuid4()), "note": text}
    assert staff.post(address("thread-note", person), form).status_code == 302


def mine(clinic: Business) -> Membership:
    return Membership.objects.get(business=clinic, user__email="staff@clinic.test")


def test_a_thread_is_given_to_a_member_and_found_by_it(staff: Client, sender: Sender, clinic: Business) -> None:
    dana, tal = wrote(sender, "where?", ago=2 * HOUR), wrote(sender, "hello", phone=TAL)
    inbox = reverse("inbox", args=["clinic"])
    staff.post(address("thread-assign", dana), {"member": str(mine(clinic).pk)})
    assert shown(staff.get(inbox, {"show": "mine"})) == [dana]
    assert shown(staff.get(inbox, {"show": "nobodys"})) == [tal]
    other = member(clinic, Role.OWNER)
    assert shown(other.get(inbox, {"show": "mine"})) == []
    assert "staff@clinic.test" in text_of(other.get(inbox))
    assert "Take it" in text_of(other.get(address("thread", dana)))
    assert "Hand it back" in text_of(staff.get(address("thread", dana)))
    listed = staff.get(address("thread", dana), {"assign": "1"}).context["members"]
    assert [name for _key, name in listed] == ["owner@clinic.test", "staff@clinic.test"]
    staff.post(address("thread-assign", dana), {"member": ""})
    assert shown(staff.get(inbox, {"show": "nobodys"})) == [tal, dana]


def test_threads_of_a_member_who_left_are_nobodys(staff: Client, sender: Sender, clinic: Business) -> None:
    dana = wrote(sender, "where?")
    owner = member(clinic, Role.OWNER)
    staff.post(address("thread-assign", dana), {"member": str(mine(clinic).pk)})
    owner.post(reverse("member-remove", args=["clinic", mine(clinic).pk]))
    assert not Membership.objects.filter(user__email="staff@clinic.test").exists()
    assert shown(owner.get(reverse("inbox", args=["clinic"]), {"show": "nobodys"})) == [dana]


def test_a_thread_is_given_to_no_stranger(staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "where?")
    other = Business.objects.create(name="Other", slug="other")
    member(other, Role.OWNER)
    staff.post(address("thread-assign", dana), {"member": str(Membership._base_manager.get(business=other).pk)})
    dana.refresh_from_db()
    assert dana.assigned_to is None


def test_a_note_is_seen_by_members_and_never_sent(staff: Client, sender: Sender, clinic: Business) -> None:
    dana = wrote(sender, "where?")
    key = uuid.uuid4()
    seen = staff.get(address("thread", dana)).context["seen"]
    for _ in range(2):
        note(staff, dana, "Call her <b>mother</b>", key)
    page = text_of(staff.get(address("thread", dana)))
    assert "Call her &lt;b&gt;mother&lt;/b&gt;" in page
    assert "Note, only for members" in page
    assert page.count("Remove note") == 1
    assert "mother" in text_of(staff.get(address("thread-messages", dana), {"seen": seen, "open": "1"}))
    assert not DirectMessage.objects.exists()
    page_of_contact = staff.get(reverse("contact", args=["clinic", dana.pk]))
    assert "mother" not in text_of(page_of_contact), "the page of the contact shows messages"
    with acting_for(clinic):
        staff.post(address("thread-note-remove", dana), {"note": str(ThreadNote.objects.get().pk)})
        assert not ThreadNote.objects.exists()


@pytest.mark.parametrize("text", ["", "x" * 2_001])
def test_a_note_has_words_and_an_end(text: str, staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "where?")
    note(staff, dana, text)
    assert "at most 2,000 characters" in text_of(staff.get(address("thread", dana)))
    assert not ThreadNote._base_manager.exists()


def test_notes_are_part_of_what_is_known_of_a_person(staff: Client, sender: Sender, clinic: Business) -> None:
    dana, tal = wrote(sender, "where?"), wrote(sender, "hello", phone=TAL)
    note(staff, dana, "Afraid of needles")
    note(staff, tal, "Pays late")
    with acting_for(clinic):
        person = Person(clinic, frozenset({DANA}))
        exported = dict(exporting.export(person, now=timezone.now()).documents)["notes.json"].decode()
        assert "Afraid of needles" in exported
        assert "Pays late" not in exported
        asked = erasing.ask(person, now=timezone.now())
    assert erasing.work(clinic, asked.pk, clock=timezone.now, keep_going=lambda: True)
    assert [each.text for each in ThreadNote._base_manager.all()] == ["Pays late"]


def test_notes_go_with_a_merge_and_come_back(staff: Client, sender: Sender, clinic: Business) -> None:
    dana, tal = wrote(sender, "where?", ago=2 * HOUR), wrote(sender, "hello", phone=TAL)
    note(staff, tal, "Pays late")
    with acting_for(clinic):
        before: People = identity.people(clinic, [DANA, TAL])
        kept = merging.merge_all([dana, tal], source=TieSource.FORM, before=before, now=NOW)
        assert [each.text for each in kept.notes.all()] == ["Pays late"]
        back = merging.undo(kept.merges.get(), now=NOW + timedelta(hours=1), by=_owner(clinic))
        assert back is not None
        assert [each.text for each in back.notes.all()] == ["Pays late"]


def _owner(clinic: Business) -> Any:
    member(clinic, Role.OWNER)
    return Membership.objects.get(business=clinic, role=Role.OWNER).user
