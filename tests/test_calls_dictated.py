"""An owner calls the business and records its greeting, by the stand-in for Twilio: from the code to the next call."""

from __future__ import annotations

import time

import pytest
from aiohttp import web
from django.test import override_settings
from django.utils import timezone

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls import tasks
from calls.audio.wav import as_wav
from calls.greetings import dictations, own_recordings, recordings
from calls.models import Call, Dictation, DictationState, GreetingPart
from calls.sandbox.telephone.after_the_beep import AfterTheBeep
from calls.sandbox.telephone.recording_shelf import RecordingShelf
from testing import numbered
from testing.thread_server import in_a_thread
from tests.call_rig import Rig, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

GREETING = "Good morning, you have reached the clinic."
PHONE, ACCOUNT, TOKEN = "+12125550123", f"AC{'3' * 32}", "a-token"


def _begin(business: Business) -> str:
    with acting_for(business):
        owner = User.objects.create_user(f"{business.slug}@dictated.test", "pw")
        Membership.objects.create(business=business, user=owner, role=Role.OWNER)
        _row, code = dictations.begin(
            business, owner, part=GreetingPart.GREETING, from_number=PHONE, now=timezone.now()
        )
    return code


def _fetch(address: str, business: Business) -> None:
    """Look for the recording as a worker does, again and again: Twilio tells of it in its own time."""
    give_up_at = time.monotonic() + 10
    with override_settings(TWILIO_API_URL=address, TWILIO_ACCOUNT_SID=ACCOUNT, TWILIO_AUTH_TOKEN=TOKEN):
        while time.monotonic() < give_up_at and not _is_ready(business):
            tasks.fetch_dictations()
            time.sleep(0.05)


def _is_ready(business: Business) -> bool:
    with acting_for(business):
        return Dictation.objects.filter(state=DictationState.READY).exists()


def _accept(business: Business) -> bytes:
    """The owner has listened on the page. Returns what callers hear."""
    with acting_for(business):
        row = own_recordings.newest(business, GreetingPart.GREETING)
        assert row is not None
        recordings.render(row.pk, now=timezone.now())
        own_recordings.accept(business, now=timezone.now())
        assert not Call.objects.filter(caller_number=PHONE).exists(), "nobody was called"
        return recordings.current_audio(business, now=timezone.now())


async def test_an_owner_records_the_greeting_and_the_next_caller_hears_it(rig: Rig) -> None:
    desk = await rig.desk(greeting=GREETING)
    code = await rig.office.ask(_begin, desk.business)
    shelf, app = RecordingShelf({ACCOUNT: TOKEN}), web.Application()
    app.add_routes(shelf.routes())
    said = AfterTheBeep(numbered.audio(GREETING))
    with in_a_thread(app) as address:
        async with rig.twilio.call(
            to=desk.number, from_=PHONE, keys=[code, "3", "1"], after_beep=said, tray=shelf
        ) as call:
            await eventually(lambda: call.record.messages)
            await rig.office.ask(_fetch, address, desk.business)
            await call.ended()
    assert call.record.errors == []
    names = [verb.name for verb in call.record.verbs]
    assert names[:2] == ["Gather", "Say"]
    assert names[-2:] == ["Say", "Hangup"]
    assert "Connect" not in names
    audio = await rig.office.ask(_accept, desk.business)
    assert call.record.played == [as_wav(audio)] * 2, "the owner heard what callers hear"
    async with rig.calling(desk) as other:
        await other.until(lambda: other.heard_bytes >= len(audio))
        assert bytes(other.stream.playback.track).count(audio) == 1
