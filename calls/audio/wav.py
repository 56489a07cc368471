"""WAV files as people and browsers make them, read as telephone samples. Pure."""

from __future__ import annotations

import io
import wave
from enum import StrEnum
from typing import BinaryIO, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from calls.audio import ulaw
from calls.audio.ulaw import SAMPLE_RATE

# How much the samples of each width must be multiplied to become 16-bit ones; 8-bit WAV is unsigned.
_WIDTHS: Final[dict[int, tuple[str, float]]] = {1: ("u1", 256.0), 2: ("<i2", 1.0), 4: ("<i4", 1 / 65536)}
_MOST_CHANNELS: Final = 8


class WavFault(StrEnum):
    """Why a file can't be used."""

    UNREADABLE = "unreadable"
    WIDTH = "width"  # 24-bit samples, or floats
    EMPTY = "empty"
    TOO_LONG = "too_long"


class BadWav(ValueError):
    """A file can't be used. `detail`: what Python's `wave` says, or the bits of its samples."""

    def __init__(self, fault: WavFault, detail: str = "") -> None:
        super().__init__(f"{fault} {detail}".strip())
        self.fault = fault
        self.detail = detail


def telephone_samples(file: BinaryIO, *, longest_s: float = 3600.0) -> NDArray[np.int16]:
    """Returns the sound of a WAV file of any rate, mixed to mono, as 16-bit samples at 8 kHz. Raises `BadWav`."""
    try:
        with wave.open(file, "rb") as opened:
            width, channels, rate = opened.getsampwidth(), opened.getnchannels(), opened.getframerate()
            if not (1 <= channels <= _MOST_CHANNELS and 1000 <= rate <= 400_000):
                raise BadWav(WavFault.UNREADABLE, f"{channels} channels, {rate} Hz")
            if opened.getnframes() > longest_s * rate:
                raise BadWav(WavFault.TOO_LONG)
            data = opened.readframes(opened.getnframes())
    except (EOFError, wave.Error) as error:
        raise BadWav(WavFault.UNREADABLE, str(error)) from error
    if width not in _WIDTHS:
        raise BadWav(WavFault.WIDTH, str(width * 8))
    dtype, scale = _WIDTHS[width]
    whole = len(data) // (width * channels) * width * channels  # a file that was cut off ends within a sample
    raw = np.frombuffer(data[:whole], dtype).astype(np.float64) - (128 if width == 1 else 0)
    samples = raw.reshape(-1, channels).mean(axis=1) * scale
    if rate != SAMPLE_RATE and len(samples):
        samples = soxr.resample(samples, rate, SAMPLE_RATE)
    if not len(samples):
        raise BadWav(WavFault.EMPTY)
    heard: NDArray[np.int16] = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return heard


def as_wav(audio: bytes) -> bytes:
    """Returns µ-law as a WAV file with 16-bit samples: not every browser plays µ-law."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        wav.writeframes(ulaw.decode(audio).astype("<i2").tobytes())
    return file.getvalue()
