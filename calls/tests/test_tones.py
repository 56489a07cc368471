"""Keys and beeps against vowels."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from calls.audio import tones, ulaw
from calls.sandbox.telephone import wav_files

pytestmark = pytest.mark.pure

AUDIO = Path(__file__).resolve().parents[2] / "tests" / "audio"
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def frames(*frequencies: float) -> list[np.ndarray]:
    t = np.arange(8000) / 8000
    wave = np.asarray(sum(np.sin(2 * np.pi * frequency * t) for frequency in frequencies) * 3000).astype(np.int16)
    coded = ulaw.decode(ulaw.encode(wave))
    return [coded[start : start + 160] for start in range(0, 8000, 160)]


@pytest.mark.parametrize("frequencies", [*product(ROWS, COLUMNS), (425,), (440, 480), (1000,), (950, 1400)])
def test_keys_and_signals_are_tones(frequencies: tuple[float, ...]) -> None:
    assert all(tones.is_tone(frame) for frame in frames(*frequencies))


@pytest.mark.parametrize("name", ["hello", "one-moment-please", "nobody-is-available", "not-in-service"])
def test_speech_is_none(name: str) -> None:
    samples = ulaw.decode(wav_files.read_as_ulaw(AUDIO / f"{name}.wav"))
    loud = [frame for frame in np.split(samples[: len(samples) // 160 * 160], len(samples) // 160) if frame.std() > 300]
    assert sum(tones.is_tone(frame) for frame in loud) <= 0.05 * len(loud)


def test_silence_noise_and_scraps_are_none() -> None:
    assert not tones.is_tone(np.zeros(160, np.int16))
    assert not tones.is_tone(np.random.default_rng(1).integers(-3000, 3000, 160).astype(np.int16))
    assert not tones.is_tone(frames(1000)[0][:40])
