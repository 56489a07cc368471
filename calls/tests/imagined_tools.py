"""The business's functions in an imagined call: each ends after as long, and as well, as the script says."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from calls.conversation.commands import RunTool
from calls.tests.script import Asks

Finish = Callable[[str, Asks], None]


class ImaginedTools:
    """Those of one call. `after` lets something happen later; `finish` tells the conversation what came of one."""

    def __init__(self, after: Callable[[float, Callable[[], None]], None], finish: Finish) -> None:
        self._after = after
        self._finish = finish
        self._asked_for: dict[str, Asks] = {}

    def asked(self, tool_call_id: str, asks: Asks) -> None:
        """Remember how the script wants a function to go that is asked for."""
        self._asked_for[tool_call_id] = asks

    def run(self, command: RunTool) -> None:
        """Let it end in time, or never."""
        asks = self._asked_for[command.tool_call_id]
        if isfinite(asks.takes_s):
            self._after(asks.takes_s, lambda: self._finish(command.tool_call_id, asks))
