"""An owner hears the greeting and has it rendered again; to others it does not exist."""

from __future__ import annotations

import html
import io
import wave

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.audio import ulaw
from calls.errors import SpeechFault
from calls.greetings import recordings
from calls.models import GreetingAudio, GreetingSource, GreetingState
from calls.tests.conftest import NOW, make_business

AUDIO = bytes(range(256)) * 20


@pytest.fixture
def greeting(db: None) -> GreetingAudio:
    row = recordings.request(make_business(greeting_text="Hello"), now=NOW)
    assert row is not None
    row.audio, row.state, row.rendered_at = AUDIO, GreetingState.READY, NOW
    row.save()
    return row


def client_of(business: Business | None, role: Role = Role.OWNER, **fields: bool) -> Client:
    user = User.objects.create_user(f"{role}@frontdesk.test", "pw", **fields)
    if business:
        Membership.objects.create(business=business, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def page(greeting: GreetingAudio) -> str:
    return reverse("calls:greeting-audio", args=[greeting.pk])


@pytest.mark.parametrize("role", Role.values)
def test_members_hear_it(greeting: GreetingAudio, role: str) -> None:
    answer = client_of(greeting.business, Role(role)).get(page(greeting))
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/wav")
    assert answer["Cache-Control"] == "private, no-cache"
    with wave.open(io.BytesIO(answer.content)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (8000, 1, 2)
        assert np.array_equal(np.frombuffer(wav.readframes(wav.getnframes()), "<i2"), ulaw.decode(AUDIO))


def test_an_operator_hears_it(greeting: GreetingAudio) -> None:
    assert client_of(None, is_superuser=True).get(page(greeting)).status_code == 200


def test_to_others_it_does_not_exist(greeting: GreetingAudio) -> None:
    stranger = client_of(make_business())
    for client in (Client(), stranger):
        assert client.get(page(greeting)).status_code == 404
    greeting.audio = b""
    greeting.save()
    assert client_of(greeting.business, Role.STAFF).get(page(greeting)).status_code == 404  # not rendered yet


def test_render_again(greeting: GreetingAudio) -> None:
    address = reverse("admin:calls_greetingaudio_changelist")
    client = client_of(greeting.business, is_staff=True)
    assert f'src="{page(greeting)}"' in client.get(address).content.decode()
    client.post(address, {"action": "render_again", "_selected_action": str(greeting.pk)})
    with acting_for(greeting.business):
        row = GreetingAudio.objects.get()
    assert (row.state, row.attempts, bytes(row.audio)) == (GreetingState.PENDING, 0, AUDIO)


def test_the_page_says_how_it_was_made_and_what_was_heard_in_it(greeting: GreetingAudio) -> None:
    client = client_of(greeting.business)
    address = reverse("greeting-state", args=[greeting.business.slug])
    assert "Nobody could check what is said in it" in client.get(address).content.decode()
    greeting.source, greeting.model, greeting.heard_text = GreetingSource.REALTIME, "gpt-realtime-2.1", "Hallo?"
    greeting.save()
    shown = client.get(address).content.decode()
    assert "The assistant's voice, live" in html.unescape(shown)
    assert "gpt-realtime-2.1" in shown
    assert "Hallo?" in shown


def test_the_page_says_what_was_heard_in_a_rendering_that_was_refused(greeting: GreetingAudio) -> None:
    greeting.state, greeting.rendered_at = GreetingState.FAILED, None
    greeting.failure, greeting.failure_detail = SpeechFault.WORDS_DIFFER, {"heard": "Sure! Hello"}
    greeting.save()
    shown = client_of(greeting.business).get(reverse("greeting-state", args=[greeting.business.slug]))
    assert "Sure! Hello" in shown.content.decode()
