"""Recorded people and hold music, from Debian's packages (see `fetching`): 8 kHz, 16 bit, mono."""

from __future__ import annotations

import random
import subprocess
import wave
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.ears.fetching import asterisk

Samples = NDArray[np.float64]
"""One channel at 8 kHz, in the scale of 16-bit samples."""

RATE = 8000
SPEAKERS = (
    "en_US_f_Allison",
    "es_MX_f_Allison",
    "fr_CA_f_June",
    "it_IT_m_Carlo",
    "it_IT_f_Menardi",
    "ru_RU_f_IvrvoiceRU",
)
WORD_FOLDERS = ("digits", "letters", "phonetic")
SENTENCES = (
    "Hello, I would like to make an appointment.",
    "When do you open tomorrow?",
    "Could you repeat that, please?",
    "No, that is not what I meant.",
    "How much does it cost?",
    "I need to speak to somebody right now.",
    "Wait, wait, one moment.",
    "Is there parking behind the house?",
    "My name is Daniel, with a D.",
    "Yes, that would be fine, thank you.",
)
SENTENCES_HE = (
    "שלום, אני רוצה לקבוע תור",
    "מתי אתם פותחים מחר",
    "אפשר לחזור על זה בבקשה",
    "לא, לא לזה התכוונתי",
    "כמה זה עולה",
    "אני צריך לדבר עם מישהו עכשיו",
    "רגע, רגע, שנייה",
    "יש חניה ליד הבניין",
    "קוראים לי דניאל",
    "כן, זה מצוין, תודה רבה",
)
WORDS_HE = ("כן", "לא", "אהה", "רגע", "שלום", "תודה", "מה", "סליחה", "הלו", "בסדר")
VOICES_HE = ("he", "he+f3", "he+m3", "he+f5")
"""Debian has no recorded prompts in Hebrew (its Asterisk packages are in six languages), so these are synthetic."""
_LOUD_DB = 36.0
_STEP = 80  # 10 ms


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording of speech. `onset` and `end` are samples: where the voice begins and stops."""

    speaker: str
    name: str
    samples: Samples
    onset: int
    end: int


def sentences(each: int, *, seed: int = 1, longest_s: float = 8.0) -> list[Clip]:
    """Returns so many prompts of every speaker, from 1 second to `longest_s`."""
    return _pick(each, seed, words=False, shortest_s=1.0, longest_s=longest_s)


def words(each: int, *, seed: int = 2) -> list[Clip]:
    """Returns so many single words (digits, letters, code words) of every speaker."""
    return _pick(each, seed, words=True, shortest_s=0.2, longest_s=1.3)


def synthetic(voice: str) -> list[Clip]:
    """Returns ten sentences of an espeak-ng voice."""
    texts = SENTENCES_HE if voice.startswith("he") else SENTENCES
    return [clip for n, text in enumerate(texts) if (clip := _spoken_by_espeak(voice, text, n)) is not None]


def hebrew(count: int) -> list[Clip]:
    """Returns at most so many Hebrew words of espeak-ng's voices: every word before the next voice."""
    spoken = (_spoken_by_espeak(voice, word, n) for voice in VOICES_HE for n, word in enumerate(WORDS_HE))
    return [clip for clip in islice(spoken, count) if clip is not None]


def higher(clip: Clip) -> Clip:
    """Returns the clip six semitones higher and correspondingly faster."""
    faster = 2**0.5
    samples = np.interp(np.arange(0, len(clip.samples) - 1, faster), np.arange(len(clip.samples)), clip.samples)
    return replace(clip, samples=samples, onset=round(clip.onset / faster), end=round(clip.end / faster))


def monologue(speaker: str, seconds: float, *, seed: int = 3) -> Samples:
    """Returns prompts of one speaker in a row, with short pauses between them."""
    chosen = random.Random(seed)
    paths, found, length = _prompts(speaker), [], 0
    while length < seconds * RATE:
        clip = _clip(speaker, chosen.choice(paths))
        if clip is not None and clip.end - clip.onset > RATE // 2:
            pause = np.zeros(chosen.randrange(RATE // 10, RATE // 2))
            found += [clip.samples[clip.onset : clip.end], pause]
            length += clip.end - clip.onset + len(pause)
    return np.concatenate(found)[: round(seconds * RATE)]


def music() -> list[tuple[str, Samples]]:
    """Returns the tracks of hold music."""
    return [(path.stem, _read(path)) for path in sorted((asterisk() / "moh").glob("*.wav"))]


def at_rms(samples: Samples, rms: float) -> Samples:
    """Returns the clip at another level: `rms` of its loud parts (within 30 dB of the loudest 10 ms)."""
    levels = _levels(samples)
    loud = levels[levels > levels.max() * 10 ** (-30 / 20)]
    return samples * float(rms / np.sqrt((loud**2).mean()))


def _pick(each: int, seed: int, *, words: bool, shortest_s: float, longest_s: float) -> list[Clip]:
    chosen, found = random.Random(seed), []
    for speaker in SPEAKERS:
        paths = _words(speaker) if words else _prompts(speaker)
        chosen.shuffle(paths)
        of_speaker: list[Clip] = []
        while len(of_speaker) < each and paths:
            clip = _clip(speaker, paths.pop())
            if clip is not None and shortest_s <= (clip.end - clip.onset) / RATE <= longest_s:
                of_speaker.append(clip)
        found += of_speaker
    return found


def _prompts(speaker: str) -> list[Path]:
    silent = ("beep", "tone", "silence", "ascending", "descending", "confbridge-j", "confbridge-l", "screech")
    return [path for path in sorted(_speaker(speaker).glob("*.wav")) if not any(name in path.stem for name in silent)]


def _words(speaker: str) -> list[Path]:
    return [path for folder in WORD_FOLDERS for path in sorted((_speaker(speaker) / folder).glob("*.wav"))]


def _speaker(speaker: str) -> Path:
    return asterisk() / "sounds" / speaker


def _spoken_by_espeak(voice: str, text: str, number: int) -> Clip | None:
    command = ["espeak-ng", "-v", voice, "--stdout", text]
    spoken = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    at_22k = np.frombuffer(spoken[44:], "<i2").astype(np.float64)
    times = np.arange(0, len(at_22k) - 1, 22050 / RATE)
    kernel = np.sinc(np.arange(-16, 17) * RATE / 22050) * np.hanning(33)  # low-pass against aliasing from above 4 kHz
    return _found(voice, str(number), np.interp(times, np.arange(len(at_22k)), np.convolve(at_22k, kernel, "same")))


def _clip(speaker: str, path: Path) -> Clip | None:
    """Returns a recording with its onset by energy; None if it is silent."""
    return _found(speaker, path.stem, _read(path))


def _found(speaker: str, name: str, samples: Samples) -> Clip | None:
    if len(samples) < RATE // 10 or not samples.any():
        return None
    levels = _levels(samples)
    voiced = levels >= np.percentile(levels, 95) * 10 ** (-_LOUD_DB / 20)
    runs = voiced[:-2] & voiced[1:-1] & voiced[2:]  # 30 ms in a row
    if not runs.any():
        return None
    onset, end = int(runs.argmax()) * _STEP, (len(runs) - int(runs[::-1].argmax()) + 2) * _STEP
    return Clip(speaker, name, samples, onset, min(end, len(samples)))


def _levels(samples: Samples) -> Samples:
    steps = samples[: len(samples) - len(samples) % _STEP].reshape(-1, _STEP)
    found: Samples = np.sqrt((steps**2).mean(axis=1)) + 1e-9
    return found


def _read(path: Path) -> Samples:
    with wave.open(str(path)) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), "<i2").astype(np.float64)
