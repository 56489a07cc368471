"""A greeting is spoken by the way that there is, and accepted only when what is said is what is written."""

from __future__ import annotations

from typing import Any

import pytest

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.errors import SpeechFault
from calls.greetings import recordings
from calls.models import GreetingAudio, GreetingSource, GreetingState
from calls.sandbox.openai.scenario import FailResponse, Incomplete, Refuse, RejectResponse, Scenario
from calls.sandbox.voices.ears import ScriptedListener
from calls.tests.conftest import NOW, make_business
from calls.tests.stand_in import stand_in

TEXT = "Hello, you have reached the clinic. How can we help you?"
FAST: dict[str, Any] = {"speed": 100.0, "first_delta_s": 0.0, "transcript_delay_s": 0.0}
ENDPOINT, MINI, FULL = "gpt-4o-mini-tts", "gpt-realtime-2.1-mini", "gpt-realtime-2.1"


@pytest.fixture(autouse=True)
def models(settings: Any) -> Any:
    settings.OPENAI_SPEECH_MODEL, settings.OPENAI_REALTIME_MODEL = MINI, FULL
    settings.OPENAI_TRANSCRIPTION_MODEL = "gpt-transcribe"
    return settings


@pytest.fixture
def greeter(db: None) -> Business:
    return make_business(greeting_text=TEXT)


def rendered(business: Business) -> GreetingAudio:
    row = recordings.request(business, now=NOW)
    assert row is not None
    recordings.render(row.pk, now=NOW)
    with acting_for(business):
        return GreetingAudio.objects.get(pk=row.pk)


def hears(*words: str) -> ScriptedListener:
    class Nobody:
        listens_in_pauses = False

        async def transcribe(self, audio: bytes, *, language: str) -> str:
            return "[nothing]"

    return ScriptedListener(words, Nobody())


def test_a_realtime_model_says_it_and_tells_what_it_said(greeter: Business, settings: Any) -> None:
    with stand_in(Scenario(**FAST), settings) as server:
        row = rendered(greeter)
    assert (row.state, row.source, row.model) == (GreetingState.READY, GreetingSource.REALTIME, MINI)
    assert row.heard_text.endswith(TEXT)
    assert len(row.audio) > 8000
    with acting_for(greeter):
        assert recordings.current_audio(greeter, now=NOW) == bytes(row.audio)
    (connection,) = server.connections
    session, create = [each.event for each in connection.received if each.event["type"] != "input_audio_buffer.append"]
    assert session["session"]["audio"]["output"] == {"format": {"type": "audio/pcmu"}, "voice": greeter.voice}
    assert create["response"]["instructions"].endswith(TEXT)


@pytest.mark.parametrize(
    "said",
    [
        "Sure! " + TEXT,
        TEXT + " We are closed today.",
        TEXT.replace("clinic", "bakery"),
        "Hello, you have reached the clinic.",
        "",
    ],
)
def test_other_words_are_not_accepted(greeter: Business, settings: Any, said: str, monkeypatch: Any) -> None:
    """The stand-in says exact words where they are asked for: here, what is asked for differs from what is written."""
    monkeypatch.setattr("calls.greetings.realtime_voice.exact_words", lambda _: f"Say exactly:\n{said or '...'}")
    with stand_in(Scenario(**FAST), settings):
        row = rendered(greeter)
    assert (row.rendered_at, bytes(row.audio)) == (None, b"")
    assert row.failure == SpeechFault.WORDS_DIFFER
    with acting_for(greeter):
        assert recordings.current_audio(greeter, now=NOW) == b""


def test_when_the_endpoint_is_gone_a_realtime_session_takes_its_place(greeter: Business, settings: Any) -> None:
    settings.OPENAI_SPEECH_MODEL = ENDPOINT
    with stand_in(Scenario(**FAST), settings):
        settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
        row = rendered(greeter)
    assert (row.state, row.source, row.model) == (GreetingState.READY, GreetingSource.REALTIME, FULL)


@pytest.mark.parametrize(
    "fault",
    [
        Refuse(status=404, times=1),
        RejectResponse(code="model_not_found", times=1),
        FailResponse(times=1),
        Incomplete(times=1, after_deltas=2),
    ],
)
def test_when_one_model_fails_the_model_of_calls_speaks(greeter: Business, settings: Any, fault: Any) -> None:
    with stand_in(Scenario(faults=(fault,), **FAST), settings):
        row = rendered(greeter)
    assert (row.state, row.model) == (GreetingState.READY, FULL)


def test_a_key_that_is_not_accepted_is_not_tried_in_every_way(greeter: Business, settings: Any) -> None:
    with stand_in(Scenario(faults=(Refuse(status=401),), **FAST), settings):
        row = rendered(greeter)
    assert (row.state, row.failure) == (GreetingState.FAILED, SpeechFault.REFUSED)
    assert row.failure_detail["meaning"] == "no_access"


def test_what_the_endpoint_reads_is_listened_to(greeter: Business, settings: Any) -> None:
    settings.OPENAI_SPEECH_MODEL = ENDPOINT
    with stand_in(Scenario(**FAST), settings, listener=hears("Thank you for watching!")):
        assert rendered(greeter).source == GreetingSource.REALTIME  # the next way
    other = make_business(greeting_text=TEXT)
    with stand_in(Scenario(**FAST), settings, listener=hears(TEXT.lower())):
        row = rendered(other)
    assert (row.state, row.source, row.heard_text) == (GreetingState.READY, GreetingSource.ENDPOINT, TEXT.lower())


def test_what_nobody_can_transcribe_is_accepted_of_an_endpoint_that_only_reads(
    greeter: Business, settings: Any
) -> None:
    settings.OPENAI_SPEECH_MODEL = ENDPOINT
    with stand_in(Scenario(**FAST), settings, listener=hears()):
        row = rendered(greeter)
    assert (row.state, row.source, row.heard_text) == (GreetingState.READY, GreetingSource.ENDPOINT, "")
