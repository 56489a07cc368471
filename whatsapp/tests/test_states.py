from __future__ import annotations

from itertools import pairwise

from whatsapp.states import (
    BROADCAST_MOVES,
    OPEN,
    REACHED_PROVIDER,
    RECIPIENT_RANK,
    UNSENT,
    UNSETTLED,
    BroadcastStatus,
    RecipientStatus,
    broadcast_states_before,
)


def test_every_state_has_a_rank_and_moves() -> None:
    assert set(RECIPIENT_RANK) == set(RecipientStatus)
    assert set(BROADCAST_MOVES) == set(BroadcastStatus)


def test_every_broadcast_can_come_to_an_end() -> None:
    ends = {BroadcastStatus.COMPLETED, BroadcastStatus.CANCELLED}
    for status in BroadcastStatus:
        reached, todo = {status}, [status]
        while todo:
            new = BROADCAST_MOVES[todo.pop()] - reached
            reached |= new
            todo += new
        assert reached & ends, status


def test_nothing_leads_out_of_a_cancelled_broadcast() -> None:
    assert BROADCAST_MOVES[BroadcastStatus.CANCELLED] == frozenset()
    assert BROADCAST_MOVES[BroadcastStatus.CANCELLING] == {BroadcastStatus.CANCELLED}
    assert BroadcastStatus.RUNNING not in BROADCAST_MOVES[BroadcastStatus.CANCELLING]


def test_the_states_before_are_the_moves_backwards() -> None:
    assert set(broadcast_states_before(BroadcastStatus.COMPLETED)) == {BroadcastStatus.RUNNING}
    assert BroadcastStatus.CANCELLED not in broadcast_states_before(BroadcastStatus.CANCELLING)


def test_news_only_ever_raises_what_is_known() -> None:
    ladder = [
        RecipientStatus.CLAIMED,
        RecipientStatus.SENDING,
        RecipientStatus.UNKNOWN,
        RecipientStatus.ACCEPTED,
        RecipientStatus.SENT,
        RecipientStatus.FAILED,
        RecipientStatus.DELIVERED,
        RecipientStatus.READ,
    ]
    for lower, higher in pairwise(ladder):
        assert RECIPIENT_RANK[lower] < RECIPIENT_RANK[higher]


def test_the_groups_of_states_do_not_overlap_where_they_must_not() -> None:
    assert not set(UNSENT) & (set(UNSETTLED) | set(REACHED_PROVIDER))
    assert set(OPEN) == {*UNSENT, RecipientStatus.SENDING}
