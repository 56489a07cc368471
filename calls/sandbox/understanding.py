"""The engine answers what the caller said, so it thinks only when the listener has understood it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from calls.sandbox.items import Items
from calls.sandbox.outputs import Output, Think


class Understanding:
    """Which turns are being listened to, and which thoughts wait for their words."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._listening_to: set[str] = set()
        self._waiting: list[Think] = []

    def begin(self, item_id: str) -> None:
        """A turn is being listened to."""
        self._listening_to.add(item_id)

    def finish(self, item_id: str, words: str) -> None:
        """A turn was understood, or at least no more will be."""
        self._listening_to.discard(item_id)
        self._items.understood(item_id, words)

    def hold(self, outputs: Iterable[Output]) -> list[Output]:
        """The outputs without the thoughts, as long as something is being listened to."""
        if not self._listening_to:
            return list(outputs)
        passed: list[Output] = []
        for output in outputs:
            if isinstance(output, Think):
                self._waiting.append(output)
            else:
                passed.append(output)
        return passed

    def release(self) -> list[Output]:
        """The thoughts that need wait no longer, with what the caller said."""
        if self._listening_to:
            return []
        thoughts, self._waiting = self._waiting, []
        said = self._items.caller_said()
        return [replace(thought, request=replace(thought.request, caller_said=said)) for thought in thoughts]
