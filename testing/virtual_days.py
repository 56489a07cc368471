"""Days of broadcasts in virtual time, by processes that are killed again and again, to a Meta that is as it is.

Everything but the network and the clock is the program's own: waves, sweeper, doubts, webhooks, opt-outs.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from unittest import mock

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import make_broadcast, make_sender, make_template
from testing.virtual_meta import VirtualMeta
from whatsapp.models import Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.providers.cloud import splitting
from whatsapp.providers.sandbox.wa_ids import wa_id_of
from whatsapp.sending import agenda, doubts, sweeper, waves
from whatsapp.sending.pace import Slots
from whatsapp.sending.results import Landing
from whatsapp.sending.tempo import LARGEST_WAVE, Tempo
from whatsapp.sending.waves import Dispatch, Wave
from whatsapp.states import BroadcastStatus, RecipientStatus
from whatsapp.webhooks import applying, intake
from whatsapp.webhooks.origin import INSTALLATION

BEGIN = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
DAY = timedelta(hours=27)
QUIET = timedelta(hours=1)
CHORES_EVERY_S = 5
RENAMED = 100
"""One person in so many has another `wa_id` than the number in the file."""


class Kill(Enum):
    """Where a process ends."""

    DEPARTED = "its attempts are committed, nothing is posted"
    POSTING = "some of its messages are posted"
    POSTED = "all are posted, no answer is committed"
    APPLYING = "webhooks are half applied"
    CLAIMED = "rows are claimed, and the next wave never departs"


class Killed(BaseException):
    """The end of a process: nothing catches it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all messages. `doubled`, `forgotten` and `after_a_stop` must be 0."""

    accepted: int
    doubled: int
    forgotten: int
    after_a_stop: int
    kills: int
    lost: int
    held: int
    refused: int
    skipped: int


class _Open:
    """Slots as soon as they are wanted: the pace is not what is tried here."""

    def reserve(self, _sender: Sender, wanted: int, _now: float, **_more: float) -> Slots:
        return Slots(0.0, 0.0, wanted)


class _Even(Tempo):
    """Waves of one size."""

    def __init__(self, messages: int) -> None:
        super().__init__()
        self._messages = messages

    def size(self, rate: float) -> int:
        return self._messages


def people(count: int, start: int = 0, *, other_form: bool = False) -> list[str]:
    """Returns phone numbers; of the renamed ones as the file has them, or (`other_form`) as WhatsApp does."""
    found = [
        f"+55319{60_000_000 + number}" if number % RENAMED == 0 else f"+9725{number:08d}"
        for number in range(start, start + count)
    ]
    return [f"+{wa_id_of(each)}" for each in found] if other_form else found


class VirtualDays:
    """A business whose broadcasts go out on several days."""

    def __init__(self, business: Business, *, messages: int, kills: int, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - bad luck, not a secret
        self._business, self._kills_left, self.kills = business, kills, 0
        self._messages, self._now = messages, BEGIN
        self._meta = VirtualMeta(self._chance, held={"news"})
        sender = make_sender(business)
        visit = make_template(sender, name="visit", provider_template_id="1", category="UTILITY", quality="GREEN")
        news = make_template(sender, name="news", provider_template_id="2", quality="UNKNOWN")
        self._templates: list[MessageTemplate] = [visit, news]
        self._sender = sender
        self._size = max(1, min(LARGEST_WAVE, messages // (3 * kills + 1)))
        self._waves_left = messages // self._size

    def run(self, days: int = 4) -> Outcome:
        """Returns what became of the messages."""
        each = self._messages // (days * len(self._templates))
        limiter = mock.patch.object(waves, "limiter", _Open)
        with limiter, acting_for(self._business):
            for day in range(days):
                self._one_day(each, other_form=day % 2 == 1)
            self._meta.is_sound, self._kills_left = True, 0
            for _day in range(2):  # later messages of each template, so that every doubt can be decided
                self._one_day(20, other_form=False, start=self._messages)
            return self._outcome()

    def _one_day(self, each: int, *, other_form: bool, start: int = 0) -> None:
        for template in self._templates:
            make_broadcast(self._sender, template, people(each, start, other_form=other_form))
        ends_at = self._now + DAY
        dispatches: dict[object, Dispatch] = {}
        while self._now < ends_at:
            running = Broadcast.objects.filter(status=BroadcastStatus.RUNNING).select_related("business")
            is_busy = False
            for broadcast in running:
                new = Dispatch(broadcast.pk, self._business, tempo=_Even(self._size))
                dispatch = dispatches.setdefault(broadcast.pk, new)
                try:
                    is_busy |= self._wave(dispatch)
                except Killed:
                    dispatches.pop(broadcast.pk)  # what it remembered is gone
            if not is_busy or self._now.second % CHORES_EVERY_S == 0:
                self._chores()
            self._now += timedelta(seconds=1) if is_busy else self._until_something_happens(ends_at)

    def _until_something_happens(self, ends_at: datetime) -> timedelta:
        waits = Recipient.objects.filter(status__in=("claimed", "sending", "retry_wait", "pending"))
        if waits.filter(broadcast__status=BroadcastStatus.RUNNING).exists():
            return timedelta(seconds=5)
        return min(QUIET, ends_at - self._now)

    def _wave(self, dispatch: Dispatch) -> bool:
        step = waves.depart_wave(dispatch, self._now)
        if not isinstance(step, Wave):
            waves.complete_if_done(dispatch, self._now)
            return False
        end = self._drawn()
        if end is Kill.DEPARTED:
            raise Killed
        landings = []
        for number, departure in enumerate(step.departures):
            if end is Kill.POSTING and number > len(step.departures) // 2:
                raise Killed
            answer = self._meta.post(step.broadcast.pk, step.message(departure), self._now)
            landings.append(Landing(departure, answer))
        if end is Kill.POSTED:
            raise Killed
        waves.land_wave(step, landings, self._now)
        if end is Kill.CLAIMED:
            raise Killed
        if end is Kill.APPLYING:
            self._apply_and_die()
        return True

    def _drawn(self) -> Kill | None:
        """Returns how the process ends in this wave; None if it lives. All kills are used up by the last wave."""
        self._waves_left = max(1, self._waves_left - 1)
        if self._kills_left and self._chance.random() < self._kills_left / self._waves_left:
            self._kills_left -= 1
            self.kills += 1
            return self._chance.choice(list(Kill))
        return None

    def _apply_and_die(self) -> None:
        self._take_in()
        with mock.patch.object(applying, "update_rows", side_effect=Killed), _surviving():
            applying.apply_news(self._now)

    def _take_in(self) -> None:
        for body in self._meta.webhooks(self._now):
            intake.take_in("cloud", splitting.split(body), verified_by=INSTALLATION, now=self._now)

    def _chores(self) -> None:
        self._take_in()
        while applying.apply_news(self._now):
            pass
        agenda.tend(self._now)
        sweeper.sweep(self._now)
        doubts.weigh(self._now)

    def _outcome(self) -> Outcome:
        states = Counter(Recipient.objects.order_by().values_list("status", flat=True))
        dealt_with = states[RecipientStatus.DELIVERED] + states[RecipientStatus.SKIPPED]
        return Outcome(
            accepted=sum(self._meta.posts.values()),
            doubled=sum(times - 1 for times in self._meta.posts.values()),
            forgotten=sum(states.values()) - dealt_with,
            after_a_stop=len(self._meta.after_a_stop),
            kills=self.kills,
            lost=self._meta.lost,
            held=self._meta.holds,
            refused=len(self._meta.refused),
            skipped=states[RecipientStatus.SKIPPED],
        )


@contextmanager
def _surviving() -> Iterator[None]:
    try:
        yield
    except Killed:
        return
