"""What the reading process says, in frames: four bytes of length, then JSON. Pure: it imports no Django."""

from __future__ import annotations

import json
from typing import Any

LENGTH_BYTES = 4
LONGEST_FRAME = 32_000_000
"""Bytes. A row of the longest kind, written with escapes, takes less than half."""


def frame(content: dict[str, Any]) -> bytes:
    """Returns the frame of this content."""
    # Some encodings can hold halves of characters, which UTF-8 can't.
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def length_of(start: bytes) -> int:
    """Returns the length of a frame's body in bytes. Raises `ValueError` for one that is too long to be ours."""
    length = int.from_bytes(start, "big")
    if length > LONGEST_FRAME:
        raise ValueError(f"a frame of {length} bytes")
    return length


def content_of(body: bytes) -> dict[str, Any]:
    """Returns the content of a frame. Raises `ValueError` if it is none."""
    content = json.loads(body.decode("utf-8", "surrogatepass"))
    if not isinstance(content, dict):
        raise ValueError("a frame that is no object")
    return content
