"""How many messages of a killed process had not been posted, and that small waves keep the pace. Simulated time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.sending.pace import CHAT_S, HORIZON_S, MARGIN, Pace, Slots, reserve
from whatsapp.sending.tempo import LARGEST_WAVE, LONGEST_WAVE_S, Tempo

pytestmark = pytest.mark.pure

LATEST_S = 0.05
"""As in `flights`: a message that is later than this needs another slot."""


def send(rate: float, commit_s: float, lasts_s: float, *, alone: float = 0.0) -> tuple[list[float], list[float], int]:
    """Send as a lane does. Returns when each message was committed and posted, and how often a slot was missed.

    `alone`: the rate while nobody chats, and nobody does.
    """
    tempo, pace, now = Tempo(), Pace(chatted_at=-CHAT_S), 0.0
    committed, posted, missed = [], [], 0
    while now < lasts_s:
        pace, slots = reserve(pace, rate, tempo.size(rate), now, ahead_s=tempo.ahead_s(rate), most_alone=alone)
        if not slots.count:
            now += slots.wait_s
            continue
        asked_at, now = now, now + commit_s
        tempo.note(commit_s)
        for index in range(slots.count):
            committed.append(now)
            posted.append(max(now, slots.at(index)))
            missed += now > slots.at(index) + LATEST_S
        here = Slots(slots.start - asked_at, slots.interval, slots.count)
        now = max(now, asked_at + tempo.next_s(here, rate))
    return committed, posted, missed


@pytest.mark.parametrize("rate", [16.0, 64.0, 80.0, 150.0])
@pytest.mark.parametrize("commit_s", [0.005, 0.02])
def test_eight_messages_at_most_wait_for_their_slots_on_average(rate: float, commit_s: float) -> None:
    committed, posted, missed = send(rate, commit_s, lasts_s=20.0)
    waiting = sum(end - start for start, end in zip(committed, posted, strict=True)) / 20.0
    assert waiting <= 8.0
    assert len(posted) == pytest.approx(20.0 * rate * MARGIN, rel=0.05), "and the pace is kept"
    assert missed == 0


@pytest.mark.parametrize("rate", [64.0, 150.0, 800.0])
@pytest.mark.parametrize("commit_s", [0.002, 0.03, 0.06])
def test_a_slow_database_costs_no_pace(rate: float, commit_s: float) -> None:
    _committed, posted, missed = send(rate, commit_s, lasts_s=20.0)
    assert len(posted) == pytest.approx(20.0 * rate * MARGIN, rel=0.05)
    assert missed <= 3 * Tempo().size(rate), "until the average is right"


@pytest.mark.parametrize("rate", [16.0, 64.0, 150.0, 800.0])
@pytest.mark.parametrize("commit_s", [0.005, 0.02, 0.06])
def test_the_fifth_of_the_chats_is_used_whole_while_nobody_chats(rate: float, commit_s: float) -> None:
    _committed, posted, missed = send(rate, commit_s, lasts_s=20.0, alone=1.25 * rate)
    assert len(posted) == pytest.approx(20.0 * 1.25 * rate * MARGIN, rel=0.05)
    assert missed <= 3 * Tempo().size(rate), "until the average is right"


@given(rate=st.floats(0.05, 5_000.0), commits=st.lists(st.floats(0.0, 100.0), max_size=30))
def test_a_wave_can_always_have_its_slots(rate: float, commits: list[float]) -> None:
    tempo = Tempo()
    for seconds in commits:
        tempo.note(seconds)
    size, ahead_s = tempo.size(rate), tempo.ahead_s(rate)
    assert 1 <= size <= LARGEST_WAVE
    assert size == 1 or size <= round(rate * LONGEST_WAVE_S)
    assert 0.0 < ahead_s <= HORIZON_S
    _state, slots = reserve(Pace(), rate, size, 0.0, ahead_s=ahead_s)
    assert slots.count == size, "from a number that has sent nothing yet"
