"""What is done for a caller who waits for the assistant: a tone, and in the end the fallback (`patience.py` says when).

The caller waits while something is owed or was asked for, and no words of it are heard, held back or paused. Whether
somebody is still there is asked for our own sake: nobody waits for that.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.assistant import Assistant
from calls.conversation.caller import Caller
from calls.conversation.commands import Command, Log, ResponseKind
from calls.conversation.first_utterance import End, FirstUtterance
from calls.conversation.patience import Patience, PatienceStep, Wait
from calls.conversation.responses import Owed

STILL_VOICED_S = 0.3
"""So long after a voiced frame the caller is still speaking: a word has pauses."""
SLOW = "slow"
"""The cause where nothing failed, and nothing came either."""


class Waiting:
    """The waiting of one call. Commands go out through `emit`."""

    def __init__(
        self, assistant: Assistant, caller: Caller, first_utterance: FirstUtterance, emit: Callable[[Command], None]
    ) -> None:
        self.gave_up = ""
        """Why the caller gets no answer from the model, as a code; empty while there is hope."""
        self.last_failure = ""
        self._patience = Patience()
        self._voiced_until: float | None = None
        self._assistant = assistant
        self._caller = caller
        self._first_utterance = first_utterance
        self._emit = emit

    def settle(self, at: float, owed: Owed | None) -> None:
        """Let the caller hear a tone, or give up, if it is time. `owed`: what is to be asked for."""
        step = self._patience.step(at, self._wait(at, owed))
        if step is PatienceStep.TONE:
            self._emit(Log("[WAITING]", "a tone"))
            self._assistant.play_tone(at)
        elif step is PatienceStep.GIVE_UP:
            self.give_up(self.last_failure or SLOW)

    def give_up(self, why: str) -> None:
        """Expect no answer any more: the caller is handed over when what came of it was heard."""
        self._emit(Log("[WAITING]", f"given up ({why})"))
        self._first_utterance.end(End.GIVEN_UP)
        self.gave_up = self.gave_up or why

    def deadlines(self) -> list[float | None]:
        """Return when `settle` may do something though nothing happens."""
        return [*self._patience.deadlines(), self._voiced_until]

    def _wait(self, at: float, owed: Owed | None) -> Wait | None:
        assistant = self._assistant
        response, utterance, playback = assistant.response, assistant.utterance, assistant.playback
        self._voiced_until = None
        if owed is None and response and not response.is_revoked:
            owed = response.owed
        if owed is None or owed.kind is ResponseKind.CHECK or self.gave_up:
            return None
        if utterance and (playback.has_words or utterance.is_paused):
            return None
        voiced_at = self._caller.activity.last_voiced_at
        self._voiced_until = voiced_at + STILL_VOICED_S
        speaks = self._caller.speaks(at) or at < self._voiced_until
        return Wait(owed.silent_since, max(playback.sounds_until, voiced_at), caller_speaks=speaks)
