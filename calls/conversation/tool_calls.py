"""What the model asks for by function calls, and what becomes of it. Decided when its response has ended.

    the function call                                       what becomes of it
    its item or its response is not complete                is not carried out, which the model is told
    its response was cancelled, as the caller went on       is not carried out, which the model is told
    its name is no function's                               the model is told
    `transfer_call` to somebody who was not offered         is not carried out, which the model is told
    `end_call`, `transfer_call`                             the call is left (`leaving.py`)
    it is one of the business's (`settings.tools`)          it is carried out, and the call goes on (`tool_runs.py`)
    another one after one of those, in the same response    is not carried out, which the model is told
    one that was asked for before, under the same id        is ignored

After a result the model may go on: twice in a turn of the caller's (`MOST_TOOL_ROUNDS`), more often where something
was carried out (`MOST_RESULT_ROUNDS`), the last time without the right to ask for functions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from calls.conversation.commands import AnswerTool, Command, Log, NextStep
from calls.conversation.events import ResponseStatus
from calls.conversation.leaving import TOOL_STEPS
from calls.conversation.tool_events import ToolRequested
from calls.conversation.transfers import NO_WISH, UnknownName, UnreadableWish, Wish, wish_of

MOST_TOOL_ROUNDS = 2
"""Responses to requests of which nothing came, in one turn of the caller's."""
MOST_RESULT_ROUNDS = 5
"""Responses to results of functions: looking for a time, booking it, noting who the caller is, and one mistake."""


class Result(StrEnum):
    """What the model is told about a function call. The words are read by the model only."""

    UNKNOWN = "There is no such function. Go on without it."
    INCOMPLETE = "Not done: your request did not arrive whole. Ask for it again if it is still wanted."
    CALLER_GOES_ON = "Not done: the caller went on talking. Answer the caller."
    ALREADY_LEAVING = "Not done: the call is already being ended or put through."
    OTHER_FAILED = "Not done: something else that you asked for has failed. Tell the caller first."
    NO_SUCH_PERSON = (
        "Not done: there is nobody of that name to put callers through to now. Tell the caller so, and offer those "
        "whom the function names."
    )
    UNREADABLE = "Not done: the function's arguments could not be read. Ask for it again with the ones it takes."
    SAY_IT_FIRST = "Not yet: the caller has not been told. Tell the caller now; it is done after that."


_ANSWERED_BY_THE_MODEL = (Result.UNKNOWN, Result.INCOMPLETE, Result.NO_SUCH_PERSON, Result.UNREADABLE)
"""After these the caller still waits to be told something."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a response's requests.

    `leave`: the one to leave the call. `run`: those to carry out. `goes_on`: nothing comes of it, and the model may go
    on at once.
    """

    leave: ToolRequested | None = None
    run: tuple[ToolRequested, ...] = ()
    goes_on: bool = False


class ToolCalls:
    """The function calls of a call. Answers to the model go out through `emit`."""

    def __init__(self, tools: Collection[str], people: Sequence[str], emit: Callable[[Command], None]) -> None:
        self._tools = tools
        self._people = people
        self._emit = emit
        self._seen: set[str] = set()
        self._waiting: list[tuple[str, ToolRequested]] = []  # with the id of our request that led to it

    def requested(self, event: ToolRequested, request: str) -> None:
        """Keep what a response asks for until it has ended. `request`: the id of our request for the response."""
        if event.tool_call_id not in self._seen:
            self._seen.add(event.tool_call_id)
            self._waiting.append((request, event))

    def forget(self) -> None:
        """Drop what waits: its session is gone, and nobody would read an answer."""
        self._waiting.clear()

    def judge(self, request: str, status: ResponseStatus, *, is_wanted: bool) -> Judged:
        """Judge what a response has asked for that ended; what is neither a leave nor carried out is answered.

        `is_wanted`: it was not cancelled. What an older response has asked for was given up with it.
        """
        leave, run, goes_on = None, list[ToolRequested](), False
        waiting, self._waiting = self._waiting, []
        for asked_by, event in waiting:
            result = self._result(event, status, is_wanted=is_wanted and asked_by == request, leaves=leave is not None)
            if result is not None:
                self.answer(event.tool_call_id, result)
                goes_on = goes_on or result in _ANSWERED_BY_THE_MODEL
            elif event.name in TOOL_STEPS:
                leave = event
            else:
                run.append(event)
        return Judged(leave, tuple(run), goes_on)

    def _result(self, event: ToolRequested, status: ResponseStatus, *, is_wanted: bool, leaves: bool) -> Result | None:
        if not is_wanted:
            return Result.CALLER_GOES_ON
        if not event.is_complete or status is not ResponseStatus.COMPLETED:
            return Result.INCOMPLETE
        if event.name not in TOOL_STEPS and event.name not in self._tools:
            return Result.UNKNOWN
        return Result.ALREADY_LEAVING if leaves else self._why_not_there(event)

    def _why_not_there(self, event: ToolRequested) -> Result | None:
        if TOOL_STEPS.get(event.name) is not NextStep.TRANSFER:
            return None
        try:
            self.wish(event)
        except UnknownName:
            return Result.NO_SUCH_PERSON
        except UnreadableWish:
            return Result.UNREADABLE
        return None

    def wish(self, event: ToolRequested) -> Wish:
        """Return whom a request to leave the call puts the caller through to. It was judged before."""
        return wish_of(event.arguments, self._people) if TOOL_STEPS[event.name] is NextStep.TRANSFER else NO_WISH

    def answer(self, tool_call_id: str, result: Result) -> None:
        """Tell the model what became of a request."""
        self._emit(Log("[TOOL]", f"not carried out: {result.name.lower()}"))
        self._emit(AnswerTool(tool_call_id, result.value))
