"""A broadcast's history: what happened many times in a row is one line with its number and its times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from businesses.models import User
from testing.broadcasts import addresses, make_broadcast
from whatsapp.models import Broadcast, BroadcastEvent, MessageTemplate, Sender
from whatsapp.pages.history import Line, folded
from whatsapp.reasons import Cause, reason
from whatsapp.tests.conftest import NOW

FULL = {"pause_reason": "quota_24h"}


@pytest.fixture
def broadcast(sender: Sender, template: MessageTemplate) -> Broadcast:
    return make_broadcast(sender, template, addresses(1))


def at(second: int) -> datetime:
    return NOW + timedelta(seconds=second)


def happen(broadcast: Broadcast, *what: tuple[str, dict[str, Any]], actor: User | None = None) -> None:
    begin = BroadcastEvent.objects.count()
    for second, (kind, data) in enumerate(what, start=begin):
        BroadcastEvent.objects.create(
            business=broadcast.business, broadcast=broadcast, at=at(second), kind=kind, data=data, actor=actor
        )


def lines() -> list[Line]:
    return folded(BroadcastEvent.objects.order_by("-id"))


def told() -> list[tuple[str, int]]:
    return [(line.what, line.times) for line in lines()]


def test_hundreds_of_the_same_are_one_line(broadcast: Broadcast) -> None:
    happen(broadcast, ("started", {}), ("running", {"people": 400}))
    happen(broadcast, *[("sent_again", reason(Cause.NEVER_ARRIVED).kept())] * 300)
    newest, *others = lines()
    assert (newest.what, newest.times) == ("Messages without an answer are sent again", 300)
    assert newest.detail == "WhatsApp never got it."
    assert (newest.first_at, newest.at) == (at(2), at(301))
    assert [(line.what, line.times) for line in others] == [("Sending began", 1), ("Started", 1)]


def test_a_pause_and_its_end_that_take_turns_are_one_line(broadcast: Broadcast) -> None:
    happen(broadcast, ("running", {"people": 9}), *[("paused", FULL), ("resumed", {})] * 43)
    assert told() == [("Paused: The 24-hour limit is reached → Resumed", 43), ("Sending began", 1)]


def test_what_differs_stays_apart(broadcast: Broadcast, operator: User) -> None:
    happen(broadcast, ("paused", FULL), ("paused", {"pause_reason": "user"}), ("resumed", {}))
    happen(broadcast, ("resumed", {}), actor=operator)
    assert [times for _what, times in told()] == [1, 1, 1, 1]


def test_people_of_one_line_are_added_up(broadcast: Broadcast) -> None:
    happen(broadcast, ("retried", {"people": 2}), ("retried", {"people": 3}))
    (line,) = lines()
    assert (line.times, line.detail) == (2, "5 people")


def test_the_page_says_how_often_and_since_when(staff: Client, broadcast: Broadcast) -> None:
    happen(broadcast, *[("sent_again", reason(Cause.NEVER_ARRIVED).kept())] * 300)
    address = reverse("broadcast", kwargs={"slug": "clinic", "broadcast_id": broadcast.pk})
    shown = " ".join(staff.get(address).content.decode().split())
    assert shown.count("Messages without an answer are sent again") == 1
    assert "300 times since" in shown
