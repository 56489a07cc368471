"""The business's functions in an imagined call: each ends after as long, and as well, as the script says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import isfinite

from calls.conversation.commands import RunTool
from calls.conversation.tool_events import ToolFinished
from calls.tests.script import Asks


class ImaginedTools:
    """Those of one call. `after` lets something happen later; `feed` tells the conversation what came of one."""

    def __init__(
        self,
        after: Callable[[float, Callable[[], None]], None],
        now: Callable[[], float],
        feed: Callable[[ToolFinished], None],
    ) -> None:
        self._after = after
        self._now = now
        self._feed = feed
        self._asked_for: dict[str, Asks] = {}

    def asked(self, tool_call_id: str, asks: Asks) -> None:
        """Remember how the script wants a function to go that is asked for."""
        self._asked_for[tool_call_id] = asks

    def run(self, command: RunTool) -> None:
        """Let it end in time, or never."""
        asks = self._asked_for[command.tool_call_id]
        if isfinite(asks.takes_s):
            self._after(asks.takes_s, partial(self._finish, command.tool_call_id, asks))

    def _finish(self, call_id: str, asks: Asks) -> None:
        result = f'{{"of": "{call_id}"}}'
        self._feed(ToolFinished(self._now(), call_id, result, asks.fails, asks.must_be_told))
