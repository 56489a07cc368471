"""Runs the tools that the model asks for, in threads of their own, so that no call waits for another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from calls.conversation.commands import RunTool
from calls.conversation.tool_events import ToolFinished
from calls.plan import CallPlan
from calls.short_waits import own_connection, waits_for_locks_at_most
from calls.tools import running

_threads = ThreadPoolExecutor(4, thread_name_prefix="tools")


class ToolRunner:
    """The tools of one call. `tell` gets what came of each, on the event loop, with the time of `clock`."""

    def __init__(self, plan: CallPlan, *, clock: Callable[[], float], tell: Callable[[ToolFinished], None]) -> None:
        self._plan = plan
        self._clock = clock
        self._tell = tell
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, command: RunTool) -> None:
        """Begin a tool. What it does is done even if the caller hangs up meanwhile."""
        task = asyncio.create_task(self._run(command), name=f"tool of call {self._plan.call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finished(self) -> None:
        """Wait until all that was begun has come to its end."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _run(self, command: RunTool) -> None:
        done = await asyncio.get_running_loop().run_in_executor(_threads, self._carry_out, command)
        self._tell(ToolFinished(self._clock(), command.tool_call_id, done.output, done.has_failed, done.must_be_told))

    def _carry_out(self, command: RunTool) -> running.Done:
        with own_connection(), waits_for_locks_at_most():
            return running.run_tool(
                self._plan.call_id,
                self._plan.business,
                tool_call_id=command.tool_call_id,
                name=command.name,
                arguments=command.arguments,
                now=datetime.now(UTC),
            )
