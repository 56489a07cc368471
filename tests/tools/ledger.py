"""The real tools, on the real database, in an imagined call (`calls/tests/world.py`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from calls.conversation.commands import RunTool
from calls.conversation.tool_events import ToolFinished
from calls.models import Call
from calls.tests.conftest import NOW
from calls.tests.imagined_tools import ImaginedTools
from calls.tests.script import Asks
from calls.tools import running
from tests.tools.mishaps import Commit, Kind, Mishap, striking
from tests.tools.wishes import DONE, Wish


@dataclass
class Ledger:
    """What the tools of one call do, one transaction after the other, each with its mishap. Checks what each says."""

    call: Call
    wishes: Mapping[str, Wish]
    mishaps: Sequence[Mishap | None]
    begun: list[RunTool] = field(default_factory=list)  # and not yet carried out
    carried_out: int = 0

    def carry_out(self, command: RunTool) -> running.Done:
        """Return what the tool says."""
        self.begun.remove(command)
        mishap = self.mishaps[self.carried_out] if self.carried_out < len(self.mishaps) else None
        self.carried_out += 1
        wish = self.wishes[command.name]
        before = wish.effects()
        with striking(mishap):
            done = running.run_tool(
                self.call.pk,
                self.call.business,
                tool_call_id=command.tool_call_id,
                name=command.name,
                arguments=command.arguments,
                now=NOW,
            )
        outcome, effects = json.loads(done.output)["outcome"], wish.effects()
        assert effects <= 1
        if outcome == running.NOT_KNOWN:
            assert mishap is not None
            assert (mishap.kind, isinstance(mishap.at, Commit), mishap.lasts) == (Kind.LOST, True, True)
        elif wish.tool in DONE:
            assert effects == (1 if outcome == DONE[wish.tool] else before), outcome
            assert done.has_failed == (outcome != DONE[wish.tool])
        return done

    def straggle(self, command: RunTool) -> None:
        """Carry it out though nobody listens any more: its stream is gone, its process is not."""
        if command in self.begun:
            self.carry_out(command)


class LedgersTools(ImaginedTools):
    """The tools of one media stream. A transaction begins after half of the time that a tool takes."""

    def __init__(
        self,
        after: Callable[[float, Callable[[], None]], None],
        now: Callable[[], float],
        feed: Callable[[ToolFinished], None],
        *,
        ledger: Ledger,
    ) -> None:
        super().__init__(after, now, feed)
        self._ledger = ledger

    def run(self, command: RunTool) -> None:
        """Let it be carried out, and its answer come."""
        self._ledger.begun.append(command)
        asks = self._asked_for[command.tool_call_id]
        self._after(asks.takes_s / 2, partial(self._carry_out, command, asks))

    def _carry_out(self, command: RunTool, asks: Asks) -> None:
        done = self._ledger.carry_out(command)
        self._after(asks.takes_s / 2, partial(self._answer, command.tool_call_id, done))

    def _answer(self, tool_call_id: str, done: running.Done) -> None:
        self._feed(ToolFinished(self._now(), tool_call_id, done.output, done.has_failed, done.must_be_told))
