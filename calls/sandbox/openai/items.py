"""The items of a conversation at OpenAI: what was said, and how clients change it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from calls.sandbox.openai.client_events import Rejected, WireEvent

BYTES_PER_MS = 8  # of µ-law


@dataclass(slots=True)
class Item:
    """One item. `wire` is the object that clients see; `audio_bytes` counts the assistant's audio in it.

    `caller_audio_bytes` counts the caller's.
    `words`: the transcript of a caller's turn, which clients get a little later.
    """

    wire: WireEvent
    audio_bytes: int = 0
    caller_audio_bytes: int = 0
    words: str = ""
    is_assistant_audio: bool = False

    @property
    def id(self) -> str:
        """Returns the item's id, which the server or the client has chosen."""
        return str(self.wire["id"])

    @property
    def audio_ms(self) -> int:
        """Returns the length of the assistant's audio in it."""
        return self.audio_bytes // BYTES_PER_MS


@dataclass(slots=True)
class Items:
    """A conversation's items in their order."""

    _items: list[Item] = field(default_factory=list)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @property
    def last_id(self) -> str | None:
        """Returns the id of the newest item."""
        return self._items[-1].id if self._items else None

    def add(self, item: Item, after: str | None) -> str | None:
        """Insert an item after another one (`root`: first; None: last). Returns the id of the one before it."""
        if any(each.id == item.id for each in self._items):
            message = f"Error adding item: the item with id '{item.id}' already exists."
            raise Rejected(message, code="item_create_duplicate_item_id")
        if after is None:
            position = len(self._items)
        elif after == "root":
            position = 0
        else:
            position = self._items.index(self.find(after, "create")) + 1
        self._items.insert(position, item)
        return self._items[position - 1].id if position else None

    def find(self, item_id: str, purpose: str) -> Item:
        """Returns the item. Raises `Rejected` with the code that OpenAI has for this purpose."""
        for item in self._items:
            if item.id == item_id:
                return item
        message = f"Error: the item with id '{item_id}' does not exist ({purpose})."
        raise Rejected(message, code=f"item_{purpose}_invalid_item_id", param="item_id")

    def delete(self, item_id: str) -> None:
        """Remove an item. Raises `Rejected`."""
        self._items.remove(self.find(item_id, "delete"))

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Cut the assistant's audio, and delete its transcript, as OpenAI does. Raises `Rejected`."""
        item = self.find(item_id, "truncate")
        if not item.is_assistant_audio or not item.audio_bytes:
            raise Rejected("Only model output audio messages can be truncated")
        if audio_end_ms > item.audio_ms:
            raise Rejected(f"Audio content of {item.audio_ms}ms is already shorter than {audio_end_ms}ms")
        item.audio_bytes = audio_end_ms * BYTES_PER_MS
        for content in item.wire["content"]:
            content.pop("transcript", None)

    def understood(self, item_id: str, words: str) -> None:
        """Note the words of a turn, unless the client has deleted it meanwhile."""
        for item in self._items:
            if item.id == item_id:
                item.words = words

    def said_since(self) -> str:
        """Returns what the assistant said since the caller's last words, as far as its words are known."""
        said: list[str] = []
        for item in self._items:
            if item.wire.get("role") == "user":
                said.clear()
            elif item.wire.get("role") == "assistant":
                said += (part.get("text") or part.get("transcript") or "" for part in item.wire["content"])
        return " ".join(filter(None, said))

    def results(self) -> tuple[str, ...]:
        """Returns what the client has answered to function calls since the caller's last words, oldest first."""
        last_words = max((at for at, item in enumerate(self._items) if item.wire.get("role") == "user"), default=-1)
        return self._outputs(self._items[last_words + 1 :])

    def all_results(self) -> tuple[str, ...]:
        """Returns what the client has answered to function calls in the whole conversation, oldest first."""
        return self._outputs(self._items)

    @staticmethod
    def _outputs(items: Iterable[Item]) -> tuple[str, ...]:
        return tuple(str(each.wire.get("output")) for each in items if each.wire.get("type") == "function_call_output")

    def caller_said(self) -> tuple[str, ...]:
        """Returns what the caller said, oldest first: an entry for all turns between two of the assistant's."""
        said: list[list[str]] = []
        answered = True
        for item in self._items:
            role = item.wire.get("role")
            if role == "user":
                if answered:
                    said.append([])
                typed = (part.get("text") or "" for part in item.wire["content"])
                said[-1].append(item.words or " ".join(typed))
            if role in ("user", "assistant"):
                answered = role == "assistant"
        return tuple(" ".join(filter(None, words)) for words in said)
