"""A whole conversation without any API key: a caller with another voice talks to the stand-in, and is understood.

Only the caller is scripted: Whisper hears both sides, and the assistant's rules answer from the business's text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from calls.audio import ulaw
from calls.sandbox.telephone.placed_call import PlacedCall
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from calls.sandbox.voices.joe import JoeModel, JoeVoice
from calls.sandbox.voices.whisper import WhisperModel
from calls.sandbox.voices.worker import Worker
from testing.servers import Daphne, StartDaphne
from testing.stand_in import sandbox
from tests.call_hearing import clears

pytestmark = [
    pytest.mark.once,  # a minute of talk that no database changes
    pytest.mark.realtime,
]

NUMBER = "+15005550006"
INSTRUCTIONS = """\
Opening hours: Sunday to Thursday from 8 in the morning to 6 in the evening, Friday until noon, closed on Saturday.
Address: 12 Garden Street.
"""
GREETING = "Hello, this is the dental clinic."
INTERRUPTS_AFTER = 46_000  # bytes heard: "in the evening" ends at 39,500 or so, "Saturday" begins at 52,000
MOST_ANSWER_S = 4.0  # 1.1 s on a quiet machine (docs/performance.md); tests run on busy ones


def clinic(daphne: StartDaphne, openai: dict[str, str]) -> Daphne:
    server = daphne(beside=None, **openai)
    server.manage(
        *("create_business", "clinic", "--name", "Clinic", "--phone", NUMBER, "--language", "en"),
        *("--greeting", GREETING, "--instructions", INSTRUCTIONS),
    )
    return server


class Caller:
    """A caller who waits until the assistant has finished, says something, and listens to the answer."""

    def __init__(self, call: PlacedCall, voice: JoeVoice) -> None:
        self.call = call
        self.waited_s: list[float] = []
        self._last_words_at: list[float] = []
        self._voice = voice
        self._ears = WhisperModel()

    async def say(self, words: str) -> None:
        """Speak, and wait for the first sound of an answer."""
        spoken = (await self._voice.speak(words, voice="caller")).as_ulaw()
        # The answer may well begin within the silence that the caller's voice puts after the last word.
        last_word_at = self.call.say(spoken).start + last_voice_s(spoken)
        self._last_words_at.append(last_word_at)
        await self.call.until(lambda: self._answered_at(last_word_at) is not None, 20)
        answered_at = self._answered_at(last_word_at)
        assert answered_at is not None
        self.waited_s.append(answered_at - last_word_at)

    def _answered_at(self, after_s: float) -> float | None:
        stretches = self.call.stream.playback.stretches
        starts = (stretch.start / ulaw.SAMPLE_RATE for stretch in stretches)
        return next((start for start in starts if start >= after_s), None)

    def heard(self) -> list[str]:
        """Returns what was heard of the assistant before the caller's first words and after each utterance.

        On a busy machine the voice may pause in the middle of a sentence, so silence doesn't separate utterances.
        """
        track = self.call.stream.playback.track
        utterances = [bytearray() for _ in range(len(self._last_words_at) + 1)]
        for stretch in self.call.stream.playback.stretches:
            spoken = sum(last_word_at <= stretch.start / ulaw.SAMPLE_RATE for last_word_at in self._last_words_at)
            utterances[spoken] += track[stretch.start : stretch.end]
        return [self._ears.transcribe(bytes(each)) for each in utterances]


def last_voice_s(spoken: bytes) -> float:
    """Returns when the last word of an utterance ends, without the silence that voices add."""
    frames = [ulaw.rms(spoken[start : start + 160]) for start in range(0, len(spoken), 160)]
    return 0.02 * (1 + max(place for place, rms in enumerate(frames) if rms > 200))


@asynccontextmanager
async def calling(server: Daphne) -> AsyncIterator[Caller]:
    worker = Worker("caller", JoeModel)
    voice = JoeVoice(worker)
    try:
        async with TwilioPeer(server.url) as twilio, twilio.call(to=NUMBER) as call:
            await call.connected()
            await call.quiet(0.6, timeout_s=30)
            yield Caller(call, voice)
    finally:
        worker.close()


@pytest.mark.timeout(150)
async def test_a_caller_asks_interrupts_asks_again_and_says_goodbye(daphne: StartDaphne) -> None:
    with sandbox() as openai_url:
        server = clinic(daphne, openai_url)
        async with calling(server) as caller:
            call = caller.call
            greeted = call.heard_bytes
            await caller.say("What are your opening hours?")
            await call.until(lambda: call.heard_bytes >= greeted + INTERRUPTS_AFTER)
            await caller.say("Excuse me, where exactly are you located?")
            await call.quiet(1.0)
            await caller.say("Thank you very much.")
            await call.quiet(1.0)
            await caller.say("No, that is all. Goodbye.")
            await call.ended()
        heard = caller.heard()
    greeting, hours, address, welcome, goodbye = heard
    assert "dental clinic" in greeting
    assert "8 in the morning to 6 in the evening" in hours, heard
    assert hours.lower().count("opening hours") == 1, heard
    assert "Saturday" not in hours, "it was interrupted"
    assert "12 Garden Street" in address, heard
    assert "anything else" in welcome, heard
    assert "thank you for calling" in goodbye, heard
    assert len(clears(call)) == 1
    assert call.record.hung_up_by == "server"
    assert max(caller.waited_s) < MOST_ANSWER_S, caller.waited_s
    print("end of speech to answer:", [round(seconds, 2) for seconds in caller.waited_s])  # noqa: T201 - with pytest -s
