"""Trims a rendered greeting, sets its loudness, and refuses audio that can't be these words. Pure."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from calls.audio.ulaw import SAMPLE_RATE
from calls.errors import SpeechFailed, SpeechFault

_FRAME = SAMPLE_RATE // 50  # 20 ms
_AUDIBLE_RMS = 120  # below it a caller hears nothing but line noise
_LEAD_FRAMES, _TAIL_FRAMES = 3, 10  # kept around the words, so that they are not clipped: 60 and 200 ms
_LONGEST_PAUSE_FRAMES = 75  # 1.5 s: a longer hole sounds like a dead line
_SPEECH_RMS = 2500  # the level of ordinary telephone speech as 16-bit samples
_LARGEST_PEAK = 30000.0

_FASTEST_LETTERS_PER_S = 30.0  # hurried speech is about 20; Hebrew, written without vowels, is slower
_SLOWEST_LETTERS_PER_S = 3.5
_SLACK_S = 3.0
_USUAL_LETTERS_PER_S = (7.0, 22.0)
_USUAL_SLACK_S = 2.0
_LETTERS_PER_DIGIT = 6  # "7" is one sign and five letters long


_QUIETEST_RMS = 300  # of the loud parts of a recording; raised to telephone loudness, its noise would be heard
_CLIPPED_AT = 32700
_CLIPPED_SHARE = 0.002  # of all samples: 16 ms in each of eight seconds; a single peak harms nobody


def check_recording(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Returns a person's recording as it is. Raises `SpeechFailed` if it is silent, too quiet, or distorted."""
    energies = _frame_energies(samples)
    if not (energies >= _AUDIBLE_RMS).any():
        raise SpeechFailed(SpeechFault.SILENCE)
    if np.percentile(energies[energies >= _AUDIBLE_RMS], 90) < _QUIETEST_RMS:
        raise SpeechFailed(SpeechFault.TOO_QUIET)
    if np.mean(np.abs(samples.astype(np.int32)) >= _CLIPPED_AT) > _CLIPPED_SHARE:
        raise SpeechFailed(SpeechFault.CLIPPED)
    return samples


def polish(samples: NDArray[np.int16], *, text: str) -> NDArray[np.int16]:
    """Returns the audio of `text` (8 kHz) without long silences, at telephone loudness.

    Raises:
        SpeechFailed: nothing can be heard, or the audio is too long or too short for these words.
    """
    energies = _frame_energies(samples)
    audible = energies >= _AUDIBLE_RMS
    if not audible.any():
        raise SpeechFailed(SpeechFault.SILENCE)
    kept = samples[: len(energies) * _FRAME].reshape(-1, _FRAME)[_worth_hearing(audible)].ravel()
    _check_length(len(kept) / SAMPLE_RATE, text)
    return _at_telephone_loudness(kept, float(np.sqrt(np.mean(energies[audible] ** 2))))


def usual_seconds(text: str) -> tuple[int, int]:
    """Returns how long these words usually last, in whole seconds: at least, and at most."""
    slowest, fastest = _USUAL_LETTERS_PER_S
    return max(1, int(_letters(text) / fastest)), math.ceil(_letters(text) / slowest + _USUAL_SLACK_S)


def _letters(text: str) -> int:
    return len(re.sub(r"[^\w]", "", text)) + (_LETTERS_PER_DIGIT - 1) * len(re.findall(r"\d", text))


def _frame_energies(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    whole = samples[: len(samples) // _FRAME * _FRAME].astype(np.float64).reshape(-1, _FRAME)
    return np.sqrt(np.mean(whole**2, axis=1)) if len(whole) else np.zeros(0)


def _worth_hearing(audible: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Returns which frames stay: from just before the first word to just after the last, long pauses shortened."""
    first, last = int(np.argmax(audible)), len(audible) - int(np.argmax(audible[::-1]))
    keep = np.zeros(len(audible), bool)
    keep[max(0, first - _LEAD_FRAMES) : last + _TAIL_FRAMES] = True
    silent_for = 0
    for position in range(first, last):
        silent_for = 0 if audible[position] else silent_for + 1
        if silent_for > _LONGEST_PAUSE_FRAMES:
            keep[position] = False
    return keep


def _check_length(seconds: float, text: str) -> None:
    shortest = len(re.sub(r"[\W\d]", "", text)) / _FASTEST_LETTERS_PER_S
    longest = _letters(text) / _SLOWEST_LETTERS_PER_S + _SLACK_S
    if seconds < shortest:
        raise SpeechFailed(SpeechFault.TOO_SHORT, seconds=round(seconds, 1), limit=round(shortest, 1))
    if seconds > longest:
        raise SpeechFailed(SpeechFault.TOO_LONG, seconds=round(seconds, 1), limit=round(longest, 1))


def _at_telephone_loudness(samples: NDArray[np.int16], speech_rms: float) -> NDArray[np.int16]:
    peak = float(np.abs(samples.astype(np.int32)).max())
    gain = min(_SPEECH_RMS / speech_rms, _LARGEST_PEAK / peak)
    return np.round(samples * gain).astype(np.int16)
