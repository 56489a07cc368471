"""The database's clock, its thread, and the pace while Redis is away."""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import pytest
import time_machine
from django.db import DatabaseError, InterfaceError

from whatsapp.models import Recipient, Sender
from whatsapp.sending import clock, threads
from whatsapp.sending.bulk import update_rows
from whatsapp.sending.clock import MEASURE_EVERY_S, DatabaseClock
from whatsapp.sending.limiter import DatabaseLimiter, RedisLimiter
from whatsapp.sending.pace import Slots
from whatsapp.sending.threads import DatabaseThread

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


# The clock ----------------------------------------------------------------------------------------------------------
class Server:
    """A database server whose clock is ahead of this machine's, and the time that asking it takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, vendor: str = "postgresql") -> None:
        self.ahead, self.asked, self.ticks = timedelta(seconds=90), 0, 1000.0
        self.traveller: Any = None
        cursor = SimpleNamespace(execute=self._execute, fetchone=lambda: (datetime.now(UTC) + self.ahead,))

        @contextmanager
        def opened() -> Iterator[Any]:
            yield cursor

        monkeypatch.setattr(clock, "connection", SimpleNamespace(vendor=vendor, cursor=opened))
        monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: self.ticks))

    def _execute(self, statement: str) -> None:
        assert statement == "SELECT clock_timestamp()"
        self.asked += 1

    def __enter__(self) -> Self:
        self._travel = time_machine.travel(HERE, tick=False)
        self.traveller = self._travel.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self._travel.stop()


def test_the_time_is_the_database_server_s(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(monkeypatch) as server:
        ours = DatabaseClock()
        assert ours.now() == HERE
        ours.adjust()
        assert ours.now() == HERE + server.ahead
        server.traveller.shift(10)
        assert ours.now() == HERE + timedelta(seconds=100)


def test_half_of_the_time_that_asking_takes_lies_before_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(monkeypatch) as server:
        moments = iter([HERE, HERE + timedelta(seconds=2), HERE + timedelta(seconds=4)])  # asked, told, received
        monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=lambda _zone: next(moments)))
        cursor = SimpleNamespace(execute=lambda _text: None, fetchone=lambda: (next(moments) + server.ahead,))

        @contextmanager
        def opened() -> Iterator[Any]:
            yield cursor

        monkeypatch.setattr(clock, "connection", SimpleNamespace(vendor="postgresql", cursor=opened))
        ours = DatabaseClock()
        ours.adjust()
        assert ours._offset == server.ahead


def test_the_offset_is_measured_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MEASURE_EVERY_S == 60.0
    with Server(monkeypatch) as server:
        ours = DatabaseClock()
        for seconds, asked in ((0.0, 1), (59.9, 1), (60.0, 2), (119.9, 2), (120.0, 3)):
            server.ticks = 1000.0 + seconds
            ours.adjust()
            assert server.asked == asked


def test_sqlite_has_no_clock_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(monkeypatch, vendor="sqlite") as server:
        DatabaseClock().adjust()
        assert server.asked == 0


# The thread ---------------------------------------------------------------------------------------------------------
def test_functions_run_one_after_another_in_one_thread() -> None:
    spans: list[tuple[float, float]] = []

    def work(name: str, *, seconds: float) -> str:
        began = time.monotonic()
        time.sleep(seconds)
        spans.append((began, time.monotonic()))
        return name

    async def run() -> list[str]:
        database = DatabaseThread("test")
        both = database.run(work, "a", seconds=0.05), database.run(work, "b", seconds=0.0)
        found = list(await asyncio.gather(*both))
        await database.close()
        with pytest.raises(RuntimeError):
            await database.run(work, "c", seconds=0.0)
        return found

    assert asyncio.run(run()) == ["a", "b"]
    (_, first_ended), (second_began, _) = spans
    assert first_ended <= second_began


def test_a_connection_that_broke_is_replaced_and_the_error_told(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    connection = SimpleNamespace(
        close=lambda: closed.append("closed"), close_if_unusable_or_obsolete=lambda: closed.append("looked at")
    )
    monkeypatch.setattr(threads, "connection", connection)

    def fail(problem: Exception) -> None:
        raise problem

    async def run() -> None:
        database = DatabaseThread("test")
        for problem in (DatabaseError("gone"), InterfaceError("gone"), ValueError("ours")):
            with pytest.raises(type(problem)):
                await database.run(fail, problem)
        assert closed == ["looked at", "looked at"]
        await database.close()

    asyncio.run(run())
    assert closed == ["looked at", "looked at", "closed"]


# Rows in one statement ------------------------------------------------------------------------------------------------
def test_each_row_gets_its_own_values_and_only_if_the_guard_holds(broadcast: Any) -> None:
    keys = list(Recipient.objects.order_by("pk").values_list("pk", flat=True)[:3])
    assert update_rows(Recipient, []) == []
    rows = [{"pk": key, "refusals": number, "error_text": f"no {number}"} for number, key in enumerate(keys, start=1)]
    Recipient.objects.filter(pk=keys[1]).update(attempt_no=5)
    changed = update_rows(Recipient, rows, guard="t.attempt_no < %s", guard_values={"attempt_no": 5})
    assert sorted(changed) == [keys[0], keys[2]]
    found = Recipient.objects.order_by("pk").values_list("refusals", "error_text")[:4]
    assert list(found) == [(1, "no 1"), (0, ""), (3, "no 3"), (0, "")]


def test_values_that_all_rows_share_are_set_in_each_and_nowhere_else(broadcast: Any) -> None:
    keys = list(Recipient.objects.order_by("pk").values_list("pk", flat=True)[:2])
    token = uuid.UUID(int=7)
    same = {"lease_token": token, "lease_until": HERE, "status": "claimed", "next_attempt_at": None, "error_code": ""}
    rows = [{"pk": key, "attempt_no": number, **same} for number, key in enumerate(keys)]
    assert sorted(update_rows(Recipient, rows)) == keys
    found = Recipient.objects.order_by("pk").values_list("status", "lease_token", "lease_until", "attempt_no")[:3]
    assert list(found) == [("claimed", token, HERE, 0), ("claimed", token, HERE, 1), ("pending", None, None, 0)]
    assert update_rows(Recipient, rows[:1], guard="t.attempt_no < %s", guard_values={"attempt_no": 0}) == []


# The pace while Redis is away -----------------------------------------------------------------------------------------
def test_while_redis_is_away_the_database_keeps_the_pace(sender: Sender) -> None:
    away, kept = RedisLimiter("redis://127.0.0.1:9/0"), DatabaseLimiter()
    first = away.reserve(sender, 10, 1050.0)
    assert (first.count, first.start) == (10, 0.0)
    assert kept.reserve(sender, 1, 1050.0).start == pytest.approx(10 * first.interval)
    away.slow_down(sender, 5.0, 1051.0)
    assert kept.reserve(sender, 1, 1051.0).count == 0
    slowed = kept.reserve(sender, 1, 1060.0)
    away.forget(sender)
    assert kept.reserve(sender, 1, 1060.1).interval == pytest.approx(slowed.interval / 2)


def test_redis_is_said_to_be_away_once_and_back_once(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = RedisLimiter("redis://127.0.0.1:9/0")
    for moment in range(3):
        limiter.reserve(sender, 1, 50.0 + moment)
    monkeypatch.setattr(limiter, "run", lambda *_values, **_options: Slots(0.0, 0.1, 1))
    for moment in range(3):
        limiter.reserve(sender, 1, 60.0 + moment)
    away, back = [record.getMessage() for record in caplog.records if record.name == "whatsapp.sending.limiter"]
    assert away == "Redis is away (ConnectionError): the pace of numbers is kept in the database"
    assert back.startswith("Redis is back after")
