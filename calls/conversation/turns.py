"""Who has the floor: the opening, the caller's turns, and what the assistant still owes.

A turn of the caller's is owed an answer; an answer is asked for when the floor is free (`speak_if_owed`), so what
was said during the first utterance is answered after it. What fails is owed again.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.assistant import Assistant
from calls.conversation.barge_in import LONGEST_BACKCHANNEL_MS
from calls.conversation.caller import SHORTEST_TURN_MS, Caller
from calls.conversation.commands import Command, Log, ResponseKind, Speaker
from calls.conversation.dialogue import Dialogue
from calls.conversation.events import CallerWords, RequestRefused, ResponseEnded, TurnCommitted
from calls.conversation.first_utterance import OPENINGS, End, FirstUtterance
from calls.conversation.interruptions import Interruptions
from calls.conversation.responses import MOST_ATTEMPTS, RECOMMIT_WAIT_S, Aftermath, Owed
from calls.conversation.sent_audio import BYTES_PER_SECOND
from calls.conversation.settings import ConversationSettings
from calls.conversation.silence import Scene, Silence, SilenceStep
from calls.conversation.transcripts import is_backchannel, is_noise
from calls.conversation.utterance import Utterance


class Turns:
    """The floor of one call. Commands go out through `emit`; `settle` does what has become due."""

    def __init__(self, settings: ConversationSettings, emit: Callable[[Command], None]) -> None:
        self.turns_spoken = 0
        self.dialogue = Dialogue()
        self.first_utterance = FirstUtterance(settings, emit)
        self.assistant = Assistant(self.first_utterance, self.dialogue, emit)
        self.caller = Caller(settings, self.assistant.playback.echo)
        self.interruptions = Interruptions(settings, self.first_utterance, self.caller, self.assistant, emit)
        self.silence = Silence(settings)
        self._settings = settings
        self._emit = emit
        self._opening: Owed | None = None
        self._answer: Owed | None = None

    # The opening -----------------------------------------------------------------------------------------
    def open(self, at: float, greeting_levels: tuple[int, ...]) -> None:
        """Begin the call: play the greeting, or owe it, or let the assistant open, or stay silent."""
        settings = self._settings
        if settings.greeting_text:
            self.first_utterance.begin(ResponseKind.GREETING)
            self._open_with_greeting(at, greeting_levels)
        elif settings.assistant_speaks_first:
            self.first_utterance.begin(ResponseKind.OPENING)
            self._opening = Owed(ResponseKind.OPENING, since=at)

    def _open_with_greeting(self, at: float, levels: tuple[int, ...]) -> None:
        words, size = self._settings.greeting_text, self._settings.greeting_bytes
        if size:
            self._emit(Log("[GREETING]", f"playing {size / BYTES_PER_SECOND:.1f} s of cached audio"))
            self.assistant.play_greeting(words, size, levels, at)
        else:
            self._emit(Log("[GREETING]", "no cached audio: the model will speak it"))
            self._opening = Owed(ResponseKind.GREETING, words, since=at)

    # The caller's turns ------------------------------------------------------------------------------------
    def turn_committed(self, event: TurnCommitted) -> None:
        """Owe an answer to a turn that OpenAI committed, unless it was noise."""
        at, voiced_ms = event.at, self.caller.turn_ended(event)
        if self._answer and self._answer.awaits_recommit:
            self._same_turn_again(self._answer, event)
            return
        if voiced_ms < SHORTEST_TURN_MS:
            self._emit(Log("[TURN]", f"noise: {voiced_ms} ms of voice"))
            return
        self._accept_turn(event.item_id, at)
        utterance = self.assistant.utterance
        if utterance and utterance.is_audible:
            if self.interruptions.are_allowed:
                self._turn_over_utterance(utterance, event, voiced_ms)
        elif not self.first_utterance.is_protected:
            self.assistant.revoke(at)  # nothing of it was heard yet, and the caller has said more

    def _turn_over_utterance(self, utterance: Utterance, event: TurnCommitted, voiced_ms: int) -> None:
        """Interrupt for a whole turn. The words of a short one decide, where "mm-hm" doesn't interrupt."""
        if voiced_ms < LONGEST_BACKCHANNEL_MS and not self._settings.backchannels_interrupt:
            utterance.short_turn = event.item_id
            return
        self._emit(Log("[BARGE-IN]", f"commit: a whole turn with {voiced_ms} ms of voice"))
        self.interruptions.interrupt(event.at)

    def _accept_turn(self, item_id: str, at: float) -> None:
        """Keep what the caller has said, and owe an answer to it."""
        self.turns_spoken += 1
        turn = self.dialogue.begin(Speaker.CALLER, min(self.caller.speech_started_at, at))
        self.dialogue.await_words(turn, item_id)
        self.dialogue.end(turn, at)
        self._emit(self.dialogue.keep(turn))
        self._answer = Owed(ResponseKind.ANSWER, since=at, turn_item=item_id)

    def _same_turn_again(self, owed: Owed, event: TurnCommitted) -> None:
        """Note that the new session has heard the turn again that is still owed an answer."""
        self.dialogue.same_turn(owed.turn_item, event.item_id)
        owed.turn_item, owed.not_before, owed.awaits_recommit = event.item_id, event.at, False

    def caller_words(self, event: CallerWords) -> None:
        """Keep the transcript of a turn. If it holds no word there was no turn, and its answer is taken back."""
        noise = is_noise(event.text, language=self._settings.language)
        if self.caller.is_doubted(event.item_id) and not noise and not self.assistant.is_audible:
            self._emit(Log("[TURN]", "speech after all: its transcript has words"))
            self._accept_turn(event.item_id, event.at)
        turn = self.dialogue.transcribed(event.item_id, event.text)
        if turn is None:
            return
        utterance = self.assistant.utterance
        if noise:
            self.dialogue.drop(turn)
            self._withdraw_turn(event)
        elif utterance and utterance.is_audible and event.item_id == utterance.short_turn:
            self._judge_short_turn(event)
        self._emit(self.dialogue.keep(turn))

    def _judge_short_turn(self, event: CallerWords) -> None:
        """Judge a short turn over an audible utterance by its words: "mm-hm" changes nothing, "stop" interrupts."""
        if not is_backchannel(event.text, language=self._settings.language):
            self._emit(Log("[BARGE-IN]", "commit: short, and more than a sign of listening"))
            self.interruptions.interrupt(event.at)
            return
        self._emit(Log("[BARGE-IN]", "ignored: a sign of listening"))
        if self._answer and self._answer.turn_item == event.item_id:
            self._answer = None

    def _withdraw_turn(self, event: CallerWords) -> None:
        """Forget a turn that was none, and cancel an answer to it of which nothing was heard."""
        self._emit(Log("[TURN]", "noise: its transcript holds no word"))
        self.turns_spoken -= 1
        if self._answer and self._answer.turn_item == event.item_id:
            self._answer = None
        response = self.assistant.response
        if response and response.owed.turn_item == event.item_id and not response.items:
            self.assistant.revoke(event.at)
            self.first_utterance.take_back()

    # The assistant's turns -----------------------------------------------------------------------------------
    def response_ended(self, event: ResponseEnded) -> None:
        """Note the end of a response. One that failed is owed again."""
        aftermath = self.assistant.ended(event)
        self.follow_up(aftermath, f"{event.status} {event.reason}".strip())

    def request_refused(self, event: RequestRefused) -> None:
        """Judge an error event: it is a failure if it refuses our request to speak, and harmless otherwise."""
        response = self.assistant.response
        if response is None or not response.is_refused_by(event.request, event.code):
            self._emit(Log("[MODEL]", f"harmless error: {event.code}"))
            return
        self.follow_up(self.assistant.abandon(event.at, line_lost=False), event.code)

    def follow_up(self, aftermath: Aftermath | None, why: str) -> None:
        """Owe a response again after it failed, or go on without it after the last attempt."""
        if aftermath is None:
            return
        retry = aftermath.retry
        if retry:
            self._emit(Log("[RESPONSE]", f"{retry.kind} failed ({why}): attempt {retry.attempt} of {MOST_ATTEMPTS}"))
            if retry.kind in OPENINGS:
                self._opening = retry
            elif self._answer is None:
                self._answer = retry
        elif aftermath.gave_up:
            self._emit(Log("[RESPONSE]", f"given up after {MOST_ATTEMPTS} attempts ({why})"))
            self.first_utterance.end(End.GIVEN_UP)

    def owe_answer(self, at: float) -> None:
        """Let the model go on after it was given the result of what it asked for."""
        self._answer = self._answer or Owed(ResponseKind.ANSWER, since=at)

    def model_ready(self, at: float) -> None:
        """Note that there is a new session. A turn that only the old one heard is heard again first."""
        if self._answer and self.dialogue.lacks_words(self._answer.turn_item):
            self._answer.awaits_recommit = True
            self._answer.not_before = at + RECOMMIT_WAIT_S

    # What has become due -------------------------------------------------------------------------------------
    def settle(self, at: float) -> None:
        """Do what has become due: resume after a cough, release what was held back, finish what was heard."""
        if self.assistant.playback.give_marks_up(at):
            self._emit(Log("[PLAYBACK]", "marks are missing: counted as heard by their length"))
        self.interruptions.quiet_until(at)
        self.assistant.release_held(at)
        if untold := self.caller.untold_turn(at):
            self.turn_committed(untold)
        finished = None if self._opening else self.assistant.finish_if_heard(at)
        if finished:
            if finished.kind is ResponseKind.GREETING:
                self._emit(Log("[GREETING]", "heard"))
            self.first_utterance.end(End.HEARD)
            self.caller.barge_in.forget()

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
        self._answer, answer.awaits_recommit = None, False
        self.first_utterance.begin(answer.kind)
        self.assistant.request(answer, at)

    def is_idle(self, at: float) -> bool:
        """Nobody speaks, and nothing is owed."""
        assistant = self.assistant
        owes = self._answer or self._opening or assistant.response or assistant.utterance
        return not owes and not self.caller.speaks(at)

    def ends_in_silence(self, at: float, *, is_leaving: bool) -> bool:
        """Tell whether nobody was heard for so long that the call ends. Before that, ask whether somebody is there."""
        first = self.first_utterance
        is_busy = is_leaving or not self.is_idle(at)
        step = self.silence.step(at, Scene(self.caller.heard_at, is_busy, first.is_protected, may_ask=first.is_over))
        if step is SilenceStep.ASK:
            self._emit(Log("[SILENCE]", "asking whether the caller is still there"))
            self._answer = Owed(ResponseKind.CHECK, since=at)
        return step is SilenceStep.END

    def deadlines(self) -> list[float | None]:
        """Return when something becomes due by itself. None, and moments that have passed, mean nothing."""
        assistant, utterance = self.assistant, self.assistant.utterance
        owed = self._opening or self._answer
        return [
            assistant.playback.deadline(),
            self.interruptions.deadline(),
            self.caller.untold_turn_due_at(),
            utterance.release_at if utterance else None,
            assistant.stalls_at(),
            owed.not_before if owed else None,
            *self.silence.deadlines(),
        ]
