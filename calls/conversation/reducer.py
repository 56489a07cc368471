"""The reducer of a call: events in, commands out, with no clock, socket or database.

Feed events to `Conversation.handle` in the order in which they happened and carry out the commands that it
returns, in order. `next_deadline` says when it wants a `Tick` though nothing happens.

The parts: `turns.py` who may speak, `assistant.py` what the assistant says and was heard of, `caller.py` whether
the caller speaks and interrupts, `link.py` the line to the model, `dialogue.py` what was said.
"""

from __future__ import annotations

from calls.conversation.assistant import Assistant
from calls.conversation.commands import AnswerTool, Command, ConnectModel, EndCall, Log, NextStep, ResponseKind
from calls.conversation.dialogue import Dialogue, Said
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import (
    CallerFrame,
    CallerLeft,
    CallerWords,
    Event,
    KeyPressed,
    MarkReturned,
    ModelLost,
    ModelReady,
    OperatorAsked,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseWords,
    SpeechStarted,
    SpeechStopped,
    StreamBroke,
    StreamOpened,
    Tick,
    ToolRequested,
    TurnCommitted,
)
from calls.conversation.link import Link, LinkStep
from calls.conversation.settings import ConversationSettings
from calls.conversation.turns import Turns

TOOL_STEPS = {"end_call": NextStep.HANG_UP, "transfer_call": NextStep.TRANSFER}
TOOL_REASONS = {
    NextStep.HANG_UP: EndReason.ASSISTANT_HUNG_UP,
    NextStep.TRANSFER: EndReason.ASSISTANT_TRANSFERRED,
}
OPERATOR_REASONS = {
    NextStep.HANG_UP: EndReason.OPERATOR_HUNG_UP,
    NextStep.TRANSFER: EndReason.OPERATOR_TRANSFERRED,
}


class Conversation:
    """One call. The first customer's names of flags are kept: see the properties."""

    def __init__(self, settings: ConversationSettings) -> None:
        self.settings = settings
        self.is_over = False
        self.link = Link()
        self._commands: list[Command] = []
        self._emit = self._commands.append
        self._dialogue = Dialogue()
        self.assistant = Assistant(self._dialogue, self._emit)
        self.turns = Turns(settings, self.assistant, self._dialogue, self._emit)
        self._opened_at = self._now = 0.0
        self._leaving: NextStep | None = None

    # The customer's words ----------------------------------------------------------------------------
    @property
    def user_has_spoken(self) -> bool:
        """The caller has really said something."""
        return self.turns.turns_spoken > 0

    @property
    def is_playing_greeting(self) -> bool:
        """The caller is hearing the greeting."""
        utterance = self.assistant.utterance
        return utterance is not None and utterance.kind is ResponseKind.GREETING and self.assistant.is_heard

    @property
    def first_utterance_protected(self) -> bool:
        """Nothing interrupts the assistant: its first utterance is still to be heard to its end."""
        return self.turns.first_utterance_protected

    @property
    def greeting_lock_active(self) -> bool:
        """The same, where that first utterance is the business's greeting."""
        return self.first_utterance_protected and bool(self.settings.greeting_text)

    @property
    def first_response_id(self) -> str | None:
        """The id of the model's first response."""
        return self.assistant.first_response_id

    @property
    def barge_in_enabled(self) -> bool:
        """The business lets callers interrupt."""
        return self.turns.barge_in_enabled

    @property
    def barge_in_allowed(self) -> bool:
        """The caller may interrupt now."""
        return self.turns.barge_in_allowed

    def needs_ears(self, rms: int) -> bool:
        """Would a detector's answer (`CallerFrame.speech_probability`) about a frame of this energy be used?"""
        return self.turns.caller.needs_ears(rms, may_interrupt=self.assistant.is_heard and self.barge_in_allowed)

    def history(self) -> list[Said]:
        """What was said and heard, for a new session of the model."""
        return self._dialogue.history()

    # The reducer ---------------------------------------------------------------------------------------
    def handle(self, event: Event) -> list[Command]:
        """Take one event and return what is to be done about it, in order."""
        if self.is_over:
            return []
        self._now = event.at
        self._take(event)
        self._settle(event.at)
        commands = self._commands.copy()
        self._commands.clear()
        return commands

    def fail(self) -> list[Command]:
        """End the call after a mistake of ours, whatever state that left; nothing more is decided."""
        self.is_over = True
        self._commands.clear()
        return [EndCall(EndReason.OUR_MISTAKE, NextStep.APOLOGIZE, failed=True)]

    def next_deadline(self) -> float | None:
        """When a `Tick` is due if nothing happens before, in seconds since the stream opened."""
        if self.is_over:
            return None
        limit = self._opened_at + self.settings.max_call_s
        moments = [*self.turns.deadlines(), self.link.deadline(), limit]
        # What is past was looked at, and now waits for an event instead.
        return min((moment for moment in moments if moment is not None and moment > self._now), default=None)

    def _take(self, event: Event) -> None:  # noqa: C901, PLR0912 - a line for each kind of event
        match event:
            case CallerFrame():
                self.turns.caller_frame(event)
            case MarkReturned(at, name):
                self.assistant.mark_returned(at, name)
            case ResponseAudio():
                self.assistant.audio(event, protected=self.turns.first_utterance_protected)
            case ResponseWords():
                self.assistant.words(event)
            case SpeechStarted(at):
                self.turns.speech_started(at)
            case SpeechStopped(at, item_id):
                self.turns.caller.speech_stopped(at, item_id)
            case TurnCommitted():
                self.turns.turn_committed(event)
            case CallerWords():
                self.turns.caller_words(event)
            case ResponseCreated():
                if not self.assistant.created(event):
                    self._emit(Log("[RESPONSE]", "nobody asked for this response: cancelled"))
            case ResponseEnded():
                self.turns.response_ended(event)
            case RequestRefused():
                self.turns.request_refused(event)
            case ToolRequested():
                self._tool_requested(event)
            case ModelReady():
                self._model_ready(event)
            case ModelLost():
                self._model_lost(event)
            case KeyPressed():
                self._emit(Log("[KEYS]", "the caller pressed a key"))
            case StreamOpened(at, greeting_levels):
                self._opened_at = at
                self._connect(at)
                self.turns.open(at, greeting_levels)
            case CallerLeft(at):
                self._end(at, EndReason.CALLER_LEFT, NextStep.HANG_UP)
            case StreamBroke(at, reason, fault):
                self._emit(Log("[STREAM]", f"broke: {reason}"))
                self._end(at, EndReason.STREAM_BROKE, NextStep.APOLOGIZE, failed=True, cause=fault or "")
            case OperatorAsked(at, step):  # a person knows better: also in the middle of the first utterance
                self._end(at, OPERATOR_REASONS.get(step, EndReason.OPERATOR_HUNG_UP), step)
            case Tick():
                pass

    def _settle(self, at: float) -> None:
        """Do what has become due, whatever the event was."""
        if self.is_over:
            return
        self.turns.settle(at)
        self._check_stall(at)
        self._keep_line(at)
        if self.link.is_ready and not self._leaving and not self.is_over:
            self.turns.speak_if_owed(at)
        self._leave_if_done(at)

    # The line to the model -------------------------------------------------------------------------------
    def _connect(self, at: float) -> None:
        self.link.connecting(at, caller_hears=not self.assistant.playback.is_empty)
        self._emit(ConnectModel(self.link.attempt, self.link.timeout_s))

    def _model_ready(self, event: ModelReady) -> None:
        self.link.ready(event.at, event.lifetime_s)
        self.turns.model_ready(event.at)
        self._emit(Log("[MODEL]", "ready"))

    def _model_lost(self, event: ModelLost) -> None:
        self.link.lost(event.at, event.reason, permanent=event.permanent)
        self._emit(Log("[MODEL]", f"lost: {event.reason}"))
        self.turns.caller.line_lost()
        self.turns.follow_up(self.assistant.abandon(event.at, line_lost=True), event.reason)

    def _check_stall(self, at: float) -> None:
        response, stalls_at = self.assistant.response, self.assistant.stalls_at()
        if response is None or stalls_at is None or at < stalls_at:
            return
        if response.is_revoked:
            self.assistant.abandon(at, line_lost=False)
        else:
            self._model_lost(ModelLost(at, "stalled"))

    def _keep_line(self, at: float) -> None:
        hears = not self.assistant.playback.is_empty
        step = self.link.step(at, caller_hears=hears, is_idle=self.turns.is_idle(at))
        if step is LinkStep.CONNECT:
            self._connect(at)
        elif step is LinkStep.GIVE_UP:
            self._end(at, EndReason.MODEL_UNAVAILABLE, NextStep.APOLOGIZE, failed=True, cause=self.link.reason)

    # The end -----------------------------------------------------------------------------------------------
    def _tool_requested(self, event: ToolRequested) -> None:
        response = self.assistant.response
        if response is None or response.is_revoked or event.response_id not in ("", response.response_id):
            return
        response.asked_for_tool, response.progress_at = True, event.at
        step = TOOL_STEPS.get(event.name)
        if step is None:
            self._emit(AnswerTool(event.tool_call_id, "There is no such function. Go on without it."))
            self.turns.owe_answer(event.at)
            return
        self._leaving = step
        self.turns.caller_goes_on = False
        self._emit(AnswerTool(event.tool_call_id, "It is done as soon as your last words were heard."))

    def _leave_if_done(self, at: float) -> None:
        if self.is_over:
            return
        if self._leaving and self.turns.caller_goes_on:
            self._leaving = None
            self._emit(Log("[END]", "the caller goes on talking: not leaving"))
        if at - self._opened_at >= self.settings.max_call_s:
            self._end(at, EndReason.TIME_LIMIT, NextStep.HANG_UP)
        elif self._leaving and self.assistant.response is None and self.assistant.utterance is None:
            self._end(at, TOOL_REASONS[self._leaving], self._leaving)

    def _end(self, at: float, reason: EndReason, step: NextStep, *, failed: bool = False, cause: str = "") -> None:
        self.assistant.hang_up(at)
        self.is_over = True
        self._emit(Log("[END]", f"{reason}: {cause}" if cause else reason))
        self._emit(EndCall(reason, step, failed, cause))
