"""Senders are killed, stopped and continued at random moments while broadcasts are paused and resumed.

Nobody may be accepted twice, nobody forgotten: every row ends delivered, or unknown if Meta never got it.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import redis
from django.conf import settings

from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from testing.senders import SenderFarm
from whatsapp.broadcasts import lifecycle
from whatsapp.conftest import Report, Send, states
from whatsapp.errors import IllegalChange
from whatsapp.models import Attempt, Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.providers.sandbox.script import Action, Reaction, accept_and

PEOPLE = 900
CHAOS_S = 18.0
pytestmark = pytest.mark.timeout(180)


def losing_some_answers(chance: random.Random) -> Action:
    drawn = chance.random()
    if drawn < 0.03:
        return accept_and(Reaction.SERVER_ERROR)
    if drawn < 0.06:
        return accept_and(Reaction.RESET)
    if drawn < 0.07:
        return accept_and(Reaction.ANSWER, latency_s=1.5)
    return Action(latency_s=chance.uniform(0.0, 0.1))


def disturb(farm: SenderFarm, broadcasts: list[Broadcast], chance: random.Random) -> str:
    """One stroke of bad luck; which."""
    pid = chance.choice(sorted(farm.pids))
    stroke = chance.choices(["kill", "stop", "long stop", "pause", "flush"], [6, 5, 1, 3, 1])[0]
    match stroke:
        case "kill":
            farm.send_signal(pid, signal.SIGKILL)
            farm.wait(pid)
            farm.start()
        case "stop" | "long stop":
            farm.send_signal(pid, signal.SIGSTOP)
            time.sleep(5.5 if stroke == "long stop" else chance.uniform(0.05, 0.6))
            farm.send_signal(pid, signal.SIGCONT)
        case "pause":
            broadcast = chance.choice(broadcasts)
            for change in (lifecycle.pause, lifecycle.resume):
                with suppress(IllegalChange):
                    change(broadcast, now=datetime.now(UTC))
        case "flush" if settings.REDIS_URL:
            redis.Redis.from_url(settings.REDIS_URL).flushdb()
    return stroke


def test_nobody_is_messaged_twice_and_nobody_forgotten(
    meta: ThreadedMeta,
    sender: Sender,
    template: MessageTemplate,
    farm: SenderFarm,
    send: Send,
    report: Report,
) -> None:
    chance = random.Random(1)  # noqa: S311 - bad luck, not a secret
    losses = random.Random(2)  # noqa: S311 - the stand-in draws in its own thread
    meta.script = lambda _address, _nth: losing_some_answers(losses)
    meta.delivered_after_s = 0.0
    Sender.objects.update(max_mps=90)
    people = addresses(2 * PEOPLE)
    broadcasts = [
        make_broadcast(sender, template, people[:PEOPLE]),
        make_broadcast(sender, template, people[PEOPLE:]),
    ]
    for _ in range(2):
        farm.start()
    strokes: Counter[str] = Counter()
    ends_at = time.monotonic() + CHAOS_S
    while time.monotonic() < ends_at or strokes["kill"] < 5:
        time.sleep(chance.uniform(0.05, 0.35))
        strokes[disturb(farm, broadcasts, chance)] += 1
        if chance.random() < 0.3:
            report()
    for pid in sorted(farm.pids):
        farm.send_signal(pid, signal.SIGKILL)
        farm.wait(pid)

    for broadcast in broadcasts:
        if Broadcast.objects.get(pk=broadcast.pk).status == "paused":
            lifecycle.resume(broadcast, now=datetime.now(UTC))
    Sender.objects.update(max_mps=None)
    settings.WHATSAPP_TIMEOUT_S = 1
    send(run_for_s=60.0)
    report()
    send()

    accepted = Counter(post.address for post in meta.accepted)
    assert max(accepted.values()) == 1
    never_arrived = set(people) - set(accepted)
    for broadcast in broadcasts:
        assert Broadcast.objects.get(pk=broadcast.pk).status == "completed"
        assert set(states(broadcast)) <= {"delivered", "unknown"}
    unknown = set(Recipient.objects.filter(status="unknown").values_list("address", flat=True))
    assert unknown == never_arrived
    assert len(unknown) <= 30 * (strokes["kill"] + 2)  # a wave or two of each process that died
    assert not Attempt.objects.filter(outcome="in_flight").exclude(recipient__status="delivered").exists()
