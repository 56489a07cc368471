"""Carrying out what the model asks for, and leaving the call when its time has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from calls.conversation.commands import Command, EndCall, Log, NextStep, ResponseKind
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import ResponseEnded
from calls.conversation.handover import Handover
from calls.conversation.leaving import FAREWELL_S, LONGEST_WAIT_S, STILL_HEARD_S, TOOL_REASONS, TOOL_STEPS, Leaving
from calls.conversation.settings import ConversationSettings
from calls.conversation.tool_calls import MOST_RESULT_ROUNDS, MOST_TOOL_ROUNDS, Result, ToolCalls
from calls.conversation.tool_events import ToolFinished, ToolRequested
from calls.conversation.turns import Turns


class Departure:
    """The owner of `Leaving`. Commands go out through `emit`; `settle` says when the call may end."""

    def __init__(self, turns: Turns, settings: ConversationSettings, emit: Callable[[Command], None]) -> None:
        self.leaving: Leaving | None = None
        self.opened_at = 0.0
        self._longest_s = settings.max_call_s
        self.tools = ToolCalls(settings.tools, settings.people, emit)
        self._handover = Handover(turns)
        self._turns = turns
        self._emit = emit

    # What the model asks for -------------------------------------------------------------------------------
    def told_of_tool(self, event: ToolRequested | ToolFinished) -> None:
        """Take a request for a function, or what came of one."""
        if isinstance(event, ToolRequested):
            self._tool_requested(event)
        else:
            self._tool_finished(event)

    def _tool_requested(self, event: ToolRequested) -> None:
        """Keep a request of the response under way; one of a response that was cancelled is answered at once."""
        response = self._turns.assistant.response
        if response is None or not response.belongs_to(event.response_id):
            return
        if response.is_revoked:
            self.tools.answer(event.tool_call_id, Result.CALLER_GOES_ON)
            return
        response.asked_for_tool, response.progress_at = True, event.at
        self.tools.requested(event, response.request)

    def response_ended(self, event: ResponseEnded) -> None:
        """Note the end of a response, and judge what it has asked for."""
        before = self._turns.assistant.response
        self._turns.response_ended(event)
        if before is None or self._turns.assistant.response is before:
            return
        judged = self.tools.judge(before.request, event.status, is_wanted=not before.is_revoked)
        for asked in judged.run:
            turn = self._turns.turns_spoken
            self._turns.tool_runs.begin(asked, request=before.request, turn=turn, at=event.at)
        if judged.leave:
            self._leave(judged.leave)
        elif judged.goes_on and not judged.run:
            self._turns.owe_after_tool(event.at, most=MOST_TOOL_ROUNDS)

    def _tool_finished(self, event: ToolFinished) -> None:
        """Give the model a result, and let it speak about it unless the call is being left with all well."""
        is_due = self._turns.tool_runs.finished(event, turn=self._turns.turns_spoken)
        if (leaving := self.leaving) and event.has_failed and not leaving.is_final:
            self._stay(leaving, Result.OTHER_FAILED)
        if is_due and self.leaving is None:
            self._turns.owe_after_tool(event.at, most=MOST_RESULT_ROUNDS)

    def _settle_tools(self, at: float) -> None:
        if self._turns.tool_runs.give_up_late(at):
            if (leaving := self.leaving) and not leaving.is_final:
                self._stay(leaving, Result.OTHER_FAILED)
            self._turns.owe_after_tool(at, most=MOST_RESULT_ROUNDS)
        elif self._wants_filler(at):
            self._emit(Log("[TOOL]", "a few words: it takes a moment"))
            self._turns.owe(ResponseKind.FILLER, at)

    def _wants_filler(self, at: float) -> bool:
        turns = self._turns
        may_speak = self.leaving is None and turns.hears_nothing(at)
        return may_speak and turns.tool_runs.wants_filler(at, turn=turns.turns_spoken)

    def _leave(self, event: ToolRequested) -> None:
        if self.leaving:
            self.tools.answer(event.tool_call_id, Result.ALREADY_LEAVING)
            return
        lacks_words = not self._turns.assistant.has_answered
        step, interruptions = TOOL_STEPS[event.name], self._turns.interruptions.count
        self.leaving = Leaving(TOOL_REASONS[step], step, interruptions, event.tool_call_id, lacks_words)
        self.leaving.wish = self.tools.wish(event)

    @property
    def latest_end(self) -> float:
        """When the call is as long as it may be."""
        return self.opened_at + self._longest_s

    def _farewell_at(self) -> float:
        """Return when the call will soon be as long as it may be. One of half a minute is cut off without a goodbye."""
        return self.latest_end - (FAREWELL_S if self._longest_s > 3 * FAREWELL_S else 0.0)

    def _leave_in_time(self, at: float) -> None:
        """Leave with a goodbye, which the caller can't prevent, unless the call is being left already."""
        if self.leaving is None and self._farewell_at() <= at < self.latest_end:
            self._emit(Log("[END]", "the longest time of a call is nearly over: saying goodbye"))
            reason, step = EndReason.TIME_LIMIT, NextStep.HANG_UP
            self.leaving = Leaving(reason, step, 0, lacks_words=True, is_final=True)

    # Leaving -----------------------------------------------------------------------------------------------
    def settle(self, at: float) -> Leaving | None:
        """Return the leave that is taken now. Asks for the last words, or gives it up if the caller goes on."""
        self._settle_tools(at)
        self._leave_in_time(at)
        leaving = self.leaving
        if self._handover.ends_at is not None:
            return leaving if self._handover.is_over(at) else None
        if leaving is None or self._caller_goes_on(leaving) or not self._is_quiet(leaving, at):
            return None
        if leaving.lacks_words:
            self._ask_for_last_words(leaving, at)
            return None
        return leaving

    def _caller_goes_on(self, leaving: Leaving) -> bool:
        """Give the leave up if the caller has interrupted the last words, or said something else. Returns whether."""
        if leaving.is_final:
            return False
        is_done = not self._turns.assistant.response and not self._turns.assistant.utterance
        goes_on = self._turns.interruptions.count > leaving.interruptions or (is_done and self._turns.owes_answer)
        if goes_on:
            self._stay(leaving)
        return goes_on

    def _is_quiet(self, leaving: Leaving, at: float) -> bool:
        """Tell whether neither the assistant nor the caller has anything to say."""
        turns = self._turns
        is_busy = turns.assistant.response or turns.assistant.utterance or turns.tool_runs.is_waited_for
        if is_busy or turns.owes_last_words:
            return False
        if leaving.waits_since is None:
            leaving.waits_since = at
        return not self._caller_speaks(at, leaving.waits_since)

    def _stay(self, leaving: Leaving, why: Result = Result.CALLER_GOES_ON) -> None:
        self.leaving = None
        cause = "the caller goes on talking" if why is Result.CALLER_GOES_ON else "something else has failed"
        self._emit(Log("[END]", f"{cause}: not leaving"))
        if leaving.tool_call_id:
            self.tools.answer(leaving.tool_call_id, why)

    def _ask_for_last_words(self, leaving: Leaving, at: float) -> None:
        if leaving.tool_call_id:
            self.tools.answer(leaving.tool_call_id, Result.SAY_IT_FIRST)
        leaving.tool_call_id, leaving.lacks_words, leaving.waits_since = "", False, None
        self._turns.owe_last_words(leaving.next_step, at)

    def _caller_speaks(self, at: float, since: float) -> bool:
        caller = self._turns.caller
        return caller.speaks(at) or (at < since + LONGEST_WAIT_S and at < caller.heard_at + STILL_HEARD_S)

    def deadlines(self) -> list[float | None]:
        """Return when the call may be left though nothing happens. Past moments mean nothing."""
        if self.leaving is None:
            return [self._farewell_at()]
        return [self._turns.caller.heard_at + STILL_HEARD_S, self._handover.ends_at]

    # How the call ends -------------------------------------------------------------------------------------
    def announces(self, at: float, *, is_ready: bool) -> bool:
        """Have a transfer announced that a person has asked for. Returns False if it is to be done at once.

        `is_ready`: there is a model that can speak.
        """
        if not self._handover.begin(at, is_ready=is_ready):
            return False
        if (before := self.leaving) and before.tool_call_id:
            self.tools.answer(before.tool_call_id, Result.ALREADY_LEAVING)
        self.leaving = Leaving(EndReason.OPERATOR_TRANSFERRED, NextStep.TRANSFER, 0, is_final=True)
        return True

    def end_by(self, leaving: Leaving) -> EndCall:
        """Return the end of a call that is left so."""
        end = EndCall(leaving.reason, leaving.next_step, to=leaving.wish.to, about=leaving.wish.about)
        if leaving.next_step is not NextStep.TRANSFER:
            return end
        assistant, is_asked_for = self._turns.assistant, self._handover.ends_at is not None
        told = assistant.has_answered and assistant.utterance is None
        return replace(end, was_announced=self._handover.was_heard if is_asked_for else told)

    def in_place_of(self, end: EndCall) -> EndCall:
        """Return the end of a call that can't go on: who was to be put through is, and needs no apology."""
        leaving = self.leaving
        if leaving is None or leaving.next_step is not NextStep.TRANSFER or end.next_step is not NextStep.APOLOGIZE:
            return end
        return replace(self.end_by(leaving), cause=end.cause)
