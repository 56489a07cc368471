"""Values that programs trip over, for Hypothesis: texts of a form or a query, parts of a path, JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, quote_from_bytes

from hypothesis import strategies as some

LONE = "\ud800"
"""Half of a character: Python reads it from JSON, and no encoding can write it."""

TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ufeff",
    "\u202eabc",
    "שלום",
    "👩‍👩‍👧‍👦🇮🇱",
    "e\u0301" * 40,
    "٣٤",
    "²",
    "-1",
    "0",
    "1.5",
    "1e400",
    "NaN",
    "Infinity",
    "9" * 19,
    "9" * 40,
    "9" * 5000,
    "-" + "9" * 30,
    str(2**31),
    str(2**63),
    "x" * 300,
    "x" * 70_000,
    "\r\nX-Odd: 1",
    "'\"><script>",
    "{{ 7 }} {% x %}",
    "%s %(x)s {0} {x}",
    "../../etc/passwd",
    "None",
    "null",
    "true",
    "[]",
    "{",
    "0000-00-00",
    "9999-12-31",
    "10000-01-01",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "2026-02-30",
    "25:61",
    "+972501234567",
    "+" + "9" * 30,
    "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-00000000000}",
    "a@b",
    "x" * 400 + "@example.com",
    "http://[",
    "//example.com",
    "javascript:1",
    LONE,
)
some_text = some.sampled_from(TEXTS) | some.text(max_size=20)

NUMBERS = (0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, float("nan"), float("inf"), -0.0, 1.5)
some_json: some.SearchStrategy[Any] = some.recursive(
    some.sampled_from([None, True, False, "", [], {}]) | some.sampled_from(NUMBERS) | some_text,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some_text, inner, max_size=3),
    max_leaves=6,
)


def encoded(text: str) -> bytes:
    """Returns the text as UTF-8; half characters become bytes that are none."""
    return text.encode("utf-8", "surrogatepass")


def quoted(text: str) -> str:
    """Returns the text percent-encoded, for a path or a query."""
    return quote_from_bytes(encoded(text), safe="")


path_parts = some.sampled_from(
    [
        *(quoted(text) for text in TEXTS if text and len(text) <= 5000),
        "%FF%FE",
        "%C0%80",
        "a%2Fb",
        "..",
        ".",
        "a:b",
        quote("א" * 50),
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "3FA85F64-5717-4562-B3FC-2C963F66AFA6",
        "_00_2F_5F",
    ]
)
"""What may stand in an address, percent-encoded."""
