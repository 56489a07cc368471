"""A substitute for speech: vowel-like babble as long as the words would take, marked by a two-tone signal before it.

It has the rhythm, the pitch movement and the formants of a voice, so that levels, interruptions and echoes behave as
with a real one, and nobody can take it for words.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from calls.sandbox.voices.voices import Rendering

_RATE = 8000
_SECONDS_PER_LETTER = 0.085  # about 12 letters a second: Hebrew is written with few vowels
_LETTERS_PER_SYLLABLE = 2
_LOUDNESS_RMS = 2000
_NO_HEBREW = "[צליל חלופי: למנוע הניסיון אין קול בעברית]"
_NO_VOICE = "[a substitute sound: the stand-in has no voice for this]"
_SIGNAL_S = 0.12
# First and second formants in Hz of the vowels a, e, i, o, u.
_FORMANTS = np.array([(730, 1090), (530, 1840), (270, 2290), (570, 840), (300, 870)])
_FORMANT_WIDTH_HZ = 180.0


class BabbleVoice:
    """Can say anything, in no language. The same words always sound the same."""

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        chance = np.random.default_rng(zlib.crc32(f"{voice}|{words}".encode()))
        phrases = [_signal()]
        for word in words.split():
            phrases += [_word(word, chance, pitch_hz=110 + zlib.crc32(voice.encode()) % 90), _silence(0.06)]
            if word[-1] in ".,:;?!":
                phrases.append(_silence(0.25))
        return Rendering(np.concatenate(phrases).astype(np.int16), _RATE, remark=_remark(words))


def _remark(words: str) -> str:
    return _NO_HEBREW if any("א" <= letter <= "ת" for letter in words) else _NO_VOICE


def _silence(seconds: float) -> NDArray[np.float64]:
    return np.zeros(round(seconds * _RATE))


def _signal() -> NDArray[np.float64]:
    """Two short tones: what follows is a substitute."""
    time = np.arange(round(_SIGNAL_S * _RATE)) / _RATE
    tones = [np.sin(2 * np.pi * hertz * time) * np.hanning(len(time)) * 1500 for hertz in (880, 660)]
    return np.concatenate([*tones, _silence(0.1)])


def _word(word: str, chance: np.random.Generator, *, pitch_hz: float) -> NDArray[np.float64]:
    letters = sum(character.isalnum() for character in word)
    syllables = max(1, letters // _LETTERS_PER_SYLLABLE)
    length = round(max(letters, 1) * _SECONDS_PER_LETTER * _RATE / syllables)
    return np.concatenate([_syllable(length, chance, pitch_hz) for _ in range(syllables)])


def _syllable(length: int, chance: np.random.Generator, pitch_hz: float) -> NDArray[np.float64]:
    """A vowel: the harmonics of a gliding pitch, each as loud as the formants let it be."""
    start, end = pitch_hz * chance.uniform(0.85, 1.2, size=2)
    pitch = np.linspace(start, end, length)
    phase = 2 * np.pi * np.cumsum(pitch) / _RATE
    harmonics = np.arange(1, int(3400 / max(start, end)) + 1)
    distances = np.abs(harmonics[:, None] * pitch_hz - _FORMANTS[chance.integers(len(_FORMANTS))])
    gains = np.exp(-((distances / _FORMANT_WIDTH_HZ) ** 2)).sum(axis=1) + 0.05
    wave: NDArray[np.float64] = gains @ np.sin(harmonics[:, None] * phase) * np.hanning(length)
    wave *= _LOUDNESS_RMS / max(float(np.sqrt(np.mean(wave**2))), 1e-9)
    return wave
