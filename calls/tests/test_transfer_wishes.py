"""Whom the model wants a caller to be put through to: checked before anything is done, and told honestly (pure)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import transfer_targets
from calls.conversation.commands import AnswerTool, CreateResponse, EndCall, NextStep, ResponseKind
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import (
    ModelReady,
    ResponseEnded,
    ResponseStatus,
    StreamResumed,
)
from calls.conversation.tool_calls import Result
from calls.conversation.tool_events import ToolRequested
from calls.conversation.transfers import LONGEST_REASON, UnknownName, UnreadableWish, Wish, wish_of
from calls.models import ReachedWhen, TransferTarget
from calls.tests.table import GREETED, GREETING, LINE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure

PEOPLE = ("Dana", "הנהלת חשבונות")
STAFFED = replace(GREETED, people=PEOPLE)
SAID = (("assistant", "caller", "assistant"), (GREETING, "Dana please", "I am putting you through."))


def asked(arguments: str) -> Table:
    """The assistant says that it puts the caller through, and asks for it."""
    table = in_conversation(STAFFED)
    table.say("Dana please")
    response_id = table.respond(seconds=1.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "transfer_call", arguments))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.play_out()
    table.hear(LINE_RMS, 1.0)
    return table


@pytest.mark.parametrize(
    ("arguments", "wish"),
    [
        ("", Wish()),
        ("{}", Wish()),
        ('{"to": "Dana", "reason": "wants to pay"}', Wish("Dana", "wants to pay")),
        ('{"to": " dana ", "reason": null}', Wish("Dana", "")),
        ('{"to": "הנהלת חשבונות"}', Wish("הנהלת חשבונות", "")),
        ('{"to": "", "reason": "two\\nlines\\u0000 and\\u2028more"}', Wish("", "two lines and more")),
        (json.dumps({"reason": "x" * 500}), Wish("", "x" * LONGEST_REASON)),
    ],
)
def test_what_arguments_mean(arguments: str, wish: Wish) -> None:
    assert wish_of(arguments, PEOPLE) == wish


def test_a_name_means_nothing_where_nobody_is_named() -> None:
    assert wish_of('{"to": "anybody"}', ()) == Wish()


@pytest.mark.parametrize("arguments", ["[]", "nonsense", '{"to": 3}', '{"reason": {"a": "b"}}', "[" * 100_000])
def test_arguments_that_can_t_be_read(arguments: str) -> None:
    with pytest.raises(UnreadableWish):
        wish_of(arguments, PEOPLE)


@given(arguments=st.text() | st.dictionaries(st.text(), st.text() | st.integers()).map(json.dumps))
def test_whatever_the_model_writes_only_offered_people_are_called(arguments: str) -> None:
    try:
        wish = wish_of(arguments, PEOPLE)
    except (UnknownName, UnreadableWish):
        return
    assert wish.to in ("", *PEOPLE)
    assert len(wish.about) <= LONGEST_REASON
    assert all(each.isprintable() for each in wish.about)


def test_whom_the_caller_wants_and_why_goes_with_the_end_of_the_stream() -> None:
    table = asked('{"to": "dana", "reason": "wants to pay"}')
    reason, step = EndReason.ASSISTANT_TRANSFERRED, NextStep.TRANSFER
    assert table.of(EndCall) == [EndCall(reason, step, to="Dana", about="wants to pay", was_announced=True)]


@pytest.mark.parametrize(
    ("arguments", "result"), [('{"to": "Moshe"}', Result.NO_SUCH_PERSON), ("nonsense", Result.UNREADABLE)]
)
def test_nobody_is_called_of_a_name_that_was_not_offered_and_the_caller_is_told(arguments: str, result: Result) -> None:
    table = asked(arguments)
    assert table.of(EndCall) == []
    assert table.of(AnswerTool) == [AnswerTool("tool1", result.value)]
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.ANSWER] * 2


# Back with the assistant ---------------------------------------------------------------------------------------
def back(*, first_was_heard: bool = True, was_busy: bool = False) -> Table:
    resumed = StreamResumed(0.0, (), *SAID, first_was_heard, was_busy, is_unreached=True)
    table = Table(STAFFED, begins=resumed, ready=False)
    table.tell(ModelReady(0.3))
    return table


@pytest.mark.parametrize("was_busy", [True, False])
def test_a_caller_whom_nobody_took_is_told_so_at_once_and_not_greeted_again(was_busy: bool) -> None:
    table = back(was_busy=was_busy)
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.UNREACHED]
    assert table.now < 2.0
    table.respond()
    table.play_out()
    assert not table.conversation.first_utterance_protected
    assert [said.words for said in table.conversation.history()][:3] == list(SAID[1])


def test_one_who_has_not_heard_the_greeting_hears_it_first() -> None:
    table = back(first_was_heard=False)
    assert table.conversation.greeting_lock_active
    table.wait(1.1)
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.UNREACHED]


def test_the_caller_may_go_on_and_be_put_through_again() -> None:
    table = back()
    table.respond()
    table.play_out()
    table.say("then billing")
    response_id = table.respond(seconds=1.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool2", "transfer_call", '{"to": "הנהלת חשבונות"}'))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.play_out()
    assert table.last(EndCall).to == "הנהלת חשבונות"


# When somebody may be rung -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("weekday", "hour", "values", "is_reached"),
    [
        (0, 9, {"from_time": time(9), "until_time": time(17)}, True),
        (0, 17, {"from_time": time(9), "until_time": time(17)}, False),
        (5, 10, {"from_time": time(9), "until_time": time(17), "weekdays": "01234"}, False),
        (4, 23, {"from_time": time(22), "until_time": time(2), "weekdays": "4"}, True),
        (5, 1, {"from_time": time(22), "until_time": time(2), "weekdays": "4"}, True),
        (4, 1, {"from_time": time(22), "until_time": time(2), "weekdays": "4"}, False),
        (6, 3, {"weekdays": "6"}, True),
        (0, 3, {"reached_when": ReachedWhen.ALWAYS, "from_time": time(9), "until_time": time(10)}, True),
    ],
)
def test_times_of_a_person(weekday: int, hour: int, values: dict[str, Any], is_reached: bool) -> None:
    target = TransferTarget(**{"reached_when": ReachedWhen.OWN, **values})
    local = datetime(2026, 11, 23 + weekday, hour, tzinfo=UTC)  # a Monday
    assert transfer_targets.is_reached_at(target, local) is is_reached
