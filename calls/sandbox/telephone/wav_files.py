"""Sound files of the stand-in telephone: any WAV in, a stereo recording of both sides out."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from calls.audio import ulaw
from calls.audio.ulaw import SAMPLE_RATE

# How much the samples of each width must be multiplied to become 16-bit ones; 8-bit WAV is unsigned.
_WIDTHS: dict[int, tuple[str, float]] = {1: ("u1", 256.0), 2: ("<i2", 1.0), 4: ("<i4", 1 / 65536)}


class BadWav(ValueError):
    """The file can't be used; the message says why and what to do."""


def read_as_ulaw(path: Path) -> bytes:
    """Returns the sound of a WAV file of any rate as a telephone would send it, mixed to mono. Raises `BadWav`."""
    try:
        with wave.open(str(path)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except OSError as error:
        raise BadWav(f"{path} can't be read: {error.strerror or error}.") from error
    except (EOFError, wave.Error) as error:
        raise BadWav(f"{path} can't be read as WAV: {error}. Convert it, e.g.: sox IN -b 16 OUT.wav") from error
    if width not in _WIDTHS:
        raise BadWav(f"{path} has {width * 8}-bit samples. Convert it: sox {path} -b 16 OUT.wav")
    dtype, scale = _WIDTHS[width]
    raw = np.frombuffer(data, dtype).astype(np.float64) - (128 if width == 1 else 0)
    samples = raw.reshape(-1, channels).mean(axis=1) * scale
    if rate != SAMPLE_RATE and len(samples):
        samples = soxr.resample(samples, rate, SAMPLE_RATE)
    if not len(samples):
        raise BadWav(f"{path} holds no sound.")
    return ulaw.encode(np.clip(np.rint(samples), -32768, 32767).astype(np.int16))


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
