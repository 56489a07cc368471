"""What was said in a call, by whom, and how much of it was heard: the source of records and of context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from calls.conversation.commands import KeepTurn, Speaker


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """Words of a finished or running turn, as a new session of the model should know them."""

    speaker: Speaker
    words: str


@dataclass(slots=True)
class _Turn:
    position: int
    speaker: Speaker
    started_ms: int
    is_greeting: bool = False
    words: dict[str, str] = field(default_factory=dict)  # by item, in order
    share_heard: dict[str, float] = field(default_factory=dict)  # 0 to 1; an item that is missing was heard whole
    ended_ms: int | None = None
    interrupted_ms: int | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> _Turn:
        return replace(self, words=self.words.copy(), share_heard=self.share_heard.copy())

    @property
    def text(self) -> str:
        return " ".join(self.words.values()).strip()

    @property
    def heard_text(self) -> str:
        heard = (first_share(text, self.share_heard.get(item, 1.0)) for item, text in self.words.items())
        return " ".join(part for part in heard if part).strip()


def first_share(text: str, share: float) -> str:
    """Return the first `share` (0 to 1) of a text in whole words: an estimate, as speech is not that even."""
    words = text.split()
    return text if share >= 1.0 else " ".join(words[: round(len(words) * share)])


@dataclass(slots=True)
class Dialogue:
    """The turns of a call in order."""

    _turns: list[_Turn] = field(default_factory=list)
    _by_item: dict[str, _Turn] = field(default_factory=dict)

    def begin(self, speaker: Speaker, at: float, *, is_greeting: bool = False) -> int:
        """Open a turn and return its position."""
        self._turns.append(_Turn(len(self._turns), speaker, round(at * 1000), is_greeting))
        return len(self._turns) - 1

    def restore(self, speakers: Sequence[str], words: Sequence[str]) -> None:
        """Take over the turns of a call that goes on in another stream. They are on record already."""
        for position, (speaker, text) in enumerate(zip(speakers, words, strict=True)):
            self._turns.append(_Turn(position, Speaker(speaker), 0, words={"past": text}, ended_ms=0))

    def set_words(self, position: int, item_id: str, text: str) -> None:
        """Set the words of one of a turn's items."""
        self._turns[position].words[item_id] = text

    def drop(self, position: int) -> None:
        """Take back a turn of which nothing was heard: it loses its words and is left out of the history."""
        self._turns[position].words.clear()

    def end(self, position: int, at: float, *, interrupted: bool = False) -> None:
        """Close a turn."""
        turn = self._turns[position]
        turn.ended_ms = round(at * 1000)
        turn.interrupted_ms = turn.ended_ms if interrupted else None

    def heard_only(self, position: int, item_id: str, share: float) -> None:
        """Note that the caller heard only the first `share` (0 to 1) of an item."""
        self._turns[position].share_heard[item_id] = share

    def await_words(self, position: int, item_id: str) -> None:
        """Remember which turn a transcript that comes later belongs to."""
        self._by_item[item_id] = self._turns[position]

    def same_turn(self, known_item: str, item_id: str) -> None:
        """Note that a new session heard a known turn again: its transcript will come under a new id."""
        self._by_item[item_id] = self._by_item[known_item]

    def lacks_words(self, item_id: str) -> bool:
        """Tell whether a caller's turn is known, but its transcript has not come."""
        turn = self._by_item.get(item_id)
        return turn is not None and not turn.text

    def transcribed(self, item_id: str, text: str) -> int | None:
        """Set the words of a caller's turn. Returns its position, or None when the item is no turn of this call."""
        turn = self._by_item.get(item_id)
        if turn is None:
            return None
        turn.words = {item_id: text.strip()}
        return turn.position

    def keep(self, position: int) -> KeepTurn:
        """Return the record of a turn as it stands."""
        turn = self._turns[position]
        return KeepTurn(
            position=position,
            speaker=turn.speaker,
            started_ms=turn.started_ms,
            text=turn.text,
            heard_text=turn.heard_text,
            is_greeting=turn.is_greeting,
            ended_ms=turn.ended_ms,
            interrupted_ms=turn.interrupted_ms,
        )

    def history(self) -> list[SpokenTurn]:
        """Return all that was said and heard so far, for a new session of the model."""
        said = ((turn.speaker, turn.heard_text) for turn in self._turns)
        return [SpokenTurn(speaker, words) for speaker, words in said if words]
