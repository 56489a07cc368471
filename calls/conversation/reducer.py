"""The reducer of a call: events in, commands out, with no clock, socket or database.

Feed events to `Conversation.handle` in the order in which they happened, and carry out the commands that it
returns, in order. `next_deadline` says when it wants a `Tick` though nothing happens. The way of an event:

1. `handle` gives it to the part that it concerns: `caller.py` listens, `interruptions.py` lets the caller's voice
   stop the assistant's, `turns.py` keeps turns and what is owed an answer, `assistant.py` carries a response from the
   request to the caller's ear, `departure.py` does what the model asks for by function calls, `model_line.py` keeps the
   line to the model, `dialogue.py` what was said and heard.
2. `_settle` does what has become due: an utterance was heard to its end, the model is stuck, the line must be renewed,
   the floor is free for the next answer, the call can end, nobody was heard (`silence.py`), the caller has waited for
   long (`waiting.py`). What another process needs to go on with the call is kept. Nothing can have become due by what
   comes a hundred times a second and only goes on: a frame, a mark or a piece of audio that changes nobody's standing.

Six things have a state. Each is changed by its owner only, in the table of its own module where one is named:

    what              owner                           states
    first utterance   FirstUtterance                  NOT_BEGUN, PROTECTED, OVER             first_utterance.py
    utterance         Assistant.utterance             none, HELD, QUEUED, PLAYING, PAUSED    utterance.py
    response          Assistant.response              none, asked for, adopted, revoked      responses.py
    owed              Turns                           nothing, an opening, an answer
    line              Link                            DOWN, CONNECTING, READY                link.py, model_line.py
    call              Conversation, Departure         going on, leaving, over                departure.py

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

from calls.conversation.commands import Command, EndCall, KeepStanding, Log, NextStep, ResponseKind
from calls.conversation.departure import Departure
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import (
    CallerFrame,
    CallerLeft,
    CallerWords,
    EndReported,
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
    StreamResumed,
    TurnCommitted,
    WordsFailed,
)
from calls.conversation.keys import Keys
from calls.conversation.leaving import OPERATOR_REASONS, Leaving
from calls.conversation.model_line import ModelLine
from calls.conversation.outer_end import OuterEnds
from calls.conversation.resuming import resume
from calls.conversation.settings import ConversationSettings
from calls.conversation.tool_events import ToolFinished, ToolRequested
from calls.conversation.turns import Turns


class Conversation:
    """One call. Its properties keep the names of flags that the first customer knows."""

    def __init__(self, settings: ConversationSettings) -> None:
        self.settings = settings
        self._commands: list[Command] = []
        self._emit = self._commands.append
        self.turns = Turns(settings, self._emit)
        self.assistant = self.turns.assistant
        self.departure = Departure(self.turns, settings, self._emit)
        self.line = ModelLine(self.turns, self.departure, self._emit)
        self.keys = Keys(self._emit)
        self._outer_ends = OuterEnds(self._emit)
        self._nothing_left: EndReason | None = None
        self._standing = KeepStanding(first_was_heard=False, is_busy=False)
        self._is_over = False
        self._deadline: float | None = None
        self._is_settled = False

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
        goes_on = self._goes_on(event)
        if not goes_on or not self._rests(event.at):
            if goes_on is None:
                self._dispatch(event)
            self._settle(event.at)
            self._deadline = self._soonest_after(event.at)
            self._is_settled = not self._commands  # a command may have made room for the next
            self.turns.caller.settled(event.at)
        commands = self._commands.copy()
        self._commands.clear()
        return commands

    def _goes_on(self, event: Event) -> bool | None:
        """Take what comes many times a second; return whether it changes nobody's standing. None: it is to be taken."""
        match event:
            case CallerFrame():
                return self.turns.interruptions.caller_frame(event) and not self._commands
            case MarkReturned():
                goes_on, moment = self.assistant.mark_returned(event.at, event.name), self.assistant.playback.deadline()
                self._deadline = self._deadline if moment is None else min(moment, self._deadline or moment)
                return goes_on
            case ResponseAudio():
                return self.assistant.audio(event)
        return None

    def fail(self) -> list[Command]:
        """End the call after a mistake of ours, whatever state that left; nothing more is decided."""
        self._is_over = True
        self._commands.clear()
        return [EndCall(EndReason.OUR_MISTAKE, NextStep.APOLOGIZE, failed=True)]

    def next_deadline(self) -> float | None:
        """Return when a `Tick` is due if nothing happens before, in seconds since the stream opened."""
        return None if self._is_over else self._deadline

    def _soonest_after(self, at: float) -> float | None:
        """Return when something becomes due. What had passed was acted upon already, or waits for an event."""
        moments = [*self.turns.deadlines(), *self.departure.deadlines(), *self.line.deadlines()]
        moments += [self.keys.deadline(), self.departure.latest_end, self._outer_ends.deadline()]
        return min((each for each in moments if each is not None and each > at), default=None)

    def _rests(self, at: float) -> bool:
        """Tell whether `_settle` found nothing to do the last time, and nothing has become due since."""
        return self._is_settled and (self._deadline is None or at < self._deadline)

    def _dispatch(self, event: Event) -> None:  # noqa: C901, PLR0912 - a line for each kind of event
        match event:
            case ResponseWords():
                self.assistant.words(event)
            case SpeechStarted(at):
                self.turns.interruptions.speech_started(at)
            case SpeechStopped(at, item_id):
                self.turns.caller.speech_stopped(at, item_id)
            case TurnCommitted():
                self.turns.turn_committed(event)
            case CallerWords():
                self.turns.words.caller_words(event)
            case ResponseCreated():
                if not self.assistant.created(event):
                    self._emit(Log("[RESPONSE]", "nobody asked for this response: cancelled"))
            case ResponseEnded():
                self.line.response_ended(event)
            case RequestRefused():
                self.turns.request_refused(event)
            case ToolRequested() | ToolFinished():
                self.departure.told_of_tool(event)
            case ModelReady():
                self.line.ready(event)
            case ModelLost():
                self.line.lost(event)
            case WordsFailed():
                self.turns.words.words_failed(event)
            case KeyPressed(at, digit):
                self.turns.silence.heard(at)
                self.keys.pressed(at, digit)
            case StreamOpened(at, greeting_levels):
                self.departure.opened_at = at
                self.line.connect(at)
                self.turns.open(at, greeting_levels)
            case StreamResumed(at):
                self.departure.opened_at = at
                self.line.connect(at)
                resume(self.turns, event, self.settings, self._emit)
            case CallerLeft(at):
                self._end(at, EndCall(EndReason.CALLER_LEFT, NextStep.HANG_UP))
            case StreamBroke(at, reason, fault):
                self._emit(Log("[STREAM]", f"broke: {reason}"))
                self._end(at, self._outer_ends.after_break(fault))
            case OperatorAsked(at, step):  # a person knows better: also in the middle of the first utterance
                if step is not NextStep.TRANSFER or not self.departure.announces(at, is_ready=self.line.link.is_ready):
                    self._end(at, EndCall(OPERATOR_REASONS.get(step, EndReason.OPERATOR_HUNG_UP), step))
            case NothingLeft(_, reason):
                self._nothing_left = reason
            case EndReported():
                self._outer_ends.reported(event)

    def _settle(self, at: float) -> None:
        """Do what has become due, whatever the event was."""
        if self._is_over:
            return
        if ended := self._outer_ends.end(at):
            self._end(at, ended)
            return
        if keys := self.keys.entered(at):
            self.turns.keys_entered(keys, at)
        self.turns.settle(at)
        if self.line.keep(at):
            cause = self.line.link.reason
            self._end(at, EndCall(EndReason.MODEL_UNAVAILABLE, NextStep.APOLOGIZE, failed=True, cause=cause))
            return
        leave = self.departure.settle(at)
        in_silence = self.turns.ends_in_silence(at, is_leaving=self.departure.leaving is not None)
        self._end_if_due(at, leave, in_silence=in_silence)
        may_speak = self.departure.leaving is None or self.turns.owes_last_words
        if self.line.link.is_ready and may_speak and not (self._is_over or self.turns.waiting.gave_up):
            self.turns.speak_if_owed(at)
        self._keep_standing(at)

    def _keep_standing(self, at: float) -> None:
        first_was_heard, is_busy = self.turns.first_utterance.is_over, not self.turns.is_idle(at)
        if (first_was_heard, is_busy) != (self._standing.first_was_heard, self._standing.is_busy):
            self._standing = KeepStanding(first_was_heard, is_busy)
            self._emit(self._standing)

    # The end -----------------------------------------------------------------------------------------------
    def _end_if_due(self, at: float, leave: Leaving | None, *, in_silence: bool) -> None:
        if at >= self.departure.latest_end:
            self._end(at, EndCall(EndReason.TIME_LIMIT, NextStep.HANG_UP))
        elif self._nothing_left and not self.first_utterance_protected:
            self._end(at, EndCall(self._nothing_left, NextStep.HANG_UP))
        elif self.turns.waiting.gave_up and self.assistant.utterance is None:
            cause = self.turns.waiting.gave_up
            self._end(at, EndCall(EndReason.NO_ANSWER, NextStep.APOLOGIZE, failed=True, cause=cause))
        elif leave:
            self._end(at, self.departure.end_by(leave))
        elif in_silence:
            self._end(at, EndCall(EndReason.CALLER_SILENT, NextStep.HANG_UP))

    def _end(self, at: float, end: EndCall) -> None:
        end = self.departure.in_place_of(end)
        self.assistant.hang_up(at)
        self._is_over = True
        self._emit(Log("[END]", f"{end.reason}: {end.cause}" if end.cause else str(end.reason)))
        self._emit(end)
