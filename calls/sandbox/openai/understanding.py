"""`Think` outputs that wait for transcripts: the engine answers what was said, so it needs the words first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from calls.sandbox.openai.items import Items
from calls.sandbox.openai.outputs import Output, Think


class Understanding:
    """The turns that are being transcribed, and the `Think` outputs that wait for them."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._turns: set[str] = set()
        self._waiting: list[Think] = []

    def begin(self, item_id: str) -> None:
        """Note that a turn is over and is being transcribed."""
        self._turns.add(item_id)

    def finish(self, item_id: str, words: str) -> None:
        """Note that a turn was transcribed, or that it never will be."""
        self._turns.discard(item_id)
        self._items.understood(item_id, words)

    def hold(self, outputs: Iterable[Output]) -> list[Output]:
        """Returns the outputs, without `Think` ones while a turn is being transcribed."""
        outputs = list(outputs)
        if not self._turns:
            return outputs
        self._waiting += (output for output in outputs if isinstance(output, Think))
        return [output for output in outputs if not isinstance(output, Think)]

    def release(self) -> list[Output]:
        """Returns the `Think` outputs that no longer need to wait, with what the caller said."""
        if self._turns:
            return []
        thoughts, self._waiting = self._waiting, []
        said = self._items.caller_said()
        return [replace(thought, request=replace(thought.request, caller_said=said)) for thought in thoughts]
