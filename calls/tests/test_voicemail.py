"""Who is asked for a message after the beep, and what Twilio may tell of it: webhook by webhook."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError

from businesses.models import Business, User
from businesses.models.hours import WEEKDAYS, WeekHours
from businesses.tenancy import acting_for
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.models import BlockedCaller, Call, CallOutcome, VoicemailState
from calls.telephone import intake, voicemail
from calls.telephone.going_on import MOST_STREAMS
from calls.telephone.intake import Admitted
from calls.tests.conftest import AUTH_TOKEN, NOW, NUMBER, TwilioPost
from calls.tests.test_transferring import Line, dana, wants
from calls.tests.voicemail_world import AFTER, CALLER, Caller, World, ended, path_in, row_of, rows_of, wanting, world

VOICE = "/calls/twilio/voice/"
FALLBACK = "+97235550111"


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        yield


@pytest.fixture
def outside(settings: Any, tmp_path: Any, twilio_post: TwilioPost) -> Any:
    settings.MEDIA_ROOT = str(tmp_path)
    with world(settings, AUTH_TOKEN) as made:
        yield made


def test_without_the_choice_nothing_changes(business: Business, twilio_post: TwilioPost) -> None:
    caller = Caller(twilio_post, ended(business))
    assert "<Record" not in caller.twiml
    assert "call again later" in caller.twiml
    assert rows_of(caller.call) == []


def test_a_caller_is_asked_where_the_assistant_is_away(business: Business, twilio_post: TwilioPost) -> None:
    wanting(business, longest_s=60)
    call = ended(business)
    caller = Caller(twilio_post, call)
    assert "after the beep" in caller.twiml
    for attribute in ('maxLength="60"', 'finishOnKey="#"', 'trim="do-not-trim"', 'playBeep="true"', 'timeout="7"'):
        assert attribute in caller.twiml
    assert 'recordingStatusCallbackEvent="completed absent"' in caller.twiml
    assert "transcribe" not in caller.twiml, "Twilio's own knows English only"
    assert caller.twiml.index("<Record") < caller.twiml.index("No message was recorded"), "for who says nothing"
    assert Caller(twilio_post, call).twiml == caller.twiml, "asked again, the same"
    assert row_of(call).state == VoicemailState.OFFERED


def test_the_business_own_words_are_spoken(business: Business, twilio_post: TwilioPost) -> None:
    wanting(business, words="Tell <us> & we call back.")
    twiml = Caller(twilio_post, ended(business)).twiml
    assert "Tell &lt;us&gt; &amp; we call back." in twiml
    assert "after the beep" not in twiml


def test_the_fallback_number_rings_first(business: Business, twilio_post: TwilioPost) -> None:
    wanting(business)
    Business.objects.filter(pk=business.pk).update(fallback_number=FALLBACK)
    caller = Caller(twilio_post, ended(business))
    assert FALLBACK in caller.twiml
    assert "<Record" not in caller.twiml
    assert "<Record" in caller.told(AFTER, CallStatus="in-progress", DialCallStatus="no-answer")
    other = Caller(twilio_post, ended(business))
    assert "<Record" not in other.told(AFTER, CallStatus="in-progress", DialCallStatus="completed")


def test_a_finished_call_is_not_asked(business: Business, twilio_post: TwilioPost) -> None:
    wanting(business)
    assert "<Record" not in Caller(twilio_post, ended(business, NextStep.HANG_UP)).twiml


def calls_in(post: TwilioPost, sid: str = "CA1", **form: str) -> str:
    told = {"CallSid": sid, "To": NUMBER, "From": CALLER, "CallStatus": "ringing", **form}
    return post(VOICE, **told).content.decode()


def test_all_lines_are_busy(business: Business, twilio_post: TwilioPost) -> None:
    wanting(business)
    Business.objects.filter(pk=business.pk).update(max_concurrent_calls=1)
    assert "<Stream" in calls_in(twilio_post)
    twiml = calls_in(twilio_post, "CA2")
    assert "<Record" in twiml
    assert calls_in(twilio_post, "CA2") == twiml


def test_who_pays_for_nothing_more_gets_no_recordings(business: Business, twilio_post: TwilioPost) -> None:
    wanting(business)
    Business.objects.filter(pk=business.pk).update(minutes_left=0)
    assert "<Record" not in calls_in(twilio_post)


def test_a_blocked_caller_leaves_none(business: Business, twilio_post: TwilioPost) -> None:
    wanting(business)
    with acting_for(business):
        BlockedCaller.objects.create(business=business, number=CALLER, blocked_at=NOW)
    assert "<Reject" in calls_in(twilio_post)
    caller = Caller(twilio_post, ended(business))
    assert "<Record" not in caller.twiml
    assert rows_of(caller.call) == []


@pytest.mark.parametrize(("opens", "is_asked"), [(time(15), True), (time(8), False)])
def test_while_closed_in_the_place_of_the_assistant(
    business: Business, twilio_post: TwilioPost, opens: time, is_asked: bool
) -> None:
    wanting(business, while_closed=True)
    with acting_for(business):
        day = [[opens.strftime("%H:%M"), "17:00"]]
        WeekHours.objects.create(business=business, **dict.fromkeys(WEEKDAYS, day))
    twiml = calls_in(twilio_post)
    assert ("<Record" in twiml, "<Stream" in twiml) == (is_asked, not is_asked)
    if is_asked:
        with acting_for(business):
            call = Call.objects.get()
        assert (call.end_reason, call.outcome) == (EndReason.CLOSED, CallOutcome.REFUSED)
        assert call.came_while_closed


def test_the_assistant_can_be_tried_while_closed(business: Business) -> None:
    wanting(business, while_closed=True)
    with acting_for(business):
        WeekHours.objects.create(business=business, monday=[["15:00", "17:00"]])
    person = User.objects.create_user("owner@clinic.test", "pw")
    found = intake.take_in_from_browser(business, call_id="browser-1", person=person, now=NOW)
    assert isinstance(found, Admitted)


def test_a_business_has_so_many_messages_a_day(
    business: Business, twilio_post: TwilioPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanting(business)
    monkeypatch.setattr(voicemail, "MOST_A_DAY", 2)
    asked = ["<Record" in Caller(twilio_post, ended(business)).twiml for _call in range(3)]
    assert asked == [True, True, False]


@pytest.mark.parametrize("after_transfers", [True, False])
def test_nobody_takes_a_transfer(business: Business, twilio_post: TwilioPost, after_transfers: bool) -> None:
    """The caller comes back to the assistant, unless the business wants a message after the beep."""
    wanting(business, after_transfers=after_transfers)
    dana(business, numbers=[FALLBACK])
    line = Line(twilio_post, wants(business, "Dana"))
    ringing = line.after()
    twiml = line.rang("no-answer")
    assert ("<Record" in twiml, "<Stream" in twiml) == (after_transfers, not after_transfers)
    if after_transfers:
        assert line.rang("no-answer", path_in(ringing, "action")) == twiml, "asked again, the same"


def test_who_can_not_come_back_to_the_assistant_is_asked(business: Business, twilio_post: TwilioPost) -> None:
    wanting(business)
    dana(business, numbers=[FALLBACK])
    line = Line(twilio_post, wants(business, "Dana", stream_number=MOST_STREAMS - 1))
    line.after()
    assert "<Record" in line.rang("no-answer")


# What Twilio tells ------------------------------------------------------------------------------------------------
def test_told_twice_and_by_both_addresses_it_is_one_message(
    business: Business, twilio_post: TwilioPost, outside: World
) -> None:
    wanting(business)
    caller, sid = Caller(twilio_post, ended(business)), outside.sid()
    assert "we have your message" in caller.action(sid)
    for _again in range(2):
        caller.recorded(sid)
        caller.action(sid)
    row = row_of(caller.call)
    assert (row.state, row.recording_sid, row.is_at_twilio) == (VoicemailState.RECORDED, sid, True)


def test_a_second_recording_of_the_same_call_has_its_own_row(
    business: Business, twilio_post: TwilioPost, outside: World
) -> None:
    wanting(business)
    caller, sids = Caller(twilio_post, ended(business)), [outside.sid(), outside.sid()]
    for sid in sids:
        caller.recorded(sid)
    assert sorted(row.recording_sid for row in rows_of(caller.call)) == sorted(sids)


def test_nothing_is_noted_of_another_call_or_of_what_is_no_recording(
    business: Business, twilio_post: TwilioPost, outside: World
) -> None:
    wanting(business)
    caller, other = Caller(twilio_post, ended(business)), ended(business)
    path = path_in(caller.twiml, "recordingStatusCallback")
    twilio_post(path, CallSid=other.twilio_call_sid, RecordingSid=outside.sid(), RecordingStatus="completed")
    caller.recorded("../Calls/CA1")
    caller.recorded(outside.sid(), "in-progress")
    assert row_of(caller.call).state == VoicemailState.OFFERED


@pytest.mark.parametrize(("status", "state"), [("absent", VoicemailState.NONE), ("failed", VoicemailState.LOST)])
def test_twilio_has_no_recording(
    business: Business, twilio_post: TwilioPost, outside: World, status: str, state: VoicemailState
) -> None:
    wanting(business)
    caller = Caller(twilio_post, ended(business))
    caller.recorded(outside.sid(), status)
    row = row_of(caller.call)
    assert (row.state, row.due_at) == (state, None)
    assert row.settled_at is not None
    caller.recorded(outside.sid())
    assert row_of(caller.call).state == VoicemailState.RECORDED, "what comes late is kept"


def test_without_a_database_the_caller_is_thanked(
    business: Business, twilio_post: TwilioPost, outside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanting(business)
    caller, sid = Caller(twilio_post, ended(business)), outside.sid()

    def fails(*_: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(voicemail, "find", fails)
    assert "we have your message" in caller.action(sid)
    assert caller.recorded(sid) == ""
