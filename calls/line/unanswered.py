"""The caller's audio that no session has turned into words or answers: a new session is sent it again."""

from __future__ import annotations

import binascii
from typing import Final

from calls.conversation.events import CallerWords, Event, ResponseEnded, ResponseStatus, TurnCommitted
from calls.conversation.sent_audio import BYTES_PER_SECOND

MOST_KEPT: Final = 15 * BYTES_PER_SECOND
PIECE: Final = 160
"""Bytes of a piece that is sent again, as long as Twilio's: 20 ms."""


class Unanswered:
    """The audio of one caller, µ-law, oldest first: as bytes, which take 60 % of the room of base64 in pieces."""

    def __init__(self) -> None:
        self._audio = bytearray()
        self._since_turn = 0  # how many bytes came after the last turn
        self._since_asked = 0  # how many came after the last turn that the last request to speak knew of

    def add(self, audio: bytes) -> None:
        """Keep a piece."""
        self._audio += audio
        self._since_turn += len(audio)
        self._since_asked += len(audio)
        if len(self._audio) > MOST_KEPT:
            self._keep(MOST_KEPT)

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
        del self._audio[: max(0, len(self._audio) - newest)]

    def pieces(self) -> list[str]:
        """Return what to send again as base64, oldest first."""
        starts = range(0, len(self._audio), PIECE)
        return [binascii.b2a_base64(self._audio[start : start + PIECE], newline=False).decode() for start in starts]
