"""Outgoing calls of the demo: waiting, and with everything that can become of one."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses.models import Business, User
from calls.models import AtMachine, OutgoingCall, OutgoingChoices, OutgoingState
from calls.outgoing.rules import Why
from testing.demo_data import Keys

_OVER = (
    ("+972525550000", "דנה כהן", "תזכורת לתור של יום שלישי", OutgoingState.TALKED, "", "human"),
    ("+442079460958", "Tom", "The parking place is too small.", OutgoingState.MACHINE, "", "machine_end_beep"),
    ("+972525550001", "", "", OutgoingState.BUSY, "", ""),
    ("+972525550002", "Elizabeth Montgomery-Featherstonehaugh", "", OutgoingState.NO_ANSWER, "", ""),
    ("+972525550003", "יעל", "מחיר של צילום", OutgoingState.FAILED, "21211", ""),
    ("+972525550004", "", "", OutgoingState.UNKNOWN, "", ""),
    ("+972525550005", "משה", "", OutgoingState.NOT_ALLOWED, Why.OPTED_OUT.value, ""),
    ("+972525550006", "Noa", "", OutgoingState.CANCELLED, "", ""),
)


def add(business: Business, calls: Keys, *, staff: User, now: datetime) -> Keys:
    """Create outgoing calls, and what the owner has chosen. Returns the rows to look at."""
    OutgoingChoices.objects.create(
        business=business, enabled=True, words="שלום {name}, כאן המענה האוטומטי של {business}. ביקשתם שנחזור אליכם.",
        at_machine=AtMachine.SAY, machine_words="שלום, חזרנו אליכם. אפשר להתקשר אלינו בשעות הפתיחה.",
    )  # fmt: skip
    for place, (number, who, about, state, why, answered_by) in enumerate(_OVER):
        at = now - timedelta(hours=2 * place + 1)
        OutgoingCall.objects.create(
            business=business, number=number, who=who, about=about, state=state, why=why, answered_by=answered_by,
            call_id=calls["hebrew"] if state == OutgoingState.TALKED else None, basis="asked", asked_by=staff,
            asked_at=at, dialled_at=at, ended_at=at,
        )  # fmt: skip
    waiting = OutgoingCall.objects.create(
        business=business, number="+972525550002", who="Elizabeth Montgomery-Featherstonehaugh", try_number=2,
        why=Why.HOURS_THERE, basis="called", asked_by=staff, asked_at=now, due_at=now + timedelta(hours=9),
    )  # fmt: skip
    return {"waiting": str(waiting.pk)}
