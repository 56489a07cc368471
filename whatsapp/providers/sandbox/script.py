"""What the server in place of Meta does with one message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reaction(Enum):
    """The answer that the sender gets."""

    ANSWER = "answer"
    SERVER_ERROR = "server_error"  # a load balancer's 500, without a Graph error
    RESET = "reset"  # the connection breaks
    GARBAGE = "garbage"  # a 200 that is not an answer of Graph


@dataclass(frozen=True, slots=True)
class Action:
    """The default accepts at once. Whether a message is accepted is separate from the answer that the sender gets.

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
    """Returns a refusal with a Graph error."""
    return Action(accepts=False, error_code=code, http_status=http_status)


def accept_and(reaction: Reaction, latency_s: float | None = None) -> Action:
    """Returns an acceptance whose answer is lost."""
    return Action(reaction, latency_s=latency_s)
