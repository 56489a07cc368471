"""The pace of a number, shared by all sending processes: in Redis, or without it in the database."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Protocol

import redis
from django.conf import settings
from django.db import transaction

from businesses.absence import Absence
from whatsapp.models import Sender, SendingPace
from whatsapp.sending import pace
from whatsapp.sending.pace import HORIZON_S, Pace, Slots

logger = logging.getLogger(__name__)

_SCRIPT = Path(__file__).with_name("pace.lua").read_text()
_CONSTANTS = (
    pace.MARGIN,
    pace.RECOVERY,
    pace.RECOVERY_EVERY_S,
    pace.LOWEST_MPS,
    pace.LOWEST_SHARE,
    HORIZON_S,
    pace.SET_BACK_S,
    pace.CHAT_S,
    pace.NO_COMPLAINT_S,
)
NOTE_EVERY_S = 5.0
"""How often a chat is noted in the database: it needs the row that waves lock."""


class Limiter(Protocol):
    """Hands out slots. Their times are relative to the caller's `now`, whichever clock the limiter uses."""

    def reserve(self, sender: Sender, wanted: int, now: float, *, ahead_s: float = HORIZON_S) -> Slots:
        """Take up to `wanted` slots, the last at most `ahead_s` seconds from now."""

    def slow_down(self, sender: Sender, wait_s: float, now: float) -> None:
        """Reduce the pace: the provider said that the number sends too fast."""

    def chat(self, sender: Sender, now: float) -> None:
        """Leave chats their share from now on: a person has written to the number, or is about to be answered.

        Call it outside of a transaction.
        """

    def forget(self, sender: Sender) -> None:
        """Let the number start at its full pace: it has been connected again."""


def most_of(sender: Sender) -> float:
    """Returns the number of messages per second that broadcasts of this number may send, even while people chat."""
    return pace.ceiling(sender.max_mps, sender.throughput_mps)


def most_alone(sender: Sender) -> float:
    """Returns the same while nobody chats."""
    return pace.ceiling(sender.max_mps, sender.throughput_mps, share=1.0)


class DatabaseLimiter:
    """A row per number, locked while slots are taken. It joins the caller's transaction if there is one."""

    def reserve(self, sender: Sender, wanted: int, now: float, *, ahead_s: float = HORIZON_S) -> Slots:
        """See `Limiter`."""
        with transaction.atomic(savepoint=False):
            row = self._locked(sender)
            state, slots = pace.reserve(
                _state_of(row), most_of(sender), wanted, now, ahead_s=ahead_s, most_alone=most_alone(sender)
            )
            if slots.count:
                self._keep(row, state)
        return replace(slots, start=slots.start - now)

    def slow_down(self, sender: Sender, wait_s: float, now: float) -> None:
        """See `Limiter`."""
        with transaction.atomic():
            row = self._locked(sender)
            slowed = pace.slow_down(_state_of(row), most_of(sender), now, wait_s, most_alone=most_alone(sender))
            self._keep(row, slowed)

    def chat(self, sender: Sender, now: float) -> None:
        """See `Limiter`. A message of a chat follows another within seconds: not each is written down."""
        row = SendingPace.objects.filter(sender=sender)
        noted_at = row.values_list("chatted_at", flat=True).first()
        if noted_at is None:
            with transaction.atomic():
                self._locked(sender)
        if noted_at is None or not 0 <= now - noted_at < NOTE_EVERY_S:
            row.update(chatted_at=now)

    def forget(self, sender: Sender) -> None:
        """See `Limiter`."""
        SendingPace.objects.filter(sender=sender).update(slowed_rate=None)

    def _locked(self, sender: Sender) -> SendingPace:
        rows = SendingPace.objects.select_for_update().filter(sender=sender)
        row = rows.first()
        if row is None:
            SendingPace.objects.bulk_create(
                [SendingPace(sender=sender, business_id=sender.business_id)], ignore_conflicts=True
            )
            row = rows.get()
        return row

    def _keep(self, row: SendingPace, state: Pace) -> None:
        SendingPace.objects.filter(pk=row.pk).update(
            next_slot_at=state.next_slot_at,
            slowed_rate=state.slowed_rate,
            slowed_at=state.slowed_at,
            rests_until=state.rests_until,
        )


class RedisLimiter:
    """A hash per number, changed by one script. While Redis is away the database takes over."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        self._script = self._client.register_script(_SCRIPT)
        self._fallback = DatabaseLimiter()
        self._absence = Absence()

    def reserve(self, sender: Sender, wanted: int, now: float, *, ahead_s: float = HORIZON_S) -> Slots:
        """See `Limiter`."""
        try:
            slots = self.run(sender, "reserve", wanted, ahead_s=ahead_s)
        except redis.RedisError as error:
            if self._absence.begins():
                logger.warning("Redis is away (%s): the pace of numbers is kept in the database", type(error).__name__)
            return self._fallback.reserve(sender, wanted, now, ahead_s=ahead_s)
        if (away_s := self._absence.ends()) is not None:
            logger.warning("Redis is back after %.1f s", away_s)
        return slots

    def slow_down(self, sender: Sender, wait_s: float, now: float) -> None:
        """See `Limiter`."""
        try:
            self.run(sender, "slow_down", wait_s)
        except redis.RedisError:
            self._fallback.slow_down(sender, wait_s, now)

    def chat(self, sender: Sender, now: float) -> None:
        """See `Limiter`."""
        try:
            self.run(sender, "chat", 0)
        except redis.RedisError:
            self._fallback.chat(sender, now)

    def forget(self, sender: Sender) -> None:
        """See `Limiter`."""
        self._fallback.forget(sender)
        with suppress(redis.RedisError):  # without Redis the pace recovers with time only
            self._client.hdel(_key(sender), "rate")

    def run(
        self, sender: Sender, verb: str, amount: float, at: float | None = None, *, ahead_s: float = HORIZON_S
    ) -> Slots:
        """Run the script, by the clock of the Redis server unless a time is given."""
        start, interval, count, wait_s, now = self._script(
            keys=[_key(sender)],
            args=[
                "" if at is None else repr(at),
                verb,
                most_of(sender),
                amount,
                ahead_s,
                *_CONSTANTS,
                most_alone(sender),
            ],
        )
        return Slots(float(start) - float(now), float(interval), int(count), float(wait_s))


def _key(sender: Sender) -> str:
    return f"whatsapp:pace:{sender.pk}"


def _state_of(row: SendingPace) -> Pace:
    return Pace(row.next_slot_at, row.slowed_rate, row.slowed_at, row.rests_until, row.chatted_at)


@cache
def limiter() -> Limiter:
    """Returns the limiter of this installation."""
    return RedisLimiter(settings.REDIS_URL) if settings.REDIS_URL else DatabaseLimiter()
