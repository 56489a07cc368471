"""Listening to the caller's turns, and the thoughts that wait for their words.

The engine answers what the caller said, so it thinks only when the listener has understood it. To have understood it
when the turn ends, the listener begins in the silence before; what it hears then is void if the caller goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from calls.sandbox.openai.items import Items
from calls.sandbox.openai.outputs import Listen, Output, Think


class Understanding:
    """Which turns are being listened to, and which thoughts wait for their words.

    `listens_in_pauses`: the listener is asked in each pause already, not only when the turn is over.
    """

    def __init__(self, items: Items, *, listens_in_pauses: bool) -> None:
        self._items = items
        self._listens_in_pauses = listens_in_pauses
        self._listening_to: dict[str, int] = {}  # turns that are over, with the attempt that counts
        self._early: Listen | None = None  # of the turn that is not over
        self._early_words: str | None = None
        self._waiting: list[Think] = []

    def pause(self, item_id: str, audio: bytes, language: str) -> list[Output]:
        """The caller may have finished a turn."""
        if not self._listens_in_pauses:
            return []
        self._early, self._early_words = Listen(item_id, audio, language, self._next_attempt(item_id)), None
        return [self._early]

    def begin(self, item_id: str, audio: bytes, language: str, *, since_pause: bool) -> tuple[list[Output], str | None]:
        """A turn is over: what to ask the listener, or the words that it has heard already.

        `since_pause`: nothing was said since the last pause, so what was heard then is all of it.
        """
        early, words, attempt = self._early, self._early_words, self._next_attempt(item_id)
        self._early = self._early_words = None
        if early and since_pause and early.item_id == item_id:
            self._listening_to[item_id] = early.attempt
            return [], words
        self._listening_to[item_id] = attempt
        return [Listen(item_id, audio, language, attempt)], None

    def _next_attempt(self, item_id: str) -> int:
        return self._early.attempt + 1 if self._early and self._early.item_id == item_id else 0

    def heard(self, item_id: str, attempt: int, words: str) -> bool:
        """Take what the listener made of an attempt; True when these are the words of a turn that is over."""
        if self._early and (item_id, attempt) == (self._early.item_id, self._early.attempt):
            self._early_words = words
        return self._listening_to.get(item_id) == attempt

    def finish(self, item_id: str, words: str) -> None:
        """A turn was understood, or at least no more will be."""
        self._listening_to.pop(item_id, None)
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
