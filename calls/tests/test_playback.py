"""What the caller has heard: marks, generations, positions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation.playback import MARK_GRACE_S, SHORTEST_SOUND_S, Playback
from calls.conversation.sent_audio import Stretch

pytestmark = pytest.mark.pure


def playing(size: int, *, at: float = 0.0, stretch_bytes: int = 320) -> tuple[Playback, list[Stretch]]:
    playback = Playback()
    playback.receive("item", size)
    return playback, list(playback.send(at, stretch_bytes=stretch_bytes))


def heard(playback: Playback, item_id: str = "item") -> int:
    return next(item.heard for item in playback.items if item.item_id == item_id)


def test_audio_is_sent_in_stretches_each_with_its_mark() -> None:
    _, stretches = playing(800)
    assert stretches == [
        Stretch("item", 0, 320, "1:item:320"),
        Stretch("item", 320, 640, "1:item:640"),
        Stretch("item", 640, 800, "1:item:800"),
    ]


def test_a_returned_mark_proves_what_was_heard() -> None:
    playback, _ = playing(800)
    assert playback.mark_returned(0.04, "1:item:320")
    assert heard(playback) == 320
    assert playback.is_playing
    assert playback.has_words
    assert playback.mark_returned(0.1, "1:item:800")
    assert heard(playback) == 800
    assert not playback.has_words


def test_a_mark_of_an_older_generation_proves_nothing() -> None:
    playback, _ = playing(8000)
    playback.clear(0.5)
    list(playback.send(1.0, stretch_bytes=8000))
    assert not playback.mark_returned(1.01, "1:item:8000")
    assert heard(playback) == 4000


def test_a_clear_finds_playback_where_the_clock_says_in_whole_frames() -> None:
    playback, _ = playing(16000)
    playback.clear(1.25)
    assert heard(playback) == 9920
    assert list(playback.send(3.0, stretch_bytes=16000)) == [Stretch("item", 9920, 16000, "2:item:16000")]


def test_the_round_trip_does_not_count_as_lag() -> None:
    playback, _ = playing(16000)
    for end in range(320, 10401, 320):
        playback.mark_returned(end / 8000 + 0.2, f"1:item:{end}")  # each comes 200 ms after it was due
    playback.clear(1.5)
    assert heard(playback) == pytest.approx(12000, abs=1)


def test_playback_that_falls_behind_is_noticed() -> None:
    playback, _ = playing(16000)
    for end in range(320, 9601, 320):
        playback.mark_returned(end / 8000 + (0.3 if end > 4000 else 0.0), f"1:item:{end}")
    playback.clear(1.5)
    assert heard(playback) == pytest.approx(9600, abs=1)


def test_audio_sent_into_an_empty_buffer_starts_anew() -> None:
    playback, _ = playing(800)
    playback.mark_returned(0.1, "1:item:800")
    playback.receive("item", 8000)
    list(playback.send(5.0, stretch_bytes=8000))
    playback.clear(5.5)
    assert heard(playback) == 800 + 4000


def test_lost_marks_are_given_up_by_the_length_of_the_audio() -> None:
    playback, _ = playing(16000)
    assert playback.deadline() == pytest.approx(2.0 + MARK_GRACE_S)
    assert not playback.give_marks_up(2.0 + MARK_GRACE_S - 0.01)
    assert playback.give_marks_up(2.0 + MARK_GRACE_S + 0.01)
    assert not playback.has_words
    assert heard(playback) == 16000


def test_a_clear_is_confirmed_by_the_first_mark_it_sends_back() -> None:
    playback, _ = playing(8000)
    playback.clear(0.5)
    assert playback.clear_confirmed(0.55, "1:item:8000") == pytest.approx(0.05)
    assert playback.clear_confirmed(0.56, "1:item:8000") is None


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=20), st.floats(0, 10), st.integers(0, 20))
def test_what_was_heard_never_exceeds_what_was_sent_and_never_shrinks(sizes: list[int], at: float, marks: int) -> None:
    playback = Playback()
    stretches: list[Stretch] = []
    for number, size in enumerate(sizes):
        playback.receive(f"item{number % 3}", size)
        stretches += playback.send(0.0, stretch_bytes=320)
    for stretch in stretches[:marks]:
        playback.mark_returned(0.0, stretch.mark)
    before = {item.item_id: item.heard for item in playback.items}
    playback.clear(at)
    for item in playback.items:
        assert before[item.item_id] <= item.heard <= item.received
        assert item.sent == item.heard


def test_after_a_clear_the_marks_it_sends_back_tell_where_it_cut() -> None:
    """The clear was held up for 90 ms on its way, and the caller heard so much more."""
    playback, stretches = playing(16000)
    for end in range(320, 8001, 320):
        playback.mark_returned(end / 8000 + 0.1, f"1:item:{end}")
    playback.clear(1.1)
    assert heard(playback) == 8800
    assert playback.clear_confirmed(1.145, "1:item:8320") is None, "it may have played"
    returned = [playback.clear_confirmed(1.29, stretch.mark) for stretch in stretches[26:]]
    assert returned[0] is None
    assert returned.count(None) == len(returned) - 1
    assert heard(playback) == 9440, "1.19 s in whole frames"
    assert next(iter(playback.send(1.5, stretch_bytes=16000))) == Stretch("item", 9440, 16000, "2:item:16000")


def test_a_mark_that_the_network_brings_early_is_not_taken_for_the_clears_own() -> None:
    """It came 15 ms sooner than those before, and its audio had been heard: the clear itself was still on its way."""
    playback, stretches = playing(16000)
    for end in range(320, 8001, 320):
        playback.mark_returned(end / 8000 + 0.25, f"1:item:{end}")
    playback.clear(1.26)
    assert playback.clear_confirmed(1.04 + 0.235, "1:item:8320") is None
    confirmed = [playback.clear_confirmed(1.51, stretch.mark) for stretch in stretches[26:]]
    assert [seconds for seconds in confirmed if seconds is not None] == [pytest.approx(0.25)]
    assert heard(playback) == 10080, "1.26 s in whole frames"


def test_how_long_a_shorter_frame_plays_does_not_tell_how_long_messages_travel() -> None:
    """Half a frame at the end of the utterance before, over after 10 ms: nothing is lost of this one by that."""
    playback, _ = playing(2000)
    playback.mark_returned(0.29, "1:item:320")
    playback.mark_returned(0.5, "1:item:2000")
    playback.forget()
    playback.receive("next", 2000)
    stretches = list(playback.send(1.0, stretch_bytes=320))
    playback.clear(1.05)
    for stretch in stretches:
        playback.clear_confirmed(1.3, stretch.mark)
    assert heard(playback, "next") == 320


def test_marks_that_come_after_it_went_on_change_nothing() -> None:
    playback, stretches = playing(16000)
    playback.mark_returned(0.14, "1:item:320")
    playback.clear(1.0)
    went_on = list(playback.send(1.4, stretch_bytes=16000))
    for stretch in stretches[1:]:
        playback.clear_confirmed(1.5, stretch.mark)
    assert went_on == [Stretch("item", heard(playback), 16000, "2:item:16000")]


def test_one_late_mark_is_the_network_and_no_lag() -> None:
    playback, _ = playing(16000)
    for end in range(320, 11841, 320):
        playback.mark_returned(end / 8000 + (0.06 if end == 11840 else 0.0), f"1:item:{end}")
    playback.clear(1.5)
    assert heard(playback) == 12000


# Exact limits and what is known of Twilio's lag ---------------------------------------------------------------
def test_audio_sent_at_the_very_end_of_the_last_begins_a_new_frame() -> None:
    playback, _ = playing(240)  # a frame and a half: over after 30 ms
    playback.receive("item", 160)
    list(playback.send(0.03, stretch_bytes=320))
    playback.clear(0.05)
    assert heard(playback) == 400


def test_a_lag_is_forgotten_when_twilio_s_buffer_has_run_empty() -> None:
    playback, stretches = playing(8000)
    for number, stretch in enumerate(stretches):
        playback.mark_returned((number + 1) * 0.04 + (0.3 if number else 0.0), stretch.mark)
    playback.receive("item", 8000)
    list(playback.send(5.0, stretch_bytes=8000))
    playback.clear(5.5)
    assert heard(playback) == 8000 + 4000


def test_a_clear_takes_the_lag_with_it() -> None:
    playback, stretches = playing(16000)
    for number, stretch in enumerate(stretches[:20]):
        playback.mark_returned((number + 1) * 0.04 + (0.3 if number else 0.1), stretch.mark)
    assert playback.delay_s == pytest.approx(0.3)
    playback.clear(1.15)
    assert playback.delay_s == pytest.approx(0.1), "the way there and back"


def test_how_late_a_mark_may_be_is_counted_from_what_the_way_takes() -> None:
    playback, _ = playing(16000)
    playback.mark_returned(0.04 + 0.25, "1:item:320")
    deadline = playback.deadline()
    assert deadline == pytest.approx(2.0 + 0.25 + MARK_GRACE_S)
    assert deadline is not None
    assert playback.give_marks_up(deadline - 0.001) is False
    assert playback.give_marks_up(deadline) is True
    assert playback.give_marks_up(deadline + 1.0) is False, "nothing is left to give up"
    assert playback.deadline() is None


def test_when_the_caller_had_heard_everything_is_known_once_nothing_is_left() -> None:
    playback, _ = playing(16000)
    assert playback.heard_out_at is None
    playback.mark_returned(2.2, "1:item:16000")
    assert playback.heard_out_at == pytest.approx(2.0)
    playback.receive("item", 160)
    assert playback.heard_out_at is None


def test_a_mark_that_is_overdue_shows_that_playback_lags() -> None:
    playback, stretches = playing(16000)
    for stretch in stretches[:24]:
        playback.mark_returned(stretch.end / 8000 + 0.2, stretch.mark)
    playback.clear(1.25)  # the mark of the first second should have come 50 ms ago
    assert heard(playback) == 9600


@pytest.mark.parametrize(("at", "position"), [(1.99, 8000), (2.0, 16000)])
def test_a_mark_that_is_overdue_by_a_second_is_lost_and_shows_nothing(at: float, position: int) -> None:
    playback, stretches = playing(16000)
    for stretch in stretches[:24]:
        playback.mark_returned(stretch.end / 8000, stretch.mark)
    playback.clear(at)  # the mark of the first second has not come
    assert heard(playback) == position


def test_a_clear_before_any_mark_came_is_confirmed_by_the_first() -> None:
    playback, _ = playing(8000)
    playback.clear(0.5)
    assert playback.clear_confirmed(0.55, "1:item:320") == pytest.approx(0.05)
    assert heard(playback) == 4000, "the clock stands"


def test_where_a_clear_cut_is_told_by_the_delay_of_the_last_marks() -> None:
    """Twilio had fallen 300 ms behind; the clear arrived 50 ms after it was sent."""
    playback, stretches = playing(16000)
    for number, stretch in enumerate(stretches[:25]):
        playback.mark_returned(stretch.end / 8000 + (0.3 if number else 0.0), stretch.mark)
    playback.clear(1.35)
    for stretch in stretches[25:]:
        playback.clear_confirmed(1.4, stretch.mark)
    assert heard(playback) == 8800, "1.1 s"


def test_a_short_last_frame_is_not_taken_for_a_whole_one() -> None:
    playback, stretches = playing(3280)  # 20 frames and a half
    for stretch in stretches[:5]:
        playback.mark_returned(stretch.end / 8000 + 0.1, stretch.mark)
    playback.clear(0.3)
    for stretch in stretches[5:]:
        playback.clear_confirmed(0.5, stretch.mark)
    assert heard(playback) == 3200


def test_what_a_clear_has_dropped_is_not_expected_as_an_echo() -> None:
    """Playback lags by 300 ms: what is loud from 1.2 s on was not played when the clear came at 1.4 s."""
    playback = Playback()
    playback.receive("item", 16000, (100,) * 60 + (2000,) * 40)
    stretches = list(playback.send(0.0, stretch_bytes=320))
    for number, stretch in enumerate(stretches[:25]):
        playback.mark_returned(stretch.end / 8000 + (0.3 if number else 0.0), stretch.mark)
    assert playback.echo.level(1.5, delay_s=0.0) == 2000
    playback.clear(1.4)
    assert playback.echo.level(1.5, delay_s=0.0) == 0


def test_an_unknown_mark_is_none_of_ours() -> None:
    playback, _ = playing(800)
    assert playback.mark_returned(0.1, "1:item:801") is False
    assert playback.clear_confirmed(0.1, "1:item:800") is None, "nothing was cleared"
    assert heard(playback) == 0


# What is a sound to the caller ---------------------------------------------------------------------
def test_what_is_cut_off_where_it_begins_is_no_sound() -> None:
    playback, _ = playing(8000)
    playback.receive("cut", 8000)
    list(playback.send(5.0, stretch_bytes=8000))
    assert playback.sounds_until == pytest.approx(6.0)
    playback.clear(5.0 + SHORTEST_SOUND_S - 0.01)
    assert playback.sounds_until == pytest.approx(1.0)


def test_what_is_cut_off_later_has_sounded_until_then() -> None:
    playback, _ = playing(8000)
    playback.clear(0.5)
    assert playback.sounds_until == 0.5


def test_small_pieces_with_short_gaps_are_one_sound() -> None:
    playback = Playback()
    for number in range(4):
        playback.receive("item", 160)
        list(playback.send(number * 0.1, stretch_bytes=160))
    assert playback.sounds_until == pytest.approx(0.32)


def test_a_clear_of_what_has_played_is_no_sound() -> None:
    playback, _ = playing(8000)
    playback.clear(3.0)
    assert playback.sounds_until == pytest.approx(1.0)
