"""Replays a recorded call through today's rules, with its own or other settings, and tells what differs.

With the call's own settings the recorded ticks are fed as they came, so that the same code gives the same commands.
With other settings they mean nothing; ticks then come when the conversation asks for them. The events are those of
the recorded call either way: from the first difference on, a real caller and a real model might have done otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from difflib import SequenceMatcher
from enum import Enum
from itertools import pairwise
from typing import Any, get_type_hints

from calls.conversation import Conversation, ConversationSettings
from calls.conversation.commands import Log, Play
from calls.conversation.events import (
    CallerFrame,
    Event,
    MarkReturned,
    ResponseAudio,
    ResponseWords,
    StreamResumed,
    Tick,
)
from calls.errors import CallsError
from calls.records.stream_settings import settings_in
from calls.records.traces import Decided, TraceLine, written

_SWITCH = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}
_MANY = (CallerFrame, MarkReturned, ResponseAudio, ResponseWords, Play, Tick)
_WORDS = {"text", "heard_text", "words", "arguments", "output", "results", "keys", "digit"}


class BadSetting(CallsError):
    """A setting that does not exist, or a value that it can't have."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Commands that only the recording or only the replay has; one of the two may be empty."""

    recorded: Sequence[Decided]
    replayed: Sequence[Decided]


def with_changes(settings: ConversationSettings, changes: Sequence[str]) -> ConversationSettings:
    """Returns the settings with some of them changed, each written `name=value`. Raises `BadSetting`."""
    hints, known = get_type_hints(ConversationSettings), {field.name for field in fields(ConversationSettings)}
    changed: dict[str, Any] = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in known:
            raise BadSetting(f"there is no setting {name!r}; there are: {', '.join(sorted(known))}")
        try:
            changed[name] = _SWITCH[value.lower()] if hints[name] is bool else hints[name](value)
        except (KeyError, ValueError):
            raise BadSetting(f"{name} can't be {value!r}: {_wanted(hints[name])}") from None
    return replace(settings, **changed)


def _wanted(hint: Any) -> str:
    if issubclass(hint, Enum):
        return f"it is one of {', '.join(option.value for option in hint)}"
    return {bool: "it is on or off", int: "it is a whole number"}.get(hint, "it is a number")


def replay(trace: Sequence[TraceLine], settings: ConversationSettings, *, own_ticks: bool) -> list[TraceLine]:
    """Feed the trace's events to a conversation, a new one for each stream; the events and its commands, in order."""
    lines: list[TraceLine] = []
    for part in streams_of(trace):
        conversation = Conversation(settings_in(part, settings))
        for event in _events(part, conversation, own_ticks=own_ticks):
            lines.append(event)
            lines += [Decided(event.at, command) for command in conversation.handle(event)]
    return lines


def streams_of(trace: Sequence[TraceLine]) -> Iterator[Sequence[TraceLine]]:
    """Yields the part of the trace of each media stream: their times begin anew."""
    starts = [0, *(number for number, line in enumerate(trace) if isinstance(line, StreamResumed)), len(trace)]
    for start, end in pairwise(starts):
        yield trace[start:end]


def _events(trace: Sequence[TraceLine], conversation: Conversation, *, own_ticks: bool) -> Iterator[Event]:
    for line in trace:
        if isinstance(line, Decided) or (own_ticks and isinstance(line, Tick)):
            continue
        while own_ticks and (deadline := conversation.next_deadline()) is not None and deadline < line.at:
            yield Tick(deadline)
        yield line


def differences(recorded: Sequence[TraceLine], replayed: Sequence[TraceLine]) -> list[Difference]:
    """Returns where the commands of two traces differ, in order. Their times are not compared."""
    old, new = ([line for line in lines if isinstance(line, Decided)] for lines in (recorded, replayed))
    matcher = SequenceMatcher(
        None, [written(line.command) for line in old], [written(line.command) for line in new], autojunk=False
    )
    return [Difference(old[i:j], new[k:m]) for kind, i, j, k, m in matcher.get_opcodes() if kind != "equal"]


def timeline(trace: Sequence[TraceLine], *, with_words: bool) -> Iterator[str]:
    """Yields the trace as lines to read. Frequent events are counted, the others are listed one by one."""
    crowd: list[TraceLine] = []
    for line in trace:
        if isinstance(_what(line), _MANY):
            crowd.append(line)
            continue
        yield from _counted(crowd)
        crowd = []
        yield _told(line, with_words=with_words)
    yield from _counted(crowd)


def _told(line: TraceLine, *, with_words: bool) -> str:
    """Returns one event (`<`) or command (`>`) as a line. Spoken words are shown as their length, unless asked for."""
    what = _what(line)
    arrow = ">" if isinstance(line, Decided) else "<"
    if isinstance(what, Log):  # never holds what was said
        return f"{line.at:9.3f} {arrow} {what.label} {what.text}"
    values = [
        f"{field.name}={_value(field.name, getattr(what, field.name), with_words=with_words)}"
        for field in fields(what)
        if field.name != "at" and getattr(what, field.name) != field.default
    ]
    return f"{line.at:9.3f} {arrow} {type(what).__name__} {' '.join(values)}".rstrip()


def _what(line: TraceLine) -> Any:
    return line.command if isinstance(line, Decided) else line


def _value(name: str, value: Any, *, with_words: bool) -> str:
    if name in _WORDS and isinstance(value, str) and not with_words:
        return f"({len(value)} letters)"
    if name in _WORDS and isinstance(value, tuple) and not with_words:
        return f"({len(value)} turns)"
    return value.value if isinstance(value, Enum) else repr(value)


def _counted(crowd: Sequence[TraceLine]) -> Iterator[str]:
    if not crowd:
        return
    counts: dict[str, int] = {}
    for line in crowd:
        name = type(_what(line)).__name__
        counts[name] = counts.get(name, 0) + 1
    loudest = max((line.rms for line in crowd if isinstance(line, CallerFrame)), default=None)
    heard = "" if loudest is None else f", caller's rms up to {loudest}"
    yield f"{crowd[0].at:9.3f} … " + ", ".join(f"{count} {name}" for name, count in counts.items()) + heard
