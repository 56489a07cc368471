"""A wave: messages of one broadcast that leave together. It takes two commits: the departure and the answers.

`depart_wave` and `land_wave` run in database threads, perhaps at once: one departs while another lands. No transaction
is open while the messages are sent.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from businesses.credentials import CredentialsUnreadable
from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.broadcasts import course, lifecycle
from whatsapp.models import Broadcast, SenderHealth, WindowZone
from whatsapp.people import identity, suppressions
from whatsapp.providers.base import Account, Message, Template
from whatsapp.providers.registry import account_of, template_of
from whatsapp.reasons import Cause, reason
from whatsapp.sending import (
    affording,
    claims,
    consequences,
    day_limits,
    gates,
    known_as,
    quota,
    reactions,
    results,
)
from whatsapp.sending.breaker import Breaker
from whatsapp.sending.circumstances import Circumstances, Reader
from whatsapp.sending.claims import Claimed, Departure, Stock
from whatsapp.sending.limiter import limiter, most_of
from whatsapp.sending.pace import Slots
from whatsapp.sending.quota import PeopleGauge
from whatsapp.sending.results import Landing
from whatsapp.sending.tempo import Tempo
from whatsapp.states import BroadcastStatus, PauseReason, SkipReason

logger = logging.getLogger(__name__)

WAVES_PER_CLAIM = 3
USED_UP = (
    PauseReason.QUOTA_24H,
    PauseReason.CANARY_REVIEW,
    PauseReason.DAY_LIMIT,
    PauseReason.BUDGET,
    PauseReason.MONTH_BUDGET,
)
"""A broadcast pauses for these because of the messages that are leaving: those still leave."""
SLOT_S = 2.0
"""Part of the lease: the longest time that a message may wait for its slot."""


@dataclass(slots=True)
class Dispatch:
    """What one process remembers about one broadcast that it sends."""

    broadcast_id: uuid.UUID
    business: Business
    stock: Stock = field(default_factory=Stock)
    breaker: Breaker = field(default_factory=Breaker)
    gauge: PeopleGauge = field(default_factory=PeopleGauge)
    tempo: Tempo = field(default_factory=Tempo)
    circumstances: Reader = field(init=False)
    epoch: int = -1

    def __post_init__(self) -> None:
        self.circumstances = Reader(self.broadcast_id, self.business)


@dataclass(frozen=True, slots=True)
class Wave:
    """Messages whose attempts are committed. Times are monotonic seconds of this process.

    They are posted in their slots, counted from `opened_at`, and not after `deadline`. From `next_at` on the number can
    have slots for another wave. `broadcast` is its own copy: landing changes it while another wave may depart.
    """

    dispatch: Dispatch
    broadcast: Broadcast
    account: Account
    template: Template
    departures: Sequence[Departure]
    slots: Slots
    opened_at: float
    deadline: float
    next_at: float = 0.0

    def message(self, departure: Departure) -> Message:
        """Returns the message to post for a departure."""
        row = departure.row
        return Message(departure.attempt_id, row.address, row.is_phone, self.template, row.params)


@dataclass(frozen=True, slots=True)
class Rest:
    """The number has no free slot for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NothingDue:
    """No row may be sent now: all are done, held by other processes, or waiting for a retry."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The broadcast is not running, or had to be paused."""


Step = Wave | Rest | NothingDue | Stopped


def depart_wave(dispatch: Dispatch, now: datetime) -> Step:
    """Take the next messages of a broadcast: check everything again, take slots, commit the attempts."""
    with _committing(dispatch):
        found = _running(dispatch)
        if found is None:
            claims.release(dispatch.stock)
            return Stopped()
        broadcast = found.broadcast
        try:
            account = account_of(broadcast.sender)
            room = gates.room_for(broadcast, dispatch.gauge, now, limits=found.limits)
        except CredentialsUnreadable:
            room = gates.Closed(PauseReason.ACCOUNT, reason(Cause.CREDENTIALS_UNREADABLE))
        if isinstance(room, gates.Closed):
            return _stop(dispatch, broadcast, room, now)
        return _depart(dispatch, found, account, room, now)


@contextmanager
def _committing(dispatch: Dispatch) -> Iterator[None]:
    """Run the block in a transaction. If it fails, what it has changed in objects is no longer what is in the rows."""
    try:
        with acting_for(dispatch.business), transaction.atomic():
            yield
    except BaseException:
        dispatch.circumstances.forget()
        raise


def _stop(dispatch: Dispatch, broadcast: Broadcast, closed: gates.Closed, now: datetime) -> Stopped:
    claims.release(dispatch.stock)
    consequences.pause(broadcast, closed.reason, closed.because, now=now, resume_at=closed.resume_at)
    return Stopped()


def _running(dispatch: Dispatch) -> Circumstances | None:
    found = dispatch.circumstances.read()
    if found and found.broadcast.epoch != dispatch.epoch:
        dispatch.epoch = found.broadcast.epoch
        dispatch.breaker.reset()  # it was paused and resumed by somebody who has seen the failures
    return found


def _depart(dispatch: Dispatch, found: Circumstances, account: Account, room: int, now: datetime) -> Step:
    broadcast, monthly = found.broadcast, found.monthly_budget
    rate = most_of(broadcast.sender)
    size = dispatch.tempo.size(rate)
    just_claimed = _fill(dispatch.stock, broadcast, min(size * WAVES_PER_CLAIM, room), now)
    if not dispatch.stock.rows:
        transaction.set_rollback(True)  # nothing was changed, so there is nothing to commit
        return NothingDue()
    opened_at = time.monotonic()
    wanted = min(size, room, len(dispatch.stock.rows))
    slots = limiter().reserve(broadcast.sender, wanted, now.timestamp(), ahead_s=dispatch.tempo.ahead_s(rate))
    if not slots.count:
        transaction.set_rollback(True)  # waiting needs no commit; rows claimed just now are claimed again later
        if just_claimed:
            dispatch.stock.rows.clear()
        return Rest(slots.wait_s)
    chosen, dispatch.stock.rows = dispatch.stock.rows[: slots.count], dispatch.stock.rows[slots.count :]
    wanted_now = _leaving(found, chosen, dispatch.stock, now)
    rows, obstacle = affording.cut(broadcast, wanted_now, dispatch.stock, monthly, now)
    if isinstance(obstacle, gates.Closed):
        return _stop(dispatch, broadcast, obstacle, now)
    if obstacle is not None:
        return Rest(obstacle)
    timeout = timedelta(seconds=settings.WHATSAPP_TIMEOUT_S)
    slack = timedelta(seconds=SLOT_S)
    departures = claims.depart(broadcast, rows, dispatch.stock, now=now, lease=2 * timeout + slack)
    leaving = [departure.row for departure in departures]
    cost = affording.cost_of(leaving, broadcast, now)
    if departures and not affording.book(broadcast, leaving, cost, monthly, now):
        transaction.set_rollback(True)  # another process was faster: these rows are claimed again
        dispatch.stock.rows.clear()
        return Rest(0.0)
    dispatch.gauge.use(len(departures))
    unpriced = affording.unpriced(leaving, broadcast, now)
    day_limits.count(broadcast.business, len(departures), cost, now, unpriced=unpriced, limits=found.limits)
    # A message posted before this moment is answered (or given up) before its lease ends.
    deadline = opened_at + (timeout + slack).total_seconds()
    next_at = opened_at + dispatch.tempo.next_s(slots, rate)
    return Wave(
        dispatch, copy(broadcast), account, template_of(broadcast), departures, slots, opened_at, deadline, next_at
    )


def _fill(stock: Stock, broadcast: Broadcast, most: int, now: datetime) -> bool:
    """Claim rows if none are left, and return whether that was so; rows whose lease is about to end go back first."""
    if stock.rows and stock.lease_until and stock.lease_until < now + timedelta(seconds=1):
        claims.release(stock)
    if stock.rows:
        return False
    claims.claim(broadcast, stock, most=most, now=now)
    return True


def _leaving(found: Circumstances, chosen: Sequence[Claimed], stock: Stock, now: datetime) -> list[Claimed]:
    """Returns the rows that may leave: not people who have opted out since, or who must wait for another message.

    All of it goes by the person, whatever the address of the row (`people.identity`).
    """
    broadcast, addresses = found.broadcast, [row.address for row in chosen]
    people = identity.people(broadcast.business, addresses)
    unwanted = suppressions.blocked(
        broadcast.business, addresses, broadcast.template_category, known=people, keys=found.keys
    )
    claims.skip([row for row in chosen if row.address in unwanted], stock, SkipReason.OPTED_OUT)
    left = [row for row in chosen if row.address not in unwanted]
    twice = quota.doubles(broadcast, {row.id: row.address for row in left}, people)
    claims.skip([row for row in left if row.id in twice], stock, SkipReason.DUPLICATE, reason(Cause.SAME_PERSON))
    left = [row for row in left if row.id not in twice]
    busy = quota.just_messaged(broadcast, [row.address for row in left], people, now)
    claims.postpone([row for row in left if row.address in busy], stock, now + quota.PAIR_GAP)
    left = [row for row in left if row.address not in busy]
    if broadcast.window_zone != WindowZone.RECIPIENT:
        return left
    opening = {row.address: gates.person_reachable_at(broadcast, row.address, now) for row in left}
    for until in {moment for moment in opening.values() if moment}:
        claims.postpone([row for row in left if opening[row.address] == until], stock, until)
    return [row for row in left if opening[row.address] is None]


def new_slots(wave: Wave, wanted: int, now: datetime) -> Slots | None:
    """Returns slots to replace those that were missed; None if the broadcast was stopped meanwhile."""
    with acting_for(wave.dispatch.business):
        stopped = Broadcast.objects.filter(pk=wave.broadcast.pk).exclude(status=BroadcastStatus.RUNNING)
        if stopped.exclude(pause_reason__in=USED_UP).exists():
            return None
        return limiter().reserve(wave.broadcast.sender, wanted, now.timestamp())


def give_back(dispatch: Dispatch) -> None:
    """Release the unsent rows at once, because this process ends."""
    with acting_for(dispatch.business), transaction.atomic():
        claims.release(dispatch.stock)


def complete_if_done(dispatch: Dispatch, now: datetime) -> bool:
    """End the broadcast if no row is open any more. Returns whether it was ended."""
    with acting_for(dispatch.business):
        broadcast = Broadcast.objects.filter(pk=dispatch.broadcast_id).first()
        return broadcast is not None and lifecycle.complete_if_done(broadcast, now=now)


def land_wave(wave: Wave, landings: Sequence[Landing], now: datetime) -> None:
    """Commit the answers, then their consequences for the rest of the broadcast and for its number."""
    broadcast, sender = wave.broadcast, wave.broadcast.sender
    written_to = [(landing.departure.row.address, landing.result) for landing in landings]
    known_as.learn(wave.dispatch.business, written_to, now)
    with acting_for(wave.dispatch.business), transaction.atomic():
        others_succeed = reactions.succeeds(broadcast, landings)
        moved = results.record(broadcast, landings, others_succeed=others_succeed, now=now)
        if sender.health != SenderHealth.READY and any(reactions.is_accepted(each.result) for each in landings):
            consequences.mark_healthy(sender)
        reactions.to_answers(broadcast, wave.dispatch.breaker, landings, others_succeed=others_succeed, now=now)
        course.count(moved, now)


def land_singly(wave: Wave, landings: Sequence[Landing], now: datetime) -> None:
    """Commit answers one by one when one can't be stored: a message id that another message has, or invalid text.

    Without its id and texts it can be stored; reports still find it by its attempt. One that is refused even so
    becomes unknown when its lease ends.
    """
    for landing in landings:
        bare = replace(landing, result=replace(landing.result, message_id="", text="", error={}))
        for kept in (landing, bare):
            try:
                land_wave(wave, [kept], now)
                break
            except (DataError, IntegrityError) as problem:
                logger.warning("An answer to attempt %s can't be stored: %s", landing.departure.attempt_id, problem)
