"""A conversation fed with events one by one, and what it wants done about each."""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import TypeVar

from calls.conversation import Conversation, ConversationSettings
from calls.conversation.commands import ClearPlayback, Command, CreateResponse, Log, Play
from calls.conversation.events import (
    CallerFrame,
    CallerWords,
    Event,
    MarkReturned,
    ModelReady,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    SpeechStarted,
    StreamOpened,
    StreamResumed,
    Tick,
    TurnCommitted,
)

Kind = TypeVar("Kind")
VOICE_RMS, LINE_RMS = 1500, 10
GREETING = "Good morning, how may I help you?"
GREETED = ConversationSettings(language="en", greeting_text=GREETING, greeting_bytes=8000)
SILENT = ConversationSettings(language="en")


class Telephone:
    """Twilio's buffer: whole frames of 20 ms, and a mark when its frame has played. `delay_s`: there and back."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self._delay_s = delay_s
        self.marks: deque[tuple[float, str]] = deque()  # when each is due, and its name
        self._begun_at = 0.0
        self._bytes = 0  # since then, without a gap
        self._plays_until = float("-inf")

    def play(self, at: float, command: Play) -> None:
        """Take a piece of audio and the mark behind it."""
        size = command.end - command.start
        if at >= self._plays_until:
            self._begun_at, self._bytes = at, 0
        self._plays_until = max(at, self._plays_until) + size / 8000
        self._bytes += size
        self.marks.append((self._begun_at + ceil(self._bytes / 160) * 0.02 + self._delay_s, command.mark))

    def clear(self, at: float) -> None:
        """Drop what has not played. Its marks are not sent back, as if they were lost."""
        self.marks.clear()
        self._plays_until = at


class Table:
    """One call. Times advance only by what is done."""

    def __init__(
        self,
        settings: ConversationSettings,
        *,
        ready: bool = True,
        delay_s: float = 0.0,
        begins: StreamOpened | StreamResumed = StreamOpened(0.0),  # noqa: B008 - it can't be changed
    ) -> None:
        self.conversation = Conversation(settings)
        self.now = 0.0
        self.wanted: list[Command] = []
        self._telephone = Telephone(delay_s)
        self._turns = 0
        self.tell(begins)
        if ready:
            self.tell(ModelReady(0.0))

    def tell(self, event: Event) -> list[Command]:
        """Feed one event and return what the conversation wants done about it."""
        commands = self.conversation.handle(event)
        self.wanted += commands
        for command in commands:
            if isinstance(command, Play):
                self._telephone.play(event.at, command)
            elif isinstance(command, ClearPlayback):
                self._telephone.clear(event.at)
        return commands

    def wait(self, seconds: float) -> list[Command]:
        """Let time pass: ticks when they are due, no frames."""
        until, before = self.now + seconds, len(self.wanted)
        while (deadline := self.conversation.next_deadline()) is not None and deadline <= until:
            self._return_marks(deadline)
            self.now = deadline
            self.tell(Tick(deadline))
        self._return_marks(until)
        self.now = until
        return self.wanted[before:]

    def _return_marks(self, until: float) -> None:
        marks = self._telephone.marks
        while marks and marks[0][0] <= until:
            due_at, mark = marks.popleft()
            self.now = max(self.now, due_at)
            self.tell(MarkReturned(self.now, mark))

    def hear(self, rms: int, seconds: float, probability: float | None = None) -> list[Command]:
        """Send frames of this energy for a while; `probability` is what a detector thinks of them."""
        before = len(self.wanted)
        for _ in range(round(seconds / 0.02)):
            moment = self.now + 0.02
            self._return_marks(moment)
            self.now = moment
            self.tell(CallerFrame(self.now, rms, speech_probability=probability))
        return self.wanted[before:]

    def say(self, words: str = "what are your hours", *, seconds: float = 0.4) -> str:
        """Say something as the caller while nobody else speaks. Returns the turn's item."""
        item_id = self.speak(seconds=seconds)
        self.tell(CallerWords(self.now, item_id, words))
        return item_id

    def speak(self, *, seconds: float = 0.4) -> str:
        """Say something as the caller, without a transcript yet. Returns the turn's item."""
        self._turns += 1
        item_id = f"turn{self._turns}"
        self.tell(SpeechStarted(self.now))
        self.hear(VOICE_RMS, seconds)
        self.hear(LINE_RMS, 0.5)
        self.tell(TurnCommitted(self.now, item_id))
        return item_id

    def respond(self, *, seconds: float = 1.0, response_id: str | None = None, end: bool = True) -> str:
        """Answer the last request as the model, with one item. Returns the response's id."""
        request = self.last(CreateResponse).request
        response_id = response_id or f"of-{request}"
        self.tell(ResponseCreated(self.now, response_id, request))
        self.tell(ResponseAudio(self.now, response_id, f"item-{response_id}", round(seconds * 8000)))
        if end:
            self.tell(ResponseEnded(self.now, response_id, ResponseStatus.COMPLETED))
        return response_id

    def play_out(self) -> list[Command]:
        """Let the caller hear everything that was sent: all marks come back."""
        before = len(self.wanted)
        self._return_marks(float("inf"))
        return self.wanted[before:]

    def flag(self, name: str) -> bool:
        """Return one of the conversation's flags as it is now."""
        return bool(getattr(self.conversation, name))

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return all commands of a kind so far."""
        return [command for command in self.wanted if isinstance(command, kind)]

    def last(self, kind: type[Kind]) -> Kind:
        """Return the last command of a kind."""
        return self.of(kind)[-1]

    def logged(self, label: str) -> list[str]:
        """Return the lines of the log with this label."""
        return [line.text for line in self.of(Log) if line.label == label]

    def sent(self, item_id: str) -> list[tuple[int, int]]:
        """Return the byte ranges of an item that were sent."""
        return [(play.start, play.end) for play in self.of(Play) if play.item_id == item_id]


def in_conversation(settings: ConversationSettings = GREETED) -> Table:
    """Return a call whose greeting was heard."""
    table = Table(settings)
    table.play_out()
    return table
