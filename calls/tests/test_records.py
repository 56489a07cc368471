"""What is kept of a call: soon, off the event loop, complete at the end, and never in the call's way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection

from businesses import database_watch
from businesses.models import Business
from businesses.tenancy import acting_for
from calls.audio.tracks import Recorded
from calls.conversation.commands import EndCall, KeepTurn, Latency, Measure, NextStep, Speaker
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import CallerFrame, CallerLeft
from calls.line.admission import open_stream
from calls.models import Call, CallOutcome, CallStatus, Turn
from calls.plan import CallPlan
from calls.records import recorder as recorder_module
from calls.records import store
from calls.records.endings import Ending, outcome_of
from calls.records.recorder import CallRecorder
from calls.records.traces import Decided, TraceLine, read_trace
from calls.telephone.stream_tokens import issue
from calls.tests.conftest import NOW, kept, make_business, make_call

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("records_thread")]

GOODBYE = Ending(EndReason.ASSISTANT_HUNG_UP, NextStep.HANG_UP, CallOutcome.COMPLETED, user_has_spoken=True)


def take_call(**values: Any) -> tuple[Call, CallPlan]:
    call = make_call(make_business(**values))
    token = issue(call, now=NOW)
    return call, open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)


@pytest.fixture
def taken(transactional_db: None) -> tuple[Call, CallPlan]:
    return take_call(minutes_left=Decimal(100))


Taken = tuple[Call, CallPlan]


@sync_to_async
def stored(call: Call) -> tuple[Call, list[Turn], list[TraceLine]]:
    with acting_for(call.business):
        return kept(call), list(call.turns.order_by("position")), read_trace(call)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # each look is a query in another thread: the loop runs meanwhile
            pass


async def test_everything_is_there_after_the_end(taken: Taken) -> None:
    call, plan = taken
    recorder = CallRecorder(plan)
    recorder.keep_turn(
        KeepTurn(0, Speaker.ASSISTANT, 20, text="שלום", heard_text="שלום", is_greeting=True, ended_ms=900)
    )
    recorder.keep_turn(KeepTurn(1, Speaker.CALLER, 1000))
    recorder.keep_turn(KeepTurn(1, Speaker.CALLER, 1000, text="כן", ended_ms=1400))
    recorder.keep_turn(KeepTurn(2, Speaker.ASSISTANT, 1500, text="One two", heard_text="One", interrupted_ms=1800))
    recorder.measure(Measure(Latency.ANSWER, 420))
    recorder.measure(Measure(Latency.ANSWER, 380))
    recorder.measure(Measure(Latency.GREETING, 12))
    recorder.keep_usage({"input_tokens": 100, "output_tokens": 7})
    recorder.keep_usage({"input_tokens": 50})
    trace: list[TraceLine] = [
        CallerFrame(0.02, 60),
        Decided(0.02, EndCall(EndReason.TIME_LIMIT, NextStep.HANG_UP)),
        CallerLeft(3.14159),
    ]
    for line in trace:
        recorder.keep_trace(line.at, line.command if isinstance(line, Decided) else line)
    await recorder.close(GOODBYE)
    after, turns, read = await stored(call)
    assert (after.status, after.outcome, after.next_step) == (CallStatus.ENDED, CallOutcome.COMPLETED, NextStep.HANG_UP)
    assert (after.end_reason, after.user_has_spoken) == (EndReason.ASSISTANT_HUNG_UP, True)
    assert after.latencies == {"answer": [420, 380], "greeting": [12]}
    assert after.usage == {"input_tokens": 150, "output_tokens": 7}
    assert [(t.position, t.speaker, t.text, t.heard_text, t.is_greeting) for t in turns] == [
        (0, "assistant", "שלום", "שלום", True),
        (1, "caller", "כן", "", False),
        (2, "assistant", "One two", "One", False),
    ]
    assert [(t.started_ms, t.ended_ms, t.interrupted_ms) for t in turns] == [
        (20, 900, None), (1000, 1400, None), (1500, None, 1800),
    ]  # fmt: skip
    assert read == trace
    minutes = (after.ended_at - after.stream_opened_at).total_seconds() / 60  # type: ignore[operator]
    assert abs(float(after.minutes_charged) - minutes) <= 0.01
    left = await sync_to_async(lambda: Business.objects.get(pk=call.business_id).minutes_left)()
    assert left == Decimal(100) - after.minutes_charged


async def test_each_line_of_a_trace_is_written_once_though_the_call_is_written_often(taken: Taken) -> None:
    call, plan = taken
    recorder = CallRecorder(plan, words_every_s=0.01)
    lines: list[TraceLine] = [CallerFrame(0.02, 60), CallerFrame(0.04, 61)]
    for number, line in enumerate(lines, start=1):
        recorder.keep_trace(line.at, line)  # type: ignore[arg-type]
        recorder.keep_turn(KeepTurn(0, Speaker.CALLER, 0, text="words"))

        async def is_written(count: int = number) -> bool:
            return len((await stored(call))[2]) >= count

        await until(is_written)
    await recorder.close(GOODBYE)
    assert (await stored(call))[2] == lines


async def test_what_was_said_is_written_while_the_call_lasts(taken: Taken) -> None:
    call, plan = taken
    recorder = CallRecorder(plan, words_every_s=0.01)
    recorder.keep_turn(KeepTurn(0, Speaker.CALLER, 0, text="first"))

    async def says(text: str) -> bool:
        _, turns, _ = await stored(call)
        return [turn.text for turn in turns] == [text]

    await until(lambda: says("first"))
    recorder.keep_turn(KeepTurn(0, Speaker.CALLER, 0, text="first and second"))
    await until(lambda: says("first and second"))
    after, _, _ = await stored(call)
    assert (after.status, after.outcome) == (CallStatus.LIVE, "")
    assert after.alive_at is not None
    assert after.alive_at > NOW
    await recorder.close(GOODBYE)


class DatabaseAway:
    """The database refuses the next writes; then it is back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refusals: int) -> None:
        self.left = refusals
        self.write = store._write_turns
        monkeypatch.setattr(store, "_write_turns", self)

    def __call__(self, *arguments: Any) -> None:
        self.write(*arguments)
        if self.left:
            self.left -= 1
            raise OperationalError("server closed the connection unexpectedly")


async def test_a_database_that_comes_back_gets_everything_once(
    taken: Taken, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    call, plan = taken
    DatabaseAway(monkeypatch, refusals=2)
    recorder = CallRecorder(plan)
    recorder.keep_trace(0.02, CallerFrame(0.02, 60))
    recorder.keep_turn(KeepTurn(0, Speaker.CALLER, 0, text="secret words"))
    await recorder.close(GOODBYE)
    await recorder_module.all_written()
    after, turns, trace = await stored(call)
    assert (after.outcome, [turn.text for turn in turns], trace) == (
        CallOutcome.COMPLETED, ["secret words"], [CallerFrame(0.02, 60)],
    )  # fmt: skip
    assert "will be tried again" in caplog.text
    assert "secret words" not in caplog.text


async def test_a_database_that_stays_away_holds_the_caller_up_for_a_moment_only(
    taken: Taken, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    call, plan = taken
    monkeypatch.setattr(recorder_module, "CLOSE_WAIT_S", 0.05)
    monkeypatch.setattr(recorder_module, "GIVE_UP_AFTER_S", 0.3)
    DatabaseAway(monkeypatch, refusals=1000)
    recorder = CallRecorder(plan)
    began = asyncio.get_running_loop().time()
    await recorder.close(GOODBYE)
    assert asyncio.get_running_loop().time() - began < 0.3
    await recorder_module.all_written()
    assert "its end could not be written" in caplog.text
    after, turns, _ = await stored(call)
    assert (after.status, turns) == (CallStatus.LIVE, [])


async def test_a_trace_has_a_bound_while_the_database_is_away(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    call, plan = taken
    monkeypatch.setattr(recorder_module, "_MOST_TRACE_LINES", 3)
    recorder = CallRecorder(plan)
    lines: list[TraceLine] = [CallerFrame(number / 50, 60) for number in range(5)]
    for line in lines:
        recorder.keep_trace(line.at, line.command if isinstance(line, Decided) else line)
    await recorder.close(GOODBYE)
    _, _, read = await stored(call)
    assert read == lines[:3]


async def test_a_business_that_was_deleted_meanwhile_harms_nobody(
    taken: Taken, caplog: pytest.LogCaptureFixture
) -> None:
    call, plan = taken
    with_other = await sync_to_async(take_call)()
    recorder, other = CallRecorder(plan), CallRecorder(with_other[1])
    await sync_to_async(Business.objects.filter(pk=call.business_id).delete)()
    recorder.keep_turn(KeepTurn(0, Speaker.CALLER, 0, text="secret words"))
    await recorder.close(GOODBYE)
    await other.close(GOODBYE)
    assert "records not written" in caplog.text or "records refused" in caplog.text
    assert "secret words" not in caplog.text
    after, _, _ = await stored(with_other[0])
    assert after.outcome == CallOutcome.COMPLETED


async def test_characters_that_no_database_stores(taken: Taken) -> None:
    call, plan = taken
    recorder = CallRecorder(plan)
    recorder.keep_turn(KeepTurn(0, Speaker.ASSISTANT, 0, text="a\x00b\ud800c"))
    await recorder.close(GOODBYE)
    _, turns, _ = await stored(call)
    assert [turn.text for turn in turns] == ["ab?c"]


@pytest.mark.django_db
def test_while_the_disk_is_far_behind_audio_is_dropped_instead_of_piling_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = threading.Event()
    written: list[Recorded] = []

    def write(_plan: CallPlan, recorded: Recorded) -> None:
        disk.wait(30)
        written.append(recorded)

    monkeypatch.setattr(store, "_write_audio", write)
    (_call, plan), second = take_call(), Recorded((), ((0, b"a" * 8000),))
    for _ in range(store.MOST_WAITING + 3):
        store.write_audio_later(plan, second)
    assert caplog.text.count("a piece of its recording is lost") == 3
    disk.set()
    store.close_connection()  # waits for its turn
    assert len(written) == store.MOST_WAITING
    store.write_audio_later(plan, second)  # there is room again
    store.close_connection()
    assert len(written) == store.MOST_WAITING + 1


@pytest.mark.parametrize(
    ("next_step", "failed", "spoken", "outcome"),
    [
        (NextStep.HANG_UP, False, True, CallOutcome.COMPLETED),
        (NextStep.HANG_UP, False, False, CallOutcome.ABANDONED),
        (NextStep.HANG_UP, True, True, CallOutcome.FAILED),
        (NextStep.HANG_UP, True, False, CallOutcome.FAILED),
        (NextStep.TRANSFER, False, True, CallOutcome.TRANSFERRED),
        (NextStep.APOLOGIZE, True, True, CallOutcome.FALLBACK),
        (NextStep.APOLOGIZE, True, False, CallOutcome.FALLBACK),
    ],
)
def test_the_outcome(next_step: NextStep, failed: bool, spoken: bool, outcome: CallOutcome) -> None:
    assert outcome_of(next_step=next_step, failed=failed, user_has_spoken=spoken) == outcome
    end = EndCall(EndReason.TIME_LIMIT, next_step, failed, "why")
    assert Ending.of(end, user_has_spoken=spoken) == Ending(
        EndReason.TIME_LIMIT, next_step, outcome, spoken, cause="why"
    )


PIECE = Recorded(((0, b"a" * 8000),), ())


@pytest.mark.parametrize("back_before", ["another piece", "the end"])
async def test_a_recording_is_known_of_as_soon_as_the_database_is_back(
    taken: Taken, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any, back_before: str
) -> None:
    call, plan = taken
    settings.MEDIA_ROOT = tmp_path

    def away(*_: object) -> None:
        raise OperationalError("away")

    def first_piece() -> None:
        with connection.execute_wrapper(away):
            store._write_audio(plan, PIECE)

    def another_piece() -> None:
        store._write_audio(plan, PIECE)

    await asyncio.wrap_future(store._thread.submit(first_piece))
    assert (await stored(call))[0].is_recorded is False
    if back_before == "another piece":
        await asyncio.wrap_future(store._thread.submit(another_piece))
    else:
        await asyncio.wrap_future(store.write_later(plan, store.Batch(ending=GOODBYE)))
    row = (await stored(call))[0]
    assert (row.is_recorded, row.was_recorded) == (True, True)


async def test_whoever_ends_a_call_does_not_wait_for_a_database_that_is_away(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, plan = taken
    is_back = threading.Event()
    written = store._write_now

    def wait_and_write(*batch: Any) -> EndReason | None:
        is_back.wait(30)
        return written(*batch)

    monkeypatch.setattr(store, "_write_now", wait_and_write)
    monkeypatch.setattr(recorder_module, "CLOSE_WAIT_S", 30.0)
    monkeypatch.setattr(database_watch, "is_away", lambda: True)
    recorder = CallRecorder(plan)
    assert not await recorder.close(GOODBYE)
    is_back.set()
    await recorder_module.all_written()
    assert (await stored(call))[0].status == CallStatus.ENDED


def test_the_thread_rests_for_as_long_as_a_write_took(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    _, plan = taken
    used = iter([0.0, 0.25, 0.25, 0.5])
    rested: list[float] = []
    monkeypatch.setattr(store, "_rests_until", 0.0)
    monkeypatch.setattr(store, "monotonic", lambda: 100.0)
    monkeypatch.setattr(store, "thread_time", lambda: next(used))
    monkeypatch.setattr(store, "sleep", rested.append)
    monkeypatch.setattr(store, "_write_now", lambda *_batch: None)
    store._write(plan, store.Batch())
    store._write(plan, store.Batch())
    assert rested == [0.0, 0.25]
