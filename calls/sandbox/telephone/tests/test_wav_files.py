import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from calls.audio import ulaw
from calls.sandbox.telephone import wav_files

pytestmark = pytest.mark.once


def write(path: Path, samples: NDArray[Any], *, rate: int, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def tone(rate: int) -> NDArray[np.float64]:
    return np.sin(np.arange(rate) * 2 * np.pi * 440 / rate) * 0.3


@pytest.mark.parametrize(("rate", "width"), [(8000, 2), (44100, 2), (16000, 4), (22050, 1)])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_width_becomes_telephone_audio(tmp_path: Path, rate: int, width: int, channels: int) -> None:
    mono = tone(rate)
    samples = {1: (mono * 127 + 128).astype("u1"), 2: (mono * 32767).astype("<i2"), 4: (mono * 2**31).astype("<i4")}
    path = write(tmp_path / "t.wav", np.repeat(samples[width], channels), rate=rate, width=width, channels=channels)
    audio = wav_files.read_as_ulaw(path)
    assert abs(len(audio) - 8000) <= 2
    assert 6500 < ulaw.rms(audio) < 7400


def test_both_sides_are_written(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    wav_files.write_stereo(path, left=b"\x10" * 4, right=b"\x20" * 2)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        both = np.frombuffer(file.readframes(9), "<i2").reshape(-1, 2)
    assert ulaw.encode(np.ascontiguousarray(both[:, 0])) == b"\x10" * 4
    assert both[2:, 1].tolist() == [0, 0]


def test_what_is_no_sound_is_refused_with_advice(tmp_path: Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("words")
    with pytest.raises(wav_files.BadWav, match="sox"):
        wav_files.read_as_ulaw(text)
    with pytest.raises(wav_files.BadWav, match="No such file"):
        wav_files.read_as_ulaw(tmp_path / "none.wav")
    with pytest.raises(wav_files.BadWav, match="24-bit"):
        wav_files.read_as_ulaw(write(tmp_path / "24.wav", np.zeros(6, "u1"), rate=8000, width=3))
    with pytest.raises(wav_files.BadWav, match="no sound"):
        wav_files.read_as_ulaw(write(tmp_path / "empty.wav", np.zeros(0, "<i2"), rate=8000))
