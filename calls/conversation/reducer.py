"""The reducer of a call: events in, commands out, with no clock, socket or database.

Feed events to `Conversation.handle` in the order in which they happened, and carry out the commands that it
returns, in order. `next_deadline` says when it wants a `Tick` though nothing happens. The way of an event:

1. `_dispatch` gives it to the part that it concerns: `caller.py` listens, `interruptions.py` lets the caller's voice
   stop the assistant's, `turns.py` keeps turns and what is owed an answer, `assistant.py` carries a response from the
   request to the caller's ear, `link.py` keeps the line to the model, `dialogue.py` what was said and heard.
2. `_settle` does what has become due, whatever the event was: an utterance was heard to its end, the model is stuck,
   the line must be renewed, the floor is free for the next answer, the call can end, nobody was heard (`silence.py`).

Six things have a state. Each is changed by its owner only, in the table of its own module where one is named:

    what              owner                           states
    first utterance   FirstUtterance                  NOT_BEGUN, PROTECTED, OVER             first_utterance.py
    utterance         Assistant.utterance             none, HELD, QUEUED, PLAYING, PAUSED    utterance.py
    response          Assistant.response              none, asked for, adopted, revoked      responses.py
    owed              Turns                           nothing, an opening, an answer
    line              Link                            DOWN, CONNECTING, READY                link.py
    call              Conversation                    going on, leaving, over

Who may speak follows from the first three. The caller's voice and turns, by joint state:

    first utterance   utterance       response       the caller's voice          the caller's turn
    any               none            none           is only listened to         is owed an answer
    not PROTECTED     none, HELD      under way      is only listened to         revokes the response, is owed an answer
    not PROTECTED     PLAYING         any            pauses or interrupts it     interrupts it, is owed an answer
    not PROTECTED     PAUSED          any            interrupts it, or it was    interrupts it, is owed an answer
                                                     a cough and it goes on
    PROTECTED         any but PAUSED  any            changes nothing             is kept, and answered afterwards
    PROTECTED         PAUSED                         impossible: only what may be interrupted is ever paused

An utterance that is HELD has its response under way, and a response that was revoked has no utterance: what the
caller had heard was closed with it. An utterance is complete when no response is under way and no opening is owed.
"""

from __future__ import annotations

from calls.conversation.commands import AnswerTool, Command, ConnectModel, EndCall, Log, NextStep, ResponseKind
from calls.conversation.dialogue import SpokenTurn
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
    NothingLeft,
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
from calls.conversation.leaving import OPERATOR_REASONS, TOOL_REASONS, TOOL_STEPS, Leaving
from calls.conversation.link import Link, LinkStep
from calls.conversation.settings import ConversationSettings
from calls.conversation.turns import Turns


class Conversation:
    """One call. Its properties keep the names of flags that the first customer knows."""

    def __init__(self, settings: ConversationSettings) -> None:
        self.settings = settings
        self.link = Link()
        self._commands: list[Command] = []
        self._emit = self._commands.append
        self.turns = Turns(settings, self._emit)
        self.assistant = self.turns.assistant
        self._opened_at = self._now = 0.0
        self._leaving: Leaving | None = None
        self._nothing_left: EndReason | None = None
        self._is_over = False

    # What is asked from outside ----------------------------------------------------------------------------
    @property
    def is_over(self) -> bool:
        """The call has ended: no event changes anything any more."""
        return self._is_over

    @property
    def user_has_spoken(self) -> bool:
        """The caller has really said something."""
        return self.turns.turns_spoken > 0

    @property
    def is_playing_greeting(self) -> bool:
        """The caller is hearing the greeting."""
        utterance = self.assistant.utterance
        return utterance is not None and utterance.kind is ResponseKind.GREETING and utterance.is_audible

    @property
    def first_utterance_protected(self) -> bool:
        """Nothing interrupts the assistant: its first utterance is still to be heard to its end."""
        return self.turns.first_utterance.is_protected

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
        return self.settings.barge_in_enabled

    @property
    def barge_in_allowed(self) -> bool:
        """The caller may interrupt now."""
        return self.turns.interruptions.are_allowed

    def needs_ears(self, rms: int) -> bool:
        """Tell whether a detector's answer (`CallerFrame.speech_probability`) about such a frame would be used."""
        return self.turns.caller.needs_ears(
            rms, may_interrupt=self.assistant.is_audible and self.turns.interruptions.are_allowed
        )

    def history(self) -> list[SpokenTurn]:
        """Return what was said and heard, for a new session of the model."""
        return self.turns.dialogue.history()

    # The reducer ---------------------------------------------------------------------------------------
    def handle(self, event: Event) -> list[Command]:
        """Decide about one event and return the commands that it leads to, in order."""
        if self._is_over:
            return []
        self._now = event.at
        self._dispatch(event)
        self._settle(event.at)
        commands = self._commands.copy()
        self._commands.clear()
        return commands

    def fail(self) -> list[Command]:
        """End the call after a mistake of ours, whatever state that left; nothing more is decided."""
        self._is_over = True
        self._commands.clear()
        return [EndCall(EndReason.OUR_MISTAKE, NextStep.APOLOGIZE, failed=True)]

    def next_deadline(self) -> float | None:
        """Return when a `Tick` is due if nothing happens before, in seconds since the stream opened."""
        if self._is_over:
            return None
        limit = self._opened_at + self.settings.max_call_s
        moments = [*self.turns.deadlines(), self.link.deadline(), limit]
        # A moment that has passed was acted upon already, or waits for an event.
        return min((each for each in moments if each is not None and each > self._now), default=None)

    def _dispatch(self, event: Event) -> None:  # noqa: C901, PLR0912 - one line for each kind of event
        match event:
            case CallerFrame():
                self.turns.interruptions.caller_frame(event)
            case MarkReturned(at, name):
                self.assistant.mark_returned(at, name)
            case ResponseAudio():
                self.assistant.audio(event)
            case ResponseWords():
                self.assistant.words(event)
            case SpeechStarted(at):
                self.turns.interruptions.speech_started(at)
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
            case KeyPressed(at):
                self.turns.silence.heard(at)
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
            case NothingLeft(_, reason):
                self._nothing_left = reason
            case Tick():
                pass

    def _settle(self, at: float) -> None:
        """Do what has become due, whatever the event was."""
        if self._is_over:
            return
        self.turns.settle(at)
        self._check_stall(at)
        self._keep_line(at)
        in_silence = self.turns.ends_in_silence(at, is_leaving=self._leaving is not None)
        if self.link.is_ready and not self._leaving and not self._is_over and not in_silence:
            self.turns.speak_if_owed(at)
        self._leave_if_done(at, in_silence=in_silence)

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
        if response is None or response.is_revoked or not response.belongs_to(event.response_id):
            return
        response.asked_for_tool, response.progress_at = True, event.at
        step = TOOL_STEPS.get(event.name)
        if step is None:
            self._emit(AnswerTool(event.tool_call_id, "There is no such function. Go on without it."))
            self.turns.owe_answer(event.at)
            return
        self._leaving = Leaving(step, self.turns.interruptions.count)
        self._emit(AnswerTool(event.tool_call_id, "It is done as soon as your last words were heard."))

    def _leave_if_done(self, at: float, *, in_silence: bool) -> None:
        if self._is_over:
            return
        leaving = self._leaving
        if leaving and self.turns.interruptions.count > leaving.interruptions:
            self._leaving = leaving = None
            self._emit(Log("[END]", "the caller goes on talking: not leaving"))
        if at - self._opened_at >= self.settings.max_call_s:
            self._end(at, EndReason.TIME_LIMIT, NextStep.HANG_UP)
        elif self._nothing_left and not self.first_utterance_protected:
            self._end(at, self._nothing_left, NextStep.HANG_UP)
        elif leaving and self.assistant.response is None and self.assistant.utterance is None:
            self._end(at, TOOL_REASONS[leaving.next_step], leaving.next_step)
        elif in_silence:
            self._end(at, EndReason.CALLER_SILENT, NextStep.HANG_UP)

    def _end(self, at: float, reason: EndReason, step: NextStep, *, failed: bool = False, cause: str = "") -> None:
        self.assistant.hang_up(at)
        self._is_over = True
        self._emit(Log("[END]", f"{reason}: {cause}" if cause else str(reason)))
        self._emit(EndCall(reason, step, failed, cause))
