"""What a simulated call was like for its caller: who was heard when, and how fast the assistant was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calls.audio import ulaw
from calls.audio.ulaw import SAMPLE_RATE
from calls.sandbox.telephone.caller_track import FRAME_BYTES, FRAME_S, Span
from calls.sandbox.telephone.media_stream import MediaStream

_VOICED_RMS = 200
_PAUSE_S = 0.7  # a shorter silence is a pause within one utterance


@dataclass(frozen=True, slots=True)
class Answer:
    """The assistant's voice after the caller's; `latency_s` from the caller's last voiced frame to its first byte."""

    start: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The caller spoke while hearing the assistant. Times in seconds since the stream opened, None: never.

    `voice` is the start of the first voiced frame, `clear` when Twilio was told to stop, `silence` when the caller
    heard the last of it.
    """

    voice: float
    clear: float | None
    silence: float | None


@dataclass(frozen=True, slots=True)
class CallReport:
    """A call in figures. `heard` and `said` are utterances; the greeting is what was heard before the caller spoke."""

    heard: list[Span]
    said: list[Span]
    greeting: Span | None
    answers: list[Answer]
    barge_ins: list[BargeIn]
    seconds: float
    worst_lateness_ms: float
    """How late the caller's frames left at worst: a busy machine, not the assistant."""


def report(stream: MediaStream) -> CallReport:
    """Returns the figures of a stream that is over."""
    heard = utterances(stream)
    said = [span for each in stream.caller.said if (span := _voiced(stream, each))]
    first = said[0].start if said else float("inf")
    return CallReport(
        heard=heard,
        said=said,
        greeting=heard[0] if heard and heard[0].start < first else None,
        answers=[answer for index, span in enumerate(said) if (answer := _answer(span, said[index + 1 :], heard))],
        barge_ins=[barge_in for span in said if (barge_in := _barge_in(span, heard, stream))],
        seconds=len(stream.caller.track) / SAMPLE_RATE,
        worst_lateness_ms=round(max(stream.record.lateness_s, default=0.0) * 1000, 1),
    )


def lines(figures: CallReport) -> Iterator[str]:
    """Returns the report as lines for people, in the order of events."""
    events = [(span.start, _heard_line(span, figures)) for span in figures.heard]
    events += [(span.start, f"caller     speaks until {span.end:.2f} s") for span in figures.said]
    events += [(barge_in.voice, _barge_in_line(barge_in)) for barge_in in figures.barge_ins]
    for at, text in sorted(events):
        yield f"{at:7.2f} s  {text}"
    yield f"{figures.seconds:7.2f} s  call ends; the caller's frames were at most {figures.worst_lateness_ms} ms late"


def _heard_line(span: Span, figures: CallReport) -> str:
    length = f"heard until {span.end:.2f} s ({span.end - span.start:.2f} s)"
    if span == figures.greeting:
        return f"assistant  greeting {length}"
    answer = next((each for each in figures.answers if each.start == span.start), None)
    return (
        f"assistant  answer {length}, {answer.latency_s:.2f} s after the caller" if answer else f"assistant  {length}"
    )


def _barge_in_line(barge_in: BargeIn) -> str:
    if barge_in.clear is None or barge_in.silence is None:
        return "caller     talks over the assistant, which goes on"
    to_clear, to_silence = (round((at - barge_in.voice) * 1000) for at in (barge_in.clear, barge_in.silence))
    return f"caller     interrupts: first voiced frame → clear {to_clear} ms → silence {to_silence} ms"


def utterances(stream: MediaStream) -> list[Span]:
    """Returns stretches of sound, joined over short pauses, but not over a `clear`."""
    clears = [message.at for message in stream.record.messages if message.kind == "clear"]
    found: list[Span] = []
    for stretch in stream.playback.stretches:
        span = _span(stretch.start, stretch.end)
        was_cleared = found and any(found[-1].end - FRAME_S <= at <= span.start for at in clears)
        if found and span.start - found[-1].end < _PAUSE_S and not was_cleared:
            found[-1] = Span(found[-1].start, span.end)
        else:
            found.append(span)
    return found


def _voiced(stream: MediaStream, span: Span) -> Span | None:
    """Returns the span without the silence at its ends; None if it is all silence."""
    track = stream.caller.track
    first, last = (round(at * SAMPLE_RATE) // FRAME_BYTES for at in (span.start, span.end))
    frames = range(first, last + 1)
    voiced = [n for n in frames if ulaw.rms(bytes(track[n * FRAME_BYTES : (n + 1) * FRAME_BYTES])) >= _VOICED_RMS]
    return _span(voiced[0] * FRAME_BYTES, (voiced[-1] + 1) * FRAME_BYTES) if voiced else None


def _span(start: int, end: int) -> Span:
    return Span(round(start / SAMPLE_RATE, 4), round(end / SAMPLE_RATE, 4))


def _answer(span: Span, later: list[Span], heard: list[Span]) -> Answer | None:
    """Returns the first utterance that begins after the caller has spoken, and before the caller speaks again."""
    until = later[0].start if later else float("inf")
    start = next((each.start for each in heard if span.end <= each.start < until), None)
    return None if start is None else Answer(start, round(start - span.end, 3))


def _barge_in(span: Span, heard: list[Span], stream: MediaStream) -> BargeIn | None:
    interrupted = next((each for each in heard if each.start < span.start < each.end), None)
    if interrupted is None:
        return None
    messages = stream.record.messages
    clear = next((each.at for each in messages if each.kind == "clear" and each.at >= span.start), None)
    return BargeIn(span.start, clear, None if clear is None else interrupted.end)
