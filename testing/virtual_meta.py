"""Meta as it is for broadcasts, in virtual time: it holds messages, loses answers, and knows people by other ids.

It has no socket and no clock: the time is an argument, and what it would post to the webhook is fetched from it.
"""

from __future__ import annotations

import heapq
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from whatsapp.providers.base import Message, SendOutcome, SendResult
from whatsapp.providers.sandbox import notices
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.providers.sandbox.wa_ids import wa_id_of

NEVER_ARRIVES = 0.005
ANSWER_IS_LOST = 0.01
IS_HELD = 0.05
LOST_AND_HELD = 0.5
USUAL_HOLD_S = 3_600.0
LONGEST_HOLD_S = 24 * 3_600.0
IS_HELD_LONG = 0.01
"""Of held messages whose answer arrives: 99 of 100 leave within an hour. Where the answer is lost, any time is as
likely, so that most of these are held long after every message that is known to be held has left."""
SAYS_STOP = 0.005
REPORT_TAKES_S = 240.0
LARGEST_WEBHOOK = 500


@dataclass
class VirtualMeta:
    """`held` names the templates whose messages are held at times. `posts`: accepted ones, by broadcast and person."""

    chance: random.Random
    held: set[str] = field(default_factory=set)
    is_sound: bool = False
    """Loses and holds nothing any more."""
    posts: Counter[tuple[object, str]] = field(default_factory=Counter)
    after_a_stop: list[str] = field(default_factory=list)
    """People who were written to although their refusal had been delivered."""
    refused: set[str] = field(default_factory=set)
    holds: int = 0
    lost: int = 0
    _due: list[tuple[float, int, Happening]] = field(default_factory=list)
    _serial: int = 0

    def post(self, broadcast: object, message: Message, now: datetime) -> SendResult:
        """Returns the answer as the sender gets it; one that is lost on its way is unknown."""
        drawn = 1.0 if self.is_sound else self.chance.random()
        if drawn < NEVER_ARRIVES:
            self.lost += 1
            return SendResult(SendOutcome.UNKNOWN, text="connection reset")
        person = wa_id_of(message.address)
        self.posts[broadcast, person] += 1
        if person in self.refused:
            self.after_a_stop.append(person)
        self._serial += 1
        message_id = f"wamid.{self._serial}"
        is_lost = drawn < NEVER_ARRIVES + ANSWER_IS_LOST
        held_s = self._held_s(is_lost) if message.template.name in self.held and not self.is_sound else 0.0
        self._plan(message, message_id, person, now, held_s)
        is_held = bool(held_s)
        self.holds += is_held
        if is_lost:
            self.lost += 1
            return SendResult(SendOutcome.UNKNOWN, text="timeout")
        outcome = SendOutcome.HELD if is_held else SendOutcome.ACCEPTED
        return SendResult(outcome, message_id=message_id, http_status=200, known_as=(message.address, f"+{person}"))

    def _held_s(self, is_lost: bool) -> float:
        """Returns how many seconds a message is held; mostly 0."""
        if self.chance.random() >= (LOST_AND_HELD if is_lost else IS_HELD):
            return 0.0
        is_long = is_lost or self.chance.random() < IS_HELD_LONG
        return self.chance.uniform(1, LONGEST_HOLD_S if is_long else USUAL_HOLD_S)

    def webhooks(self, now: datetime) -> Iterator[bytes]:
        """Yields the bodies of the webhooks that have come by now, in the order of their delivery."""
        due: list[Happening] = []
        while self._due and self._due[0][0] <= now.timestamp():
            due.append(heapq.heappop(self._due)[2])
        for start in range(0, len(due), LARGEST_WEBHOOK):
            some = due[start : start + LARGEST_WEBHOOK]
            yield json.dumps(notices.notice("1055", "2077", some)).encode()
            self.refused |= {happening.address.lstrip("+") for happening in some if happening.what == "reply"}

    @property
    def next_at(self) -> float | None:
        """Returns when the next webhook comes; None if nothing is left."""
        return self._due[0][0] if self._due else None

    def _plan(self, message: Message, message_id: str, person: str, now: datetime, held_s: float) -> None:
        address, tracker = f"+{person}", str(message.attempt_id)
        sent_at = now + timedelta(seconds=held_s + 1)
        for what, at in (("sent", sent_at), ("delivered", sent_at + timedelta(seconds=2))):
            self._push(Happening(address, message_id, tracker, what, at))
        if self.chance.random() < SAYS_STOP:
            at = sent_at + timedelta(seconds=self.chance.uniform(5, 3_600))
            self._push(Happening(address, message_id, tracker, "reply", at, text="STOP", own_id=f"{message_id}.stop"))

    def _push(self, happening: Happening) -> None:
        """Deliver it later: mostly within seconds, sometimes within minutes, so that reports overtake each other."""
        delay = self.chance.uniform(0, REPORT_TAKES_S) if self.chance.random() < 0.02 else self.chance.uniform(0, 3)
        self._serial += 1
        heapq.heappush(self._due, (happening.at.timestamp() + delay, self._serial, happening))
