"""Spans: stretches of time with a name, for whoever collects them (`platform/spans.py`). Without one, nothing is made.

A span says what was done, for how long and how it ended. It has no words, no numbers of telephones and no names of
people: attributes are ids that we have made, codes, and figures.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

Value = str | int | bool


class SpanKind(IntEnum):
    """OpenTelemetry's kinds, by its numbers."""

    INTERNAL = 1
    SERVER = 2
    CONSUMER = 5


def new_id(size: int) -> bytes:
    """Returns an id of so many bytes: a trace's has 16, a span's 8."""
    return secrets.token_bytes(size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Times are nanoseconds since 1970. Spans of one `trace_id` belong together; `parent_id` is b"" for the topmost."""

    name: str
    began_ns: int
    ended_ns: int
    trace_id: bytes = field(default_factory=lambda: new_id(16))
    span_id: bytes = field(default_factory=lambda: new_id(8))
    parent_id: bytes = b""
    kind: SpanKind = SpanKind.INTERNAL
    has_failed: bool = False
    attributes: Mapping[str, Value | UUID] = field(default_factory=dict)


class _Collector:
    take: Callable[[Span], None] | None = None


def collect(take: Callable[[Span], None] | None) -> None:
    """Have every span given to this function from now on. It returns at once, and any thread may call it."""
    _Collector.take = take


def are_wanted() -> bool:
    """Returns whether somebody collects them."""
    return _Collector.take is not None


def tell(span: Span) -> None:
    """Give a span to whoever collects them."""
    if _Collector.take is not None:
        _Collector.take(span)
