"""The speech detector and what serves without it, on real recordings."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from calls.audio import detector, ears, ulaw
from calls.audio.detector import CONTEXT, WINDOW
from calls.audio.ears import MOST_GAIN, Gain, NeuralEar, ToneEar
from calls.sandbox.telephone import wav_files

pytestmark = pytest.mark.once

Samples = NDArray[np.float32]
AUDIO = Path(__file__).resolve().parents[2] / "tests" / "audio"
RECORDINGS = ("hello", "one-moment-please", "nobody-is-available", "not-in-service")


def speech(name: str) -> bytes:
    return wav_files.read_as_ulaw(AUDIO / f"{name}.wav")


def noise(seconds: float, rms: float = 1000) -> bytes:
    samples = np.random.default_rng(1).standard_normal(round(seconds * 8000)) * rms
    return ulaw.encode(np.clip(samples, -32768, 32767).astype(np.int16))


def tone(*frequencies: float, seconds: float = 1.0) -> bytes:
    t = np.arange(round(seconds * 8000)) / 8000
    wave = sum(np.sin(2 * np.pi * frequency * t) for frequency in frequencies) * 3000
    return ulaw.encode(np.asarray(wave).astype(np.int16))


def heard(audio: bytes, ear: ears.Ear | None = None) -> list[float | None]:
    ear = ear or ears.new_ear()
    return [ears.hear(ear, audio[start : start + 160], wanted=True) for start in range(0, len(audio) - 159, 160)]


@pytest.fixture
def detector_missing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    detector.installed.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    yield
    detector.installed.cache_clear()


@pytest.mark.parametrize("name", RECORDINGS)
def test_people_are_heard(name: str) -> None:
    probabilities = heard(ulaw.SILENCE * 8000 + speech(name))
    assert max(p for p in probabilities[:45] if p is not None) < 0.25
    assert sum(p is not None and p >= 0.9 for p in probabilities) >= 10


def louder(audio: bytes, factor: float) -> bytes:
    return ulaw.encode(np.clip(ulaw.decode(audio) * factor, -32768, 32767).astype(np.int16))


def test_people_who_speak_softly_are_heard_as_surely() -> None:
    def sure_frames(factor: float) -> int:
        tracks = [ulaw.SILENCE * 8000 + louder(speech(name), factor) for name in RECORDINGS]
        return sum(p is not None and p >= 0.9 for track in tracks for p in heard(track))

    assert sure_frames(1 / 32) >= 0.95 * sure_frames(1)


def windows(*audio: bytes) -> Iterator[tuple[Samples, Samples]]:
    """Each window of the audio with its context, and what the detector gets of it."""
    gain, whole = Gain(), ulaw.SILENCE * CONTEXT + b"".join(audio)
    for start in range(0, len(whole) - CONTEXT - WINDOW + 1, WINDOW):
        window = ulaw.decode_to_unit(whole[start : start + CONTEXT + WINDOW])
        yield window, window * np.float32(gain.next(float(np.sqrt(np.mean(window[CONTEXT:] ** 2))) * 32768))


@given(st.lists(st.tuples(st.binary(min_size=WINDOW, max_size=WINDOW), st.floats(0, 1)), max_size=40))
def test_evened_audio_is_never_louder_than_full_scale_nor_softer_than_it_was(pieces: list[tuple[bytes, float]]) -> None:
    for window, evened in windows(*(louder(piece, factor) for piece, factor in pieces)):
        assert np.abs(evened).max() <= max(1.05, np.abs(window).max())
        assert (np.abs(evened) >= np.abs(window)).all()
        assert (np.abs(evened) <= np.abs(window) * MOST_GAIN * 1.001).all()


def test_a_noisy_line_is_left_as_it_is() -> None:
    for window, evened in list(windows(noise(3.0, rms=200)))[2:]:
        assert (evened == window).all()


@pytest.mark.parametrize("audio", [noise(3.0), tone(697, 1209), tone(440), tone(440, 480), ulaw.SILENCE * 8000])
def test_noise_and_tones_are_nobody(audio: bytes) -> None:
    assert max(p for p in heard(audio) if p is not None) < 0.25


def test_calls_do_not_hear_each_other() -> None:
    alone = heard(speech("hello"))
    ear, other = ears.new_ear(), ears.new_ear()
    audio, noises = speech("hello"), noise(1.0)
    together = []
    for start in range(0, len(audio) - 159, 160):
        together.append(ears.hear(ear, audio[start : start + 160], wanted=True))
        ears.hear(other, noises[start % 7840 : start % 7840 + 160], wanted=True)
    assert together == alone


def test_many_calls_judged_at_once_are_heard_as_each_alone() -> None:
    tracks = [ulaw.SILENCE * 2000 + louder(speech(name), factor) for name in RECORDINGS for factor in (1, 0.25)]
    shortest = min(map(len, tracks)) // WINDOW * WINDOW
    alone = [heard(track[:shortest]) for track in tracks]
    together = [ears.new_ear() for _track in tracks]
    answers: list[list[float | None]] = [[] for _track in tracks]
    for start in range(0, shortest - 159, 160):
        pieces = [track[start : start + 160] for track in tracks]
        taken = [ear.take(piece, wanted=True) for ear, piece in zip(together, pieces, strict=True)]
        ears.judge([ear for ear in taken if ear])
        for said, ear in zip(answers, together, strict=True):
            said.append(ear.probability)
    for one, other in zip(alone, answers, strict=True):
        assert max(abs((a or 0.0) - (b or 0.0)) for a, b in zip(one, other, strict=True)) <= 0.01


def test_pieces_of_any_length_are_heard_alike() -> None:
    audio = speech("one-moment-please")
    ear = ears.new_ear()
    assert isinstance(ear, NeuralEar)
    pieces = [ears.hear(ear, audio[start : start + 256], wanted=True) for start in range(0, len(audio) - 255, 256)]
    after_windows = [p for number, p in enumerate(heard(audio)) if (number + 1) * 160 % 1280 == 0]
    assert after_windows == pieces[4::5]


def test_a_voice_after_a_silence_is_heard_as_if_nobody_had_spoken_before() -> None:
    silence, second = ulaw.SILENCE * (48 * 1280), speech("not-in-service")  # whole windows and whole frames
    first = speech("not-in-service")[8960:16640]
    assert heard(first + silence + second)[-len(second) // 160 :] == heard(silence + second)[-len(second) // 160 :]


def test_a_voice_is_known_although_nobody_asked_about_what_came_before() -> None:
    ear, before = ears.new_ear(), noise(4.0, rms=10)
    for start in range(0, len(before), 160):
        assert ears.hear(ear, before[start : start + 160], wanted=False) is None
    probabilities = heard(speech("hello"), ear)
    first_sure = next(number for number, p in enumerate(probabilities) if p is not None and p >= 0.9)
    always_asked = next(
        number
        for number, p in enumerate(heard(ulaw.SILENCE * 8000 + speech("hello"))[50:])
        if p is not None and p >= 0.9
    )
    assert abs(first_sure - always_asked) <= 2


def test_what_nobody_asked_about_costs_no_memory_and_no_time_later(monkeypatch: pytest.MonkeyPatch) -> None:
    ear = ears.new_ear()
    asked: list[float] = []
    assert isinstance(ear, NeuralEar)
    monkeypatch.setattr(ear, "judged", asked.append)
    for _ in range(5000):
        ears.hear(ear, ulaw.SILENCE * 160, wanted=False)
    assert len(ear._heard) <= CONTEXT + ears._LONGEST + WINDOW
    ears.hear(ear, ulaw.SILENCE * 160, wanted=True)
    assert len(asked) <= ears.MOST_WINDOWS + 1


@pytest.mark.usefixtures("detector_missing")
def test_without_the_library_tones_are_nobody_and_the_rest_is_for_loudness() -> None:
    ear = ears.new_ear()
    assert isinstance(ear, ToneEar)
    assert set(heard(speech("hello"), ear)) == {None}
    assert set(heard(tone(770, 1336), ear)) == {0.0}
    assert ears.hear(ear, tone(770, 1336)[:160], wanted=False) is None


@pytest.mark.usefixtures("detector_missing")
def test_a_process_without_the_library_says_so_at_its_start() -> None:
    (remark,) = ears.remarks()
    assert "No speech detector" in remark


def test_a_process_with_it_has_nothing_to_say() -> None:
    assert ears.remarks() == []


@pytest.fixture
def detector_on_its_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """A thread that loads it, and waits before that until it is let."""
    detector.installed.cache_clear()
    monkeypatch.setattr(detector._Soon, "begun", False)
    monkeypatch.setattr(detector._Soon, "over", False)
    may_load, load = threading.Event(), detector._load

    def wait_and_load() -> None:
        may_load.wait(10)
        load()

    monkeypatch.setattr(detector, "_load", wait_and_load)
    detector.load_soon()
    (thread,) = (each for each in threading.enumerate() if each.name == "speech detector")

    def arrive() -> None:
        may_load.set()
        thread.join(10)

    yield arrive
    arrive()
    detector.installed.cache_clear()


def test_until_the_detector_is_loaded_nobody_can_tell_and_then_it_hears_what_was_said_before(
    detector_on_its_way: Callable[[], None],
) -> None:
    audio = speech("hello")
    ear = ears.new_ear()
    assert set(heard(audio[:2400], ear)) == {None}
    detector_on_its_way()
    later = heard(audio[2400:], ear)
    assert later[:20] == heard(audio)[15:35]


def test_when_it_can_not_be_loaded_nobody_can_tell_and_later_calls_know(
    detector_on_its_way: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = ears.new_ear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    detector_on_its_way()
    assert set(heard(speech("hello"), ear)) == {None}
    assert isinstance(ears.new_ear(), ToneEar)


def test_a_detector_that_is_loaded_is_not_loaded_again() -> None:
    loaded = detector.installed()
    detector.load_soon()
    assert not detector.is_on_its_way()
    assert detector.installed() is loaded
