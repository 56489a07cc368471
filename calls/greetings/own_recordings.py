"""The owner's own recordings of what callers hear first: the greeting, that of closed hours, the notice of recording.

Callers hear one before any rendering, as long as its words are the same.

| row | `content_hash` | `state` |
|---|---|---|
| offered: it waits to be listened to by OpenAI | of an offer | PENDING |
| other words were heard in it, or nobody could tell: its owner must listen | of an offer | TO_HEAR |
| accepted: callers hear it | of an accepted one | READY, with `rendered_at` |
| replaced or taken back: kept to go back to | of its own | REPLACED, with `replaced_at` |

An offer never replaces what callers hear before it is accepted. `undo` exchanges what callers hear for what they heard
before; done twice, it changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import BinaryIO, Final

import numpy as np
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Length
from numpy.typing import NDArray

from businesses import audit
from businesses.audit import AuditKind
from businesses.models import Business, User
from calls.audio import ulaw
from calls.audio.greeting_quality import check_recording, polish
from calls.audio.wav import BadWav, WavFault, telephone_samples
from calls.errors import SpeechFailed, SpeechFault
from calls.greetings import transcription
from calls.greetings.names import names_of
from calls.greetings.opening import text_of
from calls.greetings.same_words import compare
from calls.models import GreetingAudio, GreetingPart, GreetingSource, GreetingState

logger = logging.getLogger(__name__)

LONGEST_S: Final = 180.0
MOST_BYTES: Final = 16_000_000
"""Three minutes at 24 kHz, as our page sends them, are 9 MB; at 44.1 kHz they are 16."""
_LONGEST_HEARD: Final = 1000
MOST_KEPT: Final = 3
"""Replaced recordings of the same words. They go with other old recordings (`recordings.remove_old`)."""


def offer(
    business: Business, file: BinaryIO, *, now: datetime, part: GreetingPart = GreetingPart.GREETING
) -> GreetingAudio:
    """Keep a WAV file as the business's recording of a part's words, to be listened to. Raises `SpeechFailed`."""
    return offer_audio(business, telephone_audio(business, file, part=part), now=now, part=part)


def telephone_audio(business: Business, file: BinaryIO, *, part: GreetingPart) -> bytes:
    """Returns a WAV file as callers would hear it (µ-law). Raises `SpeechFailed` if it can't be these words."""
    return ulaw.encode(polish(check_recording(_samples(file)), text=text_of(business, part)))


def judged(audio: bytes, *, text: str) -> bytes:
    """Returns sound of a telephone (µ-law) as callers would hear it. Raises `SpeechFailed` as `offer` does."""
    return ulaw.encode(polish(check_recording(ulaw.decode(audio)), text=text))


def offer_audio(
    business: Business, audio: bytes, *, now: datetime, part: GreetingPart, person: User | None = None
) -> GreetingAudio:
    """Keep audio as `telephone_audio` returns it as the business's recording, to be listened to.

    `person`: who has made it, where no request says so.
    """
    text = text_of(business, part)
    with transaction.atomic():
        _offers(business, part).delete()
        row = GreetingAudio.objects.create(
            business=business,
            content_hash=_hash("offer", text),
            text=text,
            voice=business.voice,
            language=business.language,
            source=GreetingSource.OWN,
            part=part,
            audio=audio,
            next_attempt_at=now,
        )
        audit.record(business, AuditKind.OWN_GREETING, person=person, step="offered", part=part)
    return row


def all_of(business: Business) -> list[tuple[GreetingAudio, int]]:
    """Returns all own recordings of a business, the newest first, without their audio, and how many bytes it has."""
    rows = GreetingAudio.objects.filter(business=business, source=GreetingSource.OWN).defer("audio")
    newest = F("replaced_at").desc(nulls_last=True)
    sized = rows.annotate(size=Length("audio")).order_by(newest, "-created_at")
    return [(row, row.size) for row in sized]


def newest(business: Business, part: GreetingPart) -> GreetingAudio | None:
    """Returns the newest recording of a part's words, offered or accepted, without its audio."""
    rows = _accepted(business, text_of(business, part)) | _offers(business, part)
    return rows.defer("audio").order_by("-created_at").first()


def accepted(business: Business, part: GreetingPart) -> GreetingAudio | None:
    """Returns the recording of a part's words that callers hear, without its audio."""
    return _accepted(business, text_of(business, part)).defer("audio").first()


def judge(row: GreetingAudio, *, now: datetime) -> bool:
    """Listen to an offer. Returns whether it is accepted: the words are heard in it that are written."""
    heard = transcription.transcribe(bytes(row.audio), language=row.language, names=names_of(row.business)) or ""
    if heard and compare(written=row.text, said=heard).is_alike:
        return _accept(row, now=now, heard_text=heard)
    _offers_like(row).update(state=GreetingState.TO_HEAR, heard_text=heard[:_LONGEST_HEARD], next_attempt_at=None)
    return False


def accept(business: Business, *, now: datetime, part: GreetingPart = GreetingPart.GREETING) -> bool:
    """Play an offer to callers: its owner has listened to it. Returns False if there is none any more."""
    row = _offers(business, part).filter(state=GreetingState.TO_HEAR).defer("audio").first()
    return row is not None and _accept(row, now=now)


def discard(business: Business, part: GreetingPart = GreetingPart.GREETING) -> None:
    """Drop an offer; what callers hear stays."""
    _offers(business, part).delete()


def remove(business: Business, *, now: datetime, part: GreetingPart = GreetingPart.GREETING) -> None:
    """Take the business's own recording of a part's words back; callers hear the assistant's voice again."""
    with transaction.atomic():
        _offers(business, part).delete()
        if _replace(business, text_of(business, part), now=now):
            audit.record(business, AuditKind.OWN_GREETING, step="removed", part=part)


def previous(business: Business, part: GreetingPart = GreetingPart.GREETING) -> GreetingAudio | None:
    """Returns the own recording of a part's words that callers heard last before, without its audio."""
    return _replaced(business, text_of(business, part)).defer("audio").first()


def undo(business: Business, *, now: datetime, part: GreetingPart = GreetingPart.GREETING) -> bool:
    """Let callers hear the previous own recording of these words again. Returns False if there is none."""
    with transaction.atomic():
        Business.objects.select_for_update(no_key=True).get(pk=business.pk)  # one change at a time
        row = previous(business, part)
        if row is None:
            return False
        _replace(business, row.text, now=now)
        GreetingAudio.objects.filter(pk=row.pk).update(
            content_hash=_hash("accepted", row.text), state=GreetingState.READY, rendered_at=now, replaced_at=None
        )
        audit.record(business, AuditKind.OWN_GREETING, step="brought_back", part=part)
    return True


def _replace(business: Business, text: str, *, now: datetime) -> bool:
    """Keep what callers hear as a recording to go back to. Returns whether there was one."""
    heard = _accepted(business, text).defer("audio").first()
    if heard is None:
        return False
    GreetingAudio.objects.filter(pk=heard.pk).update(
        content_hash=_hash("replaced", str(heard.pk)),
        state=GreetingState.REPLACED,
        rendered_at=None,
        replaced_at=now,
    )
    kept = list(_replaced(business, text).values_list("pk", flat=True)[:MOST_KEPT])
    _replaced(business, text).exclude(pk__in=kept).delete()
    return True


def _replaced(business: Business, text: str) -> QuerySet[GreetingAudio]:
    """Returns the recordings of these words to go back to, the newest first."""
    rows = GreetingAudio.objects.filter(
        business=business, source=GreetingSource.OWN, state=GreetingState.REPLACED, text=text
    )
    return rows.order_by("-replaced_at", "-created_at")


def _samples(file: BinaryIO) -> NDArray[np.int16]:
    try:
        return telephone_samples(file, longest_s=LONGEST_S)
    except BadWav as error:
        fault = {WavFault.EMPTY: SpeechFault.SILENCE, WavFault.TOO_LONG: SpeechFault.TOO_LONG}.get(error.fault)
        raise SpeechFailed(fault or SpeechFault.NOT_WAV) from error


def _accept(row: GreetingAudio, *, now: datetime, **changes: str) -> bool:
    with transaction.atomic():
        Business.objects.select_for_update(no_key=True).get(pk=row.business_id)  # one change at a time
        _replace(row.business, row.text, now=now)
        is_there = _offers_like(row).update(
            content_hash=_hash("accepted", row.text),
            state=GreetingState.READY,
            rendered_at=now,
            next_attempt_at=None,
            **changes,
        )
        if is_there:
            audit.record(row.business, AuditKind.OWN_GREETING, step="accepted", part=row.part)
        else:
            transaction.set_rollback(True)  # it was replaced or removed meanwhile: what callers hear stays
    return bool(is_there)


def _accepted(business: Business, text: str) -> QuerySet[GreetingAudio]:
    return GreetingAudio.objects.filter(business=business, content_hash=_hash("accepted", text))


def _offers(business: Business, part: GreetingPart) -> QuerySet[GreetingAudio]:
    return GreetingAudio.objects.filter(business=business, content_hash=_hash("offer", text_of(business, part)))


def _offers_like(row: GreetingAudio) -> QuerySet[GreetingAudio]:
    return GreetingAudio.objects.filter(pk=row.pk, content_hash=_hash("offer", row.text))


def _hash(kind: str, text: str) -> str:
    return hashlib.sha256(f"own {kind}\x1f{text}".encode()).hexdigest()
