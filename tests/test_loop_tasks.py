"""How many tasks a process has: told from any thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from frontdesk.loop_tasks import LoopTasks

pytestmark = pytest.mark.pure


class Reactor:
    def callLater(self, _seconds: float, call: Callable[[], None]) -> None:  # noqa: N802 - Twisted's name
        call()


async def test_the_tasks_of_the_loop_are_counted_from_a_thread() -> None:
    tasks = LoopTasks()
    assert tasks.count() == 0
    tasks.start(Reactor())
    before = await asyncio.to_thread(tasks.count)
    waiting = [asyncio.create_task(asyncio.sleep(60)) for _task in range(5)]
    assert await asyncio.to_thread(tasks.count) == before + 5
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await asyncio.to_thread(tasks.count) == before
