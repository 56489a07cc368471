"""The assistant's side of a call without the rest: fed by hand, and what it wants done."""

from __future__ import annotations

from typing import TypeVar

from calls.conversation import ConversationSettings
from calls.conversation.assistant import Assistant
from calls.conversation.commands import Command, Play, ResponseKind
from calls.conversation.dialogue import Dialogue
from calls.conversation.events import ResponseAudio, ResponseCreated, ResponseEnded, ResponseStatus, ResponseWords
from calls.conversation.first_utterance import FirstUtterance
from calls.conversation.responses import Aftermath, Owed

Kind = TypeVar("Kind")
COMPLETED, FAILED = ResponseStatus.COMPLETED, ResponseStatus.FAILED
WORDS = "Good morning, how may I help?"


class Speaking:
    """An assistant that was asked to say something at second 10."""

    def __init__(self, kind: ResponseKind = ResponseKind.ANSWER, *, since: float = 10.0, words: str = "") -> None:
        self.wanted: list[Command] = []
        self.first_utterance = FirstUtterance(ConversationSettings(), self.wanted.append)
        self.dialogue = Dialogue()
        self.assistant = Assistant(self.first_utterance, self.dialogue, self.wanted.append)
        self.ask(10.0, kind, since=since, words=words)

    def ask(
        self, at: float, kind: ResponseKind = ResponseKind.ANSWER, *, since: float | None = None, words: str = ""
    ) -> None:
        self.assistant.request(Owed(kind, words, since=at if since is None else since), at)

    def create(self, at: float, response_id: str, request: str | None = None) -> bool:
        return self.assistant.created(ResponseCreated(at, response_id, request))

    def audio(self, at: float, response_id: str = "", item_id: str = "item", size: int = 8000) -> None:
        self.assistant.audio(ResponseAudio(at, response_id, item_id, size))

    def words(self, text: str, response_id: str = "", item_id: str = "item", at: float = 11.0) -> None:
        self.assistant.words(ResponseWords(at, response_id, item_id, text))

    def end(self, at: float, response_id: str = "", status: ResponseStatus = COMPLETED) -> Aftermath | None:
        return self.assistant.ended(ResponseEnded(at, response_id, status))

    def hear_out(self, at: float) -> None:
        """Let the caller hear all that was sent."""
        self.assistant.mark_returned(at, self.of(Play)[-1].mark)
        self.assistant.finish_if_heard(at)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [command for command in self.wanted if isinstance(command, kind)]

    def played(self) -> set[str]:
        return {play.item_id for play in self.of(Play)}

    def said(self) -> list[str]:
        return [turn.words for turn in self.dialogue.history()]
