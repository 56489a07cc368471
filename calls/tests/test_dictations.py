"""A member calls the business and records a text: codes, keys, and what Twilio may do twice, late or never."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
import time_machine
from aiohttp import web
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from businesses.models import AuditEntry, AuditKind, Business, Membership, PhoneNumber, Role, User
from businesses.tenancy import across_businesses, acting_for
from calls import tasks
from calls.audio import ulaw
from calls.audio.wav import telephone_samples
from calls.errors import SpeechFault
from calls.greetings import dictations, own_recordings, recordings, transcription
from calls.greetings.dictations import MOST_TAKES, MOST_WRONG, TooManyCodes
from calls.models import Call, Dictation, DictationState, GreetingAudio, GreetingPart, GreetingState
from calls.sandbox.telephone.recording_shelf import RecordingShelf, Trouble
from calls.telephone import dictation_fetching
from calls.telephone.dictation_calls import FETCHED_WITHIN
from calls.tests.conftest import NUMBER, PUBLIC_URL, TwilioPost, make_business
from testing.thread_server import in_a_thread

TEXT = "Hello, you have reached the clinic."
PHONE = "+972501234567"
ACCOUNT, TOKEN = f"AC{'1' * 32}", "twilio-test-token"
VOICE, CODE = "/calls/twilio/voice/", "/calls/twilio/dictation/code/"


def speech(seconds: float = 2.5, rms: float = 2000) -> bytes:
    tone = np.sin(np.arange(int(seconds * 8000)) * 2 * np.pi * 300 / 8000) * rms * np.sqrt(2)
    return ulaw.encode(tone.astype(np.int16))


@pytest.fixture
def clinic(db: None) -> Business:
    business = make_business(greeting_text=TEXT)
    PhoneNumber.objects.create(number=NUMBER, business=business)
    return business


@pytest.fixture
def owner(clinic: Business) -> User:
    user = User.objects.create_user("owner@clinic.test", "pw")
    Membership.objects.create(business=clinic, user=user, role=Role.OWNER)
    return user


@pytest.fixture
def shelf(settings: Any) -> Iterator[RecordingShelf]:
    shelf = RecordingShelf({ACCOUNT: TOKEN})
    app = web.Application()
    app.add_routes(shelf.routes())
    with in_a_thread(app) as address:
        settings.TWILIO_API_URL, settings.TWILIO_ACCOUNT_SID = address, ACCOUNT
        yield shelf


class Telephone:
    """A telephone from which the member calls. `said`: what was heard last; `verbs`: what Twilio was told to do."""

    def __init__(self, post: TwilioPost, shelf: RecordingShelf, number: str = PHONE, call_sid: str = "CA1") -> None:
        self._post, self._shelf = post, shelf
        self._about = {"CallSid": call_sid, "From": number, "To": NUMBER, "CallStatus": "in-progress"}
        self._recordings = 0
        self.verbs: list[Xml.Element] = []

    def ask(self, address: str, **told: str) -> str:
        answer = self._post(address.removeprefix(PUBLIC_URL), **self._about, **told)
        assert answer.status_code == 200
        self.verbs = list(Xml.fromstring(answer.content))  # noqa: S314 - our own answer
        return self.said

    @property
    def said(self) -> str:
        return " ".join(each.text or "" for verb in self.verbs for each in verb.iter("Say"))

    @property
    def names(self) -> list[str]:
        return [verb.tag for verb in self.verbs]

    def calls(self) -> str:
        return self.ask(VOICE)

    def keys(self, digits: str) -> str:
        (gather,) = [verb for verb in self.verbs if verb.tag == "Gather"]
        return self.ask(gather.attrib["action"], Digits=digits)

    def speaks(self, audio: bytes, trouble: Trouble = Trouble.NONE, *, times: int = 1) -> str:
        """Speak after the tone; Twilio then asks until there is something to be heard."""
        (record,) = [verb for verb in self.verbs if verb.tag == "Record"]
        self._recordings += 1
        sid = f"RE{self._recordings:032d}"
        self._shelf.put(sid, audio, trouble, times=times)
        return self.ask(record.attrib["action"], RecordingSid=sid, Digits="#")

    def waits(self) -> str:
        (redirect,) = [verb for verb in self.verbs if verb.tag == "Redirect"]
        return self.ask((redirect.text or "").strip())

    def plays(self) -> np.ndarray[Any, Any]:
        (play,) = [each for verb in self.verbs for each in verb.iter("Play")]
        answer = Client().get((play.text or "").removeprefix(PUBLIC_URL))
        assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
        return telephone_samples(io.BytesIO(answer.content), longest_s=60)


@pytest.fixture
def phone(twilio_post: TwilioPost, shelf: RecordingShelf) -> Telephone:
    return Telephone(twilio_post, shelf)


def begin(clinic: Business, owner: User, part: GreetingPart = GreetingPart.GREETING) -> str:
    with acting_for(clinic):
        _row, code = dictations.begin(clinic, owner, part=part, from_number=PHONE, now=timezone.now())
    return code


def only() -> Dictation:
    with across_businesses():
        return Dictation.objects.get()


def connects(phone: Telephone) -> bool:
    return "Connect" in phone.names


# The whole way ------------------------------------------------------------------------------------
def test_a_member_records_the_greeting_by_telephone(
    clinic: Business, owner: User, phone: Telephone, shelf: RecordingShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcription, "transcribe", lambda *_audio, **_hints: TEXT)
    code = begin(clinic, owner)
    assert "enter the six digits" in phone.calls()
    assert "You are recording the greeting" in phone.keys(code)
    assert phone.names == ["Say", "Record", "Redirect"]
    assert "One moment" in phone.speaks(speech(), Trouble.NOT_YET)
    assert phone.waits() == "", "still waiting"
    tasks.fetch_dictations()
    assert only().state == DictationState.RECORDED, "Twilio does not have it yet"
    with time_machine.travel(timezone.now() + timedelta(seconds=3), tick=False):
        tasks.fetch_dictations()
        assert "This is what callers will hear" in phone.waits()
        heard = phone.plays()
        assert "kept" in phone.keys("1")
        assert phone.names == ["Say", "Hangup"]
        assert shelf.deleted == [f"RE{1:032d}"]
        with acting_for(clinic):
            assert recordings.current_audio(clinic, now=timezone.now()) == b"", "not before it was listened to"
        tasks.render_due_greetings()
    with acting_for(clinic):
        audio = recordings.current_audio(clinic, now=timezone.now())
        assert np.array_equal(ulaw.decode(audio), heard), "callers hear what the member heard"
        row = own_recordings.accepted(clinic, GreetingPart.GREETING)
        assert row is not None
        assert row.text == TEXT
        entry = AuditEntry.objects.filter(kind=AuditKind.OWN_GREETING).earliest("pk")
        assert (entry.person_id, entry.details) == (owner.pk, {"step": "offered", "part": "greeting"})
        assert not Call.objects.exists(), "nobody was called"
    assert (only().state, bytes(only().audio), only().is_at_twilio) == (DictationState.KEPT, b"", False)


def test_it_is_recorded_again_until_it_is_liked(clinic: Business, owner: User, phone: Telephone) -> None:
    code = begin(clinic, owner)
    phone.calls()
    phone.keys(code)
    takes = []
    for seconds in (2.0, 3.0):
        phone.speaks(speech(seconds))
        tasks.fetch_dictations()
        phone.waits()
        takes.append(phone.plays())
        before = only()
        assert "This is what callers" in phone.keys("3"), "heard again"
        if seconds == 2.0:
            assert "record it again" in phone.keys("2")
            answer = Client().get(f"/calls/twilio/dictation/{before.pk}/{dictations.secret_of(before)}.wav")
            assert answer.status_code == 404, "the address was of that take"
    phone.keys("1")
    with acting_for(clinic):
        offered = GreetingAudio.objects.get(state=GreetingState.PENDING)
    assert np.array_equal(ulaw.decode(bytes(offered.audio)), takes[1])


@pytest.mark.parametrize(
    ("audio", "words", "fault"),
    [
        (speech(rms=150), "too quiet", SpeechFault.TOO_QUIET),
        (speech(0.3), "too short", SpeechFault.TOO_SHORT),
        (speech(30), "too long", SpeechFault.TOO_LONG),
        (b"\xff" * 8000, "Nothing can be heard", SpeechFault.SILENCE),
    ],
)
def test_what_can_not_be_played_is_said_and_recorded_again(
    clinic: Business, owner: User, phone: Telephone, shelf: RecordingShelf, audio: bytes, words: str, fault: str
) -> None:
    code = begin(clinic, owner)
    phone.calls()
    phone.keys(code)
    phone.speaks(audio)
    tasks.fetch_dictations()
    assert only().fault == fault
    assert words in phone.waits()
    assert "Record" in phone.names
    assert len(shelf.deleted) == 1
    for _take in range(MOST_TAKES - 2):
        assert "Nothing was heard" in phone.waits(), "the caller said nothing: Twilio asks the next verb"
    assert "No recording was kept" in phone.waits() or "Nothing was heard" in phone.said


def test_a_recording_that_never_comes_is_recorded_again(clinic: Business, owner: User, phone: Telephone) -> None:
    code = begin(clinic, owner)
    phone.calls()
    phone.keys(code)
    phone.speaks(speech(), Trouble.NOT_YET, times=99)
    with time_machine.travel(timezone.now() + FETCHED_WITHIN, tick=False):
        assert "has not arrived" in phone.waits()
    assert only().takes == 2


# Codes --------------------------------------------------------------------------------------------
def test_normal_callers_notice_nothing(clinic: Business, owner: User, twilio_post: TwilioPost, shelf: Any) -> None:
    begin(clinic, owner)
    other = Telephone(twilio_post, shelf, number="+972521111111", call_sid="CA2")
    other.calls()
    assert connects(other)


def test_whoever_presses_no_key_talks_to_the_assistant(clinic: Business, owner: User, phone: Telephone) -> None:
    code = begin(clinic, owner)
    phone.calls()
    phone.keys("")
    assert connects(phone)
    assert only().state == DictationState.WAITING
    phone.calls()
    assert not connects(phone)
    assert "You are recording" in phone.keys(code)
    assert "You are recording" in phone.ask(CODE, Digits=code), "Twilio asks a second time"


def test_a_code_can_not_be_guessed(clinic: Business, owner: User, phone: Telephone) -> None:
    code = begin(clinic, owner)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    phone.calls()
    for _try in range(MOST_WRONG - 1):
        assert "wrong" in phone.keys(wrong)
    phone.keys(wrong)
    assert connects(phone), "and the caller is one like any other"
    phone.ask(CODE, Digits=code)
    assert "Record" not in phone.names, "the right one comes too late"
    assert only().state == DictationState.OVER


@pytest.mark.parametrize("case", ["used", "late", "another business", "another telephone", "no owner any more"])
def test_a_code_is_for_once_and_soon_and_here(
    clinic: Business, owner: User, phone: Telephone, twilio_post: TwilioPost, shelf: RecordingShelf, case: str
) -> None:
    code, at = begin(clinic, owner), timezone.now()
    other = Telephone(twilio_post, shelf, call_sid="CA2")
    match case:
        case "used":
            phone.calls()
            phone.keys(code)
        case "late":
            at += dictations.LASTS + timedelta(seconds=1)
        case "another business":
            PhoneNumber.objects.all().delete()
            PhoneNumber.objects.create(number=NUMBER, business=make_business())
        case "another telephone":
            other = Telephone(twilio_post, shelf, number="+972521111111", call_sid="CA2")
        case "no owner any more":
            with acting_for(clinic):
                Membership.objects.update(role=Role.STAFF)
    with time_machine.travel(at, tick=False):
        other.ask(CODE, Digits=code)
    assert "Record" not in other.names


def test_a_new_code_voids_the_old_one_and_there_are_so_many_a_day(clinic: Business, owner: User) -> None:
    codes = [begin(clinic, owner) for _code in range(dictations.MOST_A_DAY)]
    with acting_for(clinic):
        assert Dictation.objects.filter(state=DictationState.WAITING).count() == 1
    with pytest.raises(TooManyCodes):
        begin(clinic, owner)
    with acting_for(clinic):
        assert not any(re.search(code, str(row)) for row in Dictation.objects.values() for code in codes)


def test_words_that_were_changed_meanwhile_are_not_kept(clinic: Business, owner: User, phone: Telephone) -> None:
    code = begin(clinic, owner)
    phone.calls()
    phone.keys(code)
    phone.speaks(speech())
    tasks.fetch_dictations()
    phone.waits()
    Business.objects.update(greeting_text="Good evening.")
    assert "changed meanwhile" in phone.keys("1")
    with acting_for(clinic):
        assert not GreetingAudio.objects.exists()


def test_another_call_can_not_go_on_with_it(
    clinic: Business, owner: User, phone: Telephone, twilio_post: TwilioPost, shelf: RecordingShelf
) -> None:
    code = begin(clinic, owner)
    phone.calls()
    phone.keys(code)
    stranger = Telephone(twilio_post, shelf, call_sid="CA2")
    stranger.ask(f"/calls/twilio/dictation/{only().pk}/", RecordingSid=f"RE{9:032d}")
    assert stranger.names == ["Hangup"]
    assert only().state == DictationState.SPEAKING


def test_a_worker_that_died_half_way_loses_nothing(
    clinic: Business, owner: User, phone: Telephone, shelf: RecordingShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = begin(clinic, owner)
    phone.calls()
    phone.keys(code)
    phone.speaks(speech())
    with monkeypatch.context() as patch:
        patch.setattr(dictation_fetching, "_delete", lambda *_row, **_now: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            tasks.fetch_dictations()
    tasks.fetch_dictations()
    assert shelf.deleted == [], "it is claimed"
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        tasks.fetch_dictations()
    assert (only().state, only().is_at_twilio) == (DictationState.READY, False)
    assert len(shelf.deleted) == 1
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        tasks.remove_old_greetings()
    with across_businesses():
        assert not Dictation.objects.exists()


# The page -----------------------------------------------------------------------------------------
def test_the_page_shows_the_code_once_and_what_becomes_of_it(clinic: Business, owner: User, phone: Telephone) -> None:
    client, page = Client(), reverse("greeting-state", args=[clinic.slug])
    client.force_login(owner)
    assert "Record by phone" in client.get(page).content.decode()
    begin_page = reverse("greeting-by-phone", args=[clinic.slug])
    answer = client.post(begin_page, {"part": "greeting", "number": "+972 50-123-4567"})
    found = re.search(r"<bdi dir=.ltr.>(\d{3}) (\d{3})</bdi>", answer.content.decode())
    assert found
    code = found[1] + found[2]
    assert found[0] not in client.get(page).content.decode()
    phone.calls()
    assert "You are recording" in phone.keys(code)
    assert "The member is on the line" in client.get(page).content.decode()
    assert client.post(begin_page, {"part": "greeting", "number": "+972501234567"}).status_code == 200
    client.post(reverse("greeting-by-phone-cancel", args=[clinic.slug]))
    with acting_for(clinic):
        assert not Dictation.objects.filter(state=DictationState.WAITING).exists()


@pytest.mark.parametrize(
    ("number", "words"), [("12", "Write a phone number"), (NUMBER, "is answered here"), ("", "This field is required")]
)
def test_the_page_says_which_number_it_wants(clinic: Business, owner: User, number: str, words: str) -> None:
    client = Client()
    client.force_login(owner)
    answer = client.post(reverse("greeting-by-phone", args=[clinic.slug]), {"part": "greeting", "number": number})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with acting_for(clinic):
        assert not Dictation.objects.exists()
