"""A thread for heavy work beside the event loop, with a model that is loaded once and asked one thing at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Generic, TypeVar

T = TypeVar("T")
ModelT = TypeVar("ModelT")


class Worker(Generic[ModelT]):
    """One thread with one model. Whoever asks before the model is loaded waits for it.

    `load` must release the global lock while it computes, or the event loop stalls with it (ONNX Runtime and
    CTranslate2 do).
    """

    def __init__(self, name: str, load: Callable[[], ModelT]) -> None:
        self._model = cache(load)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def ask(self, question: Callable[[ModelT], T]) -> T:
        """Run `question` on the model, after earlier ones. Returns its result; raises its errors and loading's."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: question(self._model()))

    def close(self) -> None:
        """Take no more requests; the result of the current one is dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)
