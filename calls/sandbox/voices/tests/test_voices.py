"""Who speaks, who substitutes, and what the speech endpoint makes of it."""

from __future__ import annotations

import io
import logging
import wave

import numpy as np
import pytest
from openai import AuthenticationError, BadRequestError

from calls.audio import ulaw
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.openai.tests.realtime_client import client_of
from calls.sandbox.voices.babble import BabbleVoice
from calls.sandbox.voices.voices import CannotSpeak, Rendering, VoiceOrSubstitute
from testing import numbered
from testing.numbered import NumberedVoice

pytestmark = pytest.mark.once


class MuteVoice:
    async def speak(self, words: str, *, voice: str) -> Rendering:
        raise CannotSpeak("not these words")


def rms(rendering: Rendering) -> float:
    return float(np.sqrt(np.mean(rendering.samples.astype(float) ** 2)))


async def test_numbered_audio_survives_the_telephone_and_tells_its_place() -> None:
    audio = numbered.audio("Some words.")
    assert (await NumberedVoice().speak("Some words.", voice="marin")).as_ulaw() == audio
    assert len({audio[start : start + 16] for start in range(len(audio) - 16)}) == len(audio) - 16
    assert b"\xff" not in audio
    assert audio[:100] not in numbered.audio("Other words.")
    assert 1500 < ulaw.rms(audio) < 2500


@pytest.mark.parametrize("words", ["שלום, איך אפשר לעזור לכם היום?", "x", "..."])
async def test_the_substitute_is_as_long_and_as_loud_as_speech(words: str) -> None:
    rendering = await BabbleVoice().speak(words, voice="marin")
    assert 300 < rms(rendering) < 3000
    letters = sum(letter.isalpha() for letter in words)
    assert letters * 0.05 < len(rendering.samples) / rendering.rate < letters * 0.15 + 1
    again = await BabbleVoice().speak(words, voice="marin")
    assert np.array_equal(rendering.samples, again.samples)


async def test_a_substitute_takes_over_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    voice = VoiceOrSubstitute(MuteVoice(), BabbleVoice())
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert len((await voice.speak("impossible", voice="marin")).samples)
    assert [record.getMessage() for record in caplog.records] == [
        "Sandbox voice: not these words. A substitute takes its place."
    ]


# The speech endpoint --------------------------------------------------------------------------------
async def test_speech_is_24_khz_pcm_or_wav() -> None:
    async with RealtimeServer(voice=NumberedVoice()) as server:
        speech = client_of(server).audio.speech
        pcm = (await speech.create(model="m", voice="marin", input="Hello.", response_format="pcm")).content
        wav = (await speech.create(model="m", voice="marin", input="Hello.", response_format="wav")).content
    assert len(pcm) == len(numbered.audio("Hello.")) * 3 * 2
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24000, 1, 2)
        assert file.readframes(file.getnframes()) == pcm


async def test_speech_refuses_as_openai_does() -> None:
    async with RealtimeServer(voice=NumberedVoice()) as server:
        speech = client_of(server).audio.speech
        with pytest.raises(BadRequestError) as refused:
            await speech.create(model="m", voice="marin", input="", response_format="pcm")
        assert (refused.value.code, refused.value.param) == ("missing_required_parameter", "input")
        with pytest.raises(BadRequestError) as refused:
            await speech.create(model="m", voice="marin", input="x" * 4097, response_format="pcm")
        assert refused.value.code == "string_above_max_length"
        with pytest.raises(BadRequestError, match="pcm and wav only"):
            await speech.create(model="m", voice="marin", input="x")
        with pytest.raises(AuthenticationError):
            await client_of(server, Authorization="").audio.speech.create(model="m", voice="marin", input="x")
