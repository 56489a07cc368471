"""The owner's own recording: accepted when its words are those that are written, or when its owner has listened."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from businesses.models import AuditEntry, AuditKind, Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls import tasks
from calls.audio import ulaw
from calls.errors import SpeechFailed, SpeechFault
from calls.greetings import own_recordings, recordings, transcription
from calls.models import GreetingAudio, GreetingPart, GreetingSource, GreetingState
from calls.tests.conftest import NOW, make_business

TEXT = "Hello, you have reached the clinic."


def wav(seconds: float = 2.5, *, rms: float = 2000, rate: int = 24_000, channels: int = 1, width: int = 2) -> bytes:
    """A tone as a WAV file; as loud as the samples can be, it is clipped."""
    tone = np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * 300 / rate) * rms * np.sqrt(2)
    samples = np.repeat(np.clip(tone, -32768, 32767), channels)
    scaled = {1: samples / 256 + 128, 2: samples, 4: samples * 65536}[width].astype(
        {1: "u1", 2: "<i2", 4: "<i4"}[width]
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(scaled.tobytes())
    return file.getvalue()


@pytest.fixture
def business(db: None) -> Any:
    business = make_business(greeting_text=TEXT)
    with acting_for(business):
        yield business


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    def hear(words: str | None) -> None:
        monkeypatch.setattr(transcription, "transcribe", lambda *_audio, **_hints: words)

    return hear


def offer(business: Business, file: bytes | None = None) -> GreetingAudio:
    row = own_recordings.offer(business, io.BytesIO(file or wav()), now=NOW)
    recordings.render(row.pk, now=NOW)
    return GreetingAudio.objects.get(pk=row.pk)


def steps() -> list[str]:
    entries = AuditEntry.objects.filter(kind=AuditKind.OWN_GREETING).order_by("pk")
    return [entry.details["step"] for entry in entries]


def rendered(business: Business, audio: bytes = b"\x01" * 800) -> GreetingAudio:
    row = recordings.request(business, now=NOW)
    assert row is not None
    row.audio, row.state, row.rendered_at = audio, GreetingState.READY, NOW + timedelta(days=1)
    row.save()
    return row


def test_the_same_words_are_accepted_and_played_before_any_rendering(business: Business, hears: Any) -> None:
    hears("Hello you have reached a clinic")
    rendered(business)
    own = offer(business)
    assert (own.state, own.heard_text) == (GreetingState.READY, "Hello you have reached a clinic")
    assert recordings.current_audio(business, now=NOW) == bytes(own.audio)
    business.voice = "cedar"
    assert recordings.current_audio(business, now=NOW) == bytes(own.audio), "it is no matter of the assistant's voice"
    recordings.remove_old(now=NOW + timedelta(days=400))
    assert recordings.playable(business) == own, "for ever"
    assert steps() == ["offered", "accepted"]


@pytest.mark.parametrize("heard", ["Hello, you have reached the bakery, which is closed today.", None])
def test_other_words_wait_for_their_owner(business: Business, hears: Any, heard: str | None) -> None:
    hears(heard)
    playing = rendered(business)
    own = offer(business)
    assert (own.state, own.heard_text) == (GreetingState.TO_HEAR, heard or "")
    assert recordings.playable(business) == playing
    assert own_recordings.accept(business, now=NOW)
    assert recordings.current_audio(business, now=NOW) == bytes(own.audio)


def test_an_offer_does_not_replace_what_callers_hear(business: Business, hears: Any) -> None:
    hears(TEXT)
    first = offer(business)
    hears(None)
    second = offer(business, wav(3))
    assert recordings.playable(business) == first
    own_recordings.discard(business)
    assert not own_recordings.accept(business, now=NOW)
    assert recordings.playable(business) == first
    second = offer(business, wav(3))
    own_recordings.accept(business, now=NOW)
    assert recordings.playable(business) == second
    own = GreetingAudio.objects.filter(source=GreetingSource.OWN)
    assert sorted(own.values_list("state", flat=True)) == [GreetingState.READY, GreetingState.REPLACED]


def test_what_was_replaced_is_kept_to_go_back_to(business: Business, hears: Any) -> None:
    hears(TEXT)
    first, second = offer(business), offer(business, wav(3))
    assert recordings.playable(business) == second
    assert own_recordings.previous(business) == first
    assert own_recordings.undo(business, now=NOW + timedelta(minutes=1))
    assert recordings.current_audio(business, now=NOW) == bytes(first.audio)
    assert own_recordings.previous(business) == second, "and the other way round"
    recordings.remove_old(now=NOW + timedelta(days=400))
    assert own_recordings.undo(business, now=NOW + timedelta(minutes=2))
    assert recordings.playable(business) == second
    assert steps() == ["offered", "accepted", "offered", "accepted", "brought_back", "brought_back"]


def test_only_the_last_few_are_kept(business: Business, hears: Any) -> None:
    hears(TEXT)
    for number in range(own_recordings.MOST_KEPT + 3):
        offer(business, wav(2.5 + number / 10))
    assert GreetingAudio.objects.filter(state=GreetingState.REPLACED).count() == own_recordings.MOST_KEPT


def test_there_is_nothing_to_go_back_to_of_other_words(business: Business, hears: Any) -> None:
    hears(TEXT)
    offer(business)
    offer(business, wav(3))
    business.greeting_text = "Good evening."
    assert own_recordings.previous(business) is None
    assert not own_recordings.undo(business, now=NOW)


def test_other_words_have_no_recording(business: Business, hears: Any) -> None:
    hears(TEXT)
    own = offer(business)
    business.greeting_text = "Good evening."
    business.save()
    assert recordings.playable(business) is None
    business.greeting_text = TEXT
    business.save()
    assert recordings.playable(business) == own


def test_taken_back_it_is_not_heard_and_can_be_brought_back(business: Business, hears: Any) -> None:
    hears(TEXT)
    offer(business)
    playing = rendered(business)
    own_recordings.remove(business, now=NOW)
    assert recordings.playable(business) == playing
    own_recordings.remove(business, now=NOW)
    assert steps() == ["offered", "accepted", "removed"]
    assert own_recordings.undo(business, now=NOW)
    assert recordings.playable(business) != playing


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (b"ID3 no wav", SpeechFault.NOT_WAV),
        (b"", SpeechFault.NOT_WAV),
        (wav()[:60], SpeechFault.SILENCE),
        (wav(rms=20), SpeechFault.SILENCE),
        (wav(rms=200), SpeechFault.TOO_QUIET),
        (wav(rms=60_000), SpeechFault.CLIPPED),
        (wav(0.4), SpeechFault.TOO_SHORT),
        (wav(60), SpeechFault.TOO_LONG),
        (wav(181, rate=2000), SpeechFault.TOO_LONG),
    ],
)
def test_what_can_not_be_played_is_refused(business: Business, file: bytes, fault: SpeechFault) -> None:
    with pytest.raises(SpeechFailed) as failed:
        own_recordings.offer(business, io.BytesIO(file), now=NOW)
    assert failed.value.fault == fault
    assert not GreetingAudio.objects.exists()


@pytest.mark.parametrize("form", [{"rate": 8000}, {"rate": 44_100, "channels": 2}, {"width": 1}, {"width": 4}])
def test_files_of_any_rate_and_width(business: Business, hears: Any, form: dict[str, int]) -> None:
    hears(TEXT)
    own = offer(business, wav(**form))
    assert 2.4 < len(own.audio) / ulaw.SAMPLE_RATE < 2.6
    assert np.sqrt(np.mean(ulaw.decode(bytes(own.audio)).astype(float) ** 2)) > 2000, "at telephone loudness"


@pytest.fixture
def owner(business: Business) -> Client:
    user = User.objects.create_user("owner@clinic.test", "pw")
    Membership.objects.create(business=business, user=user, role=Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


def address(business: Business, name: str = "greeting-state") -> str:
    return reverse(name, args=[business.slug])


def test_the_page_takes_a_file_and_its_owner_accepts_it(
    business: Business, owner: Client, hears: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hears("Something else altogether, quite different")
    monkeypatch.setattr(tasks, "ring_for", lambda key: recordings.render(key, now=NOW + timedelta(days=9999)))
    sound = SimpleUploadedFile("greeting.wav", wav(), "audio/wav")
    assert owner.post(address(business, "greeting-own"), {"file": sound, "part": "greeting"}).status_code == 302
    shown = owner.get(address(business)).content.decode()
    assert "Something else altogether" in shown
    owner.post(address(business, "greeting-own-accept"))
    assert "Go back to the assistant" in owner.get(address(business)).content.decode()
    owner.post(address(business, "greeting-own-remove"))
    assert recordings.playable(business) is None
    assert "Your previous recording" in owner.get(address(business)).content.decode()
    owner.post(address(business, "greeting-own-undo"))
    assert recordings.playable(business) is not None


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no wav", "not a WAV file"), (wav(rms=20), "Nothing can be heard"), (wav(0.4), "too short for these words")],
)
def test_the_page_says_why_a_file_is_refused(business: Business, owner: Client, content: bytes, words: str) -> None:
    answer = owner.post(
        address(business, "greeting-own"), {"file": SimpleUploadedFile("g.wav", content), "part": "greeting"}
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_large_file_is_refused(business: Business, owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_recordings, "MOST_BYTES", 1000)
    answer = owner.post(
        address(business, "greeting-own"), {"file": SimpleUploadedFile("g.wav", wav()), "part": "greeting"}
    )
    assert "too large" in answer.content.decode()


def test_each_text_has_a_recording_of_its_own(
    business: Business, owner: Client, hears: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hears(None)
    monkeypatch.setattr(tasks, "ring_for", lambda key: recordings.render(key, now=NOW + timedelta(days=9999)))
    Business.objects.filter(pk=business.pk).update(record_calls=True, recording_notice="This call is recorded.")
    shown = owner.get(address(business)).content.decode()
    assert 'id="part-notice"' in shown
    assert 'id="part-closed"' not in shown, "there are no words to record"
    form = {"file": SimpleUploadedFile("g.wav", wav(7)), "part": "notice"}
    owner.post(address(business, "greeting-own"), form)
    shown = owner.get(address(business)).content.decode()
    assert "The recording lasts 7 s. These words usually take 1 to 5 s" in shown
    owner.post(address(business, "greeting-own-accept"), {"part": "greeting"})
    business.refresh_from_db()
    assert own_recordings.accepted(business, GreetingPart.NOTICE) is None
    owner.post(address(business, "greeting-own-accept"), {"part": "notice"})
    business.refresh_from_db()
    assert own_recordings.accepted(business, GreetingPart.NOTICE) is not None
    assert "You have changed the words since" not in owner.get(address(business)).content.decode()
    Business.objects.filter(pk=business.pk).update(recording_notice="We record this call.")
    assert "You have changed the words since" in owner.get(address(business)).content.decode()
    closed = {"file": SimpleUploadedFile("g.wav", wav()), "part": "closed"}
    assert owner.post(address(business, "greeting-own"), closed).status_code == 404
    assert owner.post(address(business, "greeting-own-accept"), {"part": "other"}).status_code == 404


def test_what_is_listened_to_is_what_callers_hear(business: Business, owner: Client, hears: Any) -> None:
    hears(None)
    assert owner.get(reverse("greeting-heard", args=[business.slug, "open"])).status_code == 404
    rendered(business, b"\x30" * 800)
    answer = owner.get(reverse("greeting-heard", args=[business.slug, "open"]))
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert sound.getnframes() == 800
    for when in ("closed", "always"):
        assert owner.get(reverse("greeting-heard", args=[business.slug, when])).status_code == 404
