"""A voice message is fetched once, deleted at Twilio, written down, and told of once; whatever fails meanwhile."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail

from businesses.happenings import Happening
from businesses.hooks import endpoints
from businesses.keeping import erasing, retention
from businesses.keeping.person import Person
from businesses.models import Business, Membership, Role, User, WebhookDelivery
from businesses.tenancy import acting_for
from calls.followups import news, rescue
from calls.keeping import voicemails
from calls.models import AfterCalls, NewsWhen, Task, TaskKind, TranscriptState, VoicemailState
from calls.records import recording, voicemail_sound, voicemail_words
from calls.sandbox.telephone.recording_shelf import Trouble
from calls.telephone import voicemail_fetching
from calls.tests.conftest import AUTH_TOKEN, NOW, TwilioPost
from calls.tests.voicemail_world import (
    CALLER,
    Caller,
    World,
    ended,
    row_of,
    rows_of,
    voice,
    wanting,
    work,
    work_for,
    world,
)

AT = NOW + timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def outside(settings: Any, tmp_path: Path, twilio_post: TwilioPost) -> Any:
    settings.MEDIA_ROOT = str(tmp_path)
    with world(settings, AUTH_TOKEN) as made:
        yield made


@pytest.fixture
def caller(business: Business, twilio_post: TwilioPost, outside: World) -> Caller:
    """A caller at the beep."""
    wanting(business)
    return Caller(twilio_post, ended(business, ended_at=AT))


def leaves(caller: Caller, outside: World, audio: bytes | None = None, **more: Any) -> str:
    sid = outside.sid()
    outside.shelf.put(sid, voice() if audio is None else audio, call_sid=caller.call.twilio_call_sid, **more)
    caller.action(sid)
    return sid


def tasks_of(caller: Caller) -> list[Task]:
    with acting_for(caller.call.business):
        return list(Task.objects.filter(call=caller.call))


def files(caller: Caller) -> list[Path]:
    return sorted(recording.folder_of(caller.call.business_id).glob("*"))


def test_it_is_kept_deleted_there_written_down_and_told_of(caller: Caller, outside: World) -> None:
    business = caller.call.business
    with acting_for(business):
        endpoints.add(business, url="https://example.com/", kinds=list(Happening), now=AT)
    sid = leaves(caller, outside)
    work(AT)
    row = row_of(caller.call)
    assert (row.state, row.seconds, row.problem, row.due_at) == (VoicemailState.KEPT, Decimal(2), "", None)
    assert outside.shelf.deleted == [sid]
    assert not row.is_at_twilio
    assert (row.transcript_state, row.transcript) == (TranscriptState.DONE, "Please call me back.")
    (task,) = tasks_of(caller)
    assert (task.kind, task.about, task.number) == (TaskKind.VOICEMAIL, "Please call me back.", CALLER)
    assert row.task_id == task.pk
    sound = voicemail_sound.sound_of(row)
    assert sound is not None
    assert sound.size == 44 + 2 * 16_000
    assert [path.stat().st_mode & 0o777 for path in files(caller)] == [0o600]
    with acting_for(business):
        told = WebhookDelivery.objects.filter(kind=Happening.MESSAGE_TAKEN)
        assert [("voicemail" in each.body, "Please call me back." in each.body) for each in told] == [(True, True)]
    caller.recorded(sid)
    work(AT + timedelta(days=1))
    assert (len(rows_of(caller.call)), len(tasks_of(caller)), outside.ears.asked) == (1, 1, 1)


@pytest.mark.parametrize("trouble", [Trouble.NOT_YET, Trouble.BUSY, Trouble.BROKEN_OFF, Trouble.ERROR_PAGE])
def test_what_is_late_or_broken_is_fetched_again(caller: Caller, outside: World, trouble: Trouble) -> None:
    leaves(caller, outside, trouble=trouble, times=3)
    work_for(timedelta(seconds=30), since=AT, step=SECOND)
    assert row_of(caller.call).state == VoicemailState.KEPT
    assert len(tasks_of(caller)) == 1


def test_what_never_comes_is_lost_and_says_so(caller: Caller, outside: World) -> None:
    leaves(caller, outside, trouble=Trouble.NOT_YET, times=99)
    work_for(timedelta(days=4), since=AT, step=timedelta(hours=1))
    row = row_of(caller.call)
    assert (row.state, row.problem, row.due_at) == (VoicemailState.LOST, "not_there", None)
    assert row.settled_at is not None
    assert outside.shelf.deleted == []
    assert tasks_of(caller) == []


def test_a_recording_that_twilio_has_not_told_of_is_found(caller: Caller, outside: World) -> None:
    sid = outside.sid()
    outside.shelf.put(sid, voice(), call_sid=caller.call.twilio_call_sid)
    caller.over()
    work(AT + timedelta(seconds=29))
    assert row_of(caller.call).state == VoicemailState.OFFERED
    work(AT + timedelta(seconds=31))
    assert (row_of(caller.call).state, row_of(caller.call).recording_sid) == (VoicemailState.KEPT, sid)


def test_who_hung_up_before_the_beep_has_left_none(caller: Caller, outside: World) -> None:
    caller.over()
    work(AT + timedelta(seconds=31))
    row = row_of(caller.call)
    assert (row.state, row.due_at) == (VoicemailState.NONE, None)
    assert tasks_of(caller) == []


@pytest.mark.parametrize("audio", [b"\xff" * 16_000, voice(0.2), voice(3, rms=60)])
def test_silence_and_a_click_are_no_message(caller: Caller, outside: World, audio: bytes) -> None:
    sid = leaves(caller, outside, audio)
    work(AT)
    assert row_of(caller.call).state == VoicemailState.SILENT
    assert (tasks_of(caller), outside.ears.asked, outside.shelf.deleted) == ([], 0, [sid])
    assert len(files(caller)) == 1, "whoever wants to can listen"


def test_it_is_deleted_at_twilio_later_if_twilio_refuses_now(caller: Caller, outside: World) -> None:
    outside.shelf.refuses_deletes = 3
    sid = leaves(caller, outside)
    work(AT)
    assert row_of(caller.call).is_at_twilio
    assert len(tasks_of(caller)) == 1, "nothing waits for that"
    work_for(timedelta(minutes=2), since=AT, step=SECOND)
    assert outside.shelf.deleted == [sid]
    assert not row_of(caller.call).is_at_twilio


def test_it_stays_at_twilio_until_it_is_stored_here(
    caller: Caller, outside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = leaves(caller, outside)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(voicemail_sound, "write", full)
        work(AT)
    assert outside.shelf.deleted == []
    work_for(timedelta(seconds=10), since=AT, step=SECOND)
    assert outside.shelf.deleted == [sid]
    assert row_of(caller.call).state == VoicemailState.KEPT


def test_openai_is_away_the_message_is_told_of_and_its_words_follow(caller: Caller, outside: World) -> None:
    outside.ears.answers = [(503, ""), (429, "rate_limit_exceeded"), "Call me."]
    leaves(caller, outside)
    work(AT)
    (task,) = tasks_of(caller)
    assert (task.about, row_of(caller.call).transcript_state) == ("", TranscriptState.WAITING)
    work_for(timedelta(minutes=5), since=AT, step=timedelta(seconds=10))
    (task,) = tasks_of(caller)
    row = row_of(caller.call)
    assert (task.about, row.transcript, row.transcript_state) == ("Call me.", "Call me.", TranscriptState.DONE)
    assert outside.ears.asked == 3


@pytest.mark.parametrize(
    ("model", "answers", "state"),
    [
        ("", ["never asked"], TranscriptState.NO_MODEL),
        ("gpt-transcribe", [(401, "invalid_api_key")], TranscriptState.NO_ACCESS),
        ("gpt-transcribe", [(429, "insufficient_quota")], TranscriptState.NO_CREDIT),
        ("gpt-transcribe", [(400, "")], TranscriptState.FAILED),
        ("gpt-transcribe", [" "], TranscriptState.NO_WORDS),
    ],
)
def test_why_there_is_no_transcript(
    caller: Caller, outside: World, settings: Any, model: str, answers: Any, state: TranscriptState
) -> None:
    settings.OPENAI_TRANSCRIPTION_MODEL, outside.ears.answers = model, answers
    leaves(caller, outside)
    work_for(timedelta(days=3), since=AT, step=timedelta(hours=1))
    row = row_of(caller.call)
    assert (row.transcript_state, row.transcript, row.transcript_due_at) == (state, "", None)
    assert [task.about for task in tasks_of(caller)] == [""]


def test_killed_after_each_step_nothing_is_lost_or_done_twice(
    caller: Caller, outside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies just before it writes what came of a step; its claim ends, and the step is done again."""
    leaves(caller, outside)
    for module, name in ((voicemail_fetching, "_settle"), (voicemail_words, "_tell")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, lambda *_told, **_now: None)
            work(AT)
        work(AT + timedelta(seconds=1))
    assert tasks_of(caller) == []
    work_for(timedelta(minutes=10), since=AT, step=timedelta(seconds=10))
    assert (row_of(caller.call).state, len(tasks_of(caller)), len(files(caller))) == (VoicemailState.KEPT, 1, 1)
    assert len(outside.shelf.deleted) == 1


# Beside others ----------------------------------------------------------------------------------------------------
def test_who_left_a_message_is_not_rescued_and_who_left_none_is(
    caller: Caller, outside: World, business: Business
) -> None:
    with acting_for(business):
        AfterCalls.objects.create(business=business, rescue_enabled=True, rescue_template="missed")
    later = AT + timedelta(seconds=40)
    assert rescue.due(now=later) == [], "whether a message comes is waited for"
    caller.over()
    work(later)
    assert rescue.due(now=later) == [caller.call.pk]
    leaves(caller, outside)
    assert rescue.due(now=later) == []
    work(later)
    assert rescue.due(now=later) == []


def test_a_mail_waits_for_the_message_and_says_what_there_is(
    caller: Caller, outside: World, business: Business, settings: Any
) -> None:
    settings.EMAIL_HOST, outside.ears.answers = "mail.example", [(503, "")]
    with acting_for(business):
        user = User.objects.create_user("owner@clinic.test", "pw")
        owner = Membership.objects.create(business=business, user=user, role=Role.OWNER)
        news.choose(owner, mail=NewsWhen.AT_ONCE, digest_hour=18, language="en", now=NOW)
    assert news.write_due(now=AT) == 0
    leaves(caller, outside)
    work(AT)
    assert news.write_due(now=AT) == 1
    (key,) = news.due(now=AT)
    news.send(key, now=AT)
    (letter,) = mail.outbox
    assert letter.subject == f"Dental Clinic: a message from {CALLER}"
    assert "You can listen to it on the page." in letter.body


def test_erased_while_it_is_fetched_it_is_deleted_there_and_here(
    caller: Caller, outside: World, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = leaves(caller, outside)
    write = voicemail_sound.write

    def erase_meanwhile(*told: Any) -> None:
        asked = erasing.ask(Person(business, frozenset({CALLER})), now=AT)
        assert erasing.work(business, asked.pk, clock=lambda: AT, keep_going=lambda: True)
        write(*told)

    with monkeypatch.context() as patch:
        patch.setattr(voicemail_sound, "write", erase_meanwhile)
        work(AT)
    row = row_of(caller.call)
    assert (row.state, row.transcript, row.has_sound) == (VoicemailState.ERASED, "", False)
    assert (files(caller), tasks_of(caller), outside.shelf.deleted) == ([], [], [sid])


def test_a_person_gets_their_messages(caller: Caller, outside: World, business: Business) -> None:
    leaves(caller, outside)
    work(AT)
    person = Person(business, frozenset({CALLER}))
    with acting_for(business):
        (said,) = voicemails.HOLDING.records(person)
        (sound,) = voicemails.HOLDING.files(person)
    assert said["transcript"] == "Please call me back."
    assert b"".join(sound.parts())[:4] == b"RIFF"


def test_sound_and_words_are_kept_for_their_days(caller: Caller, outside: World, business: Business) -> None:
    leaves(caller, outside)
    work(AT)
    retention.sweep(now=AT + timedelta(days=91))
    row = row_of(caller.call)
    assert (row.has_sound, files(caller)) == (False, [])
    retention.sweep(now=AT + timedelta(days=11 * 365))
    assert row_of(caller.call).transcript == ""


def test_files_that_no_row_knows_of_are_removed(caller: Caller, outside: World, business: Business) -> None:
    leaves(caller, outside)
    work(AT)
    voicemail_sound.write(business.pk, business.pk, voice())
    later = AT + timedelta(days=3650)
    assert voicemail_sound.remove_forgotten(now=later) == 1
    assert [path.stem for path in files(caller)] == [str(row_of(caller.call).pk)]
