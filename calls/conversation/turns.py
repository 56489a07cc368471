"""Who may speak: protection of the first utterance, the caller's turns, barge-in, and what is owed an answer."""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.assistant import Assistant
from calls.conversation.barge_in import LONGEST_BACKCHANNEL_MS, Verdict
from calls.conversation.caller import SHORTEST_TURN_MS, Caller
from calls.conversation.commands import Command, Latency, Log, Measure, ResponseKind, Speaker
from calls.conversation.dialogue import Dialogue
from calls.conversation.events import (
    CallerFrame,
    CallerWords,
    RequestRefused,
    ResponseEnded,
    TurnCommitted,
)
from calls.conversation.responses import MOST_ATTEMPTS, RECOMMIT_WAIT_S, Aftermath, Owed
from calls.conversation.settings import ConversationSettings, Protection
from calls.conversation.transcripts import is_backchannel, is_noise


class Turns:
    """The floor of one call. Commands go out through `emit`; `settle` does what has become due."""

    def __init__(
        self, settings: ConversationSettings, assistant: Assistant, dialogue: Dialogue, emit: Callable[[Command], None]
    ) -> None:
        self.settings = settings
        self.assistant = assistant
        self.caller = Caller(settings, assistant.playback.echo)
        self.barge_in_enabled = settings.barge_in_enabled
        self.first_utterance_protected = False
        self.turns_spoken = 0
        self.caller_goes_on = False
        """Set when the caller interrupted, for whoever meant to end the call."""
        self._dialogue = dialogue
        self._emit = emit
        self._first_utterance_over = False
        self._opening: Owed | None = None
        self._answer: Owed | None = None
        self._awaits_recommit = False
        self._ignored_voice_logged = False
        self._short_turn = ""
        """The item of a turn that was said over the assistant, and that may be no more than "mm-hm"."""

    @property
    def barge_in_allowed(self) -> bool:
        """The caller may interrupt. This is the only gate, and nothing else closes it."""
        return self.barge_in_enabled and not self.first_utterance_protected

    # The opening -----------------------------------------------------------------------------------------
    def open(self, at: float, greeting_levels: tuple[int, ...]) -> None:
        """Begin the call: play the greeting, or owe it, or let the assistant open, or stay silent."""
        settings = self.settings
        opens = bool(settings.greeting_text) or settings.assistant_speaks_first
        self.first_utterance_protected = opens and settings.first_utterance_protection is not Protection.OFF
        if settings.greeting_text and settings.greeting_bytes:
            self._emit(Log("[GREETING]", f"playing {settings.greeting_bytes / 8000:.1f} s of cached audio"))
            self.assistant.play_greeting(
                settings.greeting_text,
                settings.greeting_bytes,
                greeting_levels,
                at,
                protected=self.first_utterance_protected,
            )
        elif settings.greeting_text:
            self._emit(Log("[GREETING]", "no cached audio: the model will speak it"))
            self._opening = Owed(ResponseKind.GREETING, settings.greeting_text, since=at)
        elif settings.assistant_speaks_first:
            self._opening = Owed(ResponseKind.OPENING, since=at)

    def _first_utterance_ends(self, how: str) -> None:
        if self._first_utterance_over:
            return
        self._first_utterance_over, self.first_utterance_protected = True, False
        state = "enabled" if self.barge_in_enabled else "switched off by the business"
        self._emit(Log("[FIRST_UTTERANCE]", f"{how}, barge-in now {state} for the rest of the call"))

    # The caller's voice ----------------------------------------------------------------------------------
    def caller_frame(self, frame: CallerFrame) -> None:
        """Listen to a frame, and let it interrupt if it may."""
        playback = self.assistant.playback
        hearing = self.caller.hear(frame, assistant_is_playing=playback.is_playing, delay_s=playback.delay_s)
        if not self.assistant.is_heard:
            return
        if self._may_interrupt_now(frame.at):
            verdict = self.caller.barge_in.hear(frame.at, hearing, milliseconds=frame.milliseconds)
            self._carry_out(verdict, frame.at, rms=frame.rms)
        elif hearing.is_caller and not self._ignored_voice_logged:
            self._ignored_voice_logged = True
            self._emit(Log("[BARGE-IN]", f"ignored: {self._why_not()}, rms={frame.rms}"))

    def speech_started(self, at: float) -> None:
        """OpenAI hears the caller too."""
        verdict = self.caller.speech_started(at)
        if self.assistant.is_heard and self._may_interrupt_now(at):
            self._carry_out(verdict, at)

    def _may_interrupt_now(self, at: float) -> bool:
        utterance = self.assistant.utterance
        if not self.barge_in_allowed or utterance is None or utterance.heard_from is None:
            return False
        return at - utterance.heard_from >= self.settings.barge_in_grace_ms / 1000

    def _why_not(self) -> str:
        if not self.barge_in_enabled:
            return "the business has switched it off"
        return "the first utterance is protected" if self.first_utterance_protected else "within the grace time"

    def _carry_out(self, verdict: Verdict, at: float, *, rms: int | None = None) -> None:
        if verdict is Verdict.NOTHING:
            return
        run = self.caller.barge_in
        heard = "OpenAI" if rms is None else f"rms={rms}"
        facts = f"{heard} threshold={self.caller.activity.threshold:.0f} frames={run.run_ms // 20}"
        self._emit(Log("[BARGE-IN]", f"{verdict.value}: {facts}"))
        if verdict is Verdict.RESUME:
            run.end()
            self.assistant.resume(at)
            return
        if not self.assistant.is_paused:
            self._emit(Measure(Latency.BARGE_IN_PAUSE, max(0, round((at - run.run_started_at) * 1000))))
        if verdict is Verdict.PAUSE:
            self.assistant.pause(at)
        else:
            self._interrupt(at)

    def _interrupt(self, at: float) -> None:
        self.assistant.cut_off(at)
        self._utterance_over()
        self.caller_goes_on = True

    def _utterance_over(self) -> None:
        self.caller.barge_in.forget()
        self._ignored_voice_logged = False
        self._first_utterance_over = True
        self._short_turn = ""

    # The caller's turns ------------------------------------------------------------------------------------
    def turn_committed(self, event: TurnCommitted) -> None:
        """OpenAI made a turn of the caller's audio: owe it an answer, unless it was noise."""
        at, voiced_ms = event.at, self.caller.turn_ended(event)
        if self._awaits_recommit and self._answer:
            self._same_turn_again(self._answer, event)
            return
        if voiced_ms < SHORTEST_TURN_MS:
            self._emit(Log("[TURN]", f"noise: {voiced_ms} ms of voice"))
            return
        self._take_turn(event.item_id, at)
        if self.barge_in_allowed and self.assistant.is_heard:
            if voiced_ms < LONGEST_BACKCHANNEL_MS and not self.settings.backchannels_interrupt:
                self._short_turn = event.item_id
                return
            self._emit(Log("[BARGE-IN]", f"commit: a whole turn with {voiced_ms} ms of voice"))
            self._interrupt(at)
        elif not self.first_utterance_protected and not self.assistant.is_heard:
            self.assistant.revoke(at)  # not heard yet, and the caller has said more

    def _take_turn(self, item_id: str, at: float) -> None:
        """The caller has said something: keep it, and owe an answer."""
        self.turns_spoken += 1
        turn = self._dialogue.begin(Speaker.CALLER, min(self.caller.speech_started_at, at))
        self._dialogue.await_words(turn, item_id)
        self._dialogue.end(turn, at)
        self._emit(self._dialogue.keep(turn))
        self._answer = Owed(ResponseKind.ANSWER, since=at, turn_item=item_id)

    def _same_turn_again(self, owed: Owed, event: TurnCommitted) -> None:
        """After a reconnect the new session heard the words that are still owed an answer."""
        self._dialogue.same_turn(owed.turn_item, event.item_id)
        self._awaits_recommit = False
        owed.turn_item, owed.not_before = event.item_id, event.at

    def caller_words(self, event: CallerWords) -> None:
        """Keep the transcript of a turn. One that holds no word was no turn: what it asked for is taken back."""
        noise = is_noise(event.text, language=self.settings.language)
        if self.caller.is_doubted(event.item_id) and not noise and not self.assistant.is_heard:
            self._emit(Log("[TURN]", "speech after all: its transcript has words"))
            self._take_turn(event.item_id, event.at)
        turn = self._dialogue.transcribed(event.item_id, event.text)
        if turn is None:
            return
        if noise:
            self._dialogue.drop(turn)
            self._take_back(event)
        elif event.item_id == self._short_turn and self.assistant.is_heard:
            self._judge_short_turn(event)
        self._emit(self._dialogue.keep(turn))

    def _judge_short_turn(self, event: CallerWords) -> None:
        """Something short was said over an utterance that is still heard: "mm-hm" needs no answer, "stop" does."""
        if not is_backchannel(event.text, language=self.settings.language):
            self._emit(Log("[BARGE-IN]", "commit: short, and more than a sign of listening"))
            self._interrupt(event.at)
            return
        self._emit(Log("[BARGE-IN]", "ignored: a sign of listening"))
        if self._answer and self._answer.turn_item == event.item_id:
            self._answer = None

    def _take_back(self, event: CallerWords) -> None:
        self._emit(Log("[TURN]", "noise: its transcript holds no word"))
        self.turns_spoken -= 1
        if self._answer and self._answer.turn_item == event.item_id:
            self._answer = None
        response = self.assistant.response
        if response and response.owed.turn_item == event.item_id and not response.sizes:
            self.assistant.revoke(event.at)
            self.first_utterance_protected = False  # it had not begun, and there is none now

    # The assistant's turns -----------------------------------------------------------------------------------
    def response_ended(self, event: ResponseEnded) -> None:
        """Note the end of a response; a failed one is tried again."""
        aftermath = self.assistant.ended(event, protected=self.first_utterance_protected)
        self.follow_up(aftermath, f"{event.status} {event.reason}".strip())

    def request_refused(self, event: RequestRefused) -> None:
        """An error event: of our request to speak it is a failure, of anything else harmless."""
        response = self.assistant.response
        if response is None or not response.is_refused_by(event.request, event.code):
            self._emit(Log("[MODEL]", f"harmless error: {event.code}"))
            return
        self.follow_up(self.assistant.abandon(event.at, line_lost=False), event.code)

    def follow_up(self, aftermath: Aftermath | None, why: str) -> None:
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

    def owe_answer(self, at: float) -> None:
        """The model asked for something and has its result: let it go on."""
        self._answer = self._answer or Owed(ResponseKind.ANSWER, since=at)

    def model_ready(self, at: float) -> None:
        """A new session is there. Words that only the old one heard are heard again first."""
        if self._answer and self._dialogue.lacks_words(self._answer.turn_item):
            self._awaits_recommit = True
            self._answer.not_before = at + RECOMMIT_WAIT_S

    # What has become due -------------------------------------------------------------------------------------
    def settle(self, at: float) -> None:
        """Note what the caller has now heard, resume what was paused in vain, release what was held back."""
        if self.assistant.playback.give_marks_up(at):
            self._emit(Log("[PLAYBACK]", "marks are missing: counted as heard by their length"))
        self._carry_out(self.caller.barge_in.quiet_for(at), at, rms=0)
        self.assistant.release_held(at, protected=self.first_utterance_protected)
        if untold := self.caller.untold_turn(at):
            self.turn_committed(untold)
        finished = self.assistant.finish_if_heard(at)
        if finished:
            if finished.kind is ResponseKind.GREETING:
                self._emit(Log("[GREETING]", "heard"))
            self._first_utterance_ends("heard")
            self._utterance_over()

    def speak_if_owed(self, at: float) -> None:
        """Ask the model for what it owes, if the floor is free."""
        if self.assistant.response:
            return
        if self._opening:
            if at >= self._opening.not_before:
                owed, self._opening = self._opening, None
                self.assistant.request(owed, at)
            return
        answer = self._answer
        if answer is None or at < answer.not_before or self.assistant.utterance or self.caller.speaks(at):
            return
        self._answer, self._awaits_recommit = None, False
        if self.settings.first_utterance_protection is Protection.FIRST_RESPONSE and not self._first_utterance_over:
            self.first_utterance_protected = True
        self.assistant.request(answer, at)

    def is_idle(self, at: float) -> bool:
        """Nobody speaks, and nothing is owed."""
        assistant = self.assistant
        owes = self._answer or self._opening or assistant.response or assistant.utterance
        return not owes and not self.caller.speaks(at)

    def deadlines(self) -> list[float | None]:
        """When something becomes due by itself; None and moments that are past mean nothing."""
        assistant, utterance = self.assistant, self.assistant.utterance
        owed = self._opening or self._answer
        return [
            assistant.playback.deadline(),
            *self.caller.deadlines(),
            utterance.held_until if utterance else None,
            assistant.stalls_at(),
            owed.not_before if owed else None,
        ]
