"""Reports may come in any order, any number of times: the row ends the same."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

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


def said(status: ReportedStatus, seconds: int = 0, **values: Any) -> tuple[StatusUpdate, None]:
    return StatusUpdate("1055", "wamid.1", status, AT + timedelta(seconds=seconds), **values), None


def test_each_report_keeps_its_earliest_time_and_the_first_proves_acceptance() -> None:
    sent, delivered, read, failed = (ReportedStatus(word) for word in ("sent", "delivered", "read", "failed"))
    reports = [said(read, 9), said(delivered, 4), said(delivered, 6), said(failed, 8), said(sent, 3), said(sent, 5)]
    row = fold(Delivery(RecipientStatus.UNKNOWN), reports)
    seconds = [
        moment and (moment - AT).total_seconds()
        for moment in (row.accepted_at, row.sent_at, row.delivered_at, row.read_at, row.failed_at)
    ]
    assert seconds == [3, 3, 4, 9, 8]


def test_a_message_that_was_ever_billed_is_billed_in_its_category() -> None:
    sent = ReportedStatus.SENT
    unsaid, free = said(sent), said(sent, billable=False, price_category="utility")
    billed = said(sent, billable=True, price_category="marketing")
    start = Delivery(RecipientStatus.SENDING)
    for order in itertools.permutations([unsaid, free, billed]):
        assert (fold(start, order).billable, fold(start, order).price_category) == (True, "marketing")
    assert fold(start, [unsaid]).billable is None
    for order in itertools.permutations([unsaid, free]):
        assert (fold(start, order).billable, fold(start, order).price_category) == (False, "utility")


def test_the_first_message_id_stays() -> None:
    other = StatusUpdate("1055", "wamid.2", ReportedStatus.SENT, AT)
    assert fold(Delivery(RecipientStatus.SENDING), [said(ReportedStatus.SENT), (other, None)]).provider_message_id == (
        "wamid.1"
    )


def test_a_failure_has_its_reason_as_long_as_the_columns_are_and_a_delivery_has_none() -> None:
    failed = said(ReportedStatus.FAILED, error_code="1" * 30, error_text="x" * 600)
    row = fold(Delivery(RecipientStatus.SENDING), [failed])
    assert (row.error_code, row.error_class, row.error_text) == ("1" * 20, "permanent", "x" * 500)
    row = fold(row, [said(ReportedStatus.DELIVERED)])
    assert (row.status, row.error_code, row.error_class, row.error_text) == ("delivered", "", "", "")


def test_a_failure_is_of_the_class_that_its_rule_says() -> None:
    failed, _none = said(ReportedStatus.FAILED, error_code="131049")
    assert fold(Delivery(RecipientStatus.SENDING), [(failed, rule_for("131049"))]).error_class == "deferred"
