"""Two processes send one broadcast, and one of them is killed: nobody gets it twice, and the other forgets nobody."""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest

from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from testing.senders import SenderFarm
from whatsapp.conftest import states
from whatsapp.models import Attempt, Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.providers.sandbox.script import Action

PEOPLE = 900
pytestmark = pytest.mark.timeout(180)


def test_the_other_ends_what_a_killed_sender_began(
    meta: ThreadedMeta, sender: Sender, template: MessageTemplate, farm: SenderFarm
) -> None:
    meta.script = lambda _address, _nth: Action(latency_s=0.05)
    meta.delivered_after_s = None
    Sender.objects.update(max_mps=150)
    people = addresses(PEOPLE)
    broadcast = make_broadcast(sender, template, people)
    killed, other = farm.start(), farm.start(until_idle=True)
    claimed = Recipient.objects.filter(broadcast=broadcast, status="claimed")
    while claimed.order_by().values("lease_token").distinct().count() < 2:  # each process has a lease of its own
        assert Broadcast.objects.get(pk=broadcast.pk).status == "running", "one of them took everybody"
        time.sleep(0.005)
    farm.send_signal(killed, signal.SIGKILL)
    farm.wait(killed)
    assert farm.wait(other) == 0

    arrived = Counter(post.address for post in meta.accepted)
    assert max(arrived.values()) == 1
    assert set(people) == set(arrived) | set(in_doubt(broadcast))
    assert set(states(broadcast)) <= {"accepted", "unknown"}
    assert Broadcast.objects.get(pk=broadcast.pk).status == "completed"
    attempts = Attempt.objects.filter(recipient__broadcast=broadcast).values_list("recipient_id", flat=True)
    assert len(attempts) - PEOPLE <= 150, "only what the killed one had planned and not begun was tried again"


def in_doubt(broadcast: Broadcast) -> list[str]:
    """Returns the addresses of those of whom it is not known whether they got the message."""
    unknown = Recipient.objects.filter(broadcast=broadcast, status="unknown")
    return [str(address) for address in unknown.values_list("address", flat=True)]
