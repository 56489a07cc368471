"""What the words of a turn change when they come, usually after the turn was owed an answer or even has one.

the turn                                       its words                      then
is one to our ears                             hold no letter                 it was none: its answer is taken back
is none to our ears (`Caller.is_doubted`)      show a caller (`phantoms.py`)  it is one, and owed an answer
was short, over an audible utterance           "mm-hm"                        nothing; anything else interrupts
was short, while an answer was on its way      "hello?" (`nudges.py`)         the answer comes; anything else cancels
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from calls.conversation.commands import Command, Log
from calls.conversation.events import CallerWords, TurnCommitted, WordsFailed
from calls.conversation.nudges import Nudges, is_sign_of_waiting
from calls.conversation.phantoms import is_evidence, scripts_of
from calls.conversation.transcripts import is_backchannel, is_noise

if TYPE_CHECKING:
    from calls.conversation.turns import Turns


class TurnWords:
    """The judge of transcripts. Commands go out through `emit`."""

    def __init__(self, turns: Turns, language: str, emit: Callable[[Command], None]) -> None:
        self._turns = turns
        self._language = language
        self._emit = emit
        self._nudges = Nudges()
        self._scripts: set[str] = set()  # that the caller has spoken in beyond doubt

    def are_awaited(self, event: TurnCommitted, voiced_ms: int) -> bool:
        """Tell whether the words of a turn decide what becomes of the answer that is on its way."""
        return self._nudges.awaits(event.item_id, event.at, voiced_ms, self._turns.assistant.response)

    def caller_words(self, event: CallerWords) -> None:
        """Keep the transcript of a turn, and do what it changes."""
        turns, noise = self._turns, is_noise(event.text, language=self._language)
        if turns.caller.is_doubted(event.item_id):
            self._judge_doubted(event)
        else:
            self._scripts |= scripts_of(event.text).keys()
        turn = turns.dialogue.transcribed(event.item_id, event.text)
        if turn is None:
            return
        utterance, is_nudge = turns.assistant.utterance, self._nudges.take(event.item_id)
        if noise:
            turns.dialogue.drop(turn)
            self._emit(Log("[TURN]", "noise: its transcript holds no word"))
            turns.withdraw_turn(event.item_id, event.at)
        elif is_nudge:
            self._judge_nudge(event)
        elif utterance and utterance.is_audible and event.item_id == utterance.short_turn:
            self._judge_short(event)
        self._emit(turns.dialogue.keep(turn))

    def words_failed(self, event: WordsFailed) -> None:
        """Note that there will be no transcript of a turn."""
        self._emit(Log("[TURN]", "no transcript of it will come"))
        if self._nudges.take(event.item_id):
            self._not_a_nudge(event.item_id, event.at, interrupts=False)

    def settle(self, at: float) -> None:
        """Stop waiting for words that are overdue."""
        for item_id in self._nudges.overdue(at):
            self._nudges.take(item_id)
            self._not_a_nudge(item_id, at, interrupts=False)

    def deadline(self) -> float | None:
        """Return when words are overdue."""
        return self._nudges.deadline()

    def _judge_doubted(self, event: CallerWords) -> None:
        if not is_evidence(event.text, language=self._language, scripts=self._scripts, logprob=event.logprob):
            self._emit(Log("[TURN]", "noise: its transcript is no evidence of speech"))
        elif not self._turns.assistant.is_audible:
            self._emit(Log("[TURN]", "speech after all: its transcript has words"))
            self._turns.accept_turn(event.item_id, event.at)

    def _judge_short(self, event: CallerWords) -> None:
        if is_backchannel(event.text, language=self._language):
            self._emit(Log("[BARGE-IN]", "ignored: a sign of listening"))
            self._turns.drop_answer(event.item_id)
            return
        self._emit(Log("[BARGE-IN]", "commit: short, and more than a sign of listening"))
        self._turns.interruptions.interrupt(event.at)

    def _judge_nudge(self, event: CallerWords) -> None:
        assistant = self._turns.assistant
        is_on_its_way = (assistant.response and not assistant.response.is_revoked) or assistant.is_audible
        if not is_sign_of_waiting(event.text):
            self._not_a_nudge(event.item_id, event.at, interrupts=True)
        elif is_on_its_way:
            self._emit(Log("[TURN]", "a sign of waiting: the answer is on its way"))
            self._turns.drop_answer(event.item_id)

    def _not_a_nudge(self, item_id: str, at: float, *, interrupts: bool) -> None:
        turns = self._turns
        turns.owe_answer_to(item_id, at)
        if not turns.assistant.is_audible and not turns.interruptions.keep_what_comes:
            turns.assistant.revoke(at)
        elif interrupts and turns.assistant.is_audible and turns.interruptions.are_allowed:
            self._emit(Log("[BARGE-IN]", "commit: short, and more than a sign of waiting"))
            turns.interruptions.interrupt(at)
