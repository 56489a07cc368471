"""What the stand-in for Meta does with one message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reaction(Enum):
    """What comes back."""

    ANSWER = "answer"
    SERVER_ERROR = "server_error"  # a load balancer's 500, with no Graph error in it
    RESET = "reset"  # the connection breaks
    GARBAGE = "garbage"  # a 200 that is no answer of Graph


@dataclass(frozen=True, slots=True)
class Action:
    """The default accepts at once. Whether the message is taken and what the sender hears are two different things.

    `error_code` refuses it with this Graph code; `fails_later` is the code of a `failed` status; `silent`: no webhook.
    """

    reaction: Reaction = Reaction.ANSWER
    accepts: bool = True
    error_code: int = 0
    http_status: int = 400
    latency_s: float | None = None
    held: bool = False
    silent: bool = False
    fails_later: int = 0


def refuse(code: int, http_status: int = 400) -> Action:
    """Refuse with a Graph error."""
    return Action(accepts=False, error_code=code, http_status=http_status)


def accept_and(reaction: Reaction, latency_s: float | None = None) -> Action:
    """Take the message, and let the answer be lost."""
    return Action(reaction, latency_s=latency_s)
