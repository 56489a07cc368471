"""Reading and writing JSON fast: some hundred messages a second of each call, and a line of its trace for each."""

from __future__ import annotations

import json
from typing import Any

import orjson


def loads(text: str | bytes) -> Any:
    r"""Returns what a text holds, as `json.loads` does, whose errors it raises. A number beyond 64 bits is a float.

    orjson refuses what Python takes: half a character (`"\ud83d"`), as it stands in a transcript that was cut in the
    middle of one, and numbers that are none.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def dumps(value: Any) -> bytes:
    r"""Returns a value as JSON without spaces, in UTF-8 where half a character stays half of one (`surrogatepass`).

    A number that is infinite or none is written as null. Raises `TypeError` for what JSON doesn't know.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # half a character, or a number beyond 64 bits
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
