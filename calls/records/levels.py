"""How loud both voices of a call were, and what the conversation held against them, every 20 ms. Pure.

The voices are those of the trace: the energy of each frame that came, and of each piece of the assistant's where the
caller heard it (after what was sent before, until a clear). The noise floor and the threshold are not in the trace:
its events go through the conversation once more, which has them in hand after each frame. If that decides otherwise
than in the call, as an older version was running then, they are those of today's rules (`is_exact`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from math import log2
from typing import Final

from calls.conversation import Conversation, ConversationSettings
from calls.conversation.assistant import CACHED_GREETING
from calls.conversation.commands import ClearPlayback, Command, Play
from calls.conversation.events import CallerFrame, Event, MarkReturned, ResponseAudio, StreamOpened, StreamResumed
from calls.conversation.patience import TONE_BYTES, TONE_LEVELS, WAITING_TONE
from calls.conversation.sent_audio import BYTES_PER_SECOND, EARLY_S, FRAME_BYTES, FRAME_S, Item
from calls.records.stream_settings import settings_in
from calls.records.traces import Decided, TraceLine

STEPS_PER_S: Final = 50
MOST_STEPS: Final = 4 * 3600 * STEPS_PER_S
"""Nothing is laid behind this: no call is so long."""
_RESTS_EVERY: Final = 1_000
"""Lines between two rests."""


class Flag(IntFlag):
    """What else happened in a step."""

    MARK = 1  # a mark came back
    EARLY = 2  # one that came too early to be believed
    CLEARED = 4  # one that a clear sent back
    VOICE = 8  # the caller's voice was heard


@dataclass(slots=True)
class Levels:
    """A byte for each 20 ms of the call, each as `loudness` writes it; `flags`: `Flag`."""

    caller: bytearray = field(default_factory=bytearray)
    assistant: bytearray = field(default_factory=bytearray)
    floor: bytearray = field(default_factory=bytearray)
    threshold: bytearray = field(default_factory=bytearray)
    flags: bytearray = field(default_factory=bytearray)
    is_exact: bool = True

    def lay(self, track: bytearray, step: int, value: int) -> None:
        """Note a value in a step, unless a greater one is there."""
        if 0 <= step < MOST_STEPS:
            if step >= len(track):
                track.extend(bytes(step + 1 - len(track)))
            track[step] = max(track[step], value)

    def flag(self, step: int, flag: Flag) -> None:
        """Add a flag to a step."""
        if 0 <= step < MOST_STEPS:
            if step >= len(self.flags):
                self.flags.extend(bytes(step + 1 - len(self.flags)))
            self.flags[step] |= flag


def loudness(rms: float) -> int:
    """Returns an energy (rms of 16-bit linear samples) as a byte, within 5 %."""
    return min(round(16 * log2(max(rms, 0.0) + 1)), 255)


def rms_of(byte: int) -> float:
    """Returns the energy that such a byte stands for."""
    return float(2 ** (byte / 16) - 1)


def levels_of(
    streams: Iterable[tuple[float, Sequence[TraceLine]]],
    settings: ConversationSettings,
    *,
    rest: Callable[[], None] = lambda: None,
) -> Levels:
    """Returns the levels of a call. `streams`: when each of its media streams opened, and its part of the trace.

    `rest` is called now and then: a long call takes seconds, and whoever shares the process needs some of them.
    """
    levels = Levels()
    for began_s, lines in streams:
        own = settings_in(lines, settings)
        follow = _Follow(levels, round(began_s * STEPS_PER_S), Conversation(own), own.greeting_bytes)
        for number, line in enumerate(lines):
            follow.take(line)
            if number % _RESTS_EVERY == 0:
                rest()
        follow.compare()
    return levels


@dataclass(slots=True)
class _Follow:
    """Follows one media stream. `first`: the step in which it opened."""

    levels: Levels
    first: int
    conversation: Conversation
    greeting_bytes: int
    _items: dict[str, Item] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)  # by mark: when its audio has played
    _cleared: set[str] = field(default_factory=set)
    _plays_until: float = float("-inf")
    _recorded: list[Command] = field(default_factory=list)
    _replayed: list[Command] = field(default_factory=list)

    def take(self, line: TraceLine) -> None:
        """Take one line of the trace."""
        if isinstance(line, Decided):
            self._recorded.append(line.command)
            match line.command:
                case Play() as play:
                    self._play(line.at, play)
                case ClearPlayback():
                    self._clear(line.at)
            return
        self.compare()
        self._replayed = self.conversation.handle(line)
        self._happened(line)

    def compare(self) -> None:
        """Note whether the last event had the same commands in the call."""
        if self._replayed != self._recorded:
            self.levels.is_exact = False
        self._recorded = []

    def _happened(self, event: Event) -> None:
        match event:
            case CallerFrame():
                self._frame(event)
            case MarkReturned(at, name):
                self._mark(at, name)
            case ResponseAudio():
                self._item(event.item_id).receive(event.size, event.levels)
            case StreamOpened() | StreamResumed():
                self._item(CACHED_GREETING).receive(self.greeting_bytes, event.greeting_levels)

    def _item(self, item_id: str) -> Item:
        if item_id not in self._items:
            self._items[item_id] = Item(item_id)
            if item_id.startswith(WAITING_TONE):
                self._items[item_id].receive(TONE_BYTES, TONE_LEVELS)
        return self._items[item_id]

    def _step(self, at: float) -> int:
        return self.first + int(at * STEPS_PER_S + 1e-6)

    def _frame(self, frame: CallerFrame) -> None:
        levels, step = self.levels, self._step(frame.at - frame.milliseconds / 1000)
        activity = self.conversation.turns.caller.activity
        levels.lay(levels.caller, step, loudness(frame.rms))
        levels.lay(levels.floor, step, loudness(activity.floor.rms))
        levels.lay(levels.threshold, step, loudness(activity.threshold))
        if activity.last_voiced_at == frame.at:
            levels.flag(step, Flag.VOICE)

    def _play(self, at: float, play: Play) -> None:
        starts_at = max(self._plays_until, at)
        self._plays_until = starts_at + (play.end - play.start) / BYTES_PER_SECOND
        self._due[play.mark] = self._plays_until
        item = self._item(play.item_id)
        for number, start in enumerate(range(play.start, play.end, FRAME_BYTES)):
            level = item.level(start, min(start + FRAME_BYTES, play.end))
            self.levels.lay(self.levels.assistant, self._step(starts_at + number * FRAME_S), loudness(level))

    def _clear(self, at: float) -> None:
        del self.levels.assistant[max(self._step(at), 0) :]
        self._cleared |= {mark for mark, due in self._due.items() if due > at}
        self._plays_until = min(self._plays_until, at)

    def _mark(self, at: float, name: str) -> None:
        due = self._due.pop(name, None)
        if due is not None:
            flag = Flag.CLEARED if name in self._cleared else Flag.EARLY if at < due - EARLY_S else Flag.MARK
            self.levels.flag(self._step(at), flag)
