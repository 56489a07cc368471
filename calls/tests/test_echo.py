"""How loud an echo could be: what is heard when, and what share of it a line returns."""

import pytest

from calls.conversation.echo import FAINTEST_ECHO, LONGEST_WAY_S, LOUDEST_ECHO, MARGIN, Echo
from calls.conversation.settings import ConversationSettings, Protection
from calls.tests.script import Script, Sound
from calls.tests.world import BYTES_PER_S, World

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


def test_soft_sounds_of_the_assistant_teach_nothing() -> None:
    echo = Echo()
    for _ in range(300):
        echo.learn(100, 0)
    assert echo.share == LOUDEST_ECHO


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
