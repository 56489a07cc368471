"""The greeting is rendered once for each content, checked, and tried again when the trouble passes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import time_machine
from celery import Celery
from django.db import connection

from businesses.models import Business
from businesses.registration import save_business
from businesses.tenancy import across_businesses, acting_for
from calls import tasks
from calls.audio import ulaw
from calls.errors import SpeechFault
from calls.greetings import recordings
from calls.line.admission import open_stream
from calls.models import GreetingAudio, GreetingState
from calls.telephone import stream_tokens
from calls.tests.conftest import NOW, make_business, make_call
from calls.tests.speech_service import Answer, SpeechService, refuses, says, serving, voice

TEXT = "Hello, you have reached the clinic."


@pytest.fixture
def service(settings: Any) -> Iterator[SpeechService]:
    with serving(SpeechService([says(voice(2.0))])) as running:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = running.base_url, "sk-test"
        settings.OPENAI_SPEECH_MODEL, settings.OPENAI_REALTIME_MODEL = "gpt-4o-mini-tts", ""  # the endpoint alone
        yield running


@pytest.fixture
def greeter(db: None) -> Business:
    return make_business(greeting_text=TEXT)


def rows(business: Business) -> list[GreetingAudio]:
    with acting_for(business):
        return list(GreetingAudio.objects.order_by("created_at"))


def requested(business: Business) -> GreetingAudio:
    row = recordings.request(business, now=NOW)
    assert row is not None
    return row


def rendered(business: Business, *, seconds_later: float = 0) -> GreetingAudio:
    recordings.render(requested(business).pk, now=NOW + timedelta(seconds=seconds_later))
    (row,) = rows(business)
    return row


def test_a_greeting_is_rendered_with_the_voice_of_its_business(greeter: Business, service: SpeechService) -> None:
    row = rendered(greeter)
    assert service.requests == [
        {
            "model": "gpt-4o-mini-tts",
            "voice": "marin",
            "input": TEXT,
            "instructions": "Speak English, warmly, calmly and clearly, like a receptionist on the phone.",
            "response_format": "pcm",
        }
    ]
    assert (row.state, row.failure, row.rendered_at, row.next_attempt_at) == (GreetingState.READY, "", NOW, None)
    assert len(row.audio) == pytest.approx(2.0 * 8000, abs=320)
    assert ulaw.rms(bytes(row.audio)) == pytest.approx(2500, rel=0.05)


def test_a_call_gets_the_rendered_greeting(greeter: Business, service: SpeechService) -> None:
    row = rendered(greeter)
    call = make_call(greeter)
    token = stream_tokens.issue(call, now=NOW)
    plan = open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid="MZ1", now=NOW)
    assert plan.greeting_audio == bytes(row.audio)
    assert plan.settings.greeting_bytes == len(row.audio)


@pytest.mark.parametrize("change", [{"greeting_text": "Good day."}, {"voice": "cedar"}, {"language": "he"}])
def test_a_stale_greeting_is_never_played(greeter: Business, service: SpeechService, change: dict[str, str]) -> None:
    rendered(greeter)
    Business.objects.filter(pk=greeter.pk).update(**change)
    greeter.refresh_from_db()
    with acting_for(greeter):
        assert recordings.current_audio(greeter, now=NOW) == b""
    assert [row.state for row in rows(greeter)] == [GreetingState.READY, GreetingState.PENDING]  # and it is asked for


def test_another_speech_model_means_another_recording(greeter: Business, settings: Any) -> None:
    before = recordings.content_hash(greeter)
    settings.OPENAI_SPEECH_MODEL = "another"
    assert recordings.content_hash(greeter) != before


def test_the_same_content_is_rendered_once(greeter: Business, service: SpeechService) -> None:
    first, second = requested(greeter), requested(greeter)
    assert first == second
    assert [recordings.render(first.pk, now=NOW) for _ in range(3)] == [True, False, False]
    assert len(service.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_render_it_once(service: SpeechService, transactional_db: None) -> None:
    greeter = make_business(greeting_text=TEXT)
    row, at_once = requested(greeter), Barrier(2)

    def work(_: int) -> bool:
        try:
            at_once.wait()
            return recordings.render(row.pk, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(work, range(2))) == [False, True]
    assert len(service.requests) == 1


def test_a_worker_that_died_half_way_loses_nothing(greeter: Business, service: SpeechService) -> None:
    row = requested(greeter)
    with acting_for(greeter):
        assert recordings._claim(row, now=NOW)  # and then the worker is killed
    assert recordings.due(now=NOW + timedelta(seconds=239)) == []
    assert recordings.due(now=NOW + timedelta(seconds=240)) == [row.pk]
    assert recordings.render(row.pk, now=NOW + timedelta(seconds=240))


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_wakes_up_late_does_not_overwrite(service: SpeechService) -> None:
    greeter = make_business(greeting_text=TEXT)
    row = requested(greeter)

    def much_later(_: dict[str, Any]) -> Any:  # while this one waits for OpenAI, another does the work
        with across_businesses():
            GreetingAudio.objects.filter(pk=row.pk).update(attempts=2, state=GreetingState.READY, audio=b"newer")
        connection.close()
        return says(voice(2.0))({})

    service.answers = [much_later]
    recordings.render(row.pk, now=NOW)
    assert bytes(rows(greeter)[0].audio) == b"newer"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (refuses(429, code="rate_limit_exceeded"), (SpeechFault.REFUSED, {"status": 429, "meaning": "too_fast"})),
        (refuses(500), (SpeechFault.REFUSED, {"status": 500, "meaning": "overloaded"})),
        (says(b""), (SpeechFault.NO_AUDIO, {})),
        (says(b"\x00"), (SpeechFault.CUT_OFF, {})),
        (says(bytes(48000)), (SpeechFault.SILENCE, {})),
        (says(voice(0.3)), (SpeechFault.TOO_SHORT, {"seconds": 0.3, "limit": 0.9})),
        (says(voice(60)), (SpeechFault.TOO_LONG, {"seconds": 60.0, "limit": 11.0})),
    ],
)
def test_passing_trouble_is_tried_again_later(
    greeter: Business, service: SpeechService, answer: Answer, why: tuple[SpeechFault, dict[str, object]]
) -> None:
    service.answers = [answer, says(voice(2.0))]
    row = rendered(greeter)
    assert (row.state, bytes(row.audio), row.rendered_at) == (GreetingState.PENDING, b"", None)
    assert (row.failure, {name: value for name, value in row.failure_detail.items() if name != "said"}) == why
    assert row.next_attempt_at == NOW + timedelta(seconds=5)
    assert rendered(greeter, seconds_later=4.9).state == GreetingState.PENDING
    row = rendered(greeter, seconds_later=5)
    assert (row.state, row.failure, row.failure_detail) == (GreetingState.READY, "", {})


def test_the_pauses_grow_and_the_attempts_end(greeter: Business, service: SpeechService) -> None:
    service.answers = [refuses(503, message="overloaded")]
    row, now, pauses = requested(greeter), NOW, []
    while row.next_attempt_at is not None:
        now = row.next_attempt_at
        recordings.render(row.pk, now=now)
        (row,) = rows(greeter)
        if row.next_attempt_at:
            pauses.append((row.next_attempt_at - now).total_seconds())
    assert pauses == [5, 10, 20, 40, 80, 160, 320]
    assert (row.state, row.attempts) == (GreetingState.FAILED, 8)
    assert (row.failure, row.failure_detail) == (
        SpeechFault.REFUSED,
        {"status": 503, "meaning": "overloaded", "said": "overloaded"},
    )


@pytest.mark.parametrize(
    "answer", [refuses(401), refuses(400), refuses(429, code="insufficient_quota")], ids=["key", "request", "quota"]
)
def test_what_only_a_person_can_mend_fails_at_once_until_asked_again(
    greeter: Business, service: SpeechService, answer: Answer
) -> None:
    service.answers = [answer, says(voice(2.0))]
    row = rendered(greeter)
    assert (row.state, row.next_attempt_at) == (GreetingState.FAILED, None)
    assert (row.failure, row.failure_detail["status"] // 100) == (SpeechFault.REFUSED, 4)
    with acting_for(greeter):
        recordings.request_again(row, now=NOW)
    assert rendered(greeter).state == GreetingState.READY


def test_a_service_that_is_not_there(greeter: Business, settings: Any, service: SpeechService) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    row = rendered(greeter)
    assert (row.state, row.failure) == (GreetingState.PENDING, SpeechFault.UNREACHABLE)


def test_rendering_again_keeps_the_old_audio_until_the_new_is_there(greeter: Business, service: SpeechService) -> None:
    old = bytes(rendered(greeter).audio)
    with acting_for(greeter):
        recordings.request_again(rows(greeter)[0], now=NOW)
        assert recordings.current_audio(greeter, now=NOW) == old


def test_saving_the_settings_has_the_greeting_rendered_by_the_sweep(
    service: SpeechService, django_capture_on_commit_callbacks: Any, db: None
) -> None:
    business = make_business()
    with django_capture_on_commit_callbacks(execute=True):
        save_business(business)
    assert rows(business) == []  # nothing to say
    business.greeting_text = TEXT
    with time_machine.travel(NOW), django_capture_on_commit_callbacks(execute=True):
        save_business(business)
        save_business(business)
    assert [row.state for row in rows(business)] == [GreetingState.PENDING]
    with time_machine.travel(NOW + timedelta(seconds=1)):
        tasks.render_due_greetings()
    assert [row.state for row in rows(business)] == [GreetingState.READY]


def test_a_broker_that_is_away_does_not_stop_a_save(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, db: None
) -> None:
    app = tasks.render_greeting.app
    away = Celery(
        set_as_current=False, broker="redis://127.0.0.1:9/0", broker_transport_options={"connect_retries_timeout": 0.1}
    )
    monkeypatch.setattr(app, "amqp", away.amqp)
    business = make_business(greeting_text=TEXT)
    with django_capture_on_commit_callbacks(execute=True):
        save_business(business)
    assert "no worker was woken" in caplog.text
    assert [row.state for row in rows(business)] == [GreetingState.PENDING]


def test_old_recordings_are_removed_and_the_current_one_is_not(greeter: Business, service: SpeechService) -> None:
    rendered(greeter)
    greeter.greeting_text = "Another one."
    greeter.save()
    current = requested(greeter)
    created = rows(greeter)[0].created_at
    assert recordings.remove_old(now=created + timedelta(days=29)) == 0
    assert recordings.remove_old(now=created + timedelta(days=31)) == 1
    assert rows(greeter) == [current]


def test_silence_around_the_words_is_trimmed(greeter: Business, service: SpeechService) -> None:
    service.answers = [says(voice(2.0, before_s=1.5, after_s=3.0))]
    audio = bytes(rendered(greeter).audio)
    assert len(audio) == pytest.approx((2.0 + 0.06 + 0.2) * 8000, abs=480)
    assert np.abs(ulaw.decode(audio[:320])).max() < 200
