"""The assistant's audio in pieces: how loud it is where, and what a clear left of it."""

from __future__ import annotations

import pytest

from calls.conversation.sent_audio import EARLY_S, FRAME_BYTES, PUNCTUAL_S, Cleared, Item, Sent

pytestmark = pytest.mark.pure

BEGUN_AT = 10.0


# How loud -----------------------------------------------------------------------------------------------------
def test_each_20_ms_of_an_item_have_their_level_and_what_came_without_one_is_silent() -> None:
    item = Item("item")
    item.receive(480, (100, 300, 200))
    item.receive(320, ())
    item.receive(320, (900, 50))
    assert item.received == 1120
    assert item.levels == [100, 300, 200, 0, 0, 900, 50]
    assert item.level(0, 160) == 100
    assert item.level(0, 161) == 300, "a piece that is begun counts"
    assert item.level(159, 160) == 100
    assert item.level(160, 320) == 300
    assert item.level(320, 800) == 200
    assert item.level(480, 800) == 0
    assert item.level(960, 1120) == 50
    assert item.level(1120, 1280) == 0, "nothing is known of it"


def test_of_two_pieces_that_share_20_ms_the_louder_one_counts() -> None:
    item = Item("item")
    item.receive(80, (500,))
    item.receive(160, (300, 700))
    assert item.levels == [500, 700]
    item.receive(160, (900, 100))
    assert item.levels == [500, 900, 100]


# What a clear left ----------------------------------------------------------------------------------------------
def cleared(
    *ends: int, mark_delay_s: float | None = None, begun: int = 0, items: int = 1, short_s: float = 0.0
) -> tuple[Cleared, list[Item]]:
    """Return a clear of stretches up to these bytes, of which `begun` had played before this stream of frames began."""
    found, pending, start = [Item(f"item{number}") for number in range(items)], [], 0
    for number, end in enumerate(ends):
        item = found[number % items]
        base = item.sent
        item.received = item.sent = base + end - start
        due_at = BEGUN_AT + (end + FRAME_BYTES - 1) // FRAME_BYTES * 0.02
        pending.append(Sent(item, base, item.sent, f"1:{end}", begun + end, due_at, short_s))
        start = end
    return Cleared(BEGUN_AT, 1, pending, begun, BEGUN_AT, mark_delay_s), found


@pytest.mark.parametrize(
    ("seconds", "heard"), [(0.0, 0), (0.0199, 0), (0.02, 160), (0.11, 800), (0.12, 960), (0.2, 1600), (9.0, 1600)]
)
def test_what_was_played_is_counted_in_whole_frames(seconds: float, heard: int) -> None:
    clear, (item,) = cleared(320, 640, 960, 1280, 1600, begun=4000)
    clear.put_back(BEGUN_AT + seconds)
    assert (item.heard, item.sent) == (heard, heard)


def test_what_was_heard_by_a_first_guess_can_be_put_right_in_both_directions() -> None:
    clear, (item,) = cleared(320, 640, 960)
    clear.put_back(BEGUN_AT + 0.06)
    assert item.heard == 480
    clear.put_back(BEGUN_AT + 0.1)
    assert item.heard == 800
    clear.put_back(BEGUN_AT + 0.02)
    assert (item.heard, item.sent) == (160, 160)


def test_of_several_items_each_has_its_part() -> None:
    clear, (first, second) = cleared(320, 640, 960, 1280, items=2)
    clear.put_back(BEGUN_AT + 0.1)
    assert (first.heard, second.heard) == (320 + 160, 320)


def test_what_went_on_is_not_put_back_any_more() -> None:
    clear, (item,) = cleared(320, 640)
    clear.is_settled = True
    clear.put_back(BEGUN_AT)
    assert item.sent == 640


def test_nothing_was_pending_and_nothing_is_put_back() -> None:
    clear, (item,) = cleared()
    clear.put_back(BEGUN_AT)
    assert item.sent == 0
    assert clear.mark_returned(BEGUN_AT, "1:320") is False


# The marks that a clear sends back ----------------------------------------------------------------------------------
def test_a_clear_that_nothing_is_known_about_is_there_with_its_first_mark() -> None:
    clear, (item,) = cleared(320, 640)
    clear.put_back(BEGUN_AT + 0.02)
    assert clear.mark_returned(BEGUN_AT + 0.5, "1:320") is True
    assert item.heard == 160, "the clock stands"
    assert clear.mark_returned(BEGUN_AT + 0.5, "1:640") is False, "once"


def test_a_mark_that_is_30_ms_early_was_sent_back_by_the_clear_and_tells_when_it_arrived() -> None:
    assert EARLY_S == 0.03
    for early_s, told in ((0.0299, False), (0.0301, True)):
        clear, (item,) = cleared(320, 640, 960, mark_delay_s=0.2)
        at = BEGUN_AT + 0.08 + 0.2 - early_s
        assert clear.mark_returned(at, "1:640") is told
        if told:
            assert item.heard == 320, "the frames that had played 200 ms before it came"


def test_the_last_mark_tells_even_when_it_is_punctual_and_then_all_was_heard() -> None:
    assert PUNCTUAL_S == 0.005
    for early_s, heard in ((-0.01, 960), (0.0049, 960), (0.0051, 800), (0.03, 640)):
        clear, (item,) = cleared(320, 640, 960, mark_delay_s=0.2)
        clear.put_back(BEGUN_AT)
        assert clear.mark_returned(BEGUN_AT + 0.12 + 0.2 - early_s, "1:960") is True
        assert item.heard == heard


def test_a_short_last_frame_may_end_before_20_ms_are_over() -> None:
    for early_s, told in ((0.0299, False), (0.0301, True)):
        clear, _ = cleared(320, 600, 960, mark_delay_s=0.2, short_s=0.01)
        assert clear.mark_returned(BEGUN_AT + 0.08 - 0.01 + 0.2 - early_s, "1:600") is told


def test_a_mark_of_something_else_tells_nothing() -> None:
    clear, (item,) = cleared(320, 640, mark_delay_s=0.2)
    assert clear.mark_returned(BEGUN_AT, "1:321") is False
    assert item.sent == 640
