"""One number's lane and a wave in flight, with nothing but a clock: who is posted when, and what the lane waits for."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import OperationalError

from whatsapp.providers.base import SendOutcome, SendResult
from whatsapp.sending import flights, lanes
from whatsapp.sending.claims import Claimed, Departure
from whatsapp.sending.lanes import Lane
from whatsapp.sending.logbook import Logbook
from whatsapp.sending.pace import Slots
from whatsapp.sending.results import Landing
from whatsapp.sending.waves import Dispatch, NothingDue, Rest, Stopped, Wave

pytestmark = pytest.mark.once

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ACCEPTED, UNSENT = SendResult(SendOutcome.ACCEPTED), SendResult(SendOutcome.SAFE_RETRY)


def dispatch() -> Dispatch:
    return Dispatch(uuid.uuid4(), cast("Any", None))


def wave_of(count: int, *, slots: Slots | None = None, lasts_s: float = 5.0) -> Wave:
    """Returns a wave that is opened now."""
    rows = [Claimed(number, f"+9725{number:08d}", True, "IL", {}, 0, 0) for number in range(count)]
    at = time.monotonic()
    return Wave(
        dispatch=dispatch(),
        broadcast=cast("Any", SimpleNamespace(pk=1)),
        account=cast("Any", SimpleNamespace(provider="cloud")),
        template=cast("Any", None),
        departures=[Departure(row, uuid.uuid4()) for row in rows],
        slots=slots or Slots(0.0, 0.0, count),
        opened_at=at,
        deadline=at + lasts_s,
    )


# A wave in flight -------------------------------------------------------------------------------------------------
class Posting:
    """A provider that notes when each message was posted, in seconds since it was made."""

    def __init__(self, fails: Sequence[str] = ()) -> None:
        self.posted: list[tuple[str, float]] = []
        self._fails = fails
        self._began = time.monotonic()

    async def send(self, _http: Any, _account: Any, message: Any) -> SendResult:
        self.posted.append((message.address, time.monotonic() - self._began))
        if message.address in self._fails:
            raise ValueError("a value of ours")
        return ACCEPTED


def post_all(
    wave: Wave, provider: Posting, monkeypatch: pytest.MonkeyPatch, slots: Sequence[Slots | None] = ()
) -> tuple[list[Landing], list[int]]:
    """Returns the answers, and how many slots were asked for each time."""
    monkeypatch.setattr(flights, "provider_for", lambda _name: provider)
    waiting, asked = list(slots), []

    async def new_slots(_wave: Wave, wanted: int) -> Slots | None:
        asked.append(wanted)
        return waiting.pop(0)

    return asyncio.run(flights.post_all(wave, cast("Any", None), new_slots, Logbook())), asked


def test_each_message_leaves_in_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Posting()
    wave = wave_of(3, slots=Slots(0.1, 0.1, 3))
    landings, _asked = post_all(wave, provider, monkeypatch)
    assert [landing.departure for landing in landings] == wave.departures
    assert [address for address, _ in provider.posted] == [one.row.address for one in wave.departures]
    for (_, at), due in zip(provider.posted, (0.1, 0.2, 0.3), strict=True):
        assert due - 0.01 <= at < due + 0.5
    assert {landing.result.outcome for landing in landings} == {SendOutcome.ACCEPTED}


def test_for_what_has_no_slot_new_ones_are_taken_and_counted_from_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "LATEST_S", 60.0)
    provider = Posting()
    wave = wave_of(5, slots=Slots(0.0, 0.0, 2))
    empty = Slots(0.0, 0.0, 0, wait_s=0.1)
    landings, asked = post_all(wave, provider, monkeypatch, [empty, Slots(0.1, 0.0, 2), Slots(0.0, 0.0, 1)])
    assert asked == [3, 3, 1]
    assert len(provider.posted) == 5
    assert provider.posted[1][1] < 0.1 <= provider.posted[2][1]
    assert provider.posted[2][1] >= 0.19
    assert [landing.result.outcome for landing in landings] == [SendOutcome.ACCEPTED] * 5


def test_a_slot_that_was_missed_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = wave_of(2, slots=Slots(0.0, 0.0, 2))
    late = replace(wave, opened_at=wave.opened_at - 1.0)
    _landings, asked = post_all(late, Posting(), monkeypatch, [Slots(0.0, 0.0, 2)])
    assert asked == [2]


def test_a_slot_that_passes_while_the_process_is_held_up_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = wave_of(2, slots=Slots(0.0, 0.05, 2))

    class HeldUp(Posting):
        async def send(self, *arguments: Any) -> SendResult:
            if not self.posted:
                time.sleep(0.05 + 2 * flights.LATEST_S)  # noqa: ASYNC251 - as a machine does that has other work
            return await super().send(*arguments)

    _landings, asked = post_all(wave, HeldUp(), monkeypatch, [Slots(0.0, 0.0, 1)])
    assert asked == [1]


@pytest.mark.parametrize("how", ["stopped", "deadline before", "deadline in the wait for slots", "deadline in a slot"])
def test_what_is_stopped_or_too_late_stays_and_is_known_to_be_unsent(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slots, more = Slots(0.0, 0.0, 2), [None]
    lasts_s = 5.0
    match how:
        case "deadline before":
            slots, lasts_s, more = Slots(0.0, 0.0, 4), -1.0, []
        case "deadline in the wait for slots":
            lasts_s, more = 0.2, [Slots(0.0, 0.0, 0, wait_s=0.3)]  # type: ignore[list-item]
        case "deadline in a slot":
            slots, lasts_s, more = Slots(0.0, 0.15, 4), 0.2, []
    monkeypatch.setattr(flights, "LATEST_S", 60.0)
    provider = Posting()
    wave = wave_of(4, slots=slots, lasts_s=lasts_s)
    landings, _asked = post_all(wave, provider, monkeypatch, more)
    posted = 0 if how == "deadline before" else 2
    assert [landing.departure for landing in landings] == wave.departures
    assert [landing.result.outcome for landing in landings] == [SendOutcome.ACCEPTED] * posted + [
        SendOutcome.SAFE_RETRY
    ] * (4 - posted)
    assert len(provider.posted) == posted


def test_a_message_that_cannot_be_made_is_in_doubt_and_the_others_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = wave_of(3)
    landings, _ = post_all(wave, Posting(fails=[wave.departures[1].row.address]), monkeypatch)
    assert [landing.result.outcome.value for landing in landings] == ["accepted", "unknown", "accepted"]


# The lane ---------------------------------------------------------------------------------------------------------
class Database:
    """Stands for the thread: answers what the lane asks for, and remembers it."""

    def __init__(self, steps: Sequence[Any] = ()) -> None:
        self.steps = list(steps)
        self.asked: list[str] = []
        self.dispatches: list[uuid.UUID] = []
        self.troubles: list[Exception] = []

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        name = function.__name__.removeprefix("_")
        self.asked.append(name)
        if name == "depart_wave":
            self.dispatches.append(arguments[0].broadcast_id)
            step = self.steps.pop(0) if self.steps else Rest(60.0)
            if isinstance(step, Exception):
                raise step
            return step
        if name in {"land_wave", "land_singly"} and self.troubles:
            raise self.troubles.pop(0)
        if name == "new_slots":
            raise OperationalError("away")
        return None


def a_lane(database: Database) -> Lane:
    return Lane(cast("Any", database), cast("Any", None), lambda: NOW)


class Rests(list[float]):
    """How long a lane rested each time; the lane goes on at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()

        async def rest(_lane: Lane, seconds: float) -> None:
            self.append(seconds)

        monkeypatch.setattr(Lane, "_rest", rest)


def answered(monkeypatch: pytest.MonkeyPatch, *results: SendResult) -> None:
    """Let the messages of every wave have these answers."""

    async def fly(wave: Wave, _http: Any, _new_slots: Any, _book: Logbook) -> list[Landing]:
        return [Landing(*pair) for pair in zip(wave.departures, results, strict=False)]

    monkeypatch.setattr(flights, "post_all", fly)


def test_broadcasts_take_turns_and_one_that_stopped_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = Rests(monkeypatch)
    one, other = dispatch(), dispatch()
    database = Database([Rest(3.0), Rest(4.0), Stopped(), Rest(5.0), Rest(6.0)])
    lane = a_lane(database)
    lane.assign([one, other])

    async def run() -> None:
        for _ in range(5):
            await lane._step()

    asyncio.run(run())
    assert database.dispatches == [one.broadcast_id, other.broadcast_id, *[one.broadcast_id], *[other.broadcast_id] * 2]
    assert rests == [3.0, 4.0, 5.0, 6.0]


def test_where_nothing_is_due_the_end_is_looked_for_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = Rests(monkeypatch)
    database = Database([NothingDue()])
    lane = a_lane(database)

    async def run() -> None:
        await lane._step()
        assert rests == [lanes.LONGEST_REST_S], "nothing is assigned"
        lane.assign([dispatch()])
        await lane._step()
        await lane._step()

    asyncio.run(run())
    assert database.asked == ["depart_wave", "complete_if_done"]
    assert rests[1] == pytest.approx(lanes.NOTHING_DUE_REST_S, abs=0.2)
    assert 0 < rests[1] <= lanes.NOTHING_DUE_REST_S


def test_a_database_that_is_away_is_asked_again_and_the_claimed_rows_are_left_to_their_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rests = Rests(monkeypatch)
    lane = a_lane(Database([OperationalError("away")]))
    one = dispatch()
    one.stock.rows = [cast("Any", None)]
    lane.assign([one])
    asyncio.run(lane._step())
    assert (one.stock.rows, rests) == ([], [lanes.LONGEST_REST_S])


def test_a_rest_lasts_as_long_as_it_says_and_ends_when_something_is_assigned() -> None:
    lane = a_lane(Database())

    async def rest(seconds: float) -> float:
        began = time.monotonic()
        await lane._rest(seconds)
        return time.monotonic() - began

    async def run() -> None:
        assert 0.19 <= await rest(0.2) < 10
        assert await rest(-5.0) < 10
        asyncio.get_running_loop().call_later(0.05, lane.assign, [])
        assert await rest(60.0) < 20

    asyncio.run(run())


@pytest.mark.parametrize(("asked_s", "waited_s"), [(-1.0, 0.001), (3.0, 3.0), (20.0, 20.0), (900.0, 20.0)])
def test_no_rest_is_longer_than_20_seconds(asked_s: float, waited_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []

    async def wait_for(waiting: Any, seconds: float) -> None:
        waiting.close()
        waited.append(seconds)
        raise TimeoutError

    monkeypatch.setattr(asyncio, "wait_for", wait_for)
    asyncio.run(a_lane(Database())._rest(asked_s))
    assert waited == [waited_s]


@pytest.mark.parametrize(
    ("results", "rests_s"),
    [([[UNSENT] * 2] * 7, [1.0, 2.0, 5.0, 10.0, 20.0, 20.0, 20.0]), ([[UNSENT, ACCEPTED]] * 2, []), ([[]] * 2, [])],
)
def test_while_no_message_leaves_this_machine_the_lane_rests_longer_each_time(
    monkeypatch: pytest.MonkeyPatch, results: list[list[SendResult]], rests_s: list[float]
) -> None:
    rests: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds:
            rests.append(seconds)
        await sleep(0)

    database = Database([wave_of(2) for _ in range(len(results) + 1)])
    lane = a_lane(database)
    lane.assign([dispatch()])

    async def run() -> None:
        for each in results:
            answered(monkeypatch, *each)
            await lane._step()
            while lane.is_busy:
                await sleep(0)
        answered(monkeypatch, ACCEPTED)
        await lane._step()
        while lane.is_busy:
            await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    asyncio.run(run())
    assert rests == rests_s
    assert lane._unreachable == 0


def test_answers_are_committed_however_often_the_database_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, ACCEPTED, UNSENT, ACCEPTED)
    monkeypatch.setattr(lanes, "RETRY_COMMIT_S", 0.0)
    database = Database()
    database.troubles = [OperationalError("away"), OperationalError("away")]
    lane = a_lane(database)
    lane._in_flight = 3
    asyncio.run(lane._fly(wave_of(3)))
    assert database.asked == ["land_wave"] * 3
    assert (lane.accepted, lane._in_flight) == (2, 0)


def test_when_slots_cannot_be_taken_it_is_tried_again_half_a_second_later() -> None:
    lane = a_lane(Database())
    assert asyncio.run(lane._new_slots(wave_of(1), 1)) == Slots(0.0, 0.0, 0, wait_s=0.5)


def test_with_400_messages_in_flight_no_wave_begins_before_one_has_landed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lanes.MOST_IN_FLIGHT == 400
    rests = Rests(monkeypatch)
    landed = asyncio.Event()

    async def fly(_wave: Wave, _http: Any, _new_slots: Any, _book: Logbook) -> list[Landing]:
        await landed.wait()
        return []

    monkeypatch.setattr(flights, "post_all", fly)
    database = Database([wave_of(399), wave_of(1), Rest(1.0)])
    lane = a_lane(database)
    lane.assign([dispatch()])

    async def run() -> None:
        await lane._step()
        await lane._step()
        assert (lane._in_flight, lane.is_busy) == (400, True)
        waiting = asyncio.create_task(lane._step())
        await asyncio.sleep(0.02)
        assert not waiting.done()
        assert database.asked == ["depart_wave"] * 2
        landed.set()
        await waiting
        if lane._flights:
            await asyncio.wait(lane._flights)
        await lane._step()

    asyncio.run(run())
    assert (lane._in_flight, rests) == (0, [1.0])


def test_a_lane_that_is_stopped_waits_for_its_answers_and_gives_its_rows_back(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, ACCEPTED)
    database = Database([wave_of(1), Rest(60.0)])
    lane = a_lane(database)
    lane.assign([dispatch()])

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.1, lane.stop)
        await lane.run()

    began = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - began < 20
    assert database.asked.count("land_wave") == database.asked.count("give_back") == 1
    assert database.asked[-1] == "give_back"
    assert not lane.is_busy
