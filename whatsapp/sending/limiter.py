"""The pace of a number, shared by all sending processes: in Redis, or without it in the database."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import redis
from django.conf import settings
from django.db import connection, transaction

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
# Written out, and not as querysets: each wave runs both.
_READ = """
SELECT next_slot_at, slowed_rate, slowed_at, rests_until, chatted_at FROM whatsapp_sending_pace
WHERE business_id = %s AND sender_id = %s"""
_KEEP = """
UPDATE whatsapp_sending_pace SET next_slot_at = %s, slowed_rate = %s, slowed_at = %s, rests_until = %s
WHERE business_id = %s AND sender_id = %s"""
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
            state, slots = pace.reserve(
                self._locked(sender), most_of(sender), wanted, now, ahead_s=ahead_s, most_alone=most_alone(sender)
            )
            if slots.count:
                self._keep(sender, state)
        return replace(slots, start=slots.start - now)

    def slow_down(self, sender: Sender, wait_s: float, now: float) -> None:
        """See `Limiter`."""
        with transaction.atomic():
            state = self._locked(sender)
            self._keep(sender, pace.slow_down(state, most_of(sender), now, wait_s, most_alone=most_alone(sender)))

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

    def _locked(self, sender: Sender) -> Pace:
        """Returns the number's state, and locks it until the transaction ends."""
        locking = _READ + (" FOR UPDATE" if connection.features.has_select_for_update else "")
        with connection.cursor() as cursor:
            cursor.execute(locking, _of(sender))
            row = cursor.fetchone()
            if row is None:
                fresh = SendingPace(sender=sender, business_id=sender.business_id)
                SendingPace.objects.bulk_create([fresh], ignore_conflicts=True)
                cursor.execute(locking, _of(sender))
                row = cursor.fetchone()
        return Pace(*row)

    def _keep(self, sender: Sender, state: Pace) -> None:
        changed = (state.next_slot_at, state.slowed_rate, state.slowed_at, state.rests_until)
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [*changed, *_of(sender)])


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


def _of(sender: Sender) -> list[Any]:
    """Returns the keys of a number's row, as the database takes them."""
    prepare = SendingPace._meta.get_field("sender").get_db_prep_save
    return [prepare(key, connection) for key in (sender.business_id, sender.pk)]


def _key(sender: Sender) -> str:
    return f"whatsapp:pace:{sender.pk}"


@cache
def limiter() -> Limiter:
    """Returns the limiter of this installation."""
    return RedisLimiter(settings.REDIS_URL) if settings.REDIS_URL else DatabaseLimiter()
