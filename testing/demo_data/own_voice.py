"""Recordings in the owner's own voice: of closed hours, with the one before it; one that waits; one by telephone."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses.models import Business, Membership, Role
from calls.greetings import dictations, own_recordings, recordings
from calls.models import GreetingAudio, GreetingPart, GreetingSource, GreetingState
from calls.sandbox.telephone.wav_files import read_as_ulaw
from testing.databases import ROOT

AUDIO = ROOT / "tests" / "audio"


def add(business: Business, *, now: datetime) -> None:
    """Store recordings without anybody who listens to them. Expects the greeting's rendering to be there."""
    for ago, name in ((9, "hello.wav"), (2, "one-moment-please.wav")):
        at = now - timedelta(days=ago)
        sound = read_as_ulaw(AUDIO / name)
        row = own_recordings.offer_audio(business, sound, now=at, part=GreetingPart.CLOSED)
        GreetingAudio.objects.filter(pk=row.pk).update(state=GreetingState.TO_HEAR, next_attempt_at=None)
        own_recordings.accept(business, now=at, part=GreetingPart.CLOSED)
    sound = read_as_ulaw(AUDIO / "hello.wav")
    row = own_recordings.offer_audio(business, sound, now=now, part=GreetingPart.GREETING)
    heard = {"state": GreetingState.TO_HEAR, "heard_text": "Hello, and thank you for calling", "next_attempt_at": None}
    GreetingAudio.objects.filter(pk=row.pk).update(**heard)
    for each in recordings.versions(business):
        recordings.request_all(each, now=now)
    rest = GreetingAudio.objects.filter(state=GreetingState.PENDING).exclude(source=GreetingSource.OWN)
    made = {"state": GreetingState.READY, "rendered_at": now, "next_attempt_at": None}
    rest.update(audio=read_as_ulaw(AUDIO / "one-moment-please.wav"), **made)
    owner = Membership.objects.filter(role=Role.OWNER).select_related("user").order_by("pk").first()
    assert owner is not None
    dictations.begin(business, owner.user, part=GreetingPart.CLOSED, from_number="+972501234567", now=now)
