"""The sending loops of this process, so that a process that ends can end them first.

A loop that is cut off leaves messages whose answers nobody reads: their outcome is then unknown, and people are
messaged later or not at all.
"""

from __future__ import annotations

import asyncio
import threading

from whatsapp.running.loop import LoopReport, SendingLoop

_lock = threading.Lock()
_running: dict[SendingLoop, asyncio.AbstractEventLoop] = {}
_is_closed = False


async def work_a_shift(seconds: float) -> LoopReport:
    """Send everything that is due, at most for so long. Returns at once where the process is ending."""
    loop = SendingLoop(until_idle=True, run_for_s=seconds)
    with _lock:
        if _is_closed:
            return LoopReport(accepted=0, is_idle=True)
        _running[loop] = asyncio.get_running_loop()
    try:
        return await loop.run()
    finally:
        with _lock:
            _running.pop(loop, None)


def close() -> None:
    """Let no loop begin any more, and ask the running ones to end once their messages in flight are recorded."""
    global _is_closed  # noqa: PLW0603 - a process ends once
    with _lock:
        _is_closed = True
        for loop, event_loop in _running.items():
            event_loop.call_soon_threadsafe(loop.stop)
