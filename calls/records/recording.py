"""Recordings: two raw µ-law files for each call, and the stereo WAV that browsers get of them.

    MEDIA_ROOT/recordings/<business>/<call>.caller.ulaw      what the caller said
    MEDIA_ROOT/recordings/<business>/<call>.assistant.ulaw   what the caller heard of the assistant

Raw and as the telephone has it, so that writing is appending, a killed process loses at most the last second, and an
hour takes 58 MB. The WAV is computed for the part that is asked for; nothing is converted ahead.
"""

from __future__ import annotations

import logging
import shutil
import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from django.conf import settings

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.audio import ulaw
from calls.audio.tracks import Piece, Recorded, joined
from calls.models import Call, CallStatus

logger = logging.getLogger(__name__)

_WRITTEN_BEFORE: Final = timedelta(hours=2)
HEADER_BYTES: Final = 44
FRAME_BYTES: Final = 4
"""Of the WAV: two channels of 16 bits for each moment, the caller on the left."""


# Writing ------------------------------------------------------------------------------------------------
def write(business_id: UUID, call_id: UUID, recorded: Recorded) -> bool:
    """Lay new pieces into a call's files; True when these are its first. Raises `OSError`."""
    caller, assistant = _paths(business_id, call_id)
    is_new = not caller.exists()
    if is_new:
        caller.parent.mkdir(parents=True, exist_ok=True)
        caller.touch(mode=0o600)
        assistant.touch(mode=0o600)
    _lay(caller, recorded.caller)
    _lay(assistant, recorded.assistant)
    return is_new


def has_files(business_id: UUID, call_id: UUID) -> bool:
    """Returns whether something of a call was recorded."""
    return any(path.exists() for path in _paths(business_id, call_id))


def _lay(path: Path, pieces: tuple[Piece, ...]) -> None:
    if not pieces:
        return
    start, audio = joined(pieces, silence=ulaw.SILENCE)
    with path.open("r+b") as file:
        length = file.seek(0, 2)
        if length < start:
            file.write(ulaw.SILENCE * (start - length))
        file.seek(start)
        file.write(audio)


def _paths(business_id: UUID, call_id: UUID) -> tuple[Path, Path]:
    folder = folder_of(business_id)
    return folder / f"{call_id}.caller.ulaw", folder / f"{call_id}.assistant.ulaw"


def folder_of(business_id: UUID) -> Path:
    """Returns where the recordings of a business are."""
    return _folder() / str(business_id)


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "recordings"


# Reading ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Recording:
    """A call's recording as a WAV file: 8 kHz, 16 bits, the caller on the left, the assistant on the right."""

    caller: Path
    assistant: Path
    frames: int

    @property
    def size(self) -> int:
        """Of the WAV, in bytes."""
        return HEADER_BYTES + self.frames * FRAME_BYTES

    @property
    def seconds(self) -> float:
        """Returns its length in seconds."""
        return self.frames / ulaw.SAMPLE_RATE

    def part(self, start: int, end: int) -> bytes:
        """Bytes `start` to `end` (exclusive) of the WAV."""
        data_start, data_end = max(start - HEADER_BYTES, 0), max(end - HEADER_BYTES, 0)
        first, last = data_start // FRAME_BYTES, -(-data_end // FRAME_BYTES)
        samples = np.stack([self._samples(path, first, last) for path in (self.caller, self.assistant)], axis=1)
        data = samples.astype("<i2").tobytes()[data_start - first * FRAME_BYTES : data_end - first * FRAME_BYTES]
        return self._header()[start:end] + data

    def parts(self, size: int = 256 * 1024) -> Iterator[bytes]:
        """Yields the whole WAV in pieces."""
        for start in range(0, self.size, size):
            yield self.part(start, min(start + size, self.size))

    def _samples(self, path: Path, first: int, last: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
        with path.open("rb") as file:
            file.seek(first)
            audio = file.read(last - first)
        return ulaw.decode(audio.ljust(last - first, ulaw.SILENCE))

    def _header(self) -> bytes:
        data = self.frames * FRAME_BYTES
        rate = ulaw.SAMPLE_RATE
        form = struct.pack("<HHIIHH", 1, 2, rate, rate * FRAME_BYTES, FRAME_BYTES, 16)
        return (
            b"RIFF"
            + struct.pack("<I", 36 + data)
            + b"WAVEfmt "
            + struct.pack("<I", 16)
            + form
            + (b"data" + struct.pack("<I", data))
        )


def recording_of(call: Call) -> Recording | None:
    """Returns a call's recording so far; None if it has none or it was removed."""
    if not call.is_recorded:
        return None
    caller, assistant = _paths(call.business_id, call.pk)
    try:
        frames = max(caller.stat().st_size, assistant.stat().st_size)
    except OSError:
        return None
    return Recording(caller, assistant, frames) if frames else None


# Removing -----------------------------------------------------------------------------------------------
def remove(business: Business, call_ids: Sequence[UUID]) -> int:
    """Remove the recordings of these calls, files first. Returns how many. Expects the business to be set."""
    for call_id in call_ids:
        for path in _paths(business.pk, call_id):
            path.unlink(missing_ok=True)
    return Call.objects.filter(pk__in=call_ids).update(is_recorded=False)


def remove_folders_of_deleted() -> int:
    """Remove the folders of businesses that are no longer there. Returns how many."""
    if not _folder().exists():
        return 0
    known = {str(key) for key in Business.objects.values_list("pk", flat=True)}
    gone = [folder for folder in _folder().iterdir() if folder.name not in known]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


# By its files -------------------------------------------------------------------------------------------
def take_up_forgotten(*, now: datetime) -> int:
    """Go by the files: calls that have some and don't say so are told; files of no call are removed. Returns how many.

    The database was away, and then the process was killed. Such recordings would never be shown nor removed. Files
    that are being written are left alone.
    """
    found, stale = 0, (now - _WRITTEN_BEFORE).timestamp()
    for business in Business.objects.all():
        folder = folder_of(business.pk)
        with acting_for(business):
            found += _take_up([path for path in folder.glob("*.ulaw") if path.stat().st_mtime < stale])
    return found


def _take_up(paths: Sequence[Path]) -> int:
    """Do so for the files of one business. Expects it to be set."""
    files: dict[UUID, list[Path]] = defaultdict(list)
    for path in paths:
        with suppress(ValueError):  # a name that is not ours
            files[UUID(path.name.partition(".")[0])].append(path)
    calls = Call.objects.filter(pk__in=files)
    lost = files.keys() - set(calls.values_list("pk", flat=True))
    for path in (path for call_id in lost for path in files[call_id]):
        path.unlink(missing_ok=True)
    told = calls.filter(is_recorded=False, status=CallStatus.ENDED).update(is_recorded=True, was_recorded=True)
    return len(lost) + told
