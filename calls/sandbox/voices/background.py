"""Threads for heavy work beside the event loop: models that are loaded once, and asked one thing at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")
ModelT = TypeVar("ModelT")


class Worker(Generic[ModelT]):
    """One thread with one model. Whoever asks before the model is loaded waits for it.

    `load` must release the global lock while it computes, or the event loop stalls with it (ONNX Runtime and
    CTranslate2 do).
    """

    def __init__(self, name: str, load: Callable[[], ModelT]) -> None:
        self._load = load
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._model: ModelT | None = None

    def _loaded(self) -> ModelT:
        if self._model is None:
            self._model = self._load()
        return self._model

    async def start(self) -> None:
        """Load the model now rather than with the first question. Raises what loading raises."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._loaded)

    async def ask(self, question: Callable[[ModelT], T]) -> T:
        """Have a function of the model computed, after what was asked for before. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: question(self._loaded()))

    def close(self) -> None:
        """Take no more questions; what is being computed is thrown away."""
        self._thread.shutdown(wait=False, cancel_futures=True)
