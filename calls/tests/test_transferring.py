"""A caller is put through to a person who accepts by a key, and comes back where nobody does: webhook by webhook."""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError
from django.test import Client

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.line.admission import open_stream
from calls.models import Call, CallOutcome, CallStatus, ReachedWhen, Transfer, TransferState, TransferTarget
from calls.records.endings import Ending
from calls.records.finishing import end_by_its_process
from calls.telephone import transferring
from calls.telephone.going_on import MOST_STREAMS
from calls.tests.conftest import NOW, PUBLIC_URL, TwilioPost, kept, make_live_call

AFTER, STATUS = "/calls/twilio/after/", "/calls/twilio/status/"
FALLBACK, FIRST, SECOND = "+97235550111", "+97235550112", "+97235550113"
HANG_UP = "<Response><Hangup /></Response>"
BRIDGE = '<?xml version="1.0" encoding="UTF-8"?><Response />'


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        yield


def dana(business: Business, **values: Any) -> TransferTarget:
    with acting_for(business):
        return TransferTarget.objects.create(
            business=business, **{"name": "Dana", "numbers": [FIRST, SECOND], "position": 1, **values}
        )


def wants(business: Business, to: str = "", about: str = "wants to pay", **values: Any) -> Call:
    """A call whose assistant has put the caller through, as its process wrote it."""
    call = make_live_call(business, caller_number="+972501234567", user_has_spoken=True, **values)
    ending = Ending(
        EndReason.ASSISTANT_TRANSFERRED, NextStep.TRANSFER, CallOutcome.TRANSFERRED, user_has_spoken=True, to=to,
        about=about, was_announced=True,
    )  # fmt: skip
    with acting_for(business):
        end_by_its_process(call.pk, business, ending, now=NOW + timedelta(minutes=1))
    return call


def transfer_of(call: Call) -> Transfer:
    with acting_for(call.business):
        return Transfer.objects.filter(call=call).order_by("-stream_number")[0]


def path_in(twiml: str, name: str) -> str:
    """The path that an attribute of the TwiML names."""
    found = re.search(rf'{name}="{re.escape(PUBLIC_URL)}([^"]*)"', twiml)
    assert found is not None, twiml
    return found[1]


class Line:
    """Twilio's side of one call that is put through."""

    def __init__(self, post: TwilioPost, call: Call) -> None:
        self.post, self.call, self.twiml = post, call, ""

    def after(self) -> str:
        self.twiml = self.post(AFTER, CallSid=self.call.twilio_call_sid, CallStatus="in-progress").content.decode()
        return self.twiml

    def rang(self, status: str, at: str = "", **told: str) -> str:
        form = {"CallSid": self.call.twilio_call_sid, "CallStatus": "in-progress", "DialCallStatus": status, **told}
        self.twiml = self.post(at or path_in(self.twiml, "action"), **form).content.decode()
        return self.twiml

    def whisper(self) -> str:
        """The called person answers. Returns what they hear."""
        path = path_in(self.twiml, "url")
        return self.post(path, CallSid=f"CA{uuid4().hex}", CallStatus="in-progress").content.decode()

    def press(self, whispered: str, digit: str = "1") -> str:
        return self.post(path_in(whispered, "action"), CallSid=f"CA{uuid4().hex}", Digits=digit).content.decode()


@pytest.fixture
def line(business: Business, twilio_post: TwilioPost) -> Line:
    """A caller who wants Dana."""
    dana(business)
    return Line(twilio_post, wants(business, "Dana"))


# The person takes the call -------------------------------------------------------------------------------------
def test_only_who_was_not_told_by_the_assistant_hears_twilios_voice_and_once(line: Line) -> None:
    with acting_for(line.call.business):
        Transfer.objects.update(was_announced=False)
    told = line.after()
    assert told.index("One moment please, we are putting you through.") < told.index("<Dial")
    assert line.after() == told, "Twilio may have lost the answer"
    assert "<Say" not in line.rang("busy")
    assert "<Say" not in line.after(), "the second number rings"


def test_the_person_hears_who_calls_and_why_and_takes_the_call_by_a_key(line: Line) -> None:
    ringing = line.after()
    assert f">{FIRST}</Number>" in ringing
    assert 'answerOnBridge="true"' in ringing, "the caller hears it ring meanwhile"
    assert "<Say" not in ringing, "the assistant has said it"
    assert 'timeout="20"' in ringing
    whispered = line.whisper()
    for words in ("Dental Clinic", "9 7 2 5 0 1 2 3 4 5 6 7", "wants to pay", "Press 1"):
        assert words in whispered
    assert whispered.endswith("<Hangup /></Response>"), "who presses nothing is not put through"
    assert line.press(whispered) == BRIDGE
    assert line.press(whispered) == BRIDGE, "asked again, the same"
    assert line.rang("completed", DialBridged="true", DialCallDuration="90").endswith(HANG_UP)
    row, call = transfer_of(line.call), kept(line.call)
    assert (row.state, row.results, row.numbers) == (TransferState.ACCEPTED, ["completed"], [])
    assert (call.status, call.outcome, call.fallback_result) == (
        CallStatus.ENDED, CallOutcome.TRANSFERRED, "completed",
    )  # fmt: skip
    assert (call.dialled_minutes, call.dialling_until) == (Decimal("1.50"), None)


def test_the_words_are_in_the_businesss_language(business: Business, twilio_post: TwilioPost) -> None:
    Business.objects.filter(pk=business.pk).update(language="he")
    dana(business)
    line = Line(twilio_post, wants(business, about="רוצה לשלם"))
    line.after()
    whispered = line.whisper()
    assert "הנושא: רוצה לשלם." in whispered
    assert 'language="he-IL"' in whispered


def test_a_withheld_number_is_not_read_out(business: Business, twilio_post: TwilioPost) -> None:
    dana(business)
    call = wants(business)
    with acting_for(business):
        Call.objects.filter(pk=call.pk).update(caller_number="+266696687")
    line = Line(twilio_post, call)
    line.after()
    assert "withholds" in line.whisper()


# Nobody takes it -----------------------------------------------------------------------------------------------
def back(line: Line) -> Call:
    """The caller is back with the assistant."""
    assert "<Stream" in line.twiml
    call = kept(line.call)
    assert (call.status, call.stream_number, call.outcome, call.end_reason) == (CallStatus.LIVE, 1, "", "")
    assert transfer_of(call).state == TransferState.UNREACHED
    return call


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled"])
def test_the_numbers_ring_in_order_and_then_the_caller_is_back(line: Line, status: str) -> None:
    line.after()
    assert f">{SECOND}</Number>" in line.rang(status)
    line.rang("no-answer")
    back(line)
    assert transfer_of(line.call).results == [status, "no-answer"]
    assert kept(line.call).dialled_minutes == 0, "what never began costs nothing"


@pytest.mark.parametrize("told", [{}, {"DialBridged": "false"}, {"DialBridged": "true"}])
def test_a_voicemail_that_answers_has_not_taken_the_call(line: Line, told: dict[str, str]) -> None:
    line.after()
    for _ in range(2):
        line.whisper()
        line.rang("completed", DialCallDuration="20", **told)
    call = back(line)
    assert transfer_of(call).results == ["not_taken", "not_taken"]
    assert (call.fallback_result, call.dialled_minutes) == ("no-answer", Decimal("0.68"))


def test_a_person_who_refuses_is_left_alone_and_the_next_is_rung(line: Line) -> None:
    line.after()
    assert line.press(line.whisper(), "2").endswith(HANG_UP)
    assert f">{SECOND}</Number>" in line.rang("completed", DialBridged="false", DialCallDuration="9")


def test_a_key_that_came_too_late_for_the_caller(line: Line) -> None:
    """The person presses 1 and hangs up at once: they were never put together."""
    line.after()
    assert line.press(line.whisper()) == BRIDGE
    assert f">{SECOND}</Number>" in line.rang("completed", DialBridged="false", DialCallDuration="9")


def test_the_assistant_knows_to_whom_it_has_put_the_caller_through(line: Line, business: Business) -> None:
    line.after()
    line.rang("busy")
    line.rang("busy")
    back(line)
    token = re.search(r'value="([^"]+)"', line.twiml)
    assert token is not None
    plan = open_stream(
        token=token[1], call_sid=line.call.twilio_call_sid, stream_sid="MZ2", now=NOW + timedelta(minutes=1)
    )
    assert plan.past is not None
    assert (plan.past.is_unreached, plan.past.unreached) == (True, ("Dana",))
    assert "nobody took the call: Dana." in plan.instructions
    assert "put callers through to: Dana" in plan.instructions, "another may be tried"


def test_no_number_rings_for_ever(line: Line) -> None:
    line.after()
    with time_machine.travel(NOW + timedelta(minutes=1) + transferring.RINGING_ENDS_AFTER, tick=False):
        line.rang("no-answer")
    back(line)
    assert transfer_of(line.call).rung == 1


# Who is rung ---------------------------------------------------------------------------------------------------
def test_without_people_the_fallback_number_rings_and_needs_no_key(business: Business, twilio_post: TwilioPost) -> None:
    Business.objects.filter(pk=business.pk).update(fallback_number=FALLBACK)
    line = Line(twilio_post, wants(business))
    ringing = line.after()
    assert f">{FALLBACK}</Dial>" in ringing
    assert line.rang("completed", DialCallDuration="60").endswith(HANG_UP)
    assert transfer_of(line.call).state == TransferState.ACCEPTED


def test_who_answers_the_fallback_number_not_is_no_end(business: Business, twilio_post: TwilioPost) -> None:
    Business.objects.filter(pk=business.pk).update(fallback_number=FALLBACK)
    line = Line(twilio_post, wants(business))
    line.after()
    line.rang("no-answer")
    back(line)


def test_a_caller_who_names_nobody_reaches_the_first_who_takes_calls(
    business: Business, twilio_post: TwilioPost
) -> None:
    dana(business, name="Off", is_on=False, numbers=[FALLBACK], position=0)
    dana(business, name="Asleep", numbers=[FALLBACK], position=0, reached_when=ReachedWhen.OWN,
         from_time=time(20), until_time=time(22))  # fmt: skip
    dana(business)
    assert f">{FIRST}</Number>" in Line(twilio_post, wants(business)).after()


def test_a_person_who_was_removed_meanwhile(business: Business, twilio_post: TwilioPost) -> None:
    line = Line(twilio_post, wants(business, "Dana"))
    line.after()
    back(line)


def test_a_number_that_may_not_be_dialled_is_passed_over(business: Business, twilio_post: TwilioPost) -> None:
    dana(business, numbers=["+442079460958", FIRST])
    line = Line(twilio_post, wants(business))
    assert f">{FIRST}</Number>" in line.after()
    assert transfer_of(line.call).results == ["country"]


# What goes wrong -----------------------------------------------------------------------------------------------
def test_a_caller_who_hangs_up_while_it_rings(line: Line) -> None:
    line.after()
    whispered = line.whisper()
    line.post(STATUS, CallSid=line.call.twilio_call_sid, CallStatus="completed")
    assert transfer_of(line.call).state == TransferState.LEFT
    assert "no longer waiting" in line.press(whispered), "nobody is put together with nobody"
    assert line.rang("canceled", CallStatus="completed").endswith(HANG_UP)
    assert (kept(line.call).status, kept(line.call).dialling_until) == (CallStatus.ENDED, None)


def test_the_same_where_the_number_is_reported_first(line: Line) -> None:
    line.after()
    assert line.rang("canceled", CallStatus="completed").endswith(HANG_UP)
    line.post(STATUS, CallSid=line.call.twilio_call_sid, CallStatus="completed")
    assert transfer_of(line.call).state == TransferState.LEFT
    assert kept(line.call).status == CallStatus.ENDED


def test_webhooks_that_are_repeated_change_nothing(line: Line) -> None:
    first = line.after()
    assert line.after() == first
    second = line.rang("busy")
    assert line.rang("busy", at=path_in(first, "action")) == second
    assert transfer_of(line.call).results == ["busy"]
    line.rang("busy", at=path_in(second, "action"))
    assert "<Stream" in line.rang("busy", at=path_in(second, "action")), "its answer was lost: a new ticket"
    back(line)


def test_a_repeated_report_does_not_take_the_caller_from_the_assistant(line: Line) -> None:
    line.after()
    second = line.rang("busy")
    line.rang("busy")
    token = re.search(r'value="([^"]+)"', line.twiml)
    assert token is not None
    open_stream(token=token[1], call_sid=line.call.twilio_call_sid, stream_sid="MZ2", now=NOW + timedelta(minutes=1))
    line.rang("busy", at=path_in(second, "action"))
    assert "<Stream" not in line.twiml
    assert (kept(line.call).status, kept(line.call).stream_number) == (CallStatus.LIVE, 1)


def test_addresses_that_are_made_up_do_nothing(line: Line, client: Client) -> None:
    line.after()
    real = path_in(line.twiml, "url")
    assert client.post(real, {"CallSid": "CA1"}).status_code == 403, "not signed by Twilio"
    forged = real.replace(real.rstrip("/").rsplit("/", 1)[1], "0" * 32)
    assert line.post(forged, CallSid="CA1").content.decode().endswith(HANG_UP)
    assert line.post(forged.replace("whisper", "key"), CallSid="CA1", Digits="1").content.decode().endswith(HANG_UP)
    rang = path_in(line.twiml, "action")
    assert line.post(rang, CallSid="CA-other", DialCallStatus="busy").status_code == 200
    assert (transfer_of(line.call).state, transfer_of(line.call).results) == (TransferState.RINGING, [])


def test_a_key_for_a_number_that_does_not_ring_any_more(line: Line) -> None:
    line.after()
    whispered = line.whisper()
    line.rang("busy")
    assert "no longer waiting" in line.press(whispered)
    assert transfer_of(line.call).state == TransferState.RINGING


def test_a_report_that_never_comes(line: Line) -> None:
    line.after()
    assert transferring.close_forgotten(now=NOW + timedelta(minutes=3)) == 0
    assert transferring.close_forgotten(now=NOW + timedelta(minutes=7)) == 1
    assert transferring.close_forgotten(now=NOW + timedelta(minutes=7)) == 0
    assert transfer_of(line.call).state == TransferState.UNREACHED


def test_the_database_is_away_when_the_person_answers(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.after()

    def away(*_args: Any, **_named: Any) -> None:
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr(transferring, "find", away)
        patched.setattr(transferring, "accept", away)
        whispered = line.whisper()
        assert "Press 1" in whispered
        assert line.press(whispered) == BRIDGE
        assert line.press(whispered, "2").endswith(HANG_UP)
    line.rang("completed", DialBridged="true", DialCallDuration="300")
    assert transfer_of(line.call).state == TransferState.ACCEPTED, "a talk that long was one"


# Limits --------------------------------------------------------------------------------------------------------
SORRY = "nobody can answer at the moment"


@pytest.mark.parametrize("values", [{"minutes_left": Decimal(-100)}, {"is_active": False}, {"max_call_minutes": 1}])
def test_who_has_nothing_left_does_not_come_back(
    business: Business, twilio_post: TwilioPost, values: dict[str, Any]
) -> None:
    dana(business, numbers=[FIRST])
    line = Line(twilio_post, wants(business))
    line.after()
    Business.every.filter(pk=business.pk).update(**values)
    assert SORRY in line.rang("completed", DialCallDuration="0", DialBridged="false")
    assert kept(line.call).status == CallStatus.ENDED


def test_nobody_is_put_through_and_back_without_end(business: Business, twilio_post: TwilioPost) -> None:
    dana(business, numbers=[FIRST])
    line = Line(twilio_post, wants(business, stream_number=MOST_STREAMS - 1))
    line.after()
    assert SORRY in line.rang("busy")


def test_who_has_no_minutes_for_a_second_call_is_told_by_the_assistant(
    business: Business, twilio_post: TwilioPost
) -> None:
    dana(business)
    call = wants(business)
    Business.objects.filter(pk=business.pk).update(minutes_left=Decimal("0.3"))
    line = Line(twilio_post, call)
    line.after()
    back(line)
    assert transfer_of(call).results == ["no_minutes", "no_minutes"]


def test_a_legs_time_is_charged_once_and_what_it_did_not_use_is_given_back(
    business: Business, twilio_post: TwilioPost
) -> None:
    Business.objects.filter(pk=business.pk).update(minutes_left=Decimal(100))
    dana(business)
    line = Line(twilio_post, wants(business))
    line.after()
    assert Business.objects.get(pk=business.pk).minutes_left == Decimal(39), "an hour, before it rings"
    line.rang("no-answer")
    line.rang("no-answer")
    assert Business.objects.get(pk=business.pk).minutes_left == Decimal(99)
    back(line)
