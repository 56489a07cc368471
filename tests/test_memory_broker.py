"""The broker of an installation without Redis wakes its worker, and asks nobody while there is nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from kombu import Connection, Consumer, Exchange, Queue

from frontdesk import memory_broker

LONG_S = 30.0


@pytest.fixture
def connection() -> Iterator[Any]:
    """A connection to the broker, as Celery makes it."""
    with Connection("memory://localhost/") as each:
        yield each


@pytest.fixture
def queue() -> Queue:
    """A queue of this test's own."""
    return Queue("of-this-test", Exchange("of-this-test"), routing_key="of-this-test")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queues in which a message was looked for, and not found."""
    found: list[str] = []
    get = memory_broker.Channel._get

    def look(self: Any, name: str, timeout: float | None = None) -> Any:
        found.append(name)
        message = get(self, name, timeout)
        found.pop()
        return message

    monkeypatch.setattr(memory_broker.Channel, "_get", look)
    return found


def test_a_message_wakes_who_waits_for_one(connection: Any, queue: Queue, looks: list[str]) -> None:
    assert isinstance(connection.transport, memory_broker.Transport)
    taken: list[Any] = []
    producer = connection.Producer()
    with Consumer(connection, [queue], callbacks=[lambda body, message: taken.append((body, message))]):
        threading.Timer(
            0.3, producer.publish, ["hello"], {"exchange": "of-this-test", "routing_key": "of-this-test"}
        ).start()
        connection.drain_events(timeout=LONG_S)
    assert [body for body, _message in taken] == ["hello"]
    assert looks == ["of-this-test"], "once, before it waited"


def test_who_may_take_one_at_a_time_is_woken_when_that_is_done(connection: Any, queue: Queue) -> None:
    taken: list[Any] = []
    producer = connection.Producer()
    with Consumer(connection, [queue], callbacks=[lambda body, message: taken.append((body, message))]) as consumer:
        consumer.qos(prefetch_count=1)
        for word in ("first", "second"):
            producer.publish(word, exchange="of-this-test", routing_key="of-this-test")
        connection.drain_events(timeout=LONG_S)
        threading.Timer(0.3, taken[0][1].ack).start()
        connection.drain_events(timeout=LONG_S)
    assert [body for body, _message in taken] == ["first", "second"]


def test_who_waits_in_vain_is_told_so(connection: Any, queue: Queue) -> None:
    with Consumer(connection, [queue]), pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.01)
