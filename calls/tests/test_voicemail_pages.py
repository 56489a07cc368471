"""Owners choose when callers leave voice messages; members hear them, and nobody else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from businesses.models import AuditEntry, AuditKind, Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.followups import todo
from calls.models import TranscriptState, Voicemail, VoicemailChoices, VoicemailState
from calls.records import voicemail_sound
from calls.tests.conftest import NOW, make_business, make_call
from calls.tests.voicemail_world import voice

CHOSEN = {"is_on": "on", "while_closed": "on", "words": " Leave a message. ", "longest_s": "180"}


def member(business: Business, role: Role) -> Client:
    user = User.objects.create_user(f"{role}@{business.slug}.test", "pw")
    with acting_for(business):
        Membership.objects.create(business=business, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def address(business: Business, name: str = "voicemail", **named: object) -> str:
    return reverse(name, kwargs={"slug": business.slug, **named})


@pytest.fixture
def message(business: Business, settings: Any, tmp_path: Path) -> Voicemail:
    """A message that is kept, without words, and its task."""
    settings.MEDIA_ROOT = str(tmp_path)
    with acting_for(business):
        call = make_call(business, status="ended", outcome="fallback", ended_at=NOW)
        row = Voicemail.objects.create(
            business=business, call=call, state=VoicemailState.KEPT, offered_at=NOW, settled_at=NOW, longest_s=60,
            seconds=2, has_sound=True, transcript_state=TranscriptState.NO_MODEL,
            task=todo.take_voicemail(business, call, about="", now=NOW),
        )  # fmt: skip
    voicemail_sound.write(business.pk, row.pk, voice(2.0))
    return row


def test_an_owner_chooses_and_the_audit_log_knows(business: Business) -> None:
    owner = member(business, Role.OWNER)
    assert owner.post(address(business), CHOSEN).status_code == 302
    assert owner.post(address(business), CHOSEN).status_code == 302, "the same again"
    with acting_for(business):
        kept = VoicemailChoices.objects.get()
        (entry,) = AuditEntry.objects.filter(kind=AuditKind.SETTINGS_CHANGED)
    assert (kept.is_on, kept.after_transfers, kept.while_closed) == (True, False, True)
    assert (kept.words, kept.longest_s) == ("Leave a message.", 180)
    assert set(entry.details["changes"]) == {"is_on", "while_closed", "words", "longest_s"}


@pytest.mark.parametrize("wrong", [{"longest_s": "86400"}, {"words": "x" * 501}])
def test_what_can_not_be_is_refused(business: Business, wrong: dict[str, str]) -> None:
    owner = member(business, Role.OWNER)
    answer = owner.post(address(business), {**CHOSEN, **wrong})
    assert answer.status_code == 422
    assert "Nothing was saved" in answer.content.decode()
    with acting_for(business):
        assert not VoicemailChoices.objects.exists()


def test_staff_do_not_choose(business: Business) -> None:
    assert member(business, Role.STAFF).get(address(business)).status_code in (403, 404)


def test_members_hear_it_whole_and_in_parts(business: Business, message: Voicemail) -> None:
    client, path = member(business, Role.STAFF), address(business, "voicemail-sound", voicemail_id=message.pk)
    whole = client.get(path)
    part = client.get(path, headers={"Range": "bytes=0-43"})
    assert (whole.status_code, len(whole.content), whole["Content-Type"]) == (200, 44 + 2 * 16_000, "audio/wav")
    assert (part.status_code, part.content) == (206, whole.content[:44])
    with acting_for(business):
        assert AuditEntry.objects.filter(kind=AuditKind.RECORDING_HEARD).count() == 1
        voicemail_sound.remove(business, [message.pk])
    assert client.get(path).status_code == 404


def test_another_business_hears_nothing(business: Business, message: Voicemail) -> None:
    other = make_business(slug="other")
    client = member(other, Role.OWNER)
    for of in (business, other):
        assert client.get(address(of, "voicemail-sound", voicemail_id=message.pk)).status_code == 404


def test_the_pages_of_the_call_and_of_the_tasks_have_a_player_and_say_why_there_are_no_words(
    business: Business, message: Voicemail
) -> None:
    client, path = member(business, Role.STAFF), address(business, "voicemail-sound", voicemail_id=message.pk)
    for page in (address(business, "call", call_id=message.call_id), address(business, "tasks")):
        shown = client.get(page).content.decode()
        assert f'src="{path}"' in shown
        assert "this installation has no transcription model" in shown
