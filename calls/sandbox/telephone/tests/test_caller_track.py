import numpy as np
import pytest

from calls.audio import ulaw
from calls.sandbox.telephone.caller_track import CallerTrack, Echo, Span

pytestmark = pytest.mark.once

HEARD = ulaw.encode(np.full(16000, 8000, np.int16))


def test_silence_until_something_is_said() -> None:
    caller = CallerTrack()
    assert caller.next_frame(b"") == b"\xff" * 160
    assert caller.say(b"\x10" * 200) == Span(0.02, 0.045)
    assert caller.say(b"\x20" * 160) == Span(0.045, 0.065)
    frames = b"".join(caller.next_frame(b"") for _ in range(3))
    assert frames == b"\x10" * 200 + b"\x20" * 160 + b"\xff" * 120
    assert not caller.is_speaking


def test_the_echo_comes_back_later_and_softer() -> None:
    caller = CallerTrack(Echo(loss_db=20, delay_s=0.04))
    frames = [caller.next_frame(HEARD[: n * 160]) for n in range(1, 6)]
    assert [ulaw.rms(frame) for frame in frames[:2]] == [0, 0]
    assert all(760 < ulaw.rms(frame) < 840 for frame in frames[2:])


def test_the_echo_adds_to_what_is_said() -> None:
    caller = CallerTrack(Echo(loss_db=20, delay_s=0.0))
    caller.say(ulaw.encode(np.full(160, 1000, np.int16)))
    assert 1750 < ulaw.rms(caller.next_frame(HEARD)) < 1850
