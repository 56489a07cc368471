"""Recording: what is defended is that nobody is recorded unless the business chose it, that a caller hears of it before
anything of theirs is kept, and that the notice is heard whole whatever the caller or a setting does.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any
from uuid import uuid4

import pytest

from businesses.forms.settings_form import SettingsForm
from businesses.models import Business, PhoneNumber
from businesses.registration import create_or_update_business
from calls.conversation import Conversation
from calls.conversation.commands import ClearPlayback, CreateResponse, Play
from calls.conversation.events import CallerFrame, MarkReturned, StreamOpened
from calls.conversation.settings import Protection
from calls.greetings import recordings
from calls.instructions import session_instructions
from calls.plan import CallPlan, conversation_settings, plan_of
from calls.records import store
from calls.records.recorder import CallRecorder
from calls.tests.conftest import NOW, make_live_call

NOTICE = "This call is recorded."


def business(**values: Any) -> Business:
    return Business(**{"name": "Clinic", "slug": "clinic", "language": "en", "time_zone": "UTC", **values})


def plan(recorded: Business, audio: bytes = b"") -> CallPlan:
    settings = conversation_settings(recorded, greeting_bytes=len(audio))
    return plan_of(uuid4(), recorded, settings, greeting_audio=audio, now=NOW)


@pytest.mark.django_db
def test_a_new_business_records_nothing_and_says_nothing_of_it() -> None:
    values = {"name": "North", "language": "en", "greeting_text": "Hello!"}
    made = create_or_update_business("north", values=values, numbers=["+97231230001"]).business
    assert (made.record_calls, made.notice(), made.opening_words()) == (False, "", "Hello!")
    assert plan(made).is_recorded is False
    assert recordings.content_hash(made) == recordings.content_hash(business(greeting_text="Hello!"))


@pytest.mark.parametrize(("language", "words"), [("en", NOTICE), ("he", "השיחה מוקלטת.")])
def test_where_calls_are_recorded_the_notice_follows_the_greeting(language: str, words: str) -> None:
    recorded = business(record_calls=True, greeting_text="Hello!", language=language)
    assert plan(recorded).settings.greeting_text == f"Hello! {words}"
    assert words in session_instructions(recorded, local_time=NOW), "the model knows that it was said"


def test_without_a_greeting_the_notice_is_what_is_heard_first() -> None:
    silent, recorded = business(), business(record_calls=True)
    assert plan(silent).settings.greeting_text == ""
    assert plan(recorded).settings.greeting_text == NOTICE


def test_a_business_may_write_its_own_notice_or_none_and_is_warned() -> None:
    assert business(record_calls=True, recording_notice="We record.").notice() == "We record."
    untold = business(record_calls=True, recording_notice="")
    assert untold.notice() == ""
    assert any("callers are not told" in sentence for sentence in untold.advice())
    assert not any("callers are not told" in sentence for sentence in business(recording_notice="").advice())


def test_no_setting_makes_the_notice_interruptible() -> None:
    open_ = business(record_calls=True, first_utterance_protection="off")
    assert plan(open_).settings.first_utterance_protection is Protection.OPENING_ONLY
    assert plan(business(first_utterance_protection="off")).settings.first_utterance_protection is Protection.OFF


def test_a_caller_who_talks_over_the_notice_hears_it_whole() -> None:
    audio = b"\x10" * 16_000
    talk = Conversation(plan(business(record_calls=True, first_utterance_protection="off"), audio).settings)
    said = talk.handle(StreamOpened(0.0, ()))
    for frame in range(95):
        said += talk.handle(CallerFrame(0.02 * frame, 6000, 20, 0.99))
    assert sum(command.end - command.start for command in said if isinstance(command, Play)) == len(audio)
    assert not [command for command in said if isinstance(command, ClearPlayback | CreateResponse)]
    assert not talk.turns.first_utterance.was_heard
    marks = [command.mark for command in said if isinstance(command, Play)]
    for mark in marks:
        talk.handle(MarkReturned(2.0, mark))
    assert talk.turns.first_utterance.was_heard


def test_nothing_of_the_caller_is_recorded_before_the_notice_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(store, "write_audio_later", lambda _plan, recorded: kept.append(recorded))
    noted: list[Any] = []
    monkeypatch.setattr(store, "write_notice_later", noted.append)

    async def call() -> None:
        recorder = CallRecorder(plan(business(record_calls=True)), words_every_s=60)
        recorder.keep_caller_audio(0.5, b"a" * 160, 500)
        recorder.keep_played_audio(0.5, b"n" * 160)
        recorder.notice_heard()
        recorder.keep_caller_audio(1.0, b"b" * 160, 1000)
        recorder._write_audio(2.0)
        recorder._writer.cancel()

    asyncio.run(call())
    ((recorded,), (told,)) = kept, noted
    assert [audio for _start, audio in recorded.caller] == [b"b" * 160]
    assert recorded.caller[0][0] >= 7840, "at its own time, after silence"
    assert b"n" * 160 in [audio for _start, audio in recorded.assistant]
    assert told.has_notice


@pytest.mark.django_db
def test_the_call_says_whether_it_was_recorded_and_the_notice_heard() -> None:
    recorded = business(record_calls=True)
    recorded.save()
    call = make_live_call(recorded, notice_heard=False)
    store._write_notice(CallPlan(**{**_fields(plan(recorded)), "call_id": call.pk}))
    call.refresh_from_db()
    assert (call.notice_heard, call.was_recorded) == (True, False)


def _fields(made: CallPlan) -> dict[str, Any]:
    return {name: getattr(made, name) for name in CallPlan.__dataclass_fields__}


# Forms --------------------------------------------------------------------------------------------------------
def form_of(edited: Business, **changes: Any) -> SettingsForm:
    shown = SettingsForm(instance=edited)
    values = {name: shown[name].value() for name in shown.fields}
    return SettingsForm({k: v for k, v in {**values, **changes}.items() if v not in (None, False)}, instance=edited)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "stored"), [(NOTICE, None), ("", ""), ("  We record. ", "We record."), ("השיחה מוקלטת.", None)]
)
def test_the_usual_words_stay_usual_and_none_is_none(written: str, stored: str | None) -> None:
    edited = business(record_calls=True)
    edited.save()
    PhoneNumber.objects.create(business=edited, number="+97231230001")
    assert SettingsForm(instance=edited)["recording_notice"].value() == NOTICE
    form = form_of(edited, recording_notice=written)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["recording_notice"] == stored


@pytest.mark.django_db
def test_settings_of_a_call_hold_the_words_that_it_began_with() -> None:
    kept = asdict(conversation_settings(business(record_calls=True), greeting_bytes=0))
    assert kept["greeting_text"] == NOTICE
