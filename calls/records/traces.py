"""The trace of a call: everything its conversation was told and decided, small enough to keep for every call.

A chunk is compressed JSON, one line for each event or command: `[kind, time, *fields]`. Times that are whole
milliseconds are written as the distance from the line before, and fields at their defaults are left off at the end,
so a frame of the caller's audio costs a few bytes. What is read back equals what was written.
"""

from __future__ import annotations

import json
import types
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from functools import partial
from operator import attrgetter
from typing import Any, get_args, get_origin, get_type_hints

from calls import json_text
from calls.conversation.commands import Command, EndCall, NextStep
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import Event
from calls.models import Call, TraceChunk
from calls.records import old_sentences

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Decided:
    """A command that the conversation gave at this time (seconds since the stream opened)."""

    at: float
    command: Command


TraceLine = Event | Decided

_NEXT_LINE = "\n"  # within a line of JSON it is always escaped
_EVENTS = frozenset(get_args(Event))
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (*get_args(Event), *get_args(Command))}


def _reading(kind: type[Any]) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[Any, ...]]:
    """Returns what reads the fields after the time, and their defaults; `MISSING` of dataclasses for none."""
    named = [field for field in fields(kind) if field.name != "at"]
    names = [field.name for field in named]
    reads = attrgetter(*names) if len(names) > 1 else lambda what: tuple(getattr(what, name) for name in names)
    return reads, tuple(field.default for field in named)


_FIELDS = {kind: _reading(kind) for kind in _KINDS.values()}
_HEADER = json.dumps({"format": FORMAT}).encode()


class NewChunk:
    """The lines of a chunk, written as they come: they wait in a fifth of the room of the events themselves."""

    def __init__(self) -> None:
        self._text = bytearray(_HEADER)
        self._before_ms = 0
        self.lines = 0

    def add(self, at: float, what: Event | Command) -> None:
        """Write what happened at this time (seconds since the stream opened)."""
        at_ms = round(at * 1000)
        when: int | float = at_ms - self._before_ms if at_ms / 1000 == at else float(at)
        self._before_ms = at_ms
        self._text += b"\n%b" % json_text.dumps([type(what).__name__, when, *_values(what)])
        self.lines += 1

    def compressed(self) -> bytes:
        """Returns the chunk as it is stored."""
        return zlib.compress(self._text, 6)


def encode(lines: Iterable[TraceLine]) -> bytes:
    """Returns these lines, in their order, as a chunk."""
    chunk = NewChunk()
    for line in lines:
        chunk.add(line.at, line.command if isinstance(line, Decided) else line)
    return chunk.compressed()


def decode(chunk: bytes, *, only_events: bool = False) -> Iterator[TraceLine]:
    """Yields the lines of a chunk, or its events alone. Raises `ValueError` if it was written in another format."""
    header, _, encoded = zlib.decompress(chunk).decode("utf-8", "surrogatepass").partition("\n")
    if json.loads(header) != {"format": FORMAT}:
        raise ValueError(f"this trace has another format ({header[:40]}) than this program reads ({FORMAT})")
    before_ms = 0
    for kind_name, at, *values in json.loads(f"[{encoded.replace(_NEXT_LINE, ',')}]"):  # all at once: half the time
        seconds = at if isinstance(at, float) else (before_ms + at) / 1000
        before_ms = round(seconds * 1000)
        kind = _KINDS[kind_name]
        if kind in _EVENTS:
            yield _build(kind, [seconds, *values])
        elif not only_events:
            yield Decided(seconds, _build(kind, values))


def read_trace(call: Call) -> list[TraceLine]:
    """Returns the whole trace of a call, in order."""
    return [line for chunk in _chunks(call) for line in decode(bytes(chunk))]


def read_events(call: Call) -> list[TraceLine]:
    """Returns what the conversation of a call was told, in order, without what it decided."""
    return [line for chunk in _chunks(call) for line in decode(bytes(chunk), only_events=True)]


def _chunks(call: Call) -> Iterable[bytes | memoryview]:
    return TraceChunk.objects.filter(call=call).order_by("position").values_list("data", flat=True)


def written(what: Event | Command) -> bytes:
    """Returns how a trace writes it, without its time. What is written alike is alike: codes are read back as texts."""
    return json_text.dumps([type(what).__name__, *_values(what)])


def _values(what: Event | Command) -> list[Any]:
    """Returns the fields after the time, without trailing defaults."""
    reads, defaults = _FIELDS[type(what)]
    values = [*reads(what)]
    while values:
        value, default = values[-1], defaults[len(values) - 1]
        if type(value) is not type(default) or value != default:
            break
        values.pop()
    return values


def _build(kind: type[Any], values: list[Any]) -> Any:
    if kind is EndCall and values[0] not in set(EndReason):  # version 0.1 wrote it
        reason, cause = old_sentences.traced_end(values[0])
        return EndCall(reason, NextStep(values[1]), bool(values[2:] and values[2]), cause)
    for place, made in _CONVERTERS[kind.__name__]:
        if place < len(values):
            values[place] = made(values[place])
    return kind(*values)


def _converters(kind: type[Any]) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    """Returns what makes the values of some fields, by their place: JSON knows no enums and no tuples."""
    hints = get_type_hints(kind)
    found = ((place, _converter(hints[field.name])) for place, field in enumerate(fields(kind)))
    return tuple((place, made) for place, made in found if made is not None)


def _converter(hint: Any) -> Callable[[Any], Any] | None:
    options = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if isinstance(option, type) and issubclass(option, Enum):
            return partial(_in_enum, option)
    return tuple if get_origin(hint) is tuple else None


def _in_enum(enum: type[Enum], value: Any) -> Any:
    return None if value is None else enum(value)


_CONVERTERS = {name: _converters(kind) for name, kind in _KINDS.items()}
