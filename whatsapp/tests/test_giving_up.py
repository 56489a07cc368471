"""Ending a broadcast without those who wait for another try: each keeps its reason, and can be taken up again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from businesses.models import AuditEntry, User
from testing.broadcasts import addresses, make_broadcast
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.conftest import states
from whatsapp.control import retrying
from whatsapp.control.giving_up import give_up
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast, BroadcastEvent, MessageTemplate, Recipient, Sender
from whatsapp.tests.conftest import NOW


@pytest.fixture
def waiting(sender: Sender, template: MessageTemplate) -> Broadcast:
    """A running broadcast to five people: three got it, two are tried again tomorrow, one of them for no error."""
    broadcast = make_broadcast(sender, template, addresses(5))
    first, second, *others = Recipient.objects.filter(broadcast=broadcast).order_by("pk")
    Recipient.objects.filter(pk__in=[row.pk for row in others]).update(status="delivered")
    again = {"status": "retry_wait", "next_attempt_at": NOW + timedelta(days=1)}
    limited = {"error_code": "131049", "error_class": "deferred", "error_text": "Not delivered"}
    Recipient.objects.filter(pk=first.pk).update(**again, **limited)
    Recipient.objects.filter(pk=second.pk).update(**again)
    return broadcast


def test_they_count_as_failed_and_the_broadcast_ends(waiting: Broadcast, operator: User) -> None:
    assert give_up(waiting, now=NOW, actor=operator) == 2
    assert states(waiting) == {"delivered": 3, "failed": 2}
    assert (waiting.status, waiting.completed_at) == ("completed", NOW)
    limited, other = Recipient.objects.filter(broadcast=waiting, status="failed").order_by("pk")
    assert reason_of(limited).endswith("A person ended the broadcast before another try.")
    assert "131049" in reason_of(limited)
    assert reason_of(other) == "A person ended the broadcast before another try."
    assert list(BroadcastEvent.objects.values_list("kind", "data", "actor")) == [
        ("given_up", {"people": 2}, operator.pk),
        ("completed", {}, None),
    ]
    (entry,) = AuditEntry.objects.filter(kind="broadcast_steered")
    assert entry.details["step"] == "given_up"
    assert give_up(make_running(waiting), now=NOW) == 0, "a second click"


def make_running(broadcast: Broadcast) -> Broadcast:
    Broadcast.objects.filter(pk=broadcast.pk).update(status="running")
    broadcast.refresh_from_db()
    return broadcast


def test_those_still_to_be_sent_to_are_not_touched(waiting: Broadcast) -> None:
    Recipient.objects.filter(broadcast=waiting, status="delivered").update(status="pending")
    give_up(waiting, now=NOW)
    assert states(waiting) == {"pending": 3, "failed": 2}
    assert waiting.status == "running"


def test_retry_takes_them_up_again(waiting: Broadcast) -> None:
    give_up(waiting, now=NOW)
    assert retrying.retry(waiting, now=NOW + timedelta(days=2)) == 2
    assert set(Recipient.objects.filter(status="pending").values_list("cause", "error_code")) == {("", "")}


@pytest.mark.parametrize("status", ["draft", "completed", "cancelled"])
def test_only_what_is_being_sent_can_be_ended(waiting: Broadcast, status: str) -> None:
    Broadcast.objects.update(status=status)
    with pytest.raises(IllegalChange):
        give_up(waiting, now=NOW)
    assert states(waiting) == {"delivered": 3, "retry_wait": 2}


def test_the_button_on_the_page(staff: Client, waiting: Broadcast) -> None:
    address = {"slug": "clinic", "broadcast_id": waiting.pk}
    answer = staff.post(reverse("broadcast-give-up", kwargs=address), follow=True)
    assert "2 people will not be tried again." in answer.content.decode()
    assert states(waiting) == {"delivered": 3, "failed": 2}
