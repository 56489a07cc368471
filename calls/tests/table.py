"""A conversation on the table: feed it events one by one, look at what it wants."""

from __future__ import annotations

from typing import TypeVar

from calls.conversation import Conversation, ConversationSettings
from calls.conversation.commands import Command, CreateResponse, Log, Play
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
    Tick,
    TurnCommitted,
)

Kind = TypeVar("Kind")
VOICE_RMS, LINE_RMS = 1500, 10
GREETING = "Good morning, how may I help you?"
GREETED = ConversationSettings(language="en", greeting_text=GREETING, greeting_bytes=8000)
SILENT = ConversationSettings(language="en")


class Table:
    """One call. Times advance only by what is done."""

    def __init__(self, settings: ConversationSettings, *, ready: bool = True) -> None:
        self.conversation = Conversation(settings)
        self.now = 0.0
        self.wanted: list[Command] = []
        self._turns = 0
        self.tell(StreamOpened(0.0))
        if ready:
            self.tell(ModelReady(0.0))

    def tell(self, event: Event) -> list[Command]:
        """Feed one event; what it made the conversation want."""
        commands = self.conversation.handle(event)
        self.wanted += commands
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
        playback = self.conversation.assistant.playback
        while (pending := playback.next_due()) and pending.due_at <= until:
            self.now = max(self.now, pending.due_at)
            self.tell(MarkReturned(self.now, pending.mark))

    def hear(self, rms: int, seconds: float, probability: float | None = None) -> list[Command]:
        """The caller's line has this energy for a while; `probability`: a detector's, that it is speech."""
        before = len(self.wanted)
        for _ in range(round(seconds / 0.02)):
            moment = self.now + 0.02
            self._return_marks(moment)
            self.now = moment
            self.tell(CallerFrame(self.now, rms, speech_probability=probability))
        return self.wanted[before:]

    def say(self, words: str = "what are your hours", *, seconds: float = 0.4) -> str:
        """The caller says something while nobody else speaks; the turn's item."""
        item_id = self.speak(seconds=seconds)
        self.tell(CallerWords(self.now, item_id, words))
        return item_id

    def speak(self, *, seconds: float = 0.4) -> str:
        """The caller says something; its transcript has not come yet."""
        self._turns += 1
        item_id = f"turn{self._turns}"
        self.tell(SpeechStarted(self.now))
        self.hear(VOICE_RMS, seconds)
        self.hear(LINE_RMS, 0.5)
        self.tell(TurnCommitted(self.now, item_id))
        return item_id

    def respond(self, *, seconds: float = 1.0, response_id: str | None = None, end: bool = True) -> str:
        """The model answers the last request with one item; the response's id."""
        request = self.last(CreateResponse).request
        response_id = response_id or f"of-{request}"
        self.tell(ResponseCreated(self.now, response_id, request))
        self.tell(ResponseAudio(self.now, response_id, f"item-{response_id}", round(seconds * 8000)))
        if end:
            self.tell(ResponseEnded(self.now, response_id, ResponseStatus.COMPLETED))
        return response_id

    def play_out(self) -> list[Command]:
        """The caller hears everything that was sent; all marks come back."""
        before = len(self.wanted)
        self._return_marks(float("inf"))
        return self.wanted[before:]

    def flag(self, name: str) -> bool:
        """One of the conversation's flags, as it is now."""
        return bool(getattr(self.conversation, name))

    def of(self, kind: type[Kind]) -> list[Kind]:
        """All commands of a kind so far."""
        return [command for command in self.wanted if isinstance(command, kind)]

    def last(self, kind: type[Kind]) -> Kind:
        """The last command of a kind."""
        return self.of(kind)[-1]

    def logged(self, label: str) -> list[str]:
        """Lines of the log with this label."""
        return [line.text for line in self.of(Log) if line.label == label]

    def sent(self, item_id: str) -> list[tuple[int, int]]:
        """Byte ranges of an item that were sent."""
        return [(play.start, play.end) for play in self.of(Play) if play.item_id == item_id]


def in_conversation(settings: ConversationSettings = GREETED) -> Table:
    """A call whose greeting was heard."""
    table = Table(settings)
    table.play_out()
    return table
