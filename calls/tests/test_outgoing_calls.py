"""Outgoing calls: asked for once, made once whatever dies or gets lost, and noted as Twilio tells it in any order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from businesses import usage
from businesses.models import AuditEntry, Business, DailyLimits
from businesses.tenancy import acting_for
from calls.line.admission import open_stream
from calls.models import (
    BlockedCaller,
    Call,
    CallStatus,
    OutgoingCall,
    OutgoingChoices,
    OutgoingState,
    Task,
    TaskKind,
)
from calls.outgoing import asking, placing, progress
from calls.outgoing.asking import Asked
from calls.outgoing.rules import Why
from calls.telephone import dialling_out
from calls.tests.conftest import AUTH_TOKEN, NOW, NUMBER, PUBLIC_URL, TwilioPost, make_call
from testing.twilio import FakeTwilio, TwilioAccount, threaded_twilio

ABOUT = "A tooth hurts."
PERSON = "+972525550000"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeTwilio]:
    with threaded_twilio() as server:
        settings.TWILIO_API_URL, settings.PUBLIC_URL = server.url, PUBLIC_URL
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", AUTH_TOKEN
        server.accounts["AC1"] = TwilioAccount(AUTH_TOKEN)
        yield server


@pytest.fixture
def calling(business: Business) -> Iterator[Business]:
    """A business that calls people back, and a task of somebody who asked for it."""
    with acting_for(business):
        OutgoingChoices.objects.create(business=business, enabled=True, retries=1, retry_minutes=30)
        Task.objects.create(
            business=business,
            kind=TaskKind.CALL_BACK,
            who="Dana",
            number=PERSON,
            about=ABOUT,
            created_at=NOW,
        )
        yield business


def asked(business: Business, now: datetime = NOW) -> OutgoingCall:
    found = asking.ask(business, PERSON, who="Dana", about=ABOUT, by=None, now=now)
    assert isinstance(found, Asked), found
    return found.row


def place(business: Business, now: datetime = NOW) -> int:
    return sum(dialling_out.place(each, clock=lambda: now) for each in placing.due(now=now))


def the(row: OutgoingCall) -> OutgoingCall:
    return OutgoingCall.objects.get(pk=row.pk)


def address(kind: str, row: OutgoingCall) -> str:
    return f"/calls/twilio/{kind}/{row.pk}/{progress.secret_of(row.pk)}/"


@pytest.fixture
def ringing(calling: Business, account: FakeTwilio) -> OutgoingCall:
    row = asked(calling)
    assert place(calling) == 1
    return the(row)


SID = f"CA{1:032}"


# Asking ---------------------------------------------------------------------------------------------
def test_a_second_press_is_the_same_call_and_it_can_be_taken_back(calling: Business) -> None:
    first = asked(calling)
    again = asking.ask(calling, PERSON, by=None, now=NOW)
    assert again == Asked(first, is_new=False)
    assert asking.cancel(calling, first.pk, now=NOW)
    assert not asking.cancel(calling, first.pk, now=NOW)
    assert the(first).state == OutgoingState.CANCELLED
    assert placing.due(now=LATER) == []
    steps = AuditEntry.objects.filter(kind="outgoing_call").values_list("details__step", flat=True)
    assert sorted(steps) == ["asked", "cancelled"]


def test_nobody_is_called_who_did_not_ask_for_it_or_must_not_be_dialled(calling: Business) -> None:
    def answer(number: str) -> object:
        return asking.ask(calling, number, by=None, now=NOW)

    assert answer("+972525550001") is Why.NOT_AGREED
    assert answer("+19005550111") is Why.COSTLY
    assert answer("+442079460958") is Why.COUNTRY
    assert answer(NUMBER) is Why.OURS
    assert answer("052-555-0000") is Why.NOT_A_NUMBER
    BlockedCaller.objects.create(business=calling, number=PERSON, blocked_at=NOW)
    assert answer(PERSON) is Why.BLOCKED
    OutgoingChoices.objects.update(enabled=False)
    assert answer(PERSON) is Why.OFF
    assert not OutgoingCall.objects.exists()


def test_who_called_lately_may_be_called_and_who_was_called_has_not_thereby_agreed(calling: Business) -> None:
    Task.objects.all().delete()
    make_call(calling, caller_number=PERSON, is_outgoing=True)
    assert asking.refusal_of(calling, PERSON, now=NOW) is Why.NOT_AGREED
    make_call(calling, caller_number=PERSON, started_at=NOW - timedelta(days=31))
    assert asking.refusal_of(calling, PERSON, now=NOW) is Why.NOT_AGREED
    make_call(calling, caller_number=PERSON)
    assert asking.refusal_of(calling, PERSON, now=NOW) is None


# Making the call ------------------------------------------------------------------------------------
def test_the_call_is_made_once(ringing: OutgoingCall, account: FakeTwilio) -> None:
    assert (ringing.state, ringing.twilio_call_sid, ringing.from_number) == ("ringing", SID, NUMBER)
    (form,) = account.calls
    base = f"{PUBLIC_URL}/calls/twilio"
    secret = f"{ringing.pk}/{progress.secret_of(ringing.pk)}/"
    assert form == {
        "To": PERSON, "From": NUMBER, "Url": f"{base}/answered/{secret}", "Method": "POST",
        "StatusCallback": f"{base}/progress/{secret}", "StatusCallbackMethod": "POST",
        "StatusCallbackEvent": "initiated ringing answered completed", "Timeout": "30", "TimeLimit": "3600",
        "MachineDetection": "Enable", "AsyncAmd": "true", "AsyncAmdStatusCallbackMethod": "POST",
        "AsyncAmdStatusCallback": f"{base}/answerer/{secret}",
    }  # fmt: skip
    assert place(ringing.business, LATER) == 0
    assert len(account.calls) == 1


def test_an_answer_that_gets_lost_is_not_repeated(calling: Business, account: FakeTwilio) -> None:
    row, account.on_call = asked(calling), (0, 0)
    assert place(calling) == 1
    assert the(row).state == OutgoingState.UNKNOWN
    account.on_call = None
    assert place(calling, LATER) == 0
    assert len(account.calls) == 1


def test_a_worker_that_dies_after_the_request_leaves_a_call_that_tells_of_itself(
    calling: Business, account: FakeTwilio, twilio_post: TwilioPost
) -> None:
    row = asked(calling)
    claimed = placing.claim(placing.due(now=NOW)[0], now=NOW)
    assert claimed is not None  # and here it is killed
    assert placing.due(now=LATER) == []
    progress.look_at_forgotten(now=NOW + placing.LEASE)
    assert the(row).state == OutgoingState.UNKNOWN
    waits = asked(calling, NOW + timedelta(minutes=2))
    assert place(calling, NOW + timedelta(minutes=2)) == 0
    assert (the(waits).why, the(waits).due_at) == (Why.ONE_BEFORE, NOW + timedelta(minutes=15))
    twilio_post(address("progress", row), CallSid="CA9", CallStatus="ringing")
    assert (the(row).state, the(row).twilio_call_sid) == ("ringing", "CA9")
    assert account.calls == []


def test_what_was_told_before_the_answer_to_the_request_stays(
    calling: Business, account: FakeTwilio, twilio_post: TwilioPost
) -> None:
    row = asked(calling)
    placing.claim(placing.due(now=NOW)[0], now=NOW)
    twilio_post(address("progress", row), CallSid=SID, CallStatus="busy")
    placing.made(row.pk, SID, now=NOW)
    placing.perhaps_made(row.pk, now=NOW)
    assert the(row).state == OutgoingState.BUSY


@pytest.mark.parametrize(
    ("error", "state", "why"),
    [
        ((400, 21211), "failed", "21211"),
        ((401, 20003), "failed", "20003"),
        ((429, 20429), "waiting", Why.TWILIO_AWAY),
        ((503, 20503), "unknown", ""),
    ],
)
def test_errors_of_twilio(calling: Business, account: FakeTwilio, error: tuple[int, int], state: str, why: str) -> None:
    row, account.on_call = asked(calling), error
    place(calling)
    assert (the(row).state, the(row).why) == (state, why)
    account.on_call = None
    assert place(calling, NOW + timedelta(minutes=2)) == (state == "waiting")


def test_without_a_connection_it_waits(calling: Business, account: FakeTwilio, settings: Any) -> None:
    row = asked(calling)
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    place(calling)
    assert (the(row).state, the(row).why) == ("waiting", Why.TWILIO_AWAY)


@pytest.mark.parametrize(("error", "counted"), [((429, 20429), 0), ((400, 21211), 0), ((503, 20503), 1)])
def test_a_call_that_was_certainly_not_made_is_none_of_the_day(
    calling: Business, account: FakeTwilio, error: tuple[int, int], counted: int
) -> None:
    asked(calling)
    account.on_call = error
    place(calling)
    assert usage.used_today(calling, now=NOW).calls == counted


# When -----------------------------------------------------------------------------------------------
def test_it_waits_for_the_hours_and_for_the_limits(calling: Business, account: FakeTwilio) -> None:
    night = NOW.replace(hour=2)
    row = asked(calling, night)
    assert place(calling, night) == 0
    assert (the(row).why, the(row).due_at) == (Why.HOURS_THERE, NOW.replace(hour=9))
    DailyLimits.objects.create(business=calling, calls=0)
    assert place(calling, NOW) == 0
    assert (the(row).why, the(row).due_at) == (Why.DAY_LIMIT, (NOW + timedelta(days=1)).replace(hour=0))
    assert account.calls == []


def test_two_due_at_once_leave_a_line_free(calling: Business, account: FakeTwilio) -> None:
    Business.objects.update(max_concurrent_calls=3)
    first, second = asked(calling), "+972525550002"
    make_call(calling, caller_number=second)  # it came just now, and holds a line
    found = asking.ask(calling, second, by=None, now=NOW)
    assert isinstance(found, Asked)
    assert place(calling) == 1
    assert sorted([the(first).state, the(found.row).state]) == ["ringing", "waiting"]


# What Twilio tells ----------------------------------------------------------------------------------
def test_who_answers_talks_to_the_assistant(ringing: OutgoingCall, twilio_post: TwilioPost) -> None:
    answer = twilio_post(address("answered", ringing), CallSid=SID, CallStatus="in-progress", AnsweredBy="")
    token = answer.content.decode().split('<Parameter name="token" value="')[1].split('"', maxsplit=1)[0]
    call = Call.objects.get()
    assert (call.is_outgoing, call.caller_number, call.called_number) == (True, PERSON, NUMBER)
    plan = open_stream(token=token, call_sid=SID, stream_sid="MZ1", now=datetime.now(tz=NOW.tzinfo))
    words = f"Hello Dana, this is the automated assistant of {ringing.business.name}. We are calling you back."
    assert plan.settings.greeting_text == words
    assert f'greeting from you, so neither greet nor introduce yourself again: "{words}"' in plan.instructions
    assert "> A tooth hurts." in plan.instructions
    assert "# This call is one that you make" in plan.instructions
    again = twilio_post(address("answered", ringing), CallSid=SID, CallStatus="in-progress")
    assert again.content.decode().count("<Hangup") == 1, "its stream is open"
    assert Call.objects.count() == 1
    twilio_post(address("progress", ringing), CallSid=SID, CallStatus="completed")
    twilio_post(address("progress", ringing), CallSid=SID, CallStatus="ringing")
    assert (the(ringing).state, Call.objects.get().status) == ("talked", CallStatus.ENDED)


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(("told", "state"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")])
def test_who_is_not_reached_is_called_again_as_the_owner_chose(
    ringing: OutgoingCall, account: FakeTwilio, twilio_post: TwilioPost, told: str, state: str
) -> None:
    for _time in range(2):
        twilio_post(address("progress", ringing), CallSid=SID, CallStatus=told)
    assert the(ringing).state == state
    again = OutgoingCall.objects.filter(try_number=2)
    assert again.count() == (state != "failed")
    if row := again.first():
        assert (row.state, row.why, row.try_number, row.who) == ("waiting", Why.RETRY, 2, "Dana")
        assert row.due_at == NOW + timedelta(minutes=30)
        assert place(ringing.business, LATER) == 1


def test_a_wrong_secret_and_a_missing_signature_change_nothing(
    ringing: OutgoingCall, twilio_post: TwilioPost, client: Any
) -> None:
    wrong = address("answered", ringing).replace(progress.secret_of(ringing.pk), "0" * 32)
    assert "<Hangup" in twilio_post(wrong, CallSid=SID).content.decode()
    assert client.post(address("answered", ringing), {"CallSid": SID}).status_code == 403
    twilio_post(wrong.replace("answered", "progress"), CallSid=SID, CallStatus="busy")
    twilio_post(wrong.replace("answered", "answerer"), CallSid=SID, AnsweredBy="fax")
    assert (the(ringing).state, the(ringing).answered_by) == ("ringing", "")
    assert not Call.objects.exists()


# Machines -------------------------------------------------------------------------------------------
def test_a_machine_hears_nothing_or_the_owners_words(ringing: OutgoingCall, twilio_post: TwilioPost) -> None:
    twilio_post(address("answered", ringing), CallSid=SID, CallStatus="in-progress")
    Call.objects.update(status=CallStatus.LIVE, stream_opened_at=NOW)
    twilio_post(address("answerer", ringing), CallSid=SID, AnsweredBy="machine_end_beep")
    Call.objects.update(status=CallStatus.ENDED, next_step="hang_up")  # as its process does, once it is told
    silent = twilio_post("/calls/twilio/after/", CallSid=SID, CallStatus="in-progress").content.decode()
    assert "<Say" not in silent
    OutgoingChoices.objects.update(at_machine="say", machine_words="Please call the clinic.")
    said = twilio_post("/calls/twilio/after/", CallSid=SID, CallStatus="in-progress").content.decode()
    assert ">Please call the clinic.</Say><Hangup" in said
    twilio_post(address("progress", ringing), CallSid=SID, CallStatus="completed")
    assert the(ringing).state == OutgoingState.MACHINE
    assert OutgoingCall.objects.count() == 1


# One among others -----------------------------------------------------------------------------------
OTHER = "+972525550009"


@pytest.fixture
def dialling(calling: Business, account: FakeTwilio) -> tuple[OutgoingCall, OutgoingCall]:
    """Two calls to two people that were claimed, and of which Twilio has told nothing yet."""
    first = asked(calling)
    make_call(calling, caller_number=OTHER, status=CallStatus.ENDED)
    assert isinstance(asking.ask(calling, OTHER, by=None, now=NOW), Asked)
    for each in placing.due(now=NOW):
        assert placing.claim(each, now=NOW)
    return the(first), OutgoingCall.objects.get(number=OTHER)


def test_what_twilio_says_of_one_call_changes_no_other(dialling: tuple[OutgoingCall, OutgoingCall]) -> None:
    first, second = dialling
    placing.made(first.pk, SID, now=NOW)
    assert (the(first).state, the(first).twilio_call_sid) == (OutgoingState.RINGING, SID)
    assert (the(second).state, the(second).twilio_call_sid) == (OutgoingState.DIALLING, "")
    placing.perhaps_made(second.pk, now=NOW)
    assert (the(second).state, the(second).due_at, the(second).ended_at) == (OutgoingState.UNKNOWN, None, NOW)
    assert the(first).state == OutgoingState.RINGING


def test_an_unknown_call_holds_up_others_to_the_same_person_only(
    dialling: tuple[OutgoingCall, OutgoingCall], calling: Business
) -> None:
    first, second = dialling
    placing.perhaps_made(first.pk, now=NOW)
    progress.settle(second, OutgoingState.NO_ANSWER, why="", now=NOW)
    soon = NOW + timedelta(minutes=1)
    assert isinstance(asking.ask(calling, OTHER, by=None, now=soon), Asked)
    OutgoingCall.objects.filter(number=OTHER, state=OutgoingState.WAITING).update(due_at=soon)
    asked(calling, soon)
    made = [found.row.number for each in placing.due(now=soon) if (found := placing.claim(each, now=soon))]
    assert made == [OTHER]


def test_a_call_may_last_as_long_as_every_call_of_the_business(calling: Business, account: FakeTwilio) -> None:
    Business.objects.update(max_call_minutes=7)
    asked(calling)
    claimed = placing.claim(placing.due(now=NOW)[0], now=NOW)
    assert claimed is not None
    assert claimed.limit_s == 7 * 60
