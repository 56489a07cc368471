"""JSON is read fast, and everything that Python's own reader takes is taken."""

from __future__ import annotations

import json

import pytest

from calls.line import json_text

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "written",
    [
        '{"event": "media", "media": {"payload": "//8="}}',
        b'{"delta": "\xc3\xa9"}',
        '{"delta": "\\ud83d"}',
        '{"delta": "\\ude00 half a smile"}',
        '{"probability": NaN}',
        '{"number": 1e400}',
        "[]",
    ],
)
def test_it_reads_what_json_reads(written: str | bytes) -> None:
    assert repr(json_text.loads(written)) == repr(json.loads(written))


def test_a_whole_number_beyond_64_bits_is_a_float() -> None:
    assert json_text.loads("123456789012345678901234567890") == 1.2345678901234568e29


@pytest.mark.parametrize("broken", ["", "{", b"\xff\xfe", '{"a": 1} {"b": 2}', "'x'"])
def test_it_raises_what_json_raises(broken: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's and UTF-8's errors are both such
        json_text.loads(broken)


def test_what_is_nested_too_deeply_is_an_error() -> None:
    with pytest.raises(RecursionError):
        json_text.loads("[" * 60_000)
