"""The speech detector, on real recordings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from calls.audio import ears, ulaw
from calls.audio.ears import MOST_GAIN, Ear, Gain
from calls.audio.silero import CONTEXT, WINDOW
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


def heard(audio: bytes, ear: Ear | None = None) -> list[float | None]:
    ear = ear or Ear()
    return [ears.hear(ear, audio[start : start + 160], wanted=True) for start in range(0, len(audio) - 159, 160)]


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
    ear, other = Ear(), Ear()
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
    together = [Ear() for _track in tracks]
    answers: list[list[float | None]] = [[] for _track in tracks]
    for start in range(0, shortest - 159, 160):
        pieces = [track[start : start + 160] for track in tracks]
        for ear, piece in zip(together, pieces, strict=True):
            ear.take(piece, wanted=True)
        ears.judge(together)
        for said, ear in zip(answers, together, strict=True):
            said.append(ear.probability)
    for one, other in zip(alone, answers, strict=True):
        assert max(abs((a or 0.0) - (b or 0.0)) for a, b in zip(one, other, strict=True)) <= 0.01


def test_pieces_of_any_length_are_heard_alike() -> None:
    audio = speech("one-moment-please")
    ear = Ear()
    pieces = [ears.hear(ear, audio[start : start + 256], wanted=True) for start in range(0, len(audio) - 255, 256)]
    after_windows = [p for number, p in enumerate(heard(audio)) if (number + 1) * 160 % 1280 == 0]
    assert after_windows == pieces[4::5]


def test_a_voice_after_a_silence_is_heard_as_if_nobody_had_spoken_before() -> None:
    silence, second = ulaw.SILENCE * (48 * 1280), speech("not-in-service")  # whole windows and whole frames
    first = speech("not-in-service")[8960:16640]
    assert heard(first + silence + second)[-len(second) // 160 :] == heard(silence + second)[-len(second) // 160 :]


def test_a_voice_is_known_although_nobody_asked_about_what_came_before() -> None:
    ear, before = Ear(), noise(4.0, rms=10)
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
    ear = Ear()
    asked: list[float] = []
    monkeypatch.setattr(ear, "judged", lambda probability, _rms: asked.append(probability))
    for _ in range(5000):
        ears.hear(ear, ulaw.SILENCE * 160, wanted=False)
    assert len(ear._heard) <= CONTEXT + ears._LONGEST + WINDOW
    ears.hear(ear, ulaw.SILENCE * 160, wanted=True)
    assert len(asked) <= ears.MOST_WINDOWS + 1


def test_windows_that_waited_are_judged_as_if_each_had_been_judged_at_once() -> None:
    audio = ulaw.SILENCE * 4000 + speech("hello")
    late = Ear()
    for end in range(160, 4001, 160):
        late.take(audio[end - 160 : end], wanted=True)
        if end % 480 == 0:
            ears.judge([late])
    assert heard(audio[4000:], late)[3:] == heard(audio)[28:]
