"""Who may speak: the rules of a call, with no clock, socket or database.

Feed events to `Conversation.handle` in the order in which they happened and carry out the commands that it
returns, in order. `next_deadline` says when it wants a `Tick` though nothing happens.

The parts: `assistant.py` what the assistant says and was heard of, `activity.py` whether the caller speaks,
`barge_in.py` whether that interrupts, `link.py` the line to the model, `dialogue.py` what was said.
"""

from __future__ import annotations

from calls.conversation.assistant import Aftermath, Assistant
from calls.conversation.barge_in import Verdict
from calls.conversation.caller import SHORTEST_TURN_MS, Caller
from calls.conversation.commands import (
    AnswerTool,
    Command,
    ConnectModel,
    EndCall,
    Latency,
    Log,
    Measure,
    NextStep,
    ResponseKind,
    Speaker,
)
from calls.conversation.dialogue import Dialogue, Said
from calls.conversation.events import (
    CallerFrame,
    CallerLeft,
    CallerWords,
    Event,
    KeyPressed,
    MarkReturned,
    ModelLost,
    ModelReady,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseWords,
    SpeechStarted,
    SpeechStopped,
    StreamOpened,
    Tick,
    ToolRequested,
    TurnCommitted,
)
from calls.conversation.link import Link, LinkStep
from calls.conversation.responses import MOST_ATTEMPTS, Owed
from calls.conversation.settings import ConversationSettings, Protection
from calls.conversation.transcripts import is_noise

RECOMMIT_WAIT_S = 1.5
"""After a reconnect the caller's last words are sent again: wait this long for them to become a turn."""
TOOL_STEPS = {"end_call": NextStep.HANG_UP, "transfer_call": NextStep.TRANSFER}


class Conversation:
    """One call. The first customer's names of flags are kept: see the properties."""

    def __init__(self, settings: ConversationSettings) -> None:
        self.settings = settings
        self.barge_in_enabled = settings.barge_in_enabled
        self.first_utterance_protected = False
        self.is_over = False
        self._commands: list[Command] = []
        self._emit = self._commands.append
        self._dialogue = Dialogue()
        self.assistant = Assistant(self._dialogue, self._emit)
        self.caller = Caller(settings)
        self.link = Link()
        self._opened_at = self._now = 0.0
        self._first_utterance_over = False
        self._opening: Owed | None = None
        self._answer: Owed | None = None
        self._turns_spoken = 0
        self._awaits_recommit = False
        self._ignored_voice_logged = False
        self._leaving: tuple[NextStep, str] | None = None

    # The customer's words ----------------------------------------------------------------------------
    @property
    def user_has_spoken(self) -> bool:
        """The caller has really said something."""
        return self._turns_spoken > 0

    @property
    def is_playing_greeting(self) -> bool:
        """The caller is hearing the greeting."""
        utterance = self.assistant.utterance
        return utterance is not None and utterance.kind is ResponseKind.GREETING and self.assistant.is_heard

    @property
    def greeting_lock_active(self) -> bool:
        """The greeting is still to be heard to its end, and nothing may interrupt it."""
        return self.first_utterance_protected and bool(self.settings.greeting_text)

    @property
    def first_response_id(self) -> str | None:
        """The id of the model's first response."""
        return self.assistant.first_response_id

    @property
    def barge_in_allowed(self) -> bool:
        """The caller may interrupt. This is the only gate, and nothing else closes it."""
        return self.barge_in_enabled and not self.first_utterance_protected

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

    def _take(self, event: Event) -> None:  # noqa: C901, PLR0912 - a line for each kind of event
        match event:
            case CallerFrame():
                self._caller_frame(event)
            case MarkReturned():
                self._mark_returned(event)
            case ResponseAudio():
                self.assistant.audio(event, protected=self.first_utterance_protected)
            case ResponseWords():
                self.assistant.words(event)
            case SpeechStarted(at):
                self._speech_started(at)
            case SpeechStopped():
                self.caller.speech_stopped()
            case TurnCommitted():
                self._turn_committed(event)
            case CallerWords():
                self._caller_words(event)
            case ResponseCreated():
                if not self.assistant.created(event):
                    self._emit(Log("[RESPONSE]", "nobody asked for this response: cancelled"))
            case ResponseEnded():
                self._follow_up(
                    self.assistant.ended(event, protected=self.first_utterance_protected),
                    event.at,
                    f"{event.status} {event.reason}".strip(),
                )
            case RequestRefused():
                self._request_refused(event)
            case ToolRequested():
                self._tool_requested(event)
            case ModelReady():
                self._model_ready(event)
            case ModelLost():
                self._model_lost(event)
            case KeyPressed():
                self._emit(Log("[KEYS]", "the caller pressed a key"))
            case StreamOpened(at):
                self._open(at)
            case CallerLeft(at):
                self._end(at, "the caller hung up", NextStep.HANG_UP)
            case Tick():
                pass

    # The opening -----------------------------------------------------------------------------------------
    def _open(self, at: float) -> None:
        self._opened_at = at
        self._connect(at)
        settings = self.settings
        opens = bool(settings.greeting_text) or settings.assistant_speaks_first
        self.first_utterance_protected = opens and settings.first_utterance_protection is not Protection.OFF
        if settings.greeting_text and settings.greeting_bytes:
            self._emit(Log("[GREETING]", f"playing {settings.greeting_bytes / 8000:.1f} s of cached audio"))
            self.assistant.play_greeting(settings.greeting_text, settings.greeting_bytes, at)
        elif settings.greeting_text:
            self._emit(Log("[GREETING]", "no cached audio: the model will speak it"))
            self._opening = Owed(ResponseKind.GREETING, settings.greeting_text, since=at)
        elif settings.assistant_speaks_first:
            self._opening = Owed(ResponseKind.OPENING, since=at)

    # The caller ------------------------------------------------------------------------------------------
    def _caller_frame(self, frame: CallerFrame) -> None:
        voiced = self.caller.hear(frame, assistant_is_playing=self.assistant.playback.is_playing)
        if not self.assistant.is_heard:
            return
        if self._may_interrupt_now(frame.at):
            verdict = self.caller.barge_in.hear(frame.at, voiced=voiced, milliseconds=frame.milliseconds)
            self._carry_out(verdict, frame.at, rms=frame.rms)
        elif voiced and not self._ignored_voice_logged:
            self._ignored_voice_logged = True
            self._emit(Log("[BARGE-IN]", f"ignored: {self._why_not()}, rms={frame.rms}"))

    def _may_interrupt_now(self, at: float) -> bool:
        utterance = self.assistant.utterance
        if not self.barge_in_allowed or utterance is None or utterance.heard_from is None:
            return False
        return at - utterance.heard_from >= self.settings.barge_in_grace_ms / 1000

    def _why_not(self) -> str:
        if not self.barge_in_enabled:
            return "the business has switched it off"
        return "the first utterance is protected" if self.first_utterance_protected else "within the grace time"

    def _carry_out(self, verdict: Verdict, at: float, *, rms: int = 0) -> None:
        if verdict is Verdict.NOTHING:
            return
        run = self.caller.barge_in
        facts = f"rms={rms} threshold={self.caller.activity.threshold:.0f} frames={run.run_ms // 20}"
        self._emit(Log("[BARGE-IN]", f"{verdict.value}: {facts}"))
        if verdict is Verdict.RESUME:
            run.end()
            self.assistant.resume(at)
            return
        if not self.assistant.is_paused:
            self._emit(Measure(Latency.BARGE_IN_PAUSE, max(0, round((at - run.run_started_at) * 1000))))
        if verdict is Verdict.PAUSE:
            self.assistant.pause(at)
            return
        self._interrupt(at)

    def _interrupt(self, at: float) -> None:
        self.assistant.cut_off(at)
        self._utterance_over()
        if self._leaving:
            self._leaving = None
            self._emit(Log("[END]", "the caller goes on talking: not leaving"))

    def _speech_started(self, at: float) -> None:
        verdict = self.caller.speech_started(at)
        if self.assistant.is_heard and self._may_interrupt_now(at):
            self._carry_out(verdict, at)

    def _turn_committed(self, event: TurnCommitted) -> None:
        at = event.at
        voiced_ms = self.caller.turn_ended()
        if self._awaits_recommit and self._answer:
            self._same_turn_again(self._answer, event)
            return
        if voiced_ms < SHORTEST_TURN_MS:
            self._emit(Log("[TURN]", f"noise: {voiced_ms} ms of voice"))
            return
        self._turns_spoken += 1
        turn = self._dialogue.begin(Speaker.CALLER, min(self.caller.speech_started_at, at))
        self._dialogue.await_words(turn, event.item_id)
        self._dialogue.end(turn, at)
        self._emit(self._dialogue.keep(turn))
        self._answer = Owed(ResponseKind.ANSWER, since=at, turn_item=event.item_id)
        if self.barge_in_allowed and self.assistant.is_heard:
            self._emit(Log("[BARGE-IN]", f"commit: a whole turn with {voiced_ms} ms of voice"))
            self._interrupt(at)
        elif not self.first_utterance_protected and not self.assistant.is_heard:
            self.assistant.revoke(at)  # not heard yet, and the caller has said more

    def _same_turn_again(self, owed: Owed, event: TurnCommitted) -> None:
        """After a reconnect the new session heard the words that are still owed an answer."""
        self._dialogue.same_turn(owed.turn_item, event.item_id)
        self._awaits_recommit = False
        owed.turn_item, owed.not_before = event.item_id, event.at

    def _caller_words(self, event: CallerWords) -> None:
        turn = self._dialogue.transcribed(event.item_id, event.text)
        if turn is None:
            return
        if not is_noise(event.text, language=self.settings.language):
            self._emit(self._dialogue.keep(turn))
            return
        self._dialogue.drop(turn)
        self._emit(self._dialogue.keep(turn))
        self._emit(Log("[TURN]", "noise: its transcript holds no word"))
        self._turns_spoken -= 1
        if self._answer and self._answer.turn_item == event.item_id:
            self._answer = None
        response = self.assistant.response
        if response and response.owed.turn_item == event.item_id and not response.sizes:
            self.assistant.revoke(event.at)

    # The model -------------------------------------------------------------------------------------------
    def _model_ready(self, event: ModelReady) -> None:
        self.link.ready(event.at, event.lifetime_s)
        self._emit(Log("[MODEL]", "ready"))
        if self._answer and self._dialogue.lacks_words(self._answer.turn_item):
            self._awaits_recommit = True
            self._answer.not_before = event.at + RECOMMIT_WAIT_S

    def _model_lost(self, event: ModelLost) -> None:
        self.link.lost(event.at, event.reason, permanent=event.permanent)
        self.caller.speech_stopped()
        self._emit(Log("[MODEL]", f"lost: {event.reason}"))
        self._follow_up(self.assistant.abandon(event.at, line_lost=True), event.at, event.reason)

    def _request_refused(self, event: RequestRefused) -> None:
        response = self.assistant.response
        if response is None or event.request != response.request:
            self._emit(Log("[MODEL]", f"harmless error: {event.code}"))
            return
        self._follow_up(self.assistant.abandon(event.at, line_lost=False), event.at, event.code)

    def _follow_up(self, aftermath: Aftermath | None, at: float, why: str) -> None:
        """After a response ended: try again, or live without it."""
        if aftermath is None:
            return
        retry = aftermath.retry
        if retry:
            self._emit(Log("[RESPONSE]", f"{retry.kind} failed ({why}): attempt {retry.attempt} of {MOST_ATTEMPTS}"))
            if retry.kind in (ResponseKind.GREETING, ResponseKind.OPENING):
                self._opening = retry
            elif self._answer is None:
                self._answer = retry
        elif aftermath.gave_up:
            self._emit(Log("[RESPONSE]", f"given up after {MOST_ATTEMPTS} attempts ({why})"))
            self._first_utterance_ends("given up")

    def _tool_requested(self, event: ToolRequested) -> None:
        response = self.assistant.response
        if response is None or response.is_revoked or response.response_id != event.response_id:
            return
        response.asked_for_tool, response.progress_at = True, event.at
        step = TOOL_STEPS.get(event.name)
        if step is None:
            self._emit(AnswerTool(event.tool_call_id, "There is no such function. Go on without it."))
            self._answer = Owed(ResponseKind.ANSWER, since=event.at)
            return
        self._leaving = (step, f"the assistant asked for {event.name}")
        self._emit(AnswerTool(event.tool_call_id, "It is done as soon as your last words were heard."))

    # What follows from all that ------------------------------------------------------------------------
    def _mark_returned(self, event: MarkReturned) -> None:
        playback = self.assistant.playback
        if not playback.mark_returned(event.at, event.name):
            seconds = playback.clear_confirmed(event.at, event.name)
            if seconds is not None:
                self._emit(Measure(Latency.BARGE_IN_CONFIRMED, round(seconds * 1000)))

    def _settle(self, at: float) -> None:
        """Do what has become due, whatever the event was."""
        if self.is_over:
            return
        assistant = self.assistant
        if assistant.playback.give_marks_up(at):
            self._emit(Log("[PLAYBACK]", "marks are missing: counted as heard by their length"))
        self._carry_out(self.caller.barge_in.quiet_for(at), at)
        assistant.release_held(at, protected=self.first_utterance_protected)
        finished = assistant.finish_if_heard(at)
        if finished:
            if finished.kind is ResponseKind.GREETING:
                self._emit(Log("[GREETING]", "heard"))
            self._first_utterance_ends("heard")
            self._utterance_over()
        self._check_stall(at)
        self._keep_line(at)
        self._speak_if_owed(at)
        self._leave_if_done(at)

    def _first_utterance_ends(self, how: str) -> None:
        if self._first_utterance_over:
            return
        self._first_utterance_over, self.first_utterance_protected = True, False
        state = "enabled" if self.barge_in_enabled else "switched off by the business"
        self._emit(Log("[FIRST_UTTERANCE]", f"{how}, barge-in now {state} for the rest of the call"))

    def _utterance_over(self) -> None:
        self.caller.barge_in.forget()
        self._ignored_voice_logged = False
        self._first_utterance_over = True

    def _check_stall(self, at: float) -> None:
        response = self.assistant.response
        if response is None:
            return
        stalls_at = response.stalls_at(caller_hears=self.assistant.playback.is_playing)
        if stalls_at is None or at < stalls_at:
            return
        if response.is_revoked:
            self.assistant.abandon(at, line_lost=False)
            return
        self._model_lost(ModelLost(at, "the model stopped answering"))

    def _keep_line(self, at: float) -> None:
        assistant = self.assistant
        hears = assistant.utterance is not None and assistant.utterance.is_complete
        owes = self._answer or self._opening or assistant.response or assistant.utterance
        step = self.link.step(at, caller_hears=hears, is_idle=not owes and not self.caller.speaks(at))
        if step is LinkStep.CONNECT:
            self._connect(at)
        elif step is LinkStep.GIVE_UP:
            self._end(at, f"OpenAI: {self.link.reason}", NextStep.APOLOGIZE, failed=True)

    def _connect(self, at: float) -> None:
        self.link.connecting(at)
        self._emit(ConnectModel(self.link.attempt, self.link.timeout_s))

    def _speak_if_owed(self, at: float) -> None:
        if not self.link.is_ready or self.assistant.response or self.is_over or self._leaving:
            return
        if self._opening:
            if at >= self._opening.not_before:
                owed, self._opening = self._opening, None
                self.assistant.request(owed, at)
            return
        owed_answer = self._answer
        if owed_answer is None or at < owed_answer.not_before or self.assistant.utterance or self.caller.speaks(at):
            return
        self._answer, self._awaits_recommit = None, False
        if self.settings.first_utterance_protection is Protection.FIRST_RESPONSE and not self._first_utterance_over:
            self.first_utterance_protected = True
        self.assistant.request(owed_answer, at)

    def _leave_if_done(self, at: float) -> None:
        if self.is_over:
            return
        if at - self._opened_at >= self.settings.max_call_s:
            self._end(at, "the longest call time is over", NextStep.HANG_UP)
        elif self._leaving and self.assistant.response is None and self.assistant.utterance is None:
            step, reason = self._leaving
            self._end(at, reason, step)

    def _end(self, at: float, reason: str, step: NextStep, *, failed: bool = False) -> None:
        self.assistant.hang_up(at)
        self.is_over = True
        self._emit(Log("[END]", reason))
        self._emit(EndCall(reason, step, failed))

    def next_deadline(self) -> float | None:
        """When a `Tick` is due if nothing happens before, in seconds since the stream opened."""
        if self.is_over:
            return None
        assistant, response, utterance = self.assistant, self.assistant.response, self.assistant.utterance
        owed = self._opening or self._answer
        moments = [
            assistant.playback.deadline(),
            self.caller.barge_in.resume_at,
            utterance.held_until if utterance else None,
            response.stalls_at(caller_hears=assistant.playback.is_playing) if response else None,
            owed.not_before if owed and owed.not_before > 0 else None,
            self.link.deadline(),
            self._opened_at + self.settings.max_call_s,
        ]
        # What is past was looked at, and now waits for an event instead.
        return min((moment for moment in moments if moment is not None and moment > self._now), default=None)
