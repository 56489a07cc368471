"""What the protocol core wants done: the shell carries it out in this order."""

from __future__ import annotations

from dataclasses import dataclass

from calls.sandbox.openai.client_events import WireEvent
from calls.sandbox.receptionist.engine import ReplyRequest


@dataclass(frozen=True, slots=True)
class Send:
    """Send a server event."""

    event: WireEvent


@dataclass(frozen=True, slots=True)
class SendRaw:
    """Send a frame that is not an event."""

    frame: str | bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Close the WebSocket."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Abort:
    """Cut the TCP connection without a close frame."""


@dataclass(frozen=True, slots=True)
class Think:
    """Ask the engine for a reply and the voice for its audio, then call `RealtimeSession.speak`."""

    response_id: str
    request: ReplyRequest
    voice: str


@dataclass(frozen=True, slots=True)
class Listen:
    """Ask the listener for the words of a turn, and when the turn `is_over`, call `RealtimeSession.heard` with them.

    A turn that isn't over has only paused: if it ends there, the same audio comes again.
    """

    item_id: str
    audio: bytes
    language: str
    is_over: bool = True


Output = Send | SendRaw | Close | Abort | Think | Listen
