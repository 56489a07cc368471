"""A broadcast for each fault, and what became of every one of its messages."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from testing.broadcasts import addresses, make_broadcast, make_lasting_template, make_sender
from whatsapp.models import Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.providers.sandbox.server import FakeMeta
from whatsapp.states import RecipientStatus

MESSAGES_A_SECOND = 25
UNSETTLED = {
    RecipientStatus.PENDING,
    RecipientStatus.CLAIMED,
    RecipientStatus.SENDING,
    RecipientStatus.RETRY_WAIT,
}
UNSENT = {RecipientStatus.UNKNOWN, RecipientStatus.FAILED, RecipientStatus.SKIPPED}


@contextmanager
def on_record() -> Iterator[None]:
    """Rows of all businesses, over a connection of its own: a fault may have broken the last one."""
    connection.close()
    try:
        with across_businesses():
            yield
    finally:
        connection.close()


@dataclass(frozen=True)
class Course:
    """What became of one broadcast. `waiting`: not settled yet; `lost`: neither sent nor on record as anything else."""

    posted: int
    unknown: int
    waiting: int
    doubled: int
    lost: int


class Messages:
    """A business's number with a template, and one broadcast after another."""

    def __init__(self, meta: FakeMeta, business: Business) -> None:
        self._meta = meta
        self._business = business
        with acting_for(business):
            self._sender: Sender = make_sender(business, max_mps=MESSAGES_A_SECOND)
            self._template: MessageTemplate = make_lasting_template(self._sender)
        self._next_address = 0

    def begin(self, seconds: float) -> Sending:
        """Start a broadcast that takes about so long."""
        people = addresses(round(seconds * MESSAGES_A_SECOND), start=self._next_address)
        self._next_address += len(people)
        with on_record(), acting_for(self._business):
            broadcast = make_broadcast(self._sender, self._template, people)
        return Sending(self._meta, broadcast, set(people))


class Sending:
    """One broadcast on its way."""

    def __init__(self, meta: FakeMeta, broadcast: Broadcast, people: set[str]) -> None:
        self._meta = meta
        self._broadcast = broadcast
        self._keys = {_key(person) for person in people}
        self._first_post = len(meta.posts)

    def posted_since(self, moment: float) -> float | None:
        """Returns how long after this moment (monotonic) the first message was posted; None before that."""
        posts = [post.at for post in self._meta.posts[self._first_post :] if post.at >= moment]
        return posts[0] - moment if posts else None

    @property
    def has_begun(self) -> bool:
        """Returns whether a message was posted."""
        return len(self._meta.posts) > self._first_post

    @property
    def is_all_posted(self) -> bool:
        """Returns whether nobody is left to write to."""
        return len(self._meta.posts) - self._first_post >= len(self._keys)

    def settled(self, timeout_s: float) -> Course:
        """Wait until every message is settled, for so long at most. Returns the course of the broadcast."""
        give_up_at = time.monotonic() + timeout_s
        while self._unsettled() and time.monotonic() < give_up_at:
            time.sleep(0.25)
        return self.course()

    def course(self) -> Course:
        """Returns what has become of the broadcast so far."""
        posts = [post for post in self._meta.posts[self._first_post :] if post.accepted]
        accepted = Counter(_key(post.address) for post in posts if _key(post.address) in self._keys)
        with on_record():
            states = dict(Recipient.objects.filter(broadcast=self._broadcast).values_list("address", "status"))
        forgotten = sum(
            state not in UNSETTLED | UNSENT and not accepted[_key(person)] for person, state in states.items()
        )
        return Course(
            posted=sum(accepted.values()),
            unknown=sum(state == RecipientStatus.UNKNOWN for state in states.values()),
            waiting=sum(state in UNSETTLED for state in states.values()),
            doubled=sum(count - 1 for count in accepted.values()),
            lost=forgotten + len(self._keys) - len(states),
        )

    def state(self) -> str:
        """Returns what is on record about the broadcast and its people, for whoever looks for a mistake."""
        with on_record():
            row = Broadcast.objects.get(pk=self._broadcast.pk)
            people = Recipient.objects.filter(broadcast=row).values_list("status")
            counts = dict(people.annotate(number=Count("pk")).order_by())
        return f"{row.status} {row.pause_reason} {counts}"

    def _unsettled(self) -> bool:
        with on_record():
            return Recipient.objects.filter(broadcast=self._broadcast, status__in=UNSETTLED).exists()


def _key(person: str | None) -> str:
    """Returns the address as it is written to."""
    return (person or "").removeprefix("+")
