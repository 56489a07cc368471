"""Voice by energy: the tracked noise floor, the echo gate, and how much voice a turn had."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation.activity import QUIETEST_VOICE_RMS, SOFTEST_SPEECH_RMS, Activity, NoiseFloor
from calls.conversation.events import CallerFrame

pytestmark = pytest.mark.pure


class Line:
    """Frames of 20 ms, one after the other."""

    def __init__(self) -> None:
        self.activity = Activity()
        self.now = 0.0

    def is_certain(self) -> bool:
        return self.activity.has_evidence

    def hear(self, rms: int, seconds: float = 0.02, *, gate_rms: float = 0.0, probability: float | None = None) -> int:
        """How many of the frames were voice."""
        voiced = 0
        for _ in range(round(seconds / 0.02)):
            self.now = round(self.now + 0.02, 2)
            frame = CallerFrame(self.now, rms, speech_probability=probability)
            voiced += self.activity.hear(frame, gate_rms=gate_rms).is_caller
        return voiced


def test_speech_counts_from_its_first_frame_on_a_quiet_line() -> None:
    line = Line()
    assert line.hear(10, 3.0) == 0
    assert line.hear(1500) == 1


def test_the_first_word_of_a_call_counts_before_the_noise_floor_is_known() -> None:
    assert Line().hear(500, 0.2) == 10


def test_quiet_speech_counts() -> None:
    line = Line()
    line.hear(15, 2.0)
    assert line.hear(130, 0.1) == 5


def test_steady_noise_becomes_the_floor_and_speech_above_it_still_counts() -> None:
    line = Line()
    line.hear(400, 3.0)
    assert line.hear(400, 2.0) == 0
    assert line.hear(1500, 0.2) == 10


def test_white_noise_makes_no_voice_once_it_is_known() -> None:
    line = Line()
    line.hear(800, 2.5)
    assert sum(line.hear(round(800 + 180 * math.sin(number * number))) for number in range(500)) == 0


def test_long_speech_does_not_raise_the_floor_above_itself() -> None:
    line = Line()
    line.hear(15, 2.5)
    for _ in range(20):  # 10 s of talk with the pauses that talk has
        assert line.hear(1200, 0.44) == 22
        line.hear(20, 0.06)


def test_a_lost_packet_is_no_silence() -> None:
    line = Line()
    line.hear(400, 2.5)
    for _ in range(20):
        line.hear(0)
        assert line.hear(400, 0.5) == 0


def test_softer_than_the_echo_gate_is_echo() -> None:
    line = Line()
    line.hear(10, 2.0)
    assert line.hear(180, 0.1, gate_rms=200) == 0
    assert line.hear(220, 0.1, gate_rms=200) == 5
    assert line.activity.threshold == 200


def test_a_detector_tells_speech_from_sound() -> None:
    line = Line()
    assert line.hear(1500, 0.2, probability=0.1) == 0
    assert line.hear(1500, 0.2, probability=0.9) == 10


def test_speech_counts_with_its_soft_sounds_and_not_without_loud_ones() -> None:
    line = Line()
    assert line.hear(50, 0.2, probability=0.9) == 0
    assert line.hear(1500, probability=0.9) == 1
    assert line.hear(50, 0.2, probability=0.9) == 2, "60 ms around a loud one"


def test_speech_is_heard_in_noise_that_hides_it_from_loudness() -> None:
    line = Line()
    line.hear(400, 3.0)
    assert line.hear(700, 0.2) == 0
    assert line.hear(700, 0.2, probability=0.9) == 10


def test_a_turn_has_the_voice_since_speech_began_with_a_second_of_looking_back() -> None:
    line = Line()
    line.hear(1500, 0.4)  # something long before this turn
    line.hear(10, 2.0)
    line.hear(1500, 0.2)
    line.activity.turn_may_have_begun()
    line.hear(1500, 0.3)
    line.hear(10, 0.5)
    assert line.activity.end_turn() == 500
    assert line.activity.end_turn() == 0


# Exact limits ----------------------------------------------------------------------------------------------
def test_the_noise_floor_is_known_after_two_seconds_and_is_the_quietest_moment_of_the_last_two() -> None:
    floor = NoiseFloor()
    for _ in range(1999):
        floor.hear(400, 1)
    assert floor.rms == 0.0, "until then everything counts as voice"
    floor.hear(400, 1)
    assert floor.rms == 400
    for rms, floor_rms in ((300, 300), (500, 300), (450, 450)):
        for _ in range(1000):
            floor.hear(rms, 1)
        assert floor.rms == floor_rms


def on_a_line_with(noise_rms: int) -> Line:
    line = Line()
    line.hear(noise_rms, 3.0)
    return line


@pytest.mark.parametrize(
    ("noise_rms", "gate_rms", "softest"), [(10, 0, QUIETEST_VOICE_RMS), (100, 0, 300), (10, 200, 200)]
)
def test_by_loudness_a_voice_is_120_rms_three_times_the_noise_and_above_an_echo(
    noise_rms: int, gate_rms: int, softest: int
) -> None:
    line = on_a_line_with(noise_rms)
    assert line.hear(softest - 1, 0.1, gate_rms=gate_rms) == 0
    assert line.hear(softest, 0.1, gate_rms=gate_rms) == 5
    assert line.activity.threshold == softest


def test_a_detector_s_word_counts_from_25_percent_on() -> None:
    line = Line()
    assert line.hear(1500, 0.1, probability=0.0) == 0
    assert line.hear(1500, 0.1, probability=0.24) == 0
    assert line.hear(1500, 0.1, probability=0.25) == 5


@pytest.mark.parametrize(("noise_rms", "gate_rms", "softest"), [(10, 0, 120), (200, 0, 280), (10, 300, 300)])
def test_speech_is_loud_when_60_ms_of_it_stand_out_of_noise_and_echo(
    noise_rms: int, gate_rms: int, softest: int
) -> None:
    line = on_a_line_with(noise_rms)
    assert line.hear(softest - 1, 0.2, gate_rms=gate_rms, probability=0.9) == 0
    line.hear(softest, 0.04, gate_rms=gate_rms, probability=0.9)
    assert line.hear(softest, 0.2, gate_rms=gate_rms, probability=0.9) == 10
    assert line.activity.threshold == softest


def test_the_softest_sound_that_can_be_speech_is_40_rms_and_stands_out_of_the_noise() -> None:
    assert Activity().softest_rms == SOFTEST_SPEECH_RMS == 40
    assert on_a_line_with(400).activity.softest_rms == pytest.approx(560)
    line = Line()
    line.hear(1500, 0.1, probability=0.9)
    assert line.hear(39, probability=0.9) == 0
    assert line.hear(40, probability=0.9) == 1, "beside a vowel"


def test_a_turn_is_certain_after_400_ms_of_voice_and_the_next_begins_at_nothing() -> None:
    line = Line()
    for _ in range(2):
        certain = [line.activity.has_evidence]
        for seconds in (0.38, 0.02):
            line.hear(1500, seconds)
            certain.append(line.activity.has_evidence)
        assert certain == [False, False, True]
        assert line.activity.end_turn() == 400


@pytest.mark.parametrize(("noise_rms", "gate_rms", "loudest"), [(10, 0, 120), (100, 0, 300), (10, 200, 200)])
def test_how_loud_a_turn_was_is_counted_whatever_a_detector_says(noise_rms: int, gate_rms: int, loudest: int) -> None:
    line = on_a_line_with(noise_rms)
    line.activity.end_turn()
    for _ in range(2):
        line.hear(loudest - 1, 0.1, gate_rms=gate_rms, probability=0.0)
        line.hear(loudest, 0.2, gate_rms=gate_rms, probability=0.0)
        assert line.activity.end_turn() == 0
        assert line.activity.loud_ms == 200, "of this turn alone"


def test_when_the_caller_was_heard_last_is_the_moment_of_the_last_voiced_frame() -> None:
    line = Line()
    line.hear(1500, 0.1)
    line.hear(10, 0.5)
    assert line.activity.last_voiced_at == 0.1


def test_what_a_turn_before_held_is_not_looked_back_at() -> None:
    line = Line()
    line.hear(1500, 0.4)
    assert line.activity.end_turn() == 400
    line.hear(1500, 0.1)
    line.activity.turn_may_have_begun()
    assert line.activity.end_turn() == 100


@given(st.lists(st.integers(0, 8000), max_size=300))
def test_a_turn_never_has_more_voice_than_time(energies: list[int]) -> None:
    line = Line()
    for rms in energies:
        line.hear(rms)
    line.activity.turn_may_have_begun()
    assert 0 <= line.activity.end_turn() <= 20 * len(energies)
