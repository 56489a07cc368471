"""Which audio is taken for a greeting."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from calls.audio import ulaw
from calls.audio.greeting_quality import polish
from calls.errors import SpeechFailed

pytestmark = pytest.mark.once

HEBREW = "שלום, הגעתם למרפאת השיניים."  # 22 letters


def tone(seconds: float, rms: float = 1500) -> NDArray[np.int16]:
    wave = np.sin(np.arange(int(seconds * 8000)) * 2 * np.pi * 300 / 8000) * rms * np.sqrt(2)
    return np.asarray(wave.round(), np.int16)


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(int(seconds * 8000), np.int16)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (HEBREW, 0.75), (HEBREW, 2.0), (HEBREW, 8.9),
        ("x" * 200, 7.0), ("x" * 200, 59.0),
        ("חייגו 03-5550100", 6.0),  # digits are long words
        ("Hi!", 0.3),
    ],
)  # fmt: skip
def test_a_plausible_length(text: str, seconds: float) -> None:
    assert len(polish(tone(seconds), text=text)) == pytest.approx(seconds * 8000, abs=160)


@pytest.mark.parametrize(
    ("text", "seconds", "why"),
    [
        ("x" * 200, 0.3, "too_short"), ("x" * 200, 6.5, "too_short"), (HEBREW, 0.6, "too_short"),
        ("one two three four five", 180.0, "too_long"), (HEBREW, 9.4, "too_long"),
    ],
)  # fmt: skip
def test_an_implausible_length(text: str, seconds: float, why: str) -> None:
    with pytest.raises(SpeechFailed, match=why):
        polish(tone(seconds), text=text)


@pytest.mark.parametrize("samples", [silence(2), silence(0), tone(2, rms=40), tone(0.01)])
def test_silence(samples: NDArray[np.int16]) -> None:
    with pytest.raises(SpeechFailed, match="silence"):
        polish(samples, text=HEBREW)


@pytest.mark.parametrize("rms", [150, 2500, 20000])
def test_loudness_is_that_of_a_telephone(rms: float) -> None:
    spoken = polish(np.concatenate([tone(1, rms), silence(1), tone(1, rms)]), text=HEBREW)
    assert ulaw.rms(ulaw.encode(spoken[:8000])) == pytest.approx(2500, rel=0.05)


def test_a_single_peak_is_not_clipped() -> None:
    samples = tone(2, rms=200)
    samples[8000] = 12000
    assert np.abs(polish(samples, text=HEBREW)).max() == 30000


def test_a_long_hole_is_shortened_and_a_pause_is_not() -> None:
    whole = polish(np.concatenate([tone(1), silence(1.4), tone(1)]), text=HEBREW)
    assert len(whole) == pytest.approx(3.4 * 8000, abs=160)
    shortened = polish(np.concatenate([tone(1), silence(4), tone(1)]), text=HEBREW)
    assert len(shortened) == pytest.approx((1 + 1.5 + 1) * 8000, abs=160)
