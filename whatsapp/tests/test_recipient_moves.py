"""A recipient's moves: the table is complete, every computed state is in it, and nobody moves rows beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from whatsapp import recipients
from whatsapp.models import Broadcast, Recipient
from whatsapp.providers.base import ErrorRule, SendOutcome, SendResult
from whatsapp.providers.events import ReportedStatus, StatusUpdate
from whatsapp.sending import claims
from whatsapp.sending.outcomes import change_for
from whatsapp.states import (
    OPEN,
    RECIPIENT_MOVES,
    UNSENT,
    RecipientStatus,
    SkipReason,
    may_move,
    recipient_states_before,
)
from whatsapp.webhooks.folding import Delivery, fold

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
WHATSAPP = Path(recipients.__file__).parent
OTHER_TABLES = {
    "broadcasts/drafts.py": "broadcasts",
    "broadcasts/lifecycle.py": "broadcasts",
    "inbox/messenger.py": "consents of contacts",
    "sending/direct.py": "messages to one person",
    "webhooks/direct_statuses.py": "messages to one person",
}
"""Modules that change the status of rows of another table."""
ONE_BY_ONE = {"keeping/emptying.py", "sending/claims.py", "sending/results.py", "webhooks/statuses.py"}
"""Modules that move recipients one by one, each with its own values (see `recipients`)."""


def test_every_state_has_its_moves() -> None:
    assert set(RECIPIENT_MOVES) == set(RecipientStatus)
    assert {new for following in RECIPIENT_MOVES.values() for new in following} == set(RecipientStatus) - {
        RecipientStatus.SENT,
        RecipientStatus.DELIVERED,
        RecipientStatus.READ,
    }


def test_only_what_is_provably_unsent_is_claimed_or_cancelled() -> None:
    before_claim = set(recipient_states_before(RecipientStatus.CLAIMED))
    assert before_claim == {RecipientStatus.PENDING, RecipientStatus.RETRY_WAIT}
    assert recipient_states_before(RecipientStatus.SENDING) == (RecipientStatus.CLAIMED,)
    assert set(UNSENT) <= set(recipient_states_before(RecipientStatus.CANCELLED))
    for state in before_claim:
        assert f"'{state}'" in claims._CLAIM


@pytest.mark.parametrize("outcome", SendOutcome)
@pytest.mark.parametrize("before", [RecipientStatus.SENDING, RecipientStatus.UNKNOWN])
def test_every_answer_is_a_move_of_the_table(outcome: SendOutcome, before: RecipientStatus) -> None:
    for tries, others_succeed, may_be_one_row in product((0, 1), (False, True), (False, True)):
        rule = ErrorRule(outcome, "refused", tries=tries, may_be_one_row=may_be_one_row)
        after = change_for(
            SendResult(outcome, rule), attempts=1, refusals=0, others_succeed=others_succeed, now=NOW, chance=0.5
        ).status
        assert after == before or may_move(before, after)


@pytest.mark.parametrize("progress", ReportedStatus)
@pytest.mark.parametrize("before", RecipientStatus)
def test_every_report_is_a_move_of_the_table(progress: ReportedStatus, before: RecipientStatus) -> None:
    report = StatusUpdate("1", "wamid", progress, NOW)
    after = fold(Delivery(before), [(report, None)]).status
    assert after == before or may_move(before, after)


@pytest.mark.django_db
@pytest.mark.parametrize("before", RecipientStatus)
def test_rows_are_freed_along_the_table_only(broadcast: Broadcast, before: RecipientStatus) -> None:
    row = Recipient.objects.filter(broadcast=broadcast)[0]
    for after in RecipientStatus:
        reason = SkipReason.OPTED_OUT if before == RecipientStatus.SKIPPED else ""
        Recipient.objects.filter(pk=row.pk).update(status=before, skip_reason=reason, lease_until=NOW)
        extra = {"skip_reason": SkipReason.OPTED_OUT} if after == RecipientStatus.SKIPPED else {}
        moved = recipients.free(Recipient.objects.filter(pk=row.pk), to=after, **extra)
        row.refresh_from_db()
        if after in RECIPIENT_MOVES[before]:
            assert (moved, row.status, row.lease_token, row.lease_until) == (1, after, None, None)
        else:
            assert (moved, row.status, row.lease_until) == (0, before, NOW)


def test_open_states_are_those_that_lead_on_without_a_report() -> None:
    assert set(OPEN) == {*UNSENT, RecipientStatus.SENDING}


def test_rows_are_moved_in_one_place() -> None:
    writers = {
        str(path.relative_to(WHATSAPP))
        for path in WHATSAPP.rglob("*.py")
        if not {"tests", "migrations"} & set(path.parts)
        for _call in _status_writers(ast.parse(path.read_text()))
    }
    assert writers == {"recipients.py", *ONE_BY_ONE, *OTHER_TABLES, *_others(writers)}


def _others(writers: set[str]) -> set[str]:
    """Writers of senders', templates' or imports' rows are left out: they never name a recipient."""
    return {name for name in writers if "Recipient" not in (WHATSAPP / name).read_text()}


def _status_writers(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that may write a recipient's status: `update` with a status or unseen values, and `update_rows`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "update":
            if any(each.arg in {None, "status"} for each in node.keywords):
                yield node
        elif isinstance(node.func, ast.Name) and node.func.id == "update_rows" and _is_recipient(node.args[0]):
            yield node


def _is_recipient(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "Recipient"
