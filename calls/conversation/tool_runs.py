"""Functions that are carried out while the call goes on: which ones run, and what the caller is still to be told.

    state     the caller                                    ends by
    RUNNING   waits; after `FILLER_AFTER_S` of silence a     its result, told to the model; or after `LONGEST_RUN_S`,
              few words say that it takes a moment           which the model is told: LATE
    LATE      was told that it takes too long                its result, told to the model as news

A result is spoken about once no other function of the same response runs. A look-up that ends after the caller has
said something else is given to the model and not spoken about: what it answers is out of date. All results of a call
are told to each new session of the model, which would otherwise know only what was said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from calls.conversation.commands import AnswerTool, Command, Log, ResponseKind, RunTool, TellResult
from calls.conversation.responses import Owed
from calls.conversation.tool_events import ToolFinished, ToolRequested

FILLER_AFTER_S = 1.0
"""So long a pause is an ordinary one. Words that are asked for now are heard about half a second later."""
LONGEST_RUN_S = 5.0
"""A function is a short piece of work in the database. What takes longer waits for something that may never come."""
MOST_RESULTS = 12
"""So many results are told to a new session, the newest ones."""
TAKES_TOO_LONG = '{"outcome": "not_finished", "say": "It could not be confirmed yet. Do not say that it is done."}'


@dataclass(slots=True)
class _Run:
    name: str
    request: str
    turn: int
    since: float
    session: int
    is_late: bool = False


class ToolRuns:
    """The functions of one call that run or have run. Commands go out through `emit`."""

    def __init__(self, emit: Callable[[Command], None]) -> None:
        self._emit = emit
        self._runs: dict[str, _Run] = {}
        self._results: list[str] = []
        self._sessions = 0
        self._filled = ""  # the request whose functions a filler was asked for

    @property
    def is_waited_for(self) -> bool:
        """The caller waits for a result."""
        return any(not run.is_late for run in self._runs.values())

    def owed(self) -> Owed | None:
        """Return what the caller waits for, as long as a function runs; it is asked for when that has ended."""
        since = [run.since for run in self._runs.values() if not run.is_late]
        return Owed(ResponseKind.ANSWER, since=min(since)) if since else None

    # The way of a function ------------------------------------------------------------------------------
    def begin(self, event: ToolRequested, *, request: str, turn: int, at: float) -> None:
        """Have a function carried out. `request`: of the response that asked; `turn`: how many the caller had."""
        self._runs[event.tool_call_id] = _Run(event.name, request, turn, at, self._sessions)
        self._emit(Log("[TOOL]", f"{event.name} begins"))
        self._emit(RunTool(event.tool_call_id, event.name, event.arguments))

    def finished(self, event: ToolFinished, *, turn: int) -> bool:
        """Give the model a result. Returns whether it is to speak about it now."""
        run = self._runs.pop(event.tool_call_id, None)
        if run is None:
            return False
        took_ms = round((event.at - run.since) * 1000)
        self._emit(Log("[TOOL]", f"{run.name} {'failed' if event.has_failed else 'done'} after {took_ms} ms"))
        news = f"{run.name}: {event.output}"
        self._results = [*self._results, news][-MOST_RESULTS:]
        if run.session == self._sessions and not run.is_late:
            self._emit(AnswerTool(event.tool_call_id, event.output))
        else:
            self._emit(TellResult(news))
        is_out_of_date = turn > run.turn and not event.must_be_told
        waits_for_more = any(other.request == run.request and not other.is_late for other in self._runs.values())
        return not is_out_of_date and not waits_for_more

    def give_up_late(self, at: float) -> bool:
        """Tell the model which functions take too long. Returns whether there were any that are to be spoken about."""
        late = [(key, run) for key, run in self._runs.items() if not run.is_late and at >= run.since + LONGEST_RUN_S]
        for key, run in late:
            run.is_late = True
            self._emit(Log("[TOOL]", f"{run.name} takes too long"))
            if run.session == self._sessions:
                self._emit(AnswerTool(key, TAKES_TOO_LONG))
            else:
                self._emit(TellResult(f"{run.name}: {TAKES_TOO_LONG}"))
        return bool(late)

    def wants_filler(self, at: float, *, turn: int) -> bool:
        """Tell, once for each response, whether it is time for words that it takes a moment, if nothing is heard."""
        runs = [run for run in self._runs.values() if run.turn == turn and not run.is_late]
        waited_for = [run for run in runs if at >= run.since + FILLER_AFTER_S]
        if not waited_for or waited_for[0].request == self._filled:
            return False
        self._filled = waited_for[0].request
        return True

    def deadlines(self) -> list[float | None]:
        """Return when `give_up_late` or `wants_filler` may say something new. Past moments mean nothing."""
        waited_for = [run.since for run in self._runs.values() if not run.is_late]
        return [since + after for since in waited_for for after in (FILLER_AFTER_S, LONGEST_RUN_S)]

    # The line to the model ------------------------------------------------------------------------------
    def restore(self, results: Iterable[str]) -> None:
        """Take over the results of a call that goes on in another stream."""
        self._results = list(results)[-MOST_RESULTS:]

    def session_ready(self) -> None:
        """Tell a new session what its predecessors' functions have done."""
        self._sessions += 1
        for news in self._results:
            self._emit(TellResult(news))
