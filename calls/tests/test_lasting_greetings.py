"""A good recording of the same words and voice is played until a new one is ready, whatever became of its model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import across_businesses, acting_for
from calls import tasks
from calls.greetings import recordings
from calls.line.admission import open_stream
from calls.models import GreetingAudio, GreetingState
from calls.telephone import stream_tokens
from calls.tests.conftest import NOW, make_business, make_call
from calls.tests.speech_service import SpeechService, refuses, says, serving, voice
from frontdesk.attention import attention

TEXT = "Hello, you have reached the clinic."
MODEL_IS_GONE = refuses(404, code="model_not_found", message="The model does not exist.")


@pytest.fixture
def service(settings: Any) -> Iterator[SpeechService]:
    with serving(SpeechService([says(voice(2.0))])) as running:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = running.base_url, "sk-test"
        settings.OPENAI_SPEECH_MODEL, settings.OPENAI_REALTIME_MODEL = "old-voice", ""  # the endpoint alone
        yield running


@pytest.fixture
def greeter(db: None, service: SpeechService) -> Business:
    business = make_business(greeting_text=TEXT)
    row = recordings.request(business, now=NOW)
    assert row is not None
    assert recordings.render(row.pk, now=NOW)
    return business


def rows() -> list[GreetingAudio]:
    with across_businesses():
        return list(GreetingAudio.objects.order_by("created_at"))


def heard_by_a_caller(business: Business) -> bytes:
    call = make_call(business)
    token = stream_tokens.issue(call, now=NOW)
    return open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW).greeting_audio


def later(**passed: float) -> Any:
    return time_machine.travel(NOW + timedelta(**passed), tick=False)


def test_a_change_of_the_model_takes_no_greeting_away(greeter: Business, service: SpeechService, settings: Any) -> None:
    (old,) = rows()
    settings.OPENAI_SPEECH_MODEL = "new-voice"
    service.answers = [MODEL_IS_GONE]
    assert heard_by_a_caller(greeter) == bytes(old.audio)  # and a new recording is wanted, which can't be made
    with later(days=1):
        tasks.render_due_greetings()
    assert [row.state for row in rows()] == [GreetingState.READY, GreetingState.FAILED]
    GreetingAudio._base_manager.update(created_at=NOW)
    for year in range(1, 4):
        with later(days=365 * year):
            tasks.remove_old_greetings()
            assert heard_by_a_caller(greeter) == bytes(old.audio)


def test_the_new_recording_takes_over_when_it_is_ready(
    greeter: Business, service: SpeechService, settings: Any
) -> None:
    settings.OPENAI_SPEECH_MODEL = "new-voice"
    service.answers = [says(voice(3.0))]
    old, _requested = rows()[0], heard_by_a_caller(greeter)
    with later(seconds=1):
        tasks.render_due_greetings()
    new = rows()[1]
    assert heard_by_a_caller(greeter) == bytes(new.audio) != bytes(old.audio)
    GreetingAudio._base_manager.update(created_at=NOW)
    with later(days=31):
        tasks.remove_old_greetings()
    assert rows() == [new]


@pytest.mark.parametrize("change", [{"greeting_text": "Good day."}, {"voice": "cedar"}, {"language": "he"}])
def test_other_words_or_another_voice_are_never_played(greeter: Business, change: dict[str, str]) -> None:
    Business.objects.filter(pk=greeter.pk).update(**change)
    greeter.refresh_from_db()
    assert heard_by_a_caller(greeter) == b""
    GreetingAudio._base_manager.update(created_at=NOW)
    with later(days=31):
        tasks.remove_old_greetings()
    assert [bool(row.audio) for row in rows()] == [False]


def test_the_housekeeping_of_one_business_leaves_others_alone(greeter: Business, service: SpeechService) -> None:
    other = make_business(greeting_text="Shalom.")
    row = recordings.request(other, now=NOW)
    assert row is not None
    assert recordings.render(row.pk, now=NOW)
    Business.objects.filter(pk=greeter.pk).update(greeting_text="")
    GreetingAudio._base_manager.update(created_at=NOW)
    with later(days=31):
        tasks.remove_old_greetings()
    assert [left.business for left in rows()] == [other]


def test_the_owner_reads_what_callers_hear_meanwhile(greeter: Business, service: SpeechService, settings: Any) -> None:
    owner = User.objects.create_user("owner@frontdesk.test", "pw")
    Membership.objects.create(business=greeter, user=owner, role=Role.OWNER)
    client, address = Client(), reverse("greeting-state", kwargs={"slug": greeter.slug})
    client.force_login(owner)
    settings.OPENAI_SPEECH_MODEL, service.answers = "new-voice", [MODEL_IS_GONE]
    page = client.get(address).content.decode()
    assert reverse("greeting-heard", args=[greeter.slug, "open"]) in page
    assert "Until it is ready, callers hear this one." in page
    assert heard_by_a_caller(greeter)
    with later(seconds=1):
        tasks.render_due_greetings()
    page = client.get(address).content.decode()
    assert "Callers go on hearing this recording." in page
    assert "speaks it live" not in page
    with acting_for(greeter):
        (matter,) = attention(greeter, [])
    assert matter.detail == "Callers go on hearing the last recording of the same words."
