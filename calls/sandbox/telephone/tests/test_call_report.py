import json

import pytest

from calls.sandbox.telephone import call_report
from calls.sandbox.telephone.call_report import Answer, BargeIn
from calls.sandbox.telephone.caller_track import Span
from calls.sandbox.telephone.media_stream import LineConditions, MediaStream, TwilioIds
from calls.sandbox.telephone.tests.test_media_stream import CLEAR, media

pytestmark = pytest.mark.once

VOICE = b"\x10\x90" * 4000  # 1 s, loud
PAUSE = b"\xff" * 1600


class Trial:
    """A stream, driven by the clock of the test."""

    def __init__(self) -> None:
        self.stream = MediaStream(TwilioIds("AC1", "CA1", "MZ1"), {}, LineConditions())

    def until(self, end: float) -> None:
        frame = len(self.stream.record.lateness_s)
        while frame * 0.02 <= end:
            self.stream.tick(frame * 0.02)
            frame += 1

    def assistant(self, audio: bytes, at: float) -> None:
        self.until(at)
        self.stream.receive(media(audio), at)

    def caller(self, audio: bytes, at: float) -> None:
        self.until(at)
        self.stream.caller.say(audio)


def test_greeting_question_answer() -> None:
    trial = Trial()
    trial.assistant(VOICE, 0.5)
    trial.caller(PAUSE + VOICE + PAUSE, 1.98)  # voice from 2.2 s to 3.2 s
    trial.assistant(VOICE, 4.0)
    trial.assistant(VOICE, 5.5)  # half a second later: the same utterance
    trial.until(8)
    figures = call_report.report(trial.stream)
    assert figures.greeting == Span(0.5, 1.5)
    assert figures.said == [Span(2.2, 3.2)]
    assert figures.heard == [Span(0.5, 1.5), Span(4.0, 6.5)]
    assert figures.answers == [Answer(4.0, 0.8)]
    assert figures.barge_ins == []
    assert list(call_report.lines(figures)) == [
        "   0.50 s  assistant  greeting heard until 1.50 s (1.00 s)",
        "   2.20 s  caller     speaks until 3.20 s",
        "   4.00 s  assistant  answer heard until 6.50 s (2.50 s), 0.80 s after the caller",
        "   8.02 s  call ends; the caller's frames were at most 0.0 ms late",
    ]


def test_an_interruption() -> None:
    trial = Trial()
    trial.assistant(VOICE * 5, 0.5)
    trial.caller(VOICE, 1.98)  # from 2.0 s
    trial.until(2.1)
    trial.stream.receive(CLEAR, 2.12)
    trial.assistant(VOICE, 2.5)  # soon, but after a clear: another utterance
    trial.until(5)
    figures = call_report.report(trial.stream)
    assert figures.barge_ins == [BargeIn(2.0, 2.12, 2.12)]
    assert figures.heard == [Span(0.5, 2.12), Span(2.5, 3.5)]
    assert "interrupts: first voiced frame → clear 120 ms → silence 120 ms" in "\n".join(call_report.lines(figures))


def test_talking_over_an_assistant_that_goes_on() -> None:
    trial = Trial()
    trial.assistant(VOICE * 5, 0.5)
    trial.caller(VOICE, 1.98)
    trial.until(7)
    figures = call_report.report(trial.stream)
    assert figures.barge_ins == [BargeIn(2.0, None, None)]
    assert "which goes on" in "\n".join(call_report.lines(figures))


def test_silence_is_nobodys_voice() -> None:
    trial = Trial()
    trial.caller(PAUSE, 0.5)
    trial.until(3)
    figures = call_report.report(trial.stream)
    assert (figures.said, figures.heard, figures.greeting) == ([], [], None)
    assert json.dumps(figures.seconds) == "3.02"
