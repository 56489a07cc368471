"""Sounds on a telephone line that are not speech to the assistant: noise, keys, bumps, tones, other people."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from bench.ears.recordings import RATE, SPEAKERS, Samples, at_rms, monologue

_DTMF_ROWS = (697, 770, 852, 941)
_DTMF_COLUMNS = (1209, 1336, 1477, 1633)


def noise(colour: str, rms: float, seconds: float, chance: Generator) -> Samples:
    """Steady noise: `white`, `pink` (-3 dB an octave) or `brown` (-6 dB an octave)."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(chance.standard_normal(count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 50.0)
    spectrum /= frequency ** {"white": 0.0, "pink": 0.5, "brown": 1.0}[colour]
    return _at(np.fft.irfft(spectrum, count), rms)


def hum(rms: float, seconds: float) -> Samples:
    """Mains hum: 50 Hz and what a telephone lets through of its harmonics."""
    t = np.arange(round(seconds * RATE)) / RATE
    return _at(np.sum([np.sin(2 * np.pi * 50 * n * t + n) / n for n in (1, 2, 3, 4, 5, 6, 8, 10)], axis=0), rms)


def dtmf(rms: float, seconds: float, chance: Generator) -> Samples:
    """Somebody presses keys: 80 to 250 ms each."""
    track = np.zeros(round(seconds * RATE))
    at = 0.5
    while at < seconds - 0.5:
        length = chance.uniform(0.08, 0.25)
        t = np.arange(round(length * RATE)) / RATE
        key = sum(np.sin(2 * np.pi * chance.choice(group) * t) for group in (_DTMF_ROWS, _DTMF_COLUMNS))
        _add(track, at, key * rms)
        at += length + chance.uniform(0.1, 1.0)
    return track


def tones(rms: float, seconds: float, chance: Generator) -> Samples:
    """Beeps, ringing and notification sounds."""
    track, at = np.zeros(round(seconds * RATE)), 0.5
    while at < seconds - 2.5:
        length = chance.uniform(0.1, 2.0)
        t = np.arange(round(length * RATE)) / RATE
        frequencies = [(425.0,), (440.0, 480.0), (1000.0,), (523.0, 659.0), (880.0, 1320.0), (950.0, 1400.0)]
        beep = sum(np.sin(2 * np.pi * f * t) for f in frequencies[chance.integers(len(frequencies))])
        _add(track, at, beep * np.minimum(1, np.minimum(t, t[::-1]) / 0.005) * rms)
        at += length + chance.uniform(0.3, 2.0)
    return track


def typing(peak: float, seconds: float, chance: Generator) -> Samples:
    """Returns the sound of a keyboard near the telephone: clicks of 5 to 30 ms, five a second in bursts."""
    track, at = np.zeros(round(seconds * RATE)), 0.5
    while at < seconds - 0.5:
        for _ in range(chance.integers(3, 25)):
            t = np.arange(round(chance.uniform(0.005, 0.03) * RATE)) / RATE
            ring = np.sin(2 * np.pi * chance.uniform(800, 3000) * t) + chance.standard_normal(len(t))
            _add(track, at, ring * np.exp(-t / 0.005) * peak * chance.uniform(0.3, 1.0))
            at += chance.uniform(0.06, 0.3)
        at += chance.uniform(0.3, 1.5)
    return track


def bumps(peak: float, seconds: float, chance: Generator) -> Samples:
    """Returns the sounds of a handset that is put down, rubbed or knocked on: dull thuds of 30 to 300 ms."""
    track, at = np.zeros(round(seconds * RATE)), 0.5
    while at < seconds - 0.8:
        t = np.arange(round(chance.uniform(0.03, 0.3) * RATE)) / RATE
        thud = np.sin(2 * np.pi * chance.uniform(60, 250) * t) + 0.4 * chance.standard_normal(len(t))
        _add(track, at, thud * np.exp(-t / chance.uniform(0.02, 0.12)) * peak * chance.uniform(0.3, 1.0))
        at += chance.uniform(0.15, 1.8)
    return track


def babble(rms: float, seconds: float) -> Samples:
    """Five people talk at once, somewhere in the room."""
    voices = [at_rms(monologue(speaker, seconds, seed=50 + n), 1000) for n, speaker in enumerate(SPEAKERS[:5])]
    return _at(np.sum(voices, axis=0), rms)


def _at(samples: Samples, rms: float) -> Samples:
    scaled: Samples = samples * (rms / np.sqrt((samples**2).mean()))
    return scaled


def _add(track: Samples, at_s: float, sound: Samples) -> None:
    start = min(round(at_s * RATE), len(track))
    piece = sound[: len(track) - start]
    track[start : start + len(piece)] += piece
