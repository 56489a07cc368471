"""G.711 µ-law against its definition."""

from __future__ import annotations

from math import isqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.audio import ulaw

EVERY_CODE = bytes(range(256))


def decoded_by_definition(code: int) -> int:
    inverted = ~code & 0xFF
    sign, segment, step = inverted & 0x80, inverted >> 4 & 7, inverted & 0xF
    magnitude = ((2 * step + 33) << segment) - 33  # ITU-T G.711, table 2: 14-bit values
    return -4 * magnitude if sign else 4 * magnitude


def test_every_code_is_decoded_as_the_standard_says() -> None:
    assert ulaw.decode(EVERY_CODE).tolist() == [decoded_by_definition(code) for code in range(256)]


def test_every_code_survives_decoding_and_encoding() -> None:
    # 0x7F is "minus zero": it sounds like 0xFF, and becomes it.
    assert ulaw.encode(ulaw.decode(EVERY_CODE)) == EVERY_CODE.replace(b"\x7f", b"\xff")


def test_the_error_is_at_most_half_a_step() -> None:
    samples = np.arange(-32635, 32636, dtype=np.int16)
    error = np.abs(ulaw.decode(ulaw.encode(samples)).astype(np.int32) - samples)
    assert (error <= (np.abs(samples.astype(np.int32)) + 132) / 32).all()


def test_silence_is_ff_and_zero_is_the_loudest() -> None:
    assert ulaw.decode(ulaw.SILENCE).tolist() == [0]
    assert ulaw.decode(b"\x00\x80").tolist() == [-32124, 32124]
    assert ulaw.encode(np.array([-32768, 32767], np.int16)) == b"\x00\x80"


@given(st.binary(max_size=400))
def test_rms_is_that_of_the_samples(payload: bytes) -> None:
    squares = [decoded_by_definition(code) ** 2 for code in payload]
    assert ulaw.rms(payload) == (isqrt(sum(squares) // len(squares)) if squares else 0)


@given(st.binary(max_size=700))
def test_levels_are_the_rms_of_each_step(payload: bytes) -> None:
    assert ulaw.levels(payload) == tuple(ulaw.rms(payload[at : at + 160]) for at in range(0, len(payload), 160))
    assert len(ulaw.levels(payload)) == -(-len(payload) // 160)


@pytest.mark.parametrize(("payload", "rms"), [(b"", 0), (b"\xff" * 160, 0), (b"\x00" * 160, 32124)])
def test_rms_at_the_edges(payload: bytes, rms: int) -> None:
    assert ulaw.rms(payload) == rms
