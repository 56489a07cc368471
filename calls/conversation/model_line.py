"""The line to the model within a call: what its coming and going means for what is said and owed.

`link.py` decides when to connect and when to give up; this carries it out and tells the turns.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.commands import Command, CommitAudio, ConnectModel, Log
from calls.conversation.departure import Departure
from calls.conversation.events import ModelLost, ModelReady, ResponseEnded, ResponseStatus
from calls.conversation.link import Link, LinkStep
from calls.conversation.responses import Failure
from calls.conversation.turns import Turns
from calls.conversation.unheard import UNHEARD, UnheardStep


class ModelLine:
    """The line of one call. Commands go out through `emit`."""

    def __init__(self, turns: Turns, departure: Departure, emit: Callable[[Command], None]) -> None:
        self.link = Link()
        self._turns = turns
        self._departure = departure
        self._assistant = turns.assistant
        self._emit = emit

    @property
    def _caller_hears(self) -> bool:
        return self._assistant.playback.has_words

    def connect(self, at: float) -> None:
        """Open a session, in the place of the one before."""
        self.link.connecting(at, caller_hears=self._caller_hears)
        self._emit(ConnectModel(self.link.attempt, self.link.timeout_s))

    def ready(self, event: ModelReady) -> None:
        """There is a session: ask it for what is owed."""
        self.link.ready(event.at, event.lifetime_s)
        self._turns.model_ready(event.at)
        self._emit(Log("[MODEL]", "ready"))

    def lost(self, event: ModelLost) -> None:
        """There is none any more. What it was asked for is owed again."""
        self.link.lost(event.at, event.reason, permanent=event.permanent)
        self._emit(Log("[MODEL]", f"lost: {event.reason}"))
        self._turns.caller.line_lost()
        self._turns.unheard.line_lost()
        self._departure.tools.forget()
        self._turns.follow_up(self._assistant.abandon(event.at, Failure(line_lost=True)), event.reason)

    def response_ended(self, event: ResponseEnded) -> None:
        """It has carried a response to its end, well or badly."""
        response = self._assistant.response
        is_ours = response is not None and response.belongs_to(event.response_id) and bool(response.items)
        if is_ours and event.status is ResponseStatus.COMPLETED:
            self.link.carried(event.at)
        self._departure.response_ended(event)

    def keep(self, at: float) -> bool:
        """Replace a line that is stuck, lost or old. Returns whether the line is given up."""
        self._check_stall(at)
        self._check_hearing(at)
        step = self.link.step(at, caller_hears=self._caller_hears, is_idle=self._turns.is_idle(at))
        if step is LinkStep.CONNECT:
            self.connect(at)
        return step is LinkStep.GIVE_UP

    def deadlines(self) -> list[float | None]:
        """Return when `keep` may do something though nothing happens."""
        return [*self.link.deadlines(), *self._turns.unheard.deadlines()]

    def _check_hearing(self, at: float) -> None:
        """End a turn that OpenAI has not ended, and replace a session that doesn't take it."""
        turns = self._turns
        judges = self._assistant.is_audible and turns.interruptions.are_allowed
        step = turns.unheard.step(at, is_ready=self.link.is_ready, barge_in_judges=judges)
        if step is UnheardStep.COMMIT:
            self._emit(Log("[TURN]", "OpenAI has not ended it: ended by our own ears"))
            self._emit(CommitAudio())
        elif step is UnheardStep.LOST:
            turns.waiting.last_failure = UNHEARD
            self.lost(ModelLost(at, UNHEARD))

    def _check_stall(self, at: float) -> None:
        response, stalls_at = self._assistant.response, self._assistant.stalls_at()
        if response is None or stalls_at is None or at < stalls_at:
            return
        if response.is_revoked:
            self._assistant.abandon(at, Failure())
        else:
            self.lost(ModelLost(at, "stalled"))
