"""How loud an echo could be: what is heard when, and what share of it a line returns."""

import pytest

from calls.conversation.echo import (
    AUDIBLE_LEVEL,
    FAINTEST_ECHO,
    FALL,
    FAR_BELOW_FRAMES,
    LONGEST_WAY_S,
    LOUDEST_ECHO,
    MARGIN,
    RISE,
    Echo,
)
from calls.conversation.settings import ConversationSettings, Protection
from calls.tests.imagined_twilio import BYTES_PER_S
from calls.tests.script import Script, Sound
from calls.tests.world import World

pytestmark = pytest.mark.pure

OPEN = ConversationSettings(first_utterance_protection=Protection.OPENING_ONLY)


def test_an_echo_is_expected_while_and_for_a_while_after_a_sound_is_heard() -> None:
    echo = Echo()
    echo.will_play(1.0, 1.5, 2000)
    echo.will_play(1.5, 2.0, 500)
    assert echo.level(1.15, delay_s=0.2) == 0, "it has not reached the caller"
    assert echo.level(1.25, delay_s=0.2) == 2000
    assert echo.level(1.6 + LONGEST_WAY_S, delay_s=0.2) == 2000
    assert echo.level(1.8 + LONGEST_WAY_S, delay_s=0.2) == 500
    assert echo.level(2.3 + LONGEST_WAY_S, delay_s=0.2) == 0


def test_what_a_clear_has_dropped_has_no_echo() -> None:
    echo = Echo()
    for start in range(10):
        echo.will_play(float(start), start + 1.0, 2000)
    echo.cleared(2.5)
    assert echo.level(2.9, delay_s=0.0) == 2000
    assert echo.level(3.5, delay_s=0.0) == 0


def test_a_line_without_echo_is_known_after_some_seconds_and_one_with_echo_stays_so() -> None:
    clean, echoing = Echo(), Echo()
    for _ in range(300):
        clean.learn(2000, 10)
        echoing.learn(2000, 100)
    assert clean.share == FAINTEST_ECHO
    assert 100 < echoing.threshold(2000) <= 100 * MARGIN * 1.3
    assert Echo().threshold(2000) == pytest.approx(2000 * LOUDEST_ECHO * MARGIN)


def test_a_line_that_returns_nothing_is_known_soon_after_a_second() -> None:
    echo = Echo()
    for _ in range(FAR_BELOW_FRAMES - 1):
        echo.learn(2000, 10)
    assert echo.share == pytest.approx(LOUDEST_ECHO * FALL ** (FAR_BELOW_FRAMES - 1))
    for _ in range(30):
        echo.learn(2000, 10)
    assert echo.threshold(2000) < 60, "a soft voice is heard over it"


def test_an_echo_with_pauses_between_the_words_stays_expected() -> None:
    echo = Echo()
    for frame in range(500):
        echo.learn(2000, 10 if frame % 25 < 15 else 120)
    assert echo.threshold(2000) > 120


def test_soft_sounds_of_the_assistant_teach_nothing() -> None:
    echo = Echo()
    for _ in range(300):
        echo.learn(100, 0)
    assert echo.share == LOUDEST_ECHO


def test_the_moments_between_which_an_echo_may_come() -> None:
    """With a way of 0.25 s: from 0.25 s after a sound begins until the longest way and 0.25 s after it ends."""
    for at, level in (
        (1.2499, 0),
        (1.25, 2000),
        (2.25 + LONGEST_WAY_S - 0.001, 2000),
        (2.25 + LONGEST_WAY_S + 0.001, 0),
    ):
        echo = Echo()
        echo.will_play(1.0, 2.0, 2000)
        assert echo.level(at, delay_s=0.25) == level


def test_of_several_sounds_the_loudest_may_come_back_and_those_that_are_over_are_forgotten() -> None:
    echo = Echo()
    for number, level in enumerate((500, 2000, 800, 300)):
        echo.will_play(number * 0.1, number * 0.1 + 0.1, level)
    assert echo.level(0.35, delay_s=0.0) == 2000
    assert echo.level(0.36 + LONGEST_WAY_S, delay_s=0.0) == 300
    assert echo.level(0.0, delay_s=0.0) == 0, "time does not run backwards: they were dropped"


def test_the_estimate_rises_only_for_what_was_louder_and_stays_within_what_lines_return() -> None:
    echo = Echo(share=0.05)
    echo.learn(2000, 100)
    assert echo.share == pytest.approx(0.05 * FALL), "as loud as expected"
    echo = Echo(share=0.05)
    echo.learn(2000, 101)
    assert echo.share == pytest.approx(0.05 * RISE)
    for _ in range(20):
        echo.learn(2000, 2000)
    assert echo.share == LOUDEST_ECHO


def test_the_softest_sound_that_teaches_something_has_an_rms_of_400() -> None:
    assert AUDIBLE_LEVEL == 400
    echo = Echo()
    echo.learn(399, 0)
    assert echo.share == LOUDEST_ECHO
    echo.learn(400, 0)
    assert echo.share == pytest.approx(LOUDEST_ECHO * FALL)


@pytest.mark.parametrize("has_ears", [True, False])
@pytest.mark.parametrize(("share", "delay_s"), [(0.1, 0.05), (0.1, 0.25), (0.03, 0.1)])
def test_the_assistant_does_not_interrupt_itself(has_ears: bool, share: float, delay_s: float) -> None:
    """At -20 dB its echo has an rms of 400: twice the fixed gate."""
    asks = Sound(0.5, 0.5)
    script = Script(
        caller=(asks,), answer_s=8.0, answer_rms=4000, echo=share, echo_s=delay_s, has_ears=has_ears, settings=OPEN
    )
    world = World(script).run()
    (item,) = world.generated
    assert world.heard_of(item) == [(0, 8.0 * BYTES_PER_S)]
    assert world.logs("[BARGE-IN]") == [] or all("ignored" in line for line in world.logs("[BARGE-IN]"))


@pytest.mark.parametrize("has_ears", [True, False])
def test_a_caller_is_heard_over_an_echo(has_ears: bool) -> None:
    caller = (Sound(0.5, 0.5), Sound(5.0, 1.5, rms=1500))
    script = Script(caller=caller, answer_s=8.0, answer_rms=4000, echo=0.1, has_ears=has_ears, settings=OPEN)
    world = World(script).run()
    assert any("commit" in line for line in world.logs("[BARGE-IN]"))
