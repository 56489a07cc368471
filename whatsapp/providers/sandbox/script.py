"""What the server in place of Meta does with one message."""

from __future__ import annotations

import random
from collections.abc import Callable
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
    `held` is what the answer says; `held_s` how many seconds it is held, whether or not the answer arrives.
    """

    reaction: Reaction = Reaction.ANSWER
    accepts: bool = True
    error_code: int = 0
    http_status: int = 400
    latency_s: float | None = None
    held: bool = False
    held_s: float = 0.0
    silent: bool = False
    fails_later: int = 0


Script = Callable[[str, int], Action]
"""What happens to a message, by its address and by how many were posted to that address."""


def accept_all(_address: str, _nth: int) -> Action:
    """Accept every message, whatever its address and number."""
    return Action()


def refuse(code: int, http_status: int = 400) -> Action:
    """Returns a refusal with a Graph error."""
    return Action(accepts=False, error_code=code, http_status=http_status)


def accept_and(reaction: Reaction, latency_s: float | None = None) -> Action:
    """Returns an acceptance whose answer is lost."""
    return Action(reaction, latency_s=latency_s)


def hold(seconds: float, reaction: Reaction = Reaction.ANSWER) -> Action:
    """Returns an acceptance of a message that is held for so long, to watch its template's quality."""
    return Action(reaction, held=True, held_s=seconds)


def hold_some(share: float, longest_s: float) -> Script:
    """Returns a script that holds this share of the messages, each up to so many seconds."""
    chance = random.Random(1)  # noqa: S311 - which messages are held is no secret

    def script(_address: str, _nth: int) -> Action:
        return hold(chance.uniform(0, longest_s)) if chance.random() < share else Action()

    return script
