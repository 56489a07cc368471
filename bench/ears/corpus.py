"""The corpus: the audio of callers who speak and of callers who don't, labelled by construction."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from bench.ears import recordings, sounds
from bench.ears.recordings import RATE, Clip, Samples, at_rms
from calls.audio import ulaw
from calls.sandbox.telephone.caller_track import Echo

LEAD_S = 2.0
"""The assistant speaks this long before the caller does."""
TAIL_S = 1.0
SYNTHETIC = ("en-us", "en-us+f3", "he", "en-us+whisper")
"""Synthetic voices of espeak-ng, if installed, which detectors don't know."""
LINE_RMS = 12.0
"""A quiet line is never silent."""


@dataclass(frozen=True, slots=True)
class Case:
    """A caller's side of the line (µ-law), while the assistant speaks all the time.

    `onset_s`: when somebody begins to speak to the assistant; None when nobody does.
    """

    group: str
    audio: bytes
    onset_s: float | None = None
    echo: Echo | None = None
    after_s: float = 0.0

    @property
    def minutes(self) -> float:
        """Returns its duration in minutes."""
        return len(self.audio) / RATE / 60


def whole(share: float) -> list[Case]:
    """Returns all cases, with and without speech."""
    return [*speech(share), *silence_kept(share)]


def speech(share: float) -> Iterator[Case]:
    """Returns cases of callers who interrupt. `share` (0 to 1): the part of the corpus to use, for a quick run."""
    chance = np.random.default_rng(7)
    some = recordings.sentences(max(1, round(40 * share)))
    yield from _spoken("speech rms 2000", some, chance, 2000)
    yield from _spoken("quiet speech rms 500", some, chance, 500)
    yield from _spoken("single words", recordings.words(max(1, round(25 * share))), chance, 2000)
    yield from _spoken("quiet single words", recordings.words(max(1, round(25 * share))), chance, 500)
    fewer = some[::2]
    yield from _spoken("in pink noise, 20 dB", fewer, chance, 2000, noise_rms=200)
    yield from _spoken("in pink noise, 10 dB", fewer, chance, 2000, noise_rms=632)
    if shutil.which("sox"):  # GSM coding needs it
        yield from _spoken("GSM coded", fewer, chance, 2000, through=gsm)
    yield from _spoken("5 % of packets lost", fewer, chance, 2000, through=lambda audio: lossy(audio, 0.05, chance))
    yield from _spoken("over an echo of -30 dB", fewer, chance, 2000, echo=Echo(30.0))
    yield from _spoken("over an echo of -20 dB", fewer, chance, 2000, echo=Echo(20.0))
    babble = sounds.babble(300, 30.0)
    yield from _spoken("10 dB over babble", fewer, chance, 949, behind=babble, lead_s=10.0)
    yield from _spoken("16 dB over babble", fewer, chance, 1900, behind=babble, lead_s=10.0)
    television = at_rms(recordings.monologue("it_IT_m_Carlo", 40.0, seed=77), 300)
    yield from _spoken("16 dB over a television", fewer, chance, 1900, behind=television, lead_s=15.0)
    yield from _turned_away("turned away by 12 dB", fewer, chance)


def strangers(share: float) -> Iterator[Case]:
    """Returns other words of the same speakers, under conditions that no threshold was tuned on."""
    chance = np.random.default_rng(11)
    clips = recordings.sentences(max(1, round(8 * share)), seed=101)
    for rms in (300, 800, 6000):
        yield from _spoken(f"other clips, rms {rms}", clips, chance, rms)
    yield from _spoken("a child's pitch", [recordings.higher(clip) for clip in clips], chance, 2000)
    yield from _spoken("clipped, 8 times too loud", clips, chance, 16000, through=clipped)
    if shutil.which("sox"):
        yield from _spoken(
            "GSM and 5 % lost", clips, chance, 2000, through=lambda audio: lossy(gsm(audio), 0.05, chance)
        )
    yield from _spoken("10 % of packets lost", clips, chance, 2000, through=lambda audio: lossy(audio, 0.1, chance))
    yield from _spoken("quiet, over an echo of -30 dB", clips, chance, 500, echo=Echo(30.0))
    yield from _spoken("words of strangers", recordings.words(max(1, round(12 * share)), seed=102), chance, 1000)
    if shutil.which("espeak-ng"):
        for voice in SYNTHETIC:
            yield from _spoken(f"espeak-ng {voice}", recordings.synthetic(voice), chance, 1500)


def live(clips: int) -> list[list[Case]]:
    """Returns strangers' sentences and words for calls in real time, at most so many of each kind."""
    chance = np.random.default_rng(12)
    of_speaker = max(1, clips // len(recordings.SPEAKERS))
    sentences = recordings.sentences(of_speaker, seed=103, longest_s=3.0)
    words = recordings.words(of_speaker, seed=104)
    kinds = [
        _spoken("strangers, rms 2000", sentences, chance, 2000),
        _spoken("quiet strangers, rms 500", sentences, chance, 500),
        _spoken("words of strangers", words, chance, 2000),
        _spoken("quiet words of strangers", words, chance, 500),
    ]
    if shutil.which("espeak-ng"):
        kinds.append(_spoken("Hebrew, espeak-ng", recordings.hebrew(clips), chance, 1500))
    return [list(cases) for cases in kinds]


def silence_kept(share: float) -> Iterator[Case]:
    """Returns cases of sounds in which nobody speaks to the assistant."""
    chance = np.random.default_rng(8)
    minute = 60.0 * share
    for colour, rms in (("white", 300), ("white", 1000), ("pink", 100), ("pink", 500), ("brown", 500)):
        yield _quiet("line noise", sounds.noise(colour, rms, 2 * minute, chance))
    yield _quiet("hum", sounds.hum(300, 2 * minute))
    yield _quiet("DTMF", sounds.dtmf(3000, 3 * minute, chance))
    yield _quiet("tones", sounds.tones(1500, 3 * minute, chance))
    yield _quiet("typing", sounds.typing(6000, 3 * minute, chance))
    yield _quiet("handset bumps", sounds.bumps(9000, 3 * minute, chance))
    for rms in (300, 1200):
        for _name, track in recordings.music():
            yield _quiet("hold music", at_rms(track[: round(len(track) * share)], rms))
    yield _quiet("babble rms 300", sounds.babble(300, 3 * minute))
    yield _quiet("babble, after 5 s", sounds.babble(300, 6 * minute), after_s=5.0)
    for speaker in ("it_IT_m_Carlo", "ru_RU_f_IvrvoiceRU"):
        for rms in (200, 300):
            voice = at_rms(recordings.monologue(speaker, 3 * minute, seed=77), rms)
            yield _quiet("television, after 10 s", voice, after_s=10.0)
    for loss_db in (20.0, 30.0, 40.0):
        for delay_s in (0.06, 0.12, 0.25):
            nothing = np.zeros(round(2 * minute * RATE))
            yield _quiet(f"echo -{loss_db:.0f} dB", nothing, echo=Echo(loss_db, delay_s))


def assistant() -> bytes:
    """Returns the assistant's voice (a speaker who is also a caller, with other words): ten minutes of it."""
    return encode(at_rms(recordings.monologue("en_US_f_Allison", 600.0), 2000))


def quiet_line(seconds: float) -> bytes:
    """Returns the noise of a line on which nobody speaks."""
    return encode(sounds.noise("pink", LINE_RMS, seconds, np.random.default_rng(10)))


def gsm(audio: Samples) -> Samples:
    """Returns the sound after GSM full-rate coding and decoding."""
    raw = np.clip(np.rint(audio), -32768, 32767).astype("<i2").tobytes()
    as_raw = ("-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1", "-")
    coded = subprocess.run(["sox", *as_raw, "-t", "gsm", "-"], input=raw, stdout=subprocess.PIPE, check=True).stdout
    back = subprocess.run(
        ["sox", "-t", "gsm", "-r", "8000", "-", *as_raw], input=coded, stdout=subprocess.PIPE, check=True
    ).stdout
    return np.frombuffer(back, "<i2").astype(np.float64)


def lossy(audio: Samples, share: float, chance: Generator) -> Samples:
    """Returns the sound with some of its 20 ms packets lost."""
    found = audio.copy()
    for start in range(0, len(found), 160):
        if chance.random() < share:
            found[start : start + 160] = 0.0
    return found


def clipped(audio: Samples) -> Samples:
    """Returns the sound as an overdriven microphone distorts it."""
    return np.clip(audio, -8000, 8000) / 2


def encode(audio: Samples) -> bytes:
    """Returns the sound as µ-law."""
    return ulaw.encode(np.clip(np.rint(audio), -32768, 32767).astype(np.int16))


def _spoken(
    group: str,
    clips: list[Clip],
    chance: Generator,
    rms: float,
    *,
    noise_rms: float = LINE_RMS,
    through: Callable[[Samples], Samples] = lambda audio: audio,
    echo: Echo | None = None,
    behind: Samples | None = None,
    lead_s: float = LEAD_S,
) -> Iterator[Case]:
    for clip in clips:
        lead = round(lead_s * RATE) + int(chance.integers(320))  # begins anywhere within a frame
        voice = at_rms(clip.samples, rms)
        track = np.concatenate([np.zeros(lead), voice[clip.onset :], np.zeros(round(TAIL_S * RATE))])
        track += sounds.noise("pink", noise_rms, len(track) / RATE, chance)[: len(track)]
        if behind is not None:
            track += behind[: len(track)]
        yield Case(group, encode(through(track)), onset_s=lead / RATE, echo=echo)


def _turned_away(group: str, clips: list[Clip], chance: Generator) -> Iterator[Case]:
    for first, then in pairwise(clips):
        lead = round(LEAD_S * RATE) + int(chance.integers(320))
        near, far = at_rms(first.samples, 2000)[first.onset : first.end], at_rms(then.samples, 500)[then.onset :]
        wait = np.zeros(round(5.0 * RATE))
        track = np.concatenate([np.zeros(lead), near, wait, far, np.zeros(round(TAIL_S * RATE))])
        track += sounds.noise("pink", LINE_RMS, len(track) / RATE, chance)[: len(track)]
        yield Case(group, encode(track), onset_s=(lead + len(near) + len(wait)) / RATE)


def _quiet(group: str, track: Samples, *, echo: Echo | None = None, after_s: float = 0.0) -> Case:
    chance = np.random.default_rng(9)
    return Case(
        group, encode(track + sounds.noise("pink", LINE_RMS, len(track) / RATE, chance)), echo=echo, after_s=after_s
    )
