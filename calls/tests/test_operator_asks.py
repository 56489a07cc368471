"""A person of the business ends the assistant's part of a call, whatever it is doing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation import Conversation, ConversationSettings
from calls.conversation.commands import (
    CancelResponse,
    ClearPlayback,
    CreateResponse,
    EndCall,
    KeepTurn,
    NextStep,
    ResponseKind,
)
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import CallerLeft, ModelLost, OperatorAsked, Tick
from calls.records.traces import decode, encode
from calls.telephone.onward import onward_by
from calls.tests.generated import generated
from calls.tests.table import GREETED, GREETING, LINE_RMS, SILENT, VOICE_RMS, Table

pytestmark = pytest.mark.pure

STEPS = st.sampled_from([NextStep.HANG_UP, NextStep.TRANSFER])
MOMENTS = st.sampled_from(["talk", "listen", "ask", "answer", "half an answer", "play out"])


def pass_time(table: Table, moment: str) -> None:
    asked = len(table.of(CreateResponse)) > len(
        [c for c in table.of(CreateResponse) if c.kind is ResponseKind.GREETING]
    )
    match moment:
        case "talk":
            table.hear(VOICE_RMS, 0.4)
        case "listen":
            table.hear(LINE_RMS, 0.3)
        case "ask":
            table.say()
        case "answer" if asked:
            table.respond(seconds=2.0)
        case "half an answer" if asked:
            table.respond(seconds=1.0, end=False)
        case "play out":
            table.play_out()


@generated(200)
@given(st.sampled_from([GREETED, SILENT]), st.lists(MOMENTS, max_size=6), STEPS)
def test_it_ends_at_once_as_asked_and_only_once(
    business: ConversationSettings, moments: list[str], step: NextStep
) -> None:
    table = Table(business)
    for moment in moments:
        pass_time(table, moment)
    if step is NextStep.TRANSFER:
        table.tell(ModelLost(table.now, "closed_1006"))  # nobody can announce it
    commands = table.tell(OperatorAsked(table.now, step))
    assert isinstance(commands[-1], EndCall)
    assert (commands[-1].next_step, commands[-1].failed) == (step, False)
    assert not [each for each in commands if isinstance(each, ClearPlayback | CancelResponse | CreateResponse)]
    assert table.conversation.is_over
    assert table.tell(OperatorAsked(table.now, NextStep.HANG_UP)) == []
    assert table.tell(CallerLeft(table.now)) == []


def test_the_protected_greeting_does_not_hold_a_person_back() -> None:
    table = Table(GREETED)
    table.hear(LINE_RMS, 0.2)
    assert table.flag("greeting_lock_active")
    commands = table.tell(OperatorAsked(table.now, NextStep.TRANSFER))
    assert table.last(EndCall) == EndCall(EndReason.OPERATOR_TRANSFERRED, NextStep.TRANSFER)
    (turn,) = [each for each in commands if isinstance(each, KeepTurn)]
    assert turn.text == GREETING
    assert GREETING.startswith(turn.heard_text)
    assert len(turn.heard_text) < len(GREETING)


def test_a_trace_with_it_reads_back() -> None:
    event = OperatorAsked(1.25, NextStep.TRANSFER)
    assert list(decode(encode([event, Tick(2.0)]))) == [event, Tick(2.0)]
    assert Conversation(SILENT).handle(event)[-1] == EndCall(EndReason.OPERATOR_TRANSFERRED, NextStep.TRANSFER)


def test_the_number_after_trouble() -> None:
    from businesses.models import Business  # noqa: PLC0415 - no database is touched

    business = Business(fallback_number="+12125559999")
    assert onward_by(NextStep.APOLOGIZE, business).dial == "+12125559999"
    assert onward_by(NextStep.HANG_UP, business).dial == ""
