"""The caller's audio that no session has turned into words or answers: a new session is sent it again."""

from __future__ import annotations

from collections import deque
from typing import Final

from calls.conversation.events import CallerWords, Event, ResponseEnded, ResponseStatus, TurnCommitted

KEPT_FRAMES: Final = 750
"""In Twilio's pieces: 15 s."""


class Unanswered:
    """Pieces of base64 µ-law, oldest first."""

    def __init__(self) -> None:
        self._pieces: deque[str] = deque(maxlen=KEPT_FRAMES)
        self._since_turn = 0  # how many came after the last turn
        self._since_asked = 0  # how many came after the last turn that the last request to speak knew of

    def add(self, payload: str) -> None:
        """Keep a piece."""
        self._pieces.append(payload)
        self._since_turn += 1
        self._since_asked += 1

    def told(self, event: Event) -> None:
        """Drop the audio of turns that a new session need not hear again."""
        match event:
            case TurnCommitted():  # what was kept so far is a turn
                self._since_turn = 0
            case CallerWords():  # a new session gets the words of its turns as text
                self._keep(self._since_turn)
            case ResponseEnded(status=ResponseStatus.COMPLETED):
                self._answered()

    def asked(self) -> None:
        """Note that an answer to the turns so far is asked for."""
        self._since_asked = self._since_turn

    def _answered(self) -> None:
        """Drop the turns that were answered, though no transcript of them has come: nobody is answered twice."""
        self._keep(self._since_asked)

    def _keep(self, newest: int) -> None:
        while len(self._pieces) > newest:
            self._pieces.popleft()

    def pieces(self) -> list[str]:
        """Return what to send again, oldest first."""
        return list(self._pieces)
