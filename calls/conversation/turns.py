"""Who has the floor: the opening, the caller's turns, and what the assistant still owes.

A turn of the caller's is owed an answer; an answer is asked for when the floor is free (`speak_if_owed`), so what
was said during the first utterance is answered after it. What fails is owed again.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.assistant import Assistant
from calls.conversation.barge_in import LONGEST_BACKCHANNEL_MS
from calls.conversation.caller import SHORTEST_TURN_MS, Caller
from calls.conversation.commands import Command, Log, NextStep, ResponseKind, Speaker, TellKeys
from calls.conversation.dialogue import Dialogue
from calls.conversation.events import RequestRefused, ResponseEnded, TurnCommitted
from calls.conversation.first_utterance import OPENINGS, End, FirstUtterance
from calls.conversation.interruptions import Interruptions
from calls.conversation.keys import SIGN
from calls.conversation.leaving import LAST_WORDS
from calls.conversation.responses import MOST_ATTEMPTS, RECOMMIT_WAIT_S, Aftermath, Failure, Owed
from calls.conversation.sent_audio import BYTES_PER_SECOND
from calls.conversation.settings import ConversationSettings
from calls.conversation.silence import Scene, Silence, SilenceStep
from calls.conversation.tool_runs import ToolRuns
from calls.conversation.turn_words import TurnWords
from calls.conversation.unheard import Unheard
from calls.conversation.utterance import Utterance
from calls.conversation.waiting import Waiting
from calls.openai_errors import Meaning, meaning_of


class Turns:
    """The floor of one call. Commands go out through `emit`; `settle` does what has become due."""

    def __init__(self, settings: ConversationSettings, emit: Callable[[Command], None]) -> None:
        self.turns_spoken = 0
        self.dialogue = Dialogue()
        self.first_utterance = FirstUtterance(settings, emit)
        self.assistant = Assistant(self.first_utterance, self.dialogue, emit)
        self.caller = Caller(settings, self.assistant.playback.echo)
        self.interruptions = Interruptions(settings, self.first_utterance, self.caller, self.assistant, emit)
        self.waiting = Waiting(self.assistant, self.caller, self.first_utterance, emit)
        self.silence = Silence(settings)
        self.unheard = Unheard(self.caller)
        self.tool_runs = ToolRuns(emit)
        self.words = TurnWords(self, settings.language, emit)
        self._settings = settings
        self._emit = emit
        self._opening: Owed | None = None
        self._answer: Owed | None = None
        self._tool_rounds = 0  # responses to results of functions since the caller's last turn

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
        at, is_hurried = event.at, self.unheard.has_committed
        again = self._answer if self._answer and self._answer.awaits_recommit else None
        voiced_ms = self.caller.turn_ended(event, is_again=again is not None)
        self.unheard.turn_ended()
        if again:
            self._same_turn_again(again, event)
            return
        if voiced_ms < SHORTEST_TURN_MS:
            self._emit(Log("[TURN]", f"noise: {voiced_ms} ms of voice"))
            return
        self.accept_turn(event.item_id, at, is_hurried=is_hurried)
        utterance = self.assistant.utterance
        if utterance and utterance.is_audible:
            if self.interruptions.are_allowed:
                self._turn_over_utterance(utterance, event, voiced_ms)
        elif not self.words.are_awaited(event, voiced_ms) and not self.interruptions.keep_what_comes:
            self.assistant.revoke(at)  # nothing of it was heard yet, and the caller has said more

    def _turn_over_utterance(self, utterance: Utterance, event: TurnCommitted, voiced_ms: int) -> None:
        """Interrupt for a whole turn. The words of a short one decide, where "mm-hm" doesn't interrupt."""
        if voiced_ms < LONGEST_BACKCHANNEL_MS and not self._settings.backchannels_interrupt:
            utterance.short_turn = event.item_id
            return
        self._emit(Log("[BARGE-IN]", f"commit: a whole turn with {voiced_ms} ms of voice"))
        self.interruptions.interrupt(event.at)

    def accept_turn(self, item_id: str, at: float, *, is_hurried: bool = False) -> None:
        """Keep what the caller has said, and owe an answer to it. `is_hurried` as in `Owed`."""
        self.turns_spoken += 1
        self._tool_rounds, self.assistant.has_answered = 0, False
        turn = self.dialogue.begin(Speaker.CALLER, min(self.caller.speech_started_at, at))
        self.dialogue.await_words(turn, item_id)
        self.dialogue.end(turn, at)
        self._emit(self.dialogue.keep(turn))
        voice_ended_at = self.caller.voice_ended_at()
        self._answer = Owed(
            ResponseKind.ANSWER, since=at, turn_item=item_id, voice_ended_at=voice_ended_at, is_hurried=is_hurried
        )

    def _same_turn_again(self, owed: Owed, event: TurnCommitted) -> None:
        """Note that the new session has heard the turn again that is still owed an answer."""
        self.dialogue.same_turn(owed.turn_item, event.item_id)
        owed.turn_item, owed.not_before, owed.awaits_recommit = event.item_id, event.at, False

    def drop_answer(self, item_id: str) -> None:
        """Owe no answer to a turn any more."""
        if self._answer and self._answer.turn_item == item_id:
            self._answer = None

    def owe_answer_to(self, item_id: str, at: float) -> None:
        """Owe an answer to a turn, unless one is owed already."""
        self._answer = self._answer or Owed(ResponseKind.ANSWER, since=at, turn_item=item_id)

    def withdraw_turn(self, item_id: str, at: float) -> None:
        """Forget a turn that was none, and cancel an answer to it of which nothing was heard."""
        self.turns_spoken -= 1
        self.drop_answer(item_id)
        response = self.assistant.response
        if response and response.owed.turn_item == item_id and not response.items:
            self.assistant.revoke(at)
            self.first_utterance.take_back()

    def keys_entered(self, keys: str, at: float) -> None:
        """Keep the keys that the caller has pressed, tell the model, and owe an answer to them."""
        turn = self.dialogue.begin(Speaker.CALLER, at)
        self.dialogue.set_words(turn, f"keys-{turn}", f"{SIGN} {keys}")
        self.dialogue.end(turn, at)
        self._emit(self.dialogue.keep(turn))
        self._emit(TellKeys(keys))
        self._answer = self._answer or Owed(ResponseKind.ANSWER, since=at)

    # The assistant's turns -----------------------------------------------------------------------------------
    def response_ended(self, event: ResponseEnded) -> None:
        """Note the end of a response. One that failed is owed again."""
        waited_for = self.assistant.response
        self.follow_up(self.assistant.ended(event), event.reason or f"{event.status}_without_audio")
        if waited_for is None and (owed := self._opening or self._answer) and owed.awaits_other:
            owed.not_before, owed.awaits_other = event.at, False

    def request_refused(self, event: RequestRefused) -> None:
        """Judge an error event: it is a failure if it refuses our request to speak, and harmless otherwise."""
        response = self.assistant.response
        if response is None or not response.is_refused_by(event.request, event.code):
            self._emit(Log("[MODEL]", f"harmless error: {event.code}"))
            return
        self.follow_up(self.assistant.abandon(event.at, Failure(pause_s=event.retry_after_s)), event.code)
        if meaning_of(event.code) is Meaning.ALREADY_ANSWERING:
            self._wait_for_other(event)

    def _wait_for_other(self, event: RequestRefused) -> None:
        """Wait for the end of the response that is in the way of ours, from the second refusal on."""
        if event.response_id:
            self.assistant.cancel_foreign(event.response_id)
        if owed := self._opening or self._answer:
            owed.wait_for_other(event.at)

    def follow_up(self, aftermath: Aftermath | None, why: str) -> None:
        """Owe a response again after it failed, or give it up after the last attempt."""
        if aftermath is None:
            return
        retry, self.waiting.last_failure = aftermath.retry, why
        if retry:
            self._emit(Log("[RESPONSE]", f"{retry.kind} failed ({why}): attempt {retry.attempt} of {MOST_ATTEMPTS}"))
            if retry.kind in OPENINGS:
                self._opening = retry
            elif self._answer is None:
                self._answer = retry
        elif aftermath.gave_up:
            self.waiting.give_up(why)

    def owe_after_tool(self, at: float, *, most: int) -> None:
        """Let the model go on after it was given the result of what it asked for, `most` times for each turn."""
        if self._answer and self._answer.kind is ResponseKind.FILLER:
            self._answer = None
        if self._tool_rounds >= most:
            self._emit(Log("[TOOL]", "the model only asks for functions"))
            if not self.assistant.has_answered:
                self.follow_up(Aftermath(gave_up=True), "only_functions")
            return
        self._tool_rounds += 1
        self._answer = self._answer or Owed(ResponseKind.ANSWER, since=at, may_use_tools=self._tool_rounds < most)

    def owe(self, kind: ResponseKind, at: float) -> None:
        """Let the model speak in its own words as soon as the floor is free."""
        self._answer = Owed(kind, since=at)

    def owe_last_words(self, step: NextStep, at: float) -> None:
        """Let the model tell the caller that the call ends, or that somebody else will answer."""
        self._opening = None
        self.owe(LAST_WORDS[step], at)

    @property
    def owes_last_words(self) -> bool:
        """The caller is still to be told how the call is left."""
        return self._answer is not None and self._answer.kind in LAST_WORDS.values()

    @property
    def owes_answer(self) -> bool:
        """The caller, or a check on them, still waits for an answer."""
        return self._answer is not None and not self.owes_last_words

    def model_ready(self, at: float) -> None:
        """Note that there is a new session. A turn that only the old one heard is heard again first."""
        self.unheard.model_ready(at)
        self.tool_runs.session_ready()
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
        self.words.settle(at)
        response = self.assistant.response
        is_answering = response is not None and not response.is_revoked
        unheard = None if is_answering else self.unheard.owed(at)
        self.waiting.settle(at, self._opening or self._answer or unheard or self.tool_runs.owed())
        has_more = self._opening and not self.waiting.gave_up
        finished = None if has_more else self.assistant.finish_if_heard(at)
        if finished:
            if finished.kind is ResponseKind.GREETING and not self.waiting.gave_up:
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
        return self.hears_nothing(at) and not (self.unheard.owed(at) or self.tool_runs.is_waited_for)

    def hears_nothing(self, at: float) -> bool:
        """Nobody speaks, and nothing that the model was or will be asked for is on its way."""
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
            *self.caller.deadlines(),
            utterance.release_at if utterance else None,
            assistant.stalls_at(),
            owed.not_before if owed else None,
            self.words.deadline(),
            *self.waiting.deadlines(),
            *self.silence.deadlines(),
            *self.tool_runs.deadlines(),
        ]
