"""When the installation calls itself: when it is time, one call at a time, and never in a caller's way."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from businesses import web_processes
from businesses.hidden import HIDDEN_ID
from businesses.models import Business, PhoneNumber, User, WebProcess
from businesses.tenancy import acting_for
from calls.models import Call, CallStatus, GreetingAudio, SyntheticCall, SyntheticFault
from calls.synthetic import desk, runs
from calls.synthetic.outcomes import Outcome

pytestmark = pytest.mark.django_db

EVERY = timedelta(minutes=15)
WELL = Outcome(None, True, first_sound_ms=150, answer_ms=900, interruption_ms=220)


class Clock:
    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> list[Outcome | Exception]:
    """How the next calls go; without one left, no call may be placed."""
    planned: list[Outcome | Exception] = []

    def placed(_url: str, *, now: datetime) -> Outcome:
        outcome = planned.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(runs, "_placed", placed)
    return planned


def test_one_after_the_other_when_it_is_time(clock: Clock, outcomes: list[Outcome | Exception]) -> None:
    outcomes += [WELL, Outcome(SyntheticFault.NO_GREETING, False)]
    last = runs.run(clock=clock, every=EVERY)
    assert last is not None
    assert (last.fault, last.greeting_whole) == ("", True)
    assert (last.first_sound_ms, last.answer_ms, last.interruption_ms) == (150, 900, 220)
    clock.now += EVERY - timedelta(seconds=1)
    assert runs.run(clock=clock, every=EVERY) is None
    clock.now += timedelta(seconds=1)
    failed = runs.run(clock=clock, every=EVERY)
    assert failed is not None
    assert (failed.fault, failed.answer_ms) == ("no_greeting", None)


def test_a_failure_is_loud(clock: Clock, outcomes: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    outcomes.append(Outcome(SyntheticFault.GREETING_CUT, False, first_sound_ms=90))
    runs.run(clock=clock, every=None)
    (record,) = [each for each in caplog.records if "[SYNTHETIC]" in each.getMessage()]
    assert record.levelno == logging.ERROR
    assert "greeting_cut" in record.getMessage()


def test_never_two_at_once_and_one_that_was_killed_holds_up_for_minutes_only(clock: Clock, outcomes: list[Any]) -> None:
    outcomes += [RuntimeError("killed"), WELL]
    with pytest.raises(RuntimeError, match="killed"):
        runs.run(clock=clock, every=None)
    assert runs.latest() is None
    clock.now += runs.CLAIM
    assert runs.run(clock=clock, every=None) is None, "another one is running"
    clock.now += timedelta(seconds=1)
    assert runs.run(clock=clock, every=None) is not None


def process(name: str, *, calls: int, is_draining: bool = False) -> None:
    row = WebProcess(
        name=name, release="0", since=timezone.now(), calls=calls, calls_most=3, lag_s=0, is_draining=is_draining
    )
    web_processes.note(row)


def test_a_full_installation_is_left_alone(clock: Clock, outcomes: list[Any]) -> None:
    outcomes += [WELL, WELL, WELL]
    runs.run(clock=clock, every=EVERY)
    process("a:1", calls=2)
    process("b:1", calls=0, is_draining=True)
    assert runs.run(clock=clock, every=EVERY) is None
    assert SyntheticCall.objects.get().skipped == "", "it was not time"
    clock.now += EVERY
    assert runs.run(clock=clock, every=EVERY) is None
    assert SyntheticCall.objects.get().skipped == "full"
    process("a:1", calls=0, is_draining=True)
    assert runs.run(clock=clock, every=EVERY) is None
    assert SyntheticCall.objects.get().skipped == "draining"
    assert runs.run(clock=clock, every=None) is not None, "who asks for one gets it"
    clock.now += EVERY
    process("c:1", calls=1)
    last = runs.run(clock=clock, every=EVERY)
    assert last is not None
    assert last.skipped == ""


def test_no_page_shows_what_is_called(clock: Clock) -> None:
    business = desk._business()
    with acting_for(business):
        GreetingAudio.objects.create(business=business, content_hash="1", text="Hello", state="failed")
        for number, status in enumerate((CallStatus.LIVE, CallStatus.ENDED)):
            Call.objects.create(business=business, twilio_call_sid=f"CA{number}", started_at=clock(), status=status)
    PhoneNumber.every.create(business=business, number="try-abcdef012345")
    client = Client()
    client.force_login(User.objects.create_superuser("operator@example.com", "qq-operator-pass"))
    for page in ("businesses/business", "businesses/phonenumber", "calls/call", "calls/greetingaudio"):
        text = client.get(f"/admin/{page}/").content.decode()
        assert "Synthetic call" not in text, page
        assert "try-abcdef" not in text, page
        assert "CA0" not in text, page
    assert client.get(f"/admin/businesses/business/{HIDDEN_ID}/change/").status_code == 404
    assert client.get(f"/b/{business.slug}/").status_code == 404
    assert "Synthetic call" not in client.get("/operator/").content.decode()
    assert not Business.objects.exists()
    assert not PhoneNumber.objects.exists()


def test_only_what_is_over_is_cleared_away(clock: Clock) -> None:
    business = desk._business()
    with acting_for(business):
        for number, (status, minutes) in enumerate(((CallStatus.LIVE, 1), (CallStatus.ENDED, 1), (CallStatus.LIVE, 6))):
            started_at = clock() - timedelta(minutes=minutes)
            Call.objects.create(business=business, twilio_call_sid=f"CA{number}", started_at=started_at, status=status)
        assert desk.clear_away(now=clock()) is False, "its process still writes"
        assert [call.twilio_call_sid for call in Call.objects.all()] == ["CA0"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["failed", "The caller did not hear the whole greeting.", "1,234 ms", "every 15 minutes"]),
        ("he", ["נכשלה", "המתקשר לא שמע את כל הברכה.", "1,234 מילישניות", "כל 15 דקות"]),
    ],
)
def test_the_operators_page_tells_of_the_last_one(language: str, words: list[str], settings: Any) -> None:
    settings.SYNTHETIC_CALL_MINUTES = 15
    now = timezone.now()
    SyntheticCall.objects.create(claimed_at=now, ended_at=now, fault="greeting_cut", first_sound_ms=1234)
    client = Client()
    client.force_login(User.objects.create_superuser("operator@example.com", "qq-operator-pass"))
    page = client.get("/operator/", headers={"Accept-Language": language}).content.decode()
    assert [word for word in words if word not in page] == []
