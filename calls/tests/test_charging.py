"""Calls are charged while they last, so that minutes and limits hold for calls at the same time."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from datetime import timedelta
from decimal import Decimal

import pytest

from businesses import usage
from businesses.models import Business, DailyLimits
from businesses.tenancy import acting_for
from calls.conversation.commands import KeepTurn, NextStep, Speaker
from calls.conversation.end_reasons import EndReason
from calls.models import CallOutcome
from calls.plan import conversation_settings, plan_of
from calls.records import store
from calls.records.charging import charge_so_far
from calls.records.endings import Ending
from calls.records.finishing import end_by_its_process
from calls.records.recorder import CallRecorder
from calls.tests.conftest import NOW, kept, make_live_call

USAGE = {
    "input_tokens": 2000, "input_text_tokens": 1000, "input_audio_tokens": 1000, "input_cached_tokens": 0,
    "output_text_tokens": 0, "output_audio_tokens": 1000,
}  # fmt: skip
ENDING = Ending(EndReason.CALLER_LEFT, NextStep.HANG_UP, CallOutcome.COMPLETED, user_has_spoken=True)


def minutes_left(business: Business) -> Decimal | None:
    return Business.objects.get(pk=business.pk).minutes_left


def test_ten_calls_with_one_minute_left_end_within_seconds_of_it(business: Business) -> None:
    Business.objects.filter(pk=business.pk).update(minutes_left=Decimal(1))
    calls = [make_live_call(business) for _ in range(10)]
    ended: set[int] = set()
    with acting_for(business):
        for second in range(0, 60, 5):
            for number, call in enumerate(calls):
                if number not in ended and charge_so_far(call.pk, business, now=NOW + timedelta(seconds=second)):
                    ended.add(number)
            if len(ended) == len(calls):
                break
    assert second <= 15
    left = minutes_left(business)
    assert left is not None
    assert left >= Decimal(-1), "each of ten may have used some seconds more"


def test_what_was_charged_meanwhile_is_not_charged_again_at_the_end(business: Business) -> None:
    Business.objects.filter(pk=business.pk).update(minutes_left=Decimal(10))
    call = make_live_call(business, model="gpt-realtime-2.1", usage=USAGE)
    with acting_for(business):
        for second in (1, 7, 14, 14, 30):
            assert charge_so_far(call.pk, business, now=NOW + timedelta(seconds=second)) is None
        assert minutes_left(business) == Decimal("9.50")
        end_by_its_process(call.pk, call.business, ENDING, now=NOW + timedelta(minutes=1))
        used = usage.used_today(business, now=NOW)
    assert minutes_left(business) == Decimal(9)
    assert (used.minutes, used.money) == (Decimal(1), Decimal("0.10000"))
    assert kept(call).minutes_charged == Decimal(1)


@pytest.mark.parametrize("limits", [{"minutes": 1}, {"money": Decimal("0.05")}])
def test_a_limit_of_the_day_ends_running_calls(business: Business, limits: dict[str, Decimal]) -> None:
    call = make_live_call(business, model="gpt-realtime-2.1", usage=USAGE)
    with acting_for(business):
        DailyLimits.objects.create(business=business, **limits)
        assert charge_so_far(call.pk, business, now=NOW + timedelta(seconds=61)) is EndReason.DAY_LIMIT


def test_the_process_of_the_call_is_told(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_live_call(business)
    plan = plan_of(call.pk, business, conversation_settings(business, greeting_bytes=0), greeting_audio=b"", now=NOW)
    told: list[EndReason] = []

    def written(*_: object) -> Future[EndReason | None]:
        future: Future[EndReason | None] = Future()
        future.set_result(EndReason.NO_MINUTES)
        return future

    async def record() -> None:
        recorder = CallRecorder(plan, words_every_s=0.01, nothing_left=told.append)
        recorder.keep_turn(KeepTurn(1, Speaker.CALLER, 0, "hello"))
        await asyncio.sleep(0.1)
        await recorder.close(ENDING)

    monkeypatch.setattr(store, "write_later", written)
    monkeypatch.setattr(store, "write_audio_later", lambda *_: None)
    asyncio.run(record())
    assert told
    assert set(told) == {EndReason.NO_MINUTES}
