"""The limit of a number holds across processes, and is used."""

from __future__ import annotations

import time
from bisect import bisect_left

import pytest

from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from testing.senders import SenderFarm
from whatsapp.models import MessageTemplate, Sender
from whatsapp.providers.sandbox.script import Action

LIMIT_MPS = 80
SECONDS = 8.0
STARTING_S = 4.0
"""While the other two processes start, the first has to share its processor with them."""
MOST = 1.15
"""Of the limit, in any one second: a process that the machine held up for a moment then sends what it owed."""

pytestmark = pytest.mark.realtime


def test_three_processes_send_at_the_limit_and_no_second_sees_more(
    meta: ThreadedMeta, sender: Sender, template: MessageTemplate, farm: SenderFarm
) -> None:
    meta.script = lambda _address, _nth: Action(latency_s=0.05)
    meta.delivered_after_s = None
    Sender.objects.update(max_mps=LIMIT_MPS)
    make_broadcast(sender, template, addresses(LIMIT_MPS * 18))
    for _ in range(3):
        farm.start()
    while not meta.posts:
        time.sleep(0.01)
    time.sleep(STARTING_S + SECONDS)
    moments = sorted(post.at for post in meta.posts)
    for number, first in enumerate(moments):
        stalls = [until - since for since, until in meta.stalls if since < first + 1.0 and until > first - 0.1]
        assert bisect_left(moments, first + 1.0) - number <= MOST * LIMIT_MPS * (1.0 + sum(stalls))
    steady = max(bisect_left(moments, first + SECONDS) - number for number, first in enumerate(moments))
    assert steady / SECONDS >= 0.9 * LIMIT_MPS
