"""A transfer that a person of the business asks for: the assistant announces it, and it is done when that was heard.

What the assistant asks for itself needs none of this: its last words are its announcement, and a caller who goes on
talking takes it back (`leaving.py`). A caller can't take this one back. They may interrupt the announcement as whatever
the assistant says, and are put through then.

    when the person asks, or afterwards                       the caller is put through
    the greeting is protected, or there is no model           at once, unannounced
    the announcement was heard to its end                     then, announced
    it was interrupted or broke off, or is not heard in time  then, unannounced
    the model or the stream is given up                       then, unannounced
    the person asks again                                     at once, unannounced

Where it is unannounced, Twilio's voice says it (`calls/telephone/transferring.py`).
"""

from __future__ import annotations

from calls.conversation.commands import NextStep
from calls.conversation.turns import Turns
from calls.conversation.utterance import Utterance

HEARD_WITHIN_S = 8.0
"""A response that is cancelled ends within two seconds, a sentence begins within two and lasts three or four."""


class Handover:
    """The announcement of one call's transfer. Times in seconds since the stream opened."""

    def __init__(self, turns: Turns) -> None:
        self.ends_at: float | None = None
        """Until when it is waited for; None while nobody has asked."""
        self.was_heard = False
        self._turns = turns
        self._utterance: Utterance | None = None

    def begin(self, at: float, *, is_ready: bool) -> bool:
        """Owe the announcement in place of all else. Returns False if the caller is to be put through at once."""
        turns = self._turns
        if self.ends_at is not None or turns.first_utterance.is_protected or not is_ready:
            return False
        self.ends_at = at + HEARD_WITHIN_S
        if turns.assistant.is_audible:
            turns.interruptions.interrupt(at)
        turns.assistant.revoke(at)
        turns.owe_last_words(NextStep.TRANSFER, at)
        turns.interruptions.puts_through = True
        return True

    def is_over(self, at: float) -> bool:
        """Tell whether it was heard to its end, or is not waited for any longer. Owes it again where it failed."""
        turns, utterance = self._turns, self._turns.assistant.utterance
        if utterance is not None:
            self._utterance = utterance
        elif self._utterance is not None:
            self.was_heard = self._utterance.is_whole
            return True
        elif not (turns.assistant.response or turns.owes_last_words):
            turns.owe_last_words(NextStep.TRANSFER, at)
        return self.ends_at is not None and at >= self.ends_at
