import wave
from base64 import b64encode

import numpy as np
import pytest

from calls.audio import ulaw
from calls.sandbox.openai.input_audio import InputAudio, SpeechPaused, SpeechStarted, SpeechStopped
from calls.sandbox.openai.vad import EnergyVad, Paused, Started, Stopped
from testing.databases import ROOT

pytestmark = pytest.mark.once

AUDIO = ROOT / "tests" / "audio"
SILENCE = b"\xff"


def recording(name: str) -> bytes:
    with wave.open(str(AUDIO / f"{name}.wav")) as file:
        return ulaw.encode(np.frombuffer(file.readframes(file.getnframes()), "<i2"))


@pytest.mark.parametrize("piece", [160, 33, 4001])
def test_recorded_speech_starts_and_stops_once_however_it_is_cut(piece: int) -> None:
    vad = EnergyVad()
    vad.threshold = 0.82
    audio = SILENCE * 4000 + recording("nobody-is-available") + SILENCE * 8000
    edges = [edge for start in range(0, len(audio), piece) for edge in vad.feed(audio[start : start + piece])]
    started, *pauses, stopped = edges
    assert isinstance(started, Started)
    assert isinstance(stopped, Stopped)
    assert pauses
    assert set(pauses) == {Paused()}
    assert 500 <= started.at_ms <= 700
    assert 3000 <= stopped.at_ms <= 3800


def test_a_click_is_no_speech() -> None:
    vad = EnergyVad()
    assert vad.feed(SILENCE * 1600 + b"\x00" * 300 + SILENCE * 8000) == []


def test_quiet_speech_counts_at_half_but_not_at_a_high_threshold() -> None:
    samples = ulaw.decode(recording("hello"))
    quiet = ulaw.encode((samples * (300 / 4000)).astype(np.int16)) + SILENCE * 8000
    for threshold, expected in ((0.5, [Started, Paused, Stopped]), (0.97, [])):
        vad = EnergyVad()
        vad.threshold = threshold
        assert [type(edge) for edge in vad.feed(quiet)] == expected


def test_every_silence_of_200_ms_in_speech_is_a_pause() -> None:
    vad = EnergyVad()
    loud, short, long = b"\x90\x10" * 400, SILENCE * 1440, SILENCE * 1600
    assert vad.feed(loud + short) == [Started(0)]
    assert vad.feed(loud + long) == [Paused()]
    assert vad.feed(SILENCE * 800) == []
    assert vad.feed(loud + long) == [Paused()]
    assert [type(edge) for edge in vad.feed(SILENCE * 2400)] == [Stopped]
    vad.silence_duration_ms = 200
    assert [type(edge) for edge in vad.feed(loud + long)] == [Started, Stopped], "the turn is over, no sooner"


def test_a_turn_has_its_prefix_and_all_of_its_speech() -> None:
    audio = InputAudio()
    audio.configure({"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500})
    speech = recording("hello")
    started, paused, stopped = audio.append({"audio": b64encode(SILENCE * 8000 + speech + SILENCE * 8000).decode()})
    assert isinstance(started, SpeechStarted)
    assert isinstance(paused, SpeechPaused)
    assert isinstance(stopped, SpeechStopped)
    assert stopped.said == paused.said
    assert 700 <= started.audio_start_ms <= 800
    assert speech in stopped.audio
