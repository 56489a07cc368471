"""A substitute for speech: vowel-like babble as long as the words would take, with a two-tone signal before it.

It has the rhythm, the pitch movement and the formants of a voice, so that levels, interruptions and echoes behave as
with a real one, and nobody can take it for words.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from calls.sandbox.voices.voices import Rendering

_RATE = 8000
_SYLLABLE_S = 0.17  # two letters: Hebrew is written with few vowels
_LOUDNESS_RMS = 2000
_SIGNAL_S = 0.12
_NO_HEBREW = "[צליל חלופי: למנוע הניסיון אין קול בעברית]"
_NO_VOICE = "[a substitute sound: the stand-in has no voice for this]"
# First and second formants in Hz of the vowels a, e, i, o, u.
_FORMANTS = np.array([(730, 1090), (530, 1840), (270, 2290), (570, 840), (300, 870)])
_FORMANT_WIDTH_HZ = 180.0


class BabbleVoice:
    """Can say anything, in no language. The same words always sound the same."""

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        chance = np.random.default_rng(zlib.crc32(f"{voice}|{words}".encode()))
        pitch_hz = 110 + zlib.crc32(voice.encode()) % 90
        sounds = [*(_tone(hertz) for hertz in (880, 660)), _silence(0.1)]
        for word in words.split():
            letters = sum(character.isalnum() for character in word)
            sounds += [_syllable(chance, pitch_hz) for _ in range(max(1, letters // 2))]
            sounds.append(_silence(0.31 if word[-1] in ".,:;?!" else 0.06))
        remark = _NO_HEBREW if any("א" <= letter <= "ת" for letter in words) else _NO_VOICE
        return Rendering(np.concatenate(sounds).astype(np.int16), _RATE, remark)


def _silence(seconds: float) -> NDArray[np.float64]:
    return np.zeros(round(seconds * _RATE))


def _tone(hertz: float) -> NDArray[np.float64]:
    time = np.arange(round(_SIGNAL_S * _RATE)) / _RATE
    tone: NDArray[np.float64] = np.sin(2 * np.pi * hertz * time) * np.hanning(len(time)) * 1500
    return tone


def _syllable(chance: np.random.Generator, pitch_hz: float) -> NDArray[np.float64]:
    """Returns a vowel: the harmonics of a gliding pitch, each as loud as the formants let it be."""
    start, end = pitch_hz * chance.uniform(0.85, 1.2, size=2)
    pitch = np.linspace(start, end, round(_SYLLABLE_S * _RATE))
    harmonics = np.arange(1, int(3400 / max(start, end)) + 1)[:, None]
    distances = np.abs(harmonics * pitch_hz - _FORMANTS[chance.integers(len(_FORMANTS))])
    gains = np.exp(-((distances / _FORMANT_WIDTH_HZ) ** 2)).sum(axis=1) + 0.05
    phase = 2 * np.pi * np.cumsum(pitch) / _RATE
    wave: NDArray[np.float64] = gains @ np.sin(harmonics * phase) * np.hanning(len(pitch))
    wave *= _LOUDNESS_RMS / float(np.sqrt(np.mean(wave**2)))
    return wave
