"""Spans in the form of OpenTelemetry's protocol (OTLP, `opentelemetry/proto/trace/v1/trace.proto`). Pure.

The protocol is stable since 1.0: its fields keep their numbers and types. What is written here are the few that a span
of ours has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from uuid import UUID

from businesses.spans import Span, Value

_VARINT, _FIXED64, _BYTES = 0, 1, 2
_ERROR = 2


def request_of(spans: Iterable[Span], *, resource: Mapping[str, Value]) -> bytes:
    """Returns an `ExportTraceServiceRequest`. `resource`: what all of them come from."""
    scope = _field(1, _field(1, "frontdesk"))
    of_scope = scope + b"".join(_field(2, _span(span)) for span in spans)
    of_resource = _field(1, _attributes(1, resource)) + _field(2, of_scope)
    return _field(1, of_resource)


def _span(span: Span) -> bytes:
    return b"".join(
        (
            _field(1, span.trace_id),
            _field(2, span.span_id),
            _field(4, span.parent_id) if span.parent_id else b"",
            _field(5, span.name),
            _number(6, span.kind),
            _fixed64(7, span.began_ns),
            _fixed64(8, max(span.began_ns, span.ended_ns)),
            _attributes(9, span.attributes),
            _field(15, _number(3, _ERROR)) if span.has_failed else b"",
        )
    )


def _attributes(number: int, values: Mapping[str, Value | UUID]) -> bytes:
    return b"".join(_field(number, _field(1, name) + _field(2, _any(value))) for name, value in values.items())


def _any(value: Value | UUID) -> bytes:
    match value:
        case bool():
            return _number(2, int(value))
        case int():
            return _number(3, value)
        case _:
            return _field(1, str(value))


def _field(number: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value & (1 << 64) - 1)


def _fixed64(number: int, value: int) -> bytes:
    return _varint(number << 3 | _FIXED64) + struct.pack("<Q", value)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
