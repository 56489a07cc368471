"""What the caller meets when the media stream is over, and what the records then say."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from businesses.models import Business
from businesses.tenancy import acting_for
from calls import mailbox
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.models import Call, CallOutcome, CallStatus
from calls.records.endings import Ending
from calls.records.finishing import end_by_its_process, end_dead_calls
from calls.telephone import from_memory
from calls.telephone.going_on import MOST_STREAMS
from calls.tests.conftest import (
    AUTH_TOKEN,
    NOW,
    NUMBER,
    PUBLIC_URL,
    TwilioPost,
    kept,
    make_business,
    make_call,
    make_live_call,
)

AFTER, STATUS = "/calls/twilio/after/", "/calls/twilio/status/"
FALLBACK = "+97235550111"
HANG_UP = '<?xml version="1.0" encoding="UTF-8"?><Response><Hangup /></Response>'
DIAL = (
    f'<Dial action="{PUBLIC_URL}/calls/twilio/after/" callerId="{NUMBER}" method="POST" timeLimit="3600" '
    f'timeout="30">{FALLBACK}</Dial>'
)


def spoken(words: str, then: str = "<Hangup />") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Response>'
        f'<Say language="en-US" voice="Polly.Joanna">{words}</Say>{then}</Response>'
    )


SORRY = spoken("We are sorry, we can't take your call at the moment. Please call again later. Thank you.")


def ended(business: Business, step: NextStep) -> Call:
    return make_live_call(business, status=CallStatus.ENDED, outcome=CallOutcome.COMPLETED, next_step=step)


def after(post: TwilioPost, call: Call, **form: str) -> str:
    answer = post(AFTER, CallSid=call.twilio_call_sid, **{"CallStatus": "in-progress", **form})
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_finished_call_is_hung_up(business: Business, twilio_post: TwilioPost) -> None:
    call = ended(business, NextStep.HANG_UP)
    assert after(twilio_post, call) == HANG_UP
    assert kept(call).outcome == CallOutcome.COMPLETED


def test_a_transfer_to_a_number_that_was_removed_meanwhile(business: Business, twilio_post: TwilioPost) -> None:
    assert after(twilio_post, ended(business, NextStep.TRANSFER)) == SORRY


def test_an_apology_then_the_fallback_number(business: Business, twilio_post: TwilioPost) -> None:
    Business.objects.filter(pk=business.pk).update(fallback_number=FALLBACK)
    assert after(twilio_post, ended(business, NextStep.APOLOGIZE)) == spoken(
        "We are sorry for the trouble. One moment please, we are putting you through to a person.", DIAL
    )


def test_a_call_whose_process_died_goes_on_in_another_stream(business: Business, twilio_post: TwilioPost) -> None:
    call = make_live_call(business)
    assert "<Stream" in after(twilio_post, call)
    assert (kept(call).status, kept(call).stream_number) == (CallStatus.LIVE, 1)


def test_a_call_that_ended_and_could_not_be_written_does_not_go_on(business: Business, twilio_post: TwilioPost) -> None:
    call = make_live_call(business)
    from_memory.keep_next_step(call.twilio_call_sid, NextStep.HANG_UP)
    assert after(twilio_post, call) == HANG_UP
    assert (kept(call).status, kept(call).stream_number) == (CallStatus.ENDED, 0)


def test_an_end_that_the_process_wrote_stays_one(business: Business, twilio_post: TwilioPost) -> None:
    flood = {"end_reason": EndReason.STREAM_BROKE, "end_detail": {"cause": "flood"}, "ended_at": NOW}
    call = make_live_call(business, status=CallStatus.ENDED, next_step=NextStep.APOLOGIZE, **flood)
    assert after(twilio_post, call) == SORRY


def test_a_call_that_kills_its_processes_again_and_again_ends_with_an_apology(
    business: Business, twilio_post: TwilioPost
) -> None:
    Business.objects.filter(pk=business.pk).update(minutes_left=Decimal(10))
    call = make_live_call(business, stream_number=MOST_STREAMS - 1)
    with time_machine.travel(NOW + timedelta(seconds=90), tick=False):
        assert after(twilio_post, call) == SORRY
        assert after(twilio_post, call) == SORRY
    call = kept(call)
    assert (call.status, call.outcome, call.next_step) == (CallStatus.ENDED, CallOutcome.FALLBACK, NextStep.APOLOGIZE)
    assert (call.end_reason, call.ended_at) == (EndReason.PROCESS_DIED, NOW + timedelta(seconds=90))
    assert call.minutes_charged == Decimal("1.50")
    assert Business.objects.get(pk=business.pk).minutes_left == Decimal("8.50")


def test_a_stream_that_never_opened(business: Business, twilio_post: TwilioPost) -> None:
    call = make_call(business)
    assert after(twilio_post, call) == SORRY
    call = kept(call)
    assert (call.outcome, call.end_reason) == (CallOutcome.FALLBACK, EndReason.STREAM_NEVER_OPENED)
    assert call.minutes_charged == 0


def test_an_unknown_call_hears_an_apology_in_every_language(twilio_post: TwilioPost, db: None) -> None:
    twiml = twilio_post(AFTER, CallSid="CA-unknown").content.decode()
    assert twiml.count("<Say") == 2
    assert twiml.endswith("<Hangup /></Response>")


def test_a_caller_who_is_gone_is_no_failure(business: Business, twilio_post: TwilioPost) -> None:
    call = make_live_call(business, user_has_spoken=True)
    assert after(twilio_post, call, CallStatus="completed") == HANG_UP
    assert kept(call).outcome == CallOutcome.COMPLETED


@pytest.mark.parametrize(
    ("result", "twiml"),
    [
        ("completed", HANG_UP),
        ("answered", HANG_UP),
        *(
            (result, spoken("We are sorry, nobody can answer at the moment. Please call again later. Thank you."))
            for result in ("busy", "no-answer", "failed", "canceled")
        ),
    ],
)
def test_after_the_fallback_number_was_rung(
    business: Business, twilio_post: TwilioPost, result: str, twiml: str
) -> None:
    call = ended(business, NextStep.TRANSFER)
    assert after(twilio_post, call, DialCallStatus=result) == twiml
    assert kept(call).fallback_result == result


def test_a_forged_signature_ends_nothing(business: Business, client: Client, settings: Any) -> None:
    settings.PUBLIC_URL, settings.TWILIO_AUTH_TOKEN = PUBLIC_URL, AUTH_TOKEN
    call = make_live_call(business)
    for path in (AFTER, STATUS):
        form = {"CallSid": call.twilio_call_sid, "CallStatus": "completed"}
        assert client.post(path, form, headers={"X-Twilio-Signature": "forged"}).status_code == 403
    assert kept(call).status == CallStatus.LIVE


def test_completed_ends_a_call_once(business: Business, twilio_post: TwilioPost) -> None:
    call = make_live_call(business)
    for seconds in (30, 500):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            answer = twilio_post(STATUS, CallSid=call.twilio_call_sid, CallStatus="completed")
            assert (answer.status_code, answer.content) == (204, b"")
    call = kept(call)
    assert (call.outcome, call.ended_at) == (CallOutcome.ABANDONED, NOW + timedelta(seconds=30))
    assert call.minutes_charged == Decimal("0.50")


@pytest.mark.parametrize("status", ["queued", "ringing", "in-progress", "", "nonsense"])
def test_a_call_that_goes_on_is_not_ended(business: Business, twilio_post: TwilioPost, status: str) -> None:
    call = make_live_call(business)
    twilio_post(STATUS, CallSid=call.twilio_call_sid, CallStatus=status)
    assert kept(call).status == CallStatus.LIVE


def test_hanging_up_before_the_assistant_answered(business: Business, twilio_post: TwilioPost) -> None:
    call = make_call(business)
    twilio_post(STATUS, CallSid=call.twilio_call_sid, CallStatus="no-answer")
    call = kept(call)
    assert (call.outcome, call.end_reason) == (
        CallOutcome.ABANDONED,
        EndReason.LEFT_EARLY,
    )


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the processes that hold calls are told."""
    told: list[tuple[Any, ...]] = []
    monkeypatch.setattr(mailbox, "send", lambda call_id, message: told.append((call_id, *message.values())))
    return told


@pytest.mark.parametrize("event", ["stream-stopped", "stream-error"])
def test_the_process_that_holds_a_call_is_told_that_its_stream_is_over(
    business: Business, twilio_post: TwilioPost, told: list[tuple[Any, ...]], event: str
) -> None:
    call = make_live_call(business)
    twilio_post(STATUS, CallSid=call.twilio_call_sid, StreamSid="MZ1", StreamEvent="stream-started")
    assert told == []
    twilio_post(STATUS, CallSid=call.twilio_call_sid, StreamSid="MZ1", StreamEvent=event)
    assert told == [(call.pk, "end.reported", event.replace("-", "_"), "MZ1")]
    assert kept(call).status == CallStatus.LIVE, "its own process writes its end"


@pytest.mark.parametrize("status", ["completed", "busy", "no-answer", "canceled", "failed"])
def test_the_process_that_holds_a_call_is_told_that_the_call_is_over(
    business: Business, twilio_post: TwilioPost, told: list[tuple[Any, ...]], status: str
) -> None:
    call = make_live_call(business)
    for repeated in ("in-progress", status, status):
        twilio_post(STATUS, CallSid=call.twilio_call_sid, CallStatus=repeated)
    report = "call_failed" if status == "failed" else "call_over"
    assert told == [(call.pk, "end.reported", report, "")]


def test_a_report_that_is_forged_or_of_a_call_that_has_ended_tells_nobody(
    business: Business, twilio_post: TwilioPost, client: Client, told: list[tuple[Any, ...]]
) -> None:
    call, over = make_live_call(business), ended(business, NextStep.HANG_UP)
    form = {"CallSid": call.twilio_call_sid, "StreamEvent": "stream-stopped"}
    assert client.post(STATUS, form, headers={"X-Twilio-Signature": "A" * 27 + "="}).status_code == 403
    assert client.post(STATUS, form).status_code == 403
    twilio_post(STATUS, CallSid=over.twilio_call_sid, StreamEvent="stream-stopped")
    twilio_post(STATUS, CallSid=over.twilio_call_sid, CallStatus="completed")
    assert told == []


def test_a_call_ends_in_the_records_though_its_process_cannot_be_told(
    business: Business, twilio_post: TwilioPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_told: Any) -> None:
        raise mailbox.NotReached("ConnectionError")

    monkeypatch.setattr(mailbox, "send", away)
    call = make_live_call(business)
    assert twilio_post(STATUS, CallSid=call.twilio_call_sid, CallStatus="completed").status_code == 204
    assert (kept(call).status, kept(call).end_reason) == (CallStatus.ENDED, EndReason.OVER_AT_TWILIO)


def test_a_stream_error_is_kept(business: Business, twilio_post: TwilioPost) -> None:
    call = make_live_call(business)
    twilio_post(STATUS, CallSid=call.twilio_call_sid, StreamEvent="stream-error", StreamError="31924 protocol error")
    twilio_post(STATUS, CallSid=call.twilio_call_sid, StreamEvent="stream-stopped", StreamError="")
    assert (kept(call).stream_error, kept(call).status) == ("31924 protocol error", CallStatus.LIVE)


def test_a_status_of_an_unknown_call_changes_nothing(twilio_post: TwilioPost, db: None) -> None:
    assert twilio_post(STATUS, CallSid="CA-unknown", CallStatus="completed").status_code == 204


def test_its_own_process_knows_best_and_minutes_are_charged_once(business: Business) -> None:
    Business.objects.filter(pk=business.pk).update(minutes_left=Decimal(10))
    call = make_live_call(business)
    end_dead_calls(now=NOW + timedelta(minutes=5))
    assert kept(call).outcome == CallOutcome.FAILED
    ending = Ending(EndReason.ASSISTANT_HUNG_UP, NextStep.HANG_UP, CallOutcome.COMPLETED, user_has_spoken=True)
    with acting_for(business):
        for _ in range(2):
            end_by_its_process(call.pk, call.business, ending, now=NOW + timedelta(minutes=6))
    call = kept(call)
    assert (call.outcome, call.end_reason, call.user_has_spoken) == (
        CallOutcome.COMPLETED, EndReason.ASSISTANT_HUNG_UP, True,
    )  # fmt: skip
    assert call.minutes_charged == Decimal(6)
    assert Business.objects.get(pk=business.pk).minutes_left == Decimal(4)


def test_the_sweep_ends_dead_calls_of_every_business_and_no_other(business: Business) -> None:
    other = make_business()
    last_sign = NOW - timedelta(seconds=61)
    dead = make_live_call(other, stream_opened_at=NOW - timedelta(seconds=121), alive_at=last_sign)
    never_opened = make_call(business, started_at=NOW - timedelta(seconds=121))
    alive = make_live_call(business, alive_at=NOW - timedelta(seconds=59))
    ringing = make_call(business, started_at=NOW - timedelta(seconds=119))
    assert end_dead_calls(now=NOW) == 2
    assert end_dead_calls(now=NOW) == 0
    dead, never_opened = kept(dead), kept(never_opened)
    assert (dead.outcome, dead.end_reason) == (CallOutcome.FAILED, EndReason.PROCESS_DIED)
    assert (dead.ended_at, dead.minutes_charged) == (last_sign, Decimal(1))
    assert (never_opened.outcome, never_opened.end_reason) == (CallOutcome.FAILED, EndReason.STREAM_NEVER_OPENED)
    assert (kept(alive).status, kept(ringing).status) == (CallStatus.LIVE, CallStatus.RINGING)
