"""One thread with one database connection per event loop: queries wait here and never block the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, InterfaceError, connection

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThread:
    """Runs functions one after another. A broken connection is reopened for the next function."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in the thread. The function itself says whose data it reads (`acting_for`)."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, lambda: _call(function, *args, **kwargs)
        )

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await self.run(_close)
        self._executor.shutdown()


def _call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return function(*args, **kwargs)
    except (DatabaseError, InterfaceError):
        connection.close_if_unusable_or_obsolete()
        raise


def _close() -> None:
    connection.close()  # looked up here, because each thread has its own
