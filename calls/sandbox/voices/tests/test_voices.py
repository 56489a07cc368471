"""Who speaks, who substitutes, and what the speech endpoint makes of it."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import wave

import numpy as np
import pytest
from openai import AuthenticationError, BadRequestError

from calls.conversation import ulaw
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.openai.tests.realtime_client import client_of
from calls.sandbox.voices.babble import BabbleVoice
from calls.sandbox.voices.pico import PicoVoice
from calls.sandbox.voices.voices import CachedVoice, CannotSpeak, FirstAbleVoice, Rendering
from testing import numbered
from testing.numbered import NumberedVoice

pytestmark = pytest.mark.once

needs_pico = pytest.mark.skipif(sys.platform != "linux", reason="Pico comes for Linux only")


class CountingVoice:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def speak(self, words: str, *, voice: str) -> Rendering:
        self.asked.append(words)
        await asyncio.sleep(0)
        if words == "impossible":
            raise CannotSpeak("not these words")
        return await NumberedVoice().speak(words, voice=voice)


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


@needs_pico
async def test_pico_speaks_english_and_says_that_it_has_no_hebrew() -> None:
    pico = PicoVoice()
    rendering, other = await asyncio.gather(
        pico.speak("When are you open?", voice="marin"), pico.speak("When are you open?", voice="caller")
    )
    assert 0.8 < len(rendering.samples) / rendering.rate < 2
    assert 1000 < rms(rendering) < 5000
    assert not np.array_equal(rendering.samples, other.samples), "the caller's voice is another one"
    with pytest.raises(CannotSpeak, match="Hebrew"):
        await pico.speak("שלום", voice="marin")
    await pico.close()


@needs_pico
async def test_pico_speaks_again_after_its_process_was_killed() -> None:
    pico = PicoVoice()
    await pico.speak("One.", voice="marin")
    await pico.close()
    assert len((await pico.speak("Two.", voice="marin")).samples)
    await pico.close()


async def test_a_substitute_takes_over_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    voice = FirstAbleVoice(CountingVoice(), BabbleVoice())
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert len((await voice.speak("impossible", voice="marin")).samples)
    assert [record.getMessage() for record in caplog.records] == [
        "Sandbox voice: not these words. A substitute takes its place."
    ]


async def test_the_same_words_are_rendered_once() -> None:
    counting = CountingVoice()
    voice = CachedVoice(counting)
    await asyncio.gather(*(voice.speak("hello", voice="marin") for _ in range(3)))
    await voice.speak("hello", voice="marin")
    await voice.speak("hello", voice="cedar")
    assert counting.asked == ["hello", "hello"]
    for _ in range(2):
        with pytest.raises(CannotSpeak):
            await voice.speak("impossible", voice="marin")
    assert counting.asked.count("impossible") == 2, "a failure is not kept"


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
