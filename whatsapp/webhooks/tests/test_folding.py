"""Reports may come in any order, any number of times: the row ends the same."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.providers.cloud.errors import rule_for
from whatsapp.providers.events import ReportedStatus, StatusUpdate
from whatsapp.states import RECIPIENT_RANK, RecipientStatus
from whatsapp.webhooks.folding import Delivery, fold
from whatsapp.webhooks.tests.notes import AT

updates = st.builds(
    lambda progress, seconds: StatusUpdate(
        "1055",
        "wamid.1",
        progress,
        AT + timedelta(seconds=seconds),
        error_code="131026" if progress is ReportedStatus.FAILED else "",
    ),
    st.sampled_from(list(ReportedStatus)),
    st.integers(0, 100),
)
reports = st.lists(updates, min_size=1, max_size=6)
starts = st.sampled_from([RecipientStatus.SENDING, RecipientStatus.UNKNOWN, RecipientStatus.PENDING])


def folded(start: RecipientStatus, given_updates: list[StatusUpdate]) -> Delivery:
    rules = [(u, rule_for(u.error_code) if u.error_code else None) for u in given_updates]
    return fold(Delivery(start), rules)


@given(starts, reports, st.randoms())
def test_order_and_repetition_change_nothing(
    start: RecipientStatus, given_updates: list[StatusUpdate], chance: object
) -> None:
    shuffled = given_updates * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert folded(start, shuffled) == folded(start, given_updates)


@given(starts, reports)
def test_a_row_only_ever_rises(start: RecipientStatus, given_updates: list[StatusUpdate]) -> None:
    ranks = [RECIPIENT_RANK[folded(start, given_updates[:count]).status] for count in range(len(given_updates) + 1)]
    assert ranks == sorted(ranks)


@given(reports)
def test_who_read_it_has_got_it(given_updates: list[StatusUpdate]) -> None:
    row = folded(RecipientStatus.UNKNOWN, given_updates)
    assert (row.read_at is None) or (row.delivered_at is not None and row.delivered_at <= row.read_at)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["sent", "failed"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["read", "failed", "sent"], "read"),
        (["accepted"], "accepted"),
    ],
)
def test_a_delivery_outweighs_a_failure(said: list[str], expected: str) -> None:
    for order in itertools.permutations(said):
        row = folded(
            RecipientStatus.UNKNOWN, [StatusUpdate("1055", "wamid.1", ReportedStatus(word), AT) for word in order]
        )
        assert row.status == expected
