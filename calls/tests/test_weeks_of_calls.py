"""The figures of weeks: what a trace says, counted exactly once, by the difference when a call ends anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.models import Business
from businesses.tenancy import acting_for
from calls import weekly
from calls.conversation import ConversationSettings
from calls.conversation.commands import ClearPlayback, Latency, Log, Measure, NextStep
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import CallerFrame, MarkReturned
from calls.models import BROWSER, Call, CallStatus, Speaker, TraceChunk, Turn, WeekOfCalls
from calls.records import finishing, timelines, weeks
from calls.records.certificates import Certificate, Verdict, of_stored
from calls.records.measuring import Greeting, covered_ms, greeting_of, pauses_in
from calls.records.traces import Decided, TraceLine, encode
from calls.tests.conftest import NOW, kept, make_business, make_call, make_live_call
from calls.tests.test_replay import recorded
from testing.at_once import at_once

LATER = NOW + timedelta(minutes=10)
MONDAY = date(2026, 11, 23)
GREETED = ConversationSettings(greeting_text="Hello", greeting_bytes=16_000, language="en")


def decided(*commands: object) -> list[TraceLine]:
    return [Decided(number * 0.02, command) for number, command in enumerate(commands)]  # type: ignore[arg-type]


# What a trace says ------------------------------------------------------------------------------------
@pytest.mark.pure
@pytest.mark.parametrize(
    ("verdict", "sent", "heard"),
    [
        (Verdict.NO_GREETING, 0, Greeting.NONE),
        (Verdict.HEARD_WHOLE, 800, Greeting.HEARD),
        (Verdict.LEFT, 800, Greeting.LEFT),
        (Verdict.LEFT, 0, Greeting.NONE),  # before its first sound
        (Verdict.INTERRUPTED, 800, Greeting.NOT_HEARD),
        (Verdict.CUT_SHORT, 0, Greeting.NOT_HEARD),
        (Verdict.MARK_EARLY, 800, Greeting.NOT_HEARD),
        (Verdict.MARK_MISSING, 800, Greeting.NOT_HEARD),
    ],
)
def test_what_was_heard_of_the_greeting(verdict: Verdict, sent: int, heard: Greeting) -> None:
    assert greeting_of(Certificate(verdict, bytes_sent=sent)) is heard


@pytest.mark.pure
def test_pauses_and_what_became_of_them() -> None:
    found = pauses_in(
        decided(
            Measure(Latency.BARGE_IN_PAUSE, 60),
            ClearPlayback(),
            Measure(Latency.BARGE_IN_CONFIRMED, 110),
            Log("[BARGE-IN]", "resume: rms=0"),
            Measure(Latency.BARGE_IN_PAUSE, 40),
            Log("[BARGE-IN]", "commit: rms=900"),
        )
    )
    assert [(pause.wait_ms, pause.confirmed_ms, pause.is_false) for pause in found] == [
        (60, 110, True), (40, None, False),
    ]  # fmt: skip


@pytest.mark.pure
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda pair: (min(pair), max(pair)))))
def test_time_that_several_speak_counts_once(stretches: list[tuple[int, int]]) -> None:
    assert covered_ms(stretches) == len({ms for start, end in stretches for ms in range(start, end)})


@pytest.mark.pure
@given(st.lists(st.integers(0, 20_000), min_size=1), st.integers(1, 100))
def test_a_percentile_is_exact_to_half_a_step(times: list[int], percent: int) -> None:
    steps: dict[str, int] = {}
    for time in times:
        steps[str(time // 10)] = steps.get(str(time // 10), 0) + 1
    exact = sorted(times)[max(-(-len(times) * percent // 100), 1) - 1]
    found = weekly.percentile(steps, percent)
    assert found is not None
    assert abs(found - exact) <= 5


# Counting ----------------------------------------------------------------------------------------------
def ended_call(business: Business, **values: object) -> Call:
    defaults = {
        "status": CallStatus.ENDED, "stream_opened_at": NOW, "ended_at": NOW + timedelta(seconds=10),
        "settings": asdict(GREETED), "latencies": {"felt": [800, 1200]}, "caller_number": "+972501234567",
    }  # fmt: skip
    call = make_call(business, **{**defaults, **values})
    with acting_for(business):
        TraceChunk.objects.create(business=business, call=call, position=0, data=encode(recorded(GREETED)))
        for position, (speaker, start, end) in enumerate(
            [(Speaker.ASSISTANT, 0, 2000), (Speaker.CALLER, 1500, 3000), (Speaker.ASSISTANT, 4000, None)]
        ):
            Turn.objects.create(
                business=business, call=call, position=position, speaker=speaker, started_ms=start, ended_ms=end
            )
    return call


def week_of(business: Business) -> WeekOfCalls:
    with acting_for(business):
        return WeekOfCalls.objects.get(monday=MONDAY)


def test_a_call_is_counted_once(business: Business) -> None:
    call = ended_call(business)
    assert weeks.due(now=NOW + timedelta(seconds=15)) == [], "its end may still be written by who knows better"
    assert weeks.due(now=LATER) == [call.pk]
    assert weeks.count(call.pk)
    assert not weeks.count(call.pk)
    assert weeks.due(now=LATER) == []
    week = week_of(business)
    assert (week.calls, week.greetings, week.greetings_heard, week.greetings_left) == (1, 1, 1, 0)
    assert (week.caller_ms, week.assistant_ms, week.silence_ms) == (1500, 2000, 7000)
    assert week.answers == {"80": 1, "120": 1}


def test_a_call_that_ended_anew_changes_the_week_by_the_difference(business: Business) -> None:
    call = ended_call(business)
    weeks.count(call.pk)
    with acting_for(business):
        Call.objects.filter(pk=call.pk).update(
            status=CallStatus.LIVE, latencies={"felt": [900]}, settings=asdict(ConversationSettings())
        )
        finishing.end_if_open(
            call.pk,
            next_step=NextStep.HANG_UP,
            failed=False,
            reason=EndReason.CALLER_LEFT,
            now=NOW + timedelta(seconds=8),
        )
    assert weeks.due(now=LATER) == [call.pk]
    assert weeks.count(call.pk)
    week = week_of(business)
    assert (week.calls, week.greetings, week.silence_ms) == (1, 0, 5000)
    assert week.answers == {"90": 1}


def test_tries_and_calls_without_a_voice_count_nowhere(business: Business) -> None:
    for call in (ended_call(business, caller_number=BROWSER), ended_call(business, stream_opened_at=None)):
        assert weeks.count(call.pk)
        assert kept(call).measured is None
    with acting_for(business):
        assert not WeekOfCalls.objects.exists()


def test_a_trace_that_nobody_can_read_costs_its_figures_only(business: Business) -> None:
    call = ended_call(business)
    with acting_for(business):
        TraceChunk.objects.filter(call=call).update(data=encode([CallerFrame(0.02, 3)])[:-3] + b"xyz")
    assert weeks.count(call.pk)
    assert week_of(business).greetings == 0
    assert week_of(business).answers == {"80": 1, "120": 1}


@pytest.mark.django_db(transaction=True)
def test_many_workers_count_every_call_once() -> None:
    business = make_business()
    calls = [ended_call(business) for _ in range(6)]

    def work() -> None:
        for call in calls:
            weeks.count(call.pk)

    at_once(work)
    assert week_of(business).calls == 6
    assert week_of(business).answers == {"80": 6, "120": 6}


def without_its_last_mark(trace: list[TraceLine], *, instead: MarkReturned | None) -> list[TraceLine]:
    """A greeting's trace whose last mark never came back, or came as this one."""
    last = [line for line in trace if isinstance(line, MarkReturned)][-1]
    rest = [line for line in trace if line is not last]
    return sorted([*rest, *([instead] if instead else [])], key=lambda line: line.at)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda trace: trace, Verdict.HEARD_WHOLE),
        (lambda trace: without_its_last_mark(trace, instead=None), Verdict.MARK_MISSING),
        (
            lambda trace: without_its_last_mark(trace, instead=MarkReturned(2.06, "1:greeting:99999")),
            Verdict.MARK_MISSING,
        ),
        (lambda trace: without_its_last_mark(trace, instead=MarkReturned(1.0, "1:greeting:16000")), Verdict.MARK_EARLY),
    ],
    ids=["believed", "missing", "of-nothing", "early"],
)
def test_a_mark_that_is_not_believed_proves_nothing_anywhere(
    business: Business, change: Callable[[list[TraceLine]], list[TraceLine]], verdict: Verdict
) -> None:
    call = ended_call(business)
    with acting_for(business):
        TraceChunk.objects.filter(call=call).update(data=encode(change(recorded(GREETED))))
        timelines.want(call, now=NOW)
    assert weeks.count(call.pk)
    assert timelines.make(call.pk, now=NOW)
    certificate = of_stored(kept(call).certificate)
    assert certificate is not None
    assert certificate.verdict is verdict, "the call's page"
    heard = int(verdict is Verdict.HEARD_WHOLE)
    assert (week_of(business).greetings, week_of(business).greetings_heard) == (1, heard), "the week"


# What weeks say ------------------------------------------------------------------------------------------
def test_a_week_that_falls_below_its_promise_is_logged(business: Business, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(weekly.ENOUGH // 2):
        weeks.count(ended_call(business, latencies={"felt": [3000, 3100]}).pk)
    told = [record.message for record in caplog.records if "fell below" in record.message]
    assert told == [f"business {business.pk}: the week of 2026-11-23 fell below its promise: answers"], "once"
    with acting_for(business):
        assert weekly.fallen_short(business, now=LATER) == [weekly.Promise.ANSWERS]
        assert WeekOfCalls.objects.get().is_below
        assert weekly.fallen_short(business, now=LATER + timedelta(weeks=2)) == []


def test_many_false_pauses_suggest_more_voice(business: Business) -> None:
    with acting_for(business):
        row = WeekOfCalls(business=business, monday=MONDAY, pauses=40, false_pauses=9)
        assert weekly.advice(business, [weekly.Week(MONDAY, row)]) == {}
        row.false_pauses = 10
        found = weekly.advice(business, [weekly.Week(MONDAY, row)])
    assert found == {weekly.Advice.MORE_VOICE: {"barge_in_voice_frames": 9}}


def test_a_running_call_is_not_measured(business: Business) -> None:
    make_live_call(business)
    assert weeks.due(now=LATER) == []
