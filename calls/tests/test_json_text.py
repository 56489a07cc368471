"""JSON is read fast, and everything that Python's own reader takes is taken."""

from __future__ import annotations

import json

import pytest

from calls import json_text

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


@pytest.mark.parametrize(
    "value", [["CallerFrame", 20, 51, 20, 0.25], ["é", None, True], ["half \ud83d"], [1 << 70, 1.5]]
)
def test_it_writes_what_json_reads(value: list[object]) -> None:
    written = json_text.dumps(value)
    assert b" " not in written.replace(b"half ", b"")
    assert json.loads(written.decode("utf-8", "surrogatepass")) == value


def test_a_number_that_is_none_is_written_as_null() -> None:
    assert json_text.dumps([float("inf")]) == b"[null]"


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        json_text.dumps([object()])
