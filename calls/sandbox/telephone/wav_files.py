"""Sound files of the stand-in telephone: any WAV in, a stereo recording of both sides out."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calls.audio import ulaw, wav
from calls.audio.ulaw import SAMPLE_RATE
from calls.audio.wav import WavFault


class BadWav(ValueError):
    """The file can't be used; the message says why and what to do."""


def read_as_ulaw(path: Path) -> bytes:
    """Returns the sound of a WAV file of any rate as a telephone would send it, mixed to mono. Raises `BadWav`."""
    try:
        with path.open("rb") as file:
            return ulaw.encode(wav.telephone_samples(file))
    except OSError as error:
        raise BadWav(f"{path} can't be read: {error.strerror or error}.") from error
    except wav.BadWav as error:
        raise BadWav(_words(path, error)) from error


def _words(path: Path, error: wav.BadWav) -> str:
    match error.fault:
        case WavFault.WIDTH:
            return f"{path} has {error.detail}-bit samples. Convert it: sox {path} -b 16 OUT.wav"
        case WavFault.EMPTY:
            return f"{path} holds no sound."
        case WavFault.TOO_LONG:
            return f"{path} is longer than an hour."
        case WavFault.UNREADABLE:
            return f"{path} can't be read as WAV: {error.detail}. Convert it, e.g.: sox IN -b 16 OUT.wav"


def write_stereo(path: Path, *, left: bytes, right: bytes) -> None:
    """Write two µ-law tracks as a 16-bit WAV file at 8 kHz; the shorter one is filled up with silence."""
    length = max(len(left), len(right))
    tracks = [_samples(track, length) for track in (left, right)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.stack(tracks, axis=1).astype("<i2").tobytes())


def _samples(track: bytes, length: int) -> NDArray[np.int16]:
    return ulaw.decode(track.ljust(length, ulaw.SILENCE))
