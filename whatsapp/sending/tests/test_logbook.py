"""What a dead process was doing: its notes outlive it, and only what is certain follows from them."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from testing.senders import SenderFarm
from whatsapp.broadcasts import course
from whatsapp.models import Attempt, Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.providers.sandbox.script import Action
from whatsapp.sending import heirs, logbook
from whatsapp.sending.logbook import DeadBook, Logbook

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLANNED, BEGUN, ACCEPTED, HELD, LANDED = (uuid.UUID(int=number) for number in range(1, 6))


def all_kinds(book: Logbook) -> None:
    book.plan([PLANNED, BEGUN, ACCEPTED, HELD, LANDED])
    for attempt in (BEGUN, ACCEPTED, HELD, LANDED):
        book.begin(attempt)
    book.accepted(ACCEPTED, "wamid.1")
    book.accepted(HELD, "wamid.2", held=True)
    book.forget([LANDED])


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Callable[[Callable[[Logbook], None]], int]]:
    """Starts a process that keeps a book in `tmp_path` and then waits to be killed; returns its id."""
    started: list[int] = []

    def start(write: Callable[[Logbook], None]) -> int:
        told, tells = os.pipe()
        pid = os.fork()
        if not pid:
            write(Logbook.begin_at(tmp_path / "acme"))
            os.write(tells, b".")
            signal.pause()
        os.read(told, 1)
        started.append(pid)
        return pid

    yield start
    for pid in started:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def notes(folder: Path) -> list[DeadBook]:
    found = []
    for path in logbook.books_at(folder / "acme"):
        with logbook.taken_over(path) as book:
            found += [book] if book else []
    return found


def kill(pid: int) -> None:
    """Kill a process and wait until it is gone, without taking its status from whoever started it."""
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_notes_outlive_a_killed_process_and_are_read_once(
    tmp_path: Path, keeper: Callable[[Callable[[Logbook], None]], int]
) -> None:
    pid = keeper(all_kinds)
    assert notes(tmp_path) == [], "it lives"
    os.kill(pid, signal.SIGSTOP)
    assert notes(tmp_path) == [], "it may be continued"
    kill(pid)
    assert notes(tmp_path) == [DeadBook(frozenset({PLANNED}), {ACCEPTED: "wamid.1"}, {HELD: "wamid.2"})]
    assert notes(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_book_stays_if_it_could_not_be_dealt_with(
    tmp_path: Path, keeper: Callable[[Callable[[Logbook], None]], int]
) -> None:
    kill(keeper(all_kinds))
    (path,) = logbook.books_at(tmp_path / "acme")
    with pytest.raises(ZeroDivisionError), logbook.taken_over(path):
        raise ZeroDivisionError
    assert len(notes(tmp_path)) == 1


def test_a_place_is_used_again_and_a_full_book_notes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "PLACES", 2)
    book = Logbook.begin_at(tmp_path / "acme")
    book.plan([PLANNED, BEGUN, LANDED])
    book.begin(LANDED)
    book.accepted(LANDED, "wamid.3")
    book.forget([PLANNED, LANDED])
    book.plan([HELD])
    book.begin(BEGUN)
    book.accepted(BEGUN, "x" * 200)  # an id that does not fit is no id
    book.close()
    assert notes(tmp_path) == [DeadBook(frozenset({HELD}), {}, {})]


def test_a_book_in_which_nothing_is_left_goes_with_its_process(tmp_path: Path) -> None:
    book = Logbook.begin_at(tmp_path / "acme")
    all_kinds(book)
    book.forget([PLANNED, BEGUN, ACCEPTED, HELD])
    book.close()
    assert list(tmp_path.iterdir()) == []


def test_without_memory_that_is_ours_nothing_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "MEMORY", tmp_path / "nowhere")
    assert logbook.books_of("acme") is None
    monkeypatch.setattr(logbook, "MEMORY", tmp_path)
    stranger = tmp_path / f"frontdesk-{os.getuid()}"
    stranger.mkdir(mode=0o777)
    stranger.chmod(0o777)
    assert logbook.books_of("acme") is None, "anybody could write into it"
    stranger.chmod(0o700)
    stem = logbook.books_of("acme")
    assert stem != logbook.books_of("beta")
    book = Logbook.begin_at(None)
    all_kinds(book)
    book.close()


# What follows for the rows ----------------------------------------------------------------------------------------
def under_way(broadcast: Broadcast, *attempts: uuid.UUID, status: str = "sending") -> list[Recipient]:
    """Returns rows that left with these attempts."""
    rows = list(Recipient.objects.filter(broadcast=broadcast).order_by("pk")[: len(attempts)])
    for row, attempt in zip(rows, attempts, strict=True):
        Recipient.objects.filter(pk=row.pk).update(status=status, attempt_id=attempt, attempt_no=1)
        Attempt.objects.create(id=attempt, business=broadcast.business, recipient=row, no=1, started_at=NOW)
    return rows


@pytest.fixture
def died(tmp_path: Path, keeper: Callable[[Callable[[Logbook], None]], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has died with a note of every kind."""
    monkeypatch.setattr(heirs, "books", lambda: tmp_path / "acme")
    kill(keeper(all_kinds))


def seen(rows: list[Recipient]) -> list[tuple[str, str | None]]:
    found = Recipient.objects.in_bulk([row.pk for row in rows])
    return [(found[row.pk].status, found[row.pk].provider_message_id) for row in rows]


@pytest.mark.usefixtures("died")
@pytest.mark.parametrize("before", ["sending", "unknown"])
def test_what_was_not_begun_is_pending_and_what_was_answered_is_accepted(broadcast: Broadcast, before: str) -> None:
    Broadcast.objects.update(status="running" if before == "sending" else "completed")
    course.begin(broadcast)
    rows = under_way(broadcast, PLANNED, BEGUN, ACCEPTED, HELD, LANDED, status=before)
    assert heirs.settle(NOW) == 3
    assert sum(step.sent for step in course.of(broadcast, NOW)) == 2, "the course knows what was accepted"
    assert seen(rows) == [
        ("pending", None), (before, None), ("accepted", "wamid.1"), ("held", "wamid.2"), (before, None),
    ]  # fmt: skip
    assert Broadcast.objects.get().status == "running"
    assert MessageTemplate.objects.get().held_at == NOW
    ended = dict(Attempt.objects.exclude(finished_at=None).values_list("pk", "outcome"))
    assert ended == {PLANNED: "rejected", ACCEPTED: "accepted", HELD: "accepted"}
    assert heirs.settle(NOW) == 0


@pytest.mark.usefixtures("died")
def test_what_a_report_or_another_attempt_has_settled_is_left_alone(broadcast: Broadcast) -> None:
    rows = under_way(broadcast, PLANNED, ACCEPTED)
    Recipient.objects.filter(pk=rows[0].pk).update(attempt_id=uuid.uuid4())
    Recipient.objects.filter(pk=rows[1].pk).update(status="delivered")
    assert heirs.settle(NOW) == 0
    assert seen(rows) == [("sending", None), ("delivered", None)]


@pytest.mark.usefixtures("died")
def test_of_a_cancelled_broadcast_nothing_goes_back(broadcast: Broadcast) -> None:
    rows = under_way(broadcast, PLANNED)
    Broadcast.objects.update(status="cancelling")
    assert heirs.settle(NOW) == 1
    assert seen(rows) == [("cancelled", None)]


@pytest.mark.timeout(180)
def test_a_killed_sender_leaves_unknown_only_what_it_had_begun(
    meta: ThreadedMeta, sender: Sender, template: MessageTemplate, farm: SenderFarm
) -> None:
    meta.script = lambda _address, _nth: Action(latency_s=0.05)
    Sender.objects.update(max_mps=150)
    make_broadcast(sender, template, addresses(3_000))
    settled = 0
    for round_ in range(4):
        pid = farm.start()
        while len(meta.posts) < 60 * (round_ + 1):
            time.sleep(0.02)
        farm.send_signal(pid, signal.SIGKILL)
        farm.wait(pid)
        settled += heirs.settle(datetime.now(UTC))
        time.sleep(0.1)
        posted = {uuid.UUID(post.tracker) for post in meta.posts}
        never = set(Attempt.objects.filter(outcome="rejected").values_list("pk", flat=True))
        assert not never & posted, "what went back was never posted"
        begun = set(Recipient.objects.filter(status="sending").values_list("attempt_id", flat=True))
        assert len(begun) <= 4 * 40
        Recipient.objects.filter(status="sending").update(status="failed")
    assert settled > 0
    assert Attempt.objects.filter(outcome="rejected").exists()
