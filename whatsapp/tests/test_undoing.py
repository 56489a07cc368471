"""Undoing a start: nothing is sent for some seconds, and one press makes it a draft again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from businesses.models import AuditEntry, Business
from businesses.pages.audit_words import details_of
from frontdesk.first_steps import first_steps
from testing.broadcasts import addresses, make_broadcast
from whatsapp.broadcasts import lifecycle, taking_back
from whatsapp.broadcasts.prepare import prepare_step
from whatsapp.broadcasts.taking_back import UNDO_FOR
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.sending import agenda

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_the_time() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def draft(sender: Sender, template: MessageTemplate) -> Broadcast:
    """A draft whose people are known."""
    return make_broadcast(sender, template, addresses(3), status="draft", started_at=None)


def page(broadcast: Broadcast, name: str = "broadcast") -> str:
    return reverse(name, kwargs={"slug": "clinic", "broadcast_id": broadcast.pk})


def now_after(broadcast: Broadcast, seconds: float) -> str:
    """Let the loop look at what is to be done some seconds later; returns the state then."""
    later = NOW + timedelta(seconds=seconds)
    agenda.tend(later)
    assert agenda.prepare_some(later) is False
    broadcast.refresh_from_db()
    return broadcast.status


def start(staff: Client, draft: Broadcast) -> None:
    staff.post(page(draft, "broadcast-start"), {"edition": draft.edition})
    draft.refresh_from_db()


def test_nothing_leaves_for_some_seconds_and_then_it_runs(staff: Client, draft: Broadcast) -> None:
    start(staff, draft)
    assert (draft.status, draft.started_at) == ("preparing", NOW + UNDO_FOR)
    text = staff.get(page(draft)).content.decode()
    assert "Starts in 10 seconds, at 11:00:10." in text
    assert page(draft, "broadcast-undo") in text
    assert now_after(draft, 9.9) == "preparing"
    assert agenda.read_agenda(NOW).has_work, "a loop that is about to end waits for it"
    assert now_after(draft, 10) == "running"
    with time_machine.travel(NOW + UNDO_FOR, tick=False):
        assert page(draft, "broadcast-undo") not in staff.get(page(draft)).content.decode()


def test_the_page_is_loaded_anew_when_the_time_is_over(staff: Client, draft: Broadcast) -> None:
    start(staff, draft)
    key = staff.get(page(draft)).context["state_key"]
    poll = f"{page(draft, 'broadcast-progress')}?status={key}"
    assert "HX-Refresh" not in staff.get(poll)
    with time_machine.travel(NOW + timedelta(seconds=4), tick=False):
        answer = staff.get(poll)
        assert "HX-Refresh" not in answer
        assert "Starts in 6 seconds" in answer.content.decode()
    with time_machine.travel(NOW + UNDO_FOR, tick=False):
        assert staff.get(poll)["HX-Refresh"] == "true"


def test_undo_makes_it_a_draft_and_says_so(staff: Client, draft: Broadcast) -> None:
    start(staff, draft)
    answer = staff.post(page(draft, "broadcast-undo"), follow=True)
    assert "The start is undone" in answer.content.decode()
    draft.refresh_from_db()
    assert (draft.status, draft.started_at) == ("draft", None)
    assert now_after(draft, 60) == "draft"
    assert set(Recipient.objects.values_list("status", flat=True)) == {"pending"}
    kinds = list(draft.events.values_list("kind", "actor__email"))
    assert kinds == [("started", "staff@clinic.test"), ("undone", "staff@clinic.test")]
    assert "Start undone" in staff.get(page(draft)).content.decode()
    entry = AuditEntry.objects.get(details__step="undone")
    assert "start undone" in {str(detail.value) for detail in details_of(entry)}
    start(staff, draft)
    assert now_after(draft, 10) == "running", "a draft that was undone can be started"


def test_too_late_changes_nothing(staff: Client, draft: Broadcast) -> None:
    start(staff, draft)
    with time_machine.travel(NOW + UNDO_FOR, tick=False):
        answer = staff.post(page(draft, "broadcast-undo"), follow=True)
    assert "Too late to undo the start" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.status == "preparing"
    now_after(draft, 10)
    with pytest.raises(IllegalChange):
        taking_back.undo(draft, now=NOW)
    assert draft.status == "running"


def test_who_prepares_it_and_who_undoes_it_do_not_meet(draft: Broadcast) -> None:
    lifecycle.start_or_schedule(draft, refuse_unsendable=lambda _: None, now=NOW, undo_for=UNDO_FOR)
    known = Broadcast.objects.select_related("business").get(pk=draft.pk)
    taking_back.undo(draft, now=NOW)
    assert prepare_step(known, now=NOW + UNDO_FOR)
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_a_command_starts_at_once(draft: Broadcast) -> None:
    call_command("start_broadcast", str(draft.pk))
    draft.refresh_from_db()
    assert (draft.status, draft.started_at) == ("running", NOW)


def test_a_draft_is_no_first_broadcast(clinic: Business, draft: Broadcast) -> None:
    def is_sent(**values: object) -> bool:
        Broadcast.objects.update(**values)
        return first_steps(clinic)[-1].is_done

    assert not is_sent(status="draft")
    assert not is_sent(status="draft", started_at=NOW), "which was taken back after it could not be prepared"
    assert is_sent(status="scheduled", started_at=None)
    assert is_sent(status="running", started_at=NOW)
