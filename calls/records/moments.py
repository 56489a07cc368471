"""What happened in a call, moment by moment, as codes and figures: the facts of its time line. Pure.

Read from the trace alone: what the conversation measured and did (`Measure`, `EndCall`, `CreateResponse` …), what was
told to it, and why it let the caller interrupt or not, which it logs. Nothing that was said is in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from calls.conversation.commands import (
    AnswerTool,
    CreateResponse,
    EndCall,
    Latency,
    Log,
    Measure,
    ResponseKind,
)
from calls.conversation.events import (
    KeyPressed,
    ModelLost,
    ModelReady,
    OperatorAsked,
    RequestRefused,
    StreamBroke,
    StreamResumed,
)
from calls.conversation.leaving import TOOL_STEPS
from calls.conversation.tool_events import ToolRequested
from calls.records.traces import Decided, TraceLine

Fact = str | int | float
MOST: Final = 3_000
"""Moments of a call. An hour has some hundreds; what comes after is left out."""
_BY_VOICE = re.compile(r"^(pause|commit|resume): (\S+) threshold=(\d+) frames=(\d+)$")
_TURN = re.compile(r"^commit: a whole turn with (\d+) ms of voice$")
_NOISE = re.compile(r"^noise: (\d+) ms of voice$")
_NOT_DONE = re.compile(r"^not carried out: (\w+)$")
_IGNORED: Final = {
    "the business has switched it off": "off",
    "the first utterance is protected": "protected",
    "within the grace time": "grace",
    "a sign of listening": "listening",
}


class Sort(StrEnum):
    """What a moment is. Its figures, by name, are in brackets."""

    GREETING = "greeting"  # its first byte was sent (ms)
    FIRST_OVER = "first_over"  # protection ended (how: heard, given_up)
    ANSWER = "answer"  # its first byte was sent (ms, felt_ms)
    PAUSE = "pause"  # the assistant fell silent for a voice (by, rms, threshold, frames, ms)
    COMMIT = "commit"  # the caller has the floor (by, rms, threshold, frames, ms; by=turn: voiced_ms)
    RESUME = "resume"  # it was no voice: the assistant goes on (by, rms, threshold, frames)
    IGNORED = "ignored"  # a voice that could not interrupt (why, rms)
    SILENT = "silent"  # Twilio had stopped (ms)
    NOISE = "noise"  # what OpenAI took for a turn was none (voiced_ms)
    TOOL = "tool"  # the model asked for a function (name)
    NOT_DONE = "not_done"  # and it was not carried out (why)
    TOOL_ANSWER = "tool_answer"  # the model was given its result (name)
    RETRY = "retry"  # the model is asked once more (kind, attempt)
    REFUSED = "refused"  # OpenAI refused a request (code)
    CHECK = "check"  # the assistant asks whether the caller is there
    TONE = "tone"  # the caller waits, and hears a tone
    MARKS_LOST = "marks_lost"  # audio counted as heard by its length
    KEY = "key"  # the caller pressed a key
    MODEL_READY = "model_ready"
    MODEL_LOST = "model_lost"  # (code)
    OPERATOR = "operator"  # a person of the business took over (step)
    BROKE = "broke"  # the line to the telephone network (code)
    RESUMED = "resumed"  # and the call goes on
    ENDED = "ended"  # (reason)


Told = tuple[Sort, dict[str, Fact]] | None


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened `at_ms` after the call's first stream opened."""

    at_ms: int
    sort: Sort
    facts: dict[str, Fact] = field(default_factory=dict)


def moments_of(streams: Iterable[tuple[float, Sequence[TraceLine]]]) -> list[Moment]:
    """Returns the moments of a call, in order. `streams`: when each of them opened, and its part of the trace."""
    found: list[Moment] = []
    for began_s, lines in streams:
        tools: dict[str, str] = {}
        for line in lines:
            told = _decided(line.command, tools) if isinstance(line, Decided) else _happened(line, tools)
            if told is None or len(found) >= MOST:
                continue
            sort, facts = told
            _add(found, Moment(round((began_s + line.at) * 1000), sort, facts))
            if sort is Sort.ENDED:  # its socket closes now, which is told as well
                break
    return found


def _add(found: list[Moment], new: Moment) -> None:
    """Add a moment, or to the one before it: what was felt of an answer, and how soon a pause came."""
    last = found[-1] if found else None
    if new.sort is Sort.ANSWER and "felt_ms" in new.facts and last and last.sort is Sort.ANSWER:
        last.facts.update(new.facts)
    elif new.sort is Sort.PAUSE and "by" not in new.facts:
        if last and last.sort in (Sort.PAUSE, Sort.COMMIT):
            last.facts.update(new.facts)
    elif new.sort is Sort.TOOL_ANSWER and last and last.sort is Sort.NOT_DONE:
        return  # that is the answer
    elif new.sort is Sort.TONE and last and last.sort is Sort.TONE:
        return
    else:
        found.append(new)


def _decided(command: object, tools: dict[str, str]) -> Told:  # noqa: C901, PLR0911 - a line for each kind
    match command:
        case Log(label, text):
            return _logged(label, text)
        case Measure(Latency.GREETING, ms):
            return Sort.GREETING, {"ms": ms}
        case Measure(Latency.ANSWER, ms):
            return Sort.ANSWER, {"ms": ms}
        case Measure(Latency.FELT, ms):
            return Sort.ANSWER, {"felt_ms": ms}
        case Measure(Latency.BARGE_IN_PAUSE, ms):
            return Sort.PAUSE, {"ms": ms}
        case Measure(Latency.BARGE_IN_CONFIRMED, ms):
            return Sort.SILENT, {"ms": ms}
        case CreateResponse(kind=ResponseKind.CHECK):
            return Sort.CHECK, {}
        case CreateResponse(kind=kind, attempt=attempt) if attempt > 1:
            return Sort.RETRY, {"kind": kind.value, "attempt": attempt}
        case AnswerTool(tool_call_id) if tools.get(tool_call_id) and tools[tool_call_id] not in TOOL_STEPS:
            return Sort.TOOL_ANSWER, {"name": tools[tool_call_id]}
        case EndCall(reason):
            return Sort.ENDED, {"reason": reason.value}
    return None


def _logged(label: str, text: str) -> Told:  # noqa: PLR0911 - a line for each kind
    match label:
        case "[BARGE-IN]":
            return _interruption(text)
        case "[FIRST_UTTERANCE]":
            return Sort.FIRST_OVER, {"how": text.partition(",")[0].replace(" ", "_")}
        case "[TURN]" if found := _NOISE.match(text):
            return Sort.NOISE, {"voiced_ms": int(found[1])}
        case "[TOOL]" if found := _NOT_DONE.match(text):
            return Sort.NOT_DONE, {"why": found[1]}
        case "[WAITING]" if text == "a tone":
            return Sort.TONE, {}
        case "[PLAYBACK]":
            return Sort.MARKS_LOST, {}
    return None


def _interruption(text: str) -> Told:
    """Returns what the log says of a voice over the assistant's: what was heard, and what it was held against."""
    if found := _BY_VOICE.match(text):
        verdict, heard, threshold, frames = found.groups()
        name, _, rms = heard.partition("=")
        by: dict[str, Fact] = {"by": "voice", "rms": int(rms)} if name == "rms" else {"by": "openai"}
        return Sort(verdict), {**by, "threshold": int(threshold), "frames": int(frames)}
    if found := _TURN.match(text):
        return Sort.COMMIT, {"by": "turn", "voiced_ms": int(found[1])}
    if text.startswith("commit: "):
        return Sort.COMMIT, {"by": "words"}
    if text.startswith("ignored: "):
        why, _, rms = text.removeprefix("ignored: ").partition(", rms=")
        return Sort.IGNORED, {"why": _IGNORED.get(why, "other"), **({"rms": int(rms)} if rms else {})}
    return None


def _happened(event: object, tools: dict[str, str]) -> Told:  # noqa: PLR0911 - a line for each kind
    match event:
        case ToolRequested(tool_call_id=tool_call_id, name=name):
            tools[tool_call_id] = name[:60]
            return Sort.TOOL, {"name": name[:60]}
        case RequestRefused(code=code):
            return Sort.REFUSED, {"code": code[:60]}
        case KeyPressed():
            return Sort.KEY, {}
        case ModelReady():
            return Sort.MODEL_READY, {}
        case ModelLost(reason=reason):
            return Sort.MODEL_LOST, {"code": reason[:60]}
        case OperatorAsked(step=step):
            return Sort.OPERATOR, {"step": step.value}
        case StreamBroke(fault=fault):
            return Sort.BROKE, {"code": fault.value if fault else ""}
        case StreamResumed():
            return Sort.RESUMED, {}
    return None
