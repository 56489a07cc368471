"""The sound of voice messages: one raw µ-law file for each, in the folder of the business's recordings.

    MEDIA_ROOT/recordings/<business>/<voicemail>.voicemail

A file gets its name when it is whole, just before its row says that it is there; it goes before its row does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from businesses import media_folder
from businesses.models import Business
from businesses.tenancy import acting_for
from calls.audio import ulaw
from calls.audio.wav import as_wav
from calls.models import Voicemail
from calls.records.recording import folder_of

_STALE: Final = timedelta(hours=2)
VOICE_RMS: Final = 200
"""Softer is the noise of a line: the quietest voice that an assistant listens to, too."""
SHORTEST_VOICE_MS: Final = 300
_STEP_MS: Final = 20


def has_voice(audio: bytes) -> bool:
    """Returns whether µ-law audio is more than a quiet line: loud for long enough to be a word."""
    loud = sum(level >= VOICE_RMS for level in ulaw.levels(audio))
    return loud * _STEP_MS >= SHORTEST_VOICE_MS


def write(business_id: UUID, voicemail_id: UUID, audio: bytes) -> None:
    """Store a message (µ-law), in place of one that is there. Raises `OSError`."""
    path = _path(business_id, voicemail_id)
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch(mode=0o600)
        with part.open("wb") as file:
            file.write(audio)
            file.flush()
            os.fsync(file.fileno())  # the recording at Twilio is deleted next
        part.replace(path)
    except OSError as error:
        media_folder.failed(error, folder=path.parent)
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def read(business_id: UUID, voicemail_id: UUID) -> bytes | None:
    """Returns a message (µ-law); None if there is none."""
    try:
        return _path(business_id, voicemail_id).read_bytes()
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Sound:
    """A message as a WAV file: 8 kHz, 16 bits, one channel."""

    wav: bytes

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.wav)

    def part(self, start: int, end: int) -> bytes:
        """Bytes `start` to `end` (exclusive)."""
        return self.wav[start:end]

    def parts(self) -> Iterator[bytes]:
        """Yields the whole of it."""
        yield self.wav


def sound_of(row: Voicemail) -> Sound | None:
    """Returns a message as browsers play it; None if its sound is not there, or not any more."""
    audio = read(row.business_id, row.pk) if row.has_sound else None
    return None if audio is None else Sound(as_wav(audio))


def remove(business: Business, keys: Sequence[UUID]) -> int:
    """Remove the sound of these messages, files first. Returns how many. Expects the business to be set."""
    for key in keys:
        drop(business.pk, key)
    return Voicemail.objects.filter(pk__in=keys, business=business).update(has_sound=False)


def drop(business_id: UUID, voicemail_id: UUID) -> None:
    """Remove a message's file, if there is one."""
    _path(business_id, voicemail_id).unlink(missing_ok=True)


def remove_forgotten(*, now: datetime) -> int:
    """Remove files that no row knows of: a process was killed, or the row was erased meanwhile. Returns how many."""
    removed, stale = 0, (now - _STALE).timestamp()
    for business in Business.objects.all():
        old = [path for path in _files(business.pk) if path.stat().st_mtime < stale]
        if not old:
            continue
        with acting_for(business):
            kept = {str(key) for key in Voicemail.objects.filter(has_sound=True).values_list("pk", flat=True)}
        for path in old:
            if path.suffix == ".part" or path.stem not in kept:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _files(business_id: UUID) -> list[Path]:
    folder = folder_of(business_id)
    return [*folder.glob("*.voicemail"), *folder.glob("*.part")]


def _path(business_id: UUID, voicemail_id: UUID) -> Path:
    return folder_of(business_id) / f"{voicemail_id}.voicemail"
