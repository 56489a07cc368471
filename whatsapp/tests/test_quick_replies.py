"""A business's own short texts for answers."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from businesses.models import Business, Role
from whatsapp.inbox.quick_replies import MOST_REPLIES, filled
from whatsapp.models import Contact, QuickReply, Sender
from whatsapp.tests.conftest import NOW, member
from whatsapp.tests.test_inbox_pages import wrote
from whatsapp.tests.test_inbox_standing import address
from whatsapp.tests.test_people_pages import text_of


@pytest.fixture(autouse=True)
def _at_nine() -> Any:
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("Hi {name}, we open at 9.", "Dana Cohen", "Hi Dana Cohen, we open at 9."),
        ("Hi {first name}!", "Dana Cohen", "Hi Dana!"),
        ("שלום {שם פרטי}, {שם}", "דנה כהן", "שלום דנה, דנה כהן"),
        ("Hi {Name}, we open at 9.", "", "Hi, we open at 9."),
        ("{name}", " ", ""),
        ("Hi {name}", r"\1 {first name}", r"Hi \1 \1"),
        ("Keep {this} and {}", "Dana", "Keep {this} and {}"),
    ],
)
def test_the_persons_name_stands_for_its_placeholder(text: str, name: str, said: str) -> None:
    assert filled(text, name) == said


def test_quick_replies_are_managed_on_their_page(staff: Client, clinic: Business) -> None:
    page = reverse("quick-replies", args=["clinic"])
    add = reverse("quick-reply-add", args=["clinic"])
    assert staff.post(add, {"name": "Hours", "text": "Hi {name}, 9 to 5."}).status_code == 302
    again = staff.post(add, {"name": "Hours", "text": "other"})
    assert (again.status_code, "of this name already" in text_of(again)) == (422, True)
    assert staff.post(add, {"name": "", "text": "x" * 1_001}).status_code == 422
    reply = QuickReply._base_manager.get()
    change = reverse("quick-reply-change", args=["clinic", reply.pk])
    assert staff.post(change, {"name": "Hours", "text": "8 to 4"}).status_code == 302
    assert "8 to 4" in text_of(staff.get(page))
    refused = staff.post(change, {"name": "Hours", "text": ""})
    assert (refused.status_code, QuickReply._base_manager.get().text) == (422, "8 to 4")
    assert staff.post(reverse("quick-reply-remove", args=["clinic", reply.pk])).status_code == 302
    assert not QuickReply._base_manager.exists()


def test_there_is_an_end_to_them(staff: Client, clinic: Business) -> None:
    QuickReply._base_manager.bulk_create(
        QuickReply(business=clinic, name=str(number), text="x") for number in range(MOST_REPLIES)
    )
    more = staff.post(reverse("quick-reply-add", args=["clinic"]), {"name": "More", "text": "x"})
    assert (more.status_code, QuickReply._base_manager.count()) == (422, MOST_REPLIES)


def test_a_thread_offers_them_filled_and_works_without_scripts(staff: Client, sender: Sender, clinic: Business) -> None:
    dana = wrote(sender, "when?")
    Contact.objects.filter(pk=dana.pk).update(name="Dana")
    assert "Write quick replies" in text_of(staff.get(address("thread", dana)))
    form = {"name": "Hours", "text": "Hi {name}, 9 to 5."}
    staff.post(reverse("quick-reply-add", args=["clinic"]), form)
    page = staff.get(address("thread", dana))
    assert 'data-text="Hi Dana, 9 to 5."' in text_of(page), "what was just added is there at once"
    key = str(QuickReply._base_manager.get().pk)
    chosen = staff.get(address("thread", dana), {"quick": key})
    assert chosen.context["form"]["text"].value() == "Hi Dana, 9 to 5."
    for nothing in ("", "no id", str(uuid.uuid4())):
        assert not staff.get(address("thread", dana), {"quick": nothing}).context["form"]["text"].value()


def test_they_are_one_businesss(staff: Client, sender: Sender, clinic: Business) -> None:
    staff.post(reverse("quick-reply-add", args=["clinic"]), {"name": "Hours", "text": "9 to 5."})
    reply = QuickReply._base_manager.get()
    other = Business.objects.create(name="Other", slug="other")
    stranger = member(other, Role.OWNER)
    assert "9 to 5." not in text_of(stranger.get(reverse("quick-replies", args=["other"])))
    change = reverse("quick-reply-change", args=["other", reply.pk])
    assert stranger.post(change, {"name": "Hours", "text": "never"}).status_code == 404
    assert stranger.post(reverse("quick-reply-remove", args=["other", reply.pk])).status_code == 404
    assert QuickReply._base_manager.get().text == "9 to 5."
