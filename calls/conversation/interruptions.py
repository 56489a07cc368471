"""The caller's voice over the assistant's: the gate of barge-in, and carrying out what `barge_in.py` decides.

Barge-in has one gate, `Interruptions.are_allowed`: the business's switch, and no first utterance under protection.
An utterance that has only just begun is given `barge_in_grace_ms`, as the caller can't have reacted to it yet.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.assistant import Assistant
from calls.conversation.barge_in import Verdict
from calls.conversation.caller import Caller
from calls.conversation.commands import Command, Latency, Log, Measure
from calls.conversation.events import CallerFrame
from calls.conversation.first_utterance import End, FirstUtterance
from calls.conversation.settings import ConversationSettings


class Interruptions:
    """Whether the caller interrupts, and how often it happened. Commands go out through `emit`."""

    def __init__(
        self,
        settings: ConversationSettings,
        first_utterance: FirstUtterance,
        caller: Caller,
        assistant: Assistant,
        emit: Callable[[Command], None],
    ) -> None:
        self.count = 0
        self.puts_through = False
        """The caller is put through, whatever they say: that is announced (`handover.py`)."""
        self._settings = settings
        self._first_utterance = first_utterance
        self._caller = caller
        self._assistant = assistant
        self._emit = emit

    @property
    def keep_what_comes(self) -> bool:
        """What the assistant is about to say is said, whatever the caller says before it is heard."""
        return self._first_utterance.is_protected or self.puts_through

    @property
    def are_allowed(self) -> bool:
        """The caller may interrupt. This is the only gate, and nothing else closes it."""
        return self._settings.barge_in_enabled and not self._first_utterance.is_protected

    # The caller's voice ----------------------------------------------------------------------------------
    def caller_frame(self, frame: CallerFrame) -> bool:
        """Listen to a frame, and let it interrupt if it may. Returns whether the line goes on as it was.

        A frame in which nobody is heard, or a voice that goes on, changes nothing but what is known of the line: its
        noise, its echo, and who else is there.
        """
        assistant, playback = self._assistant, self._assistant.playback
        hearing = self._caller.hear(frame, assistant_is_playing=playback.is_playing, delay_s=playback.delay_s)
        utterance = assistant.utterance
        is_quiet = not hearing.is_voice and not hearing.is_loud
        goes_on = not assistant.is_paused and self._caller.goes_on(frame.at, is_quiet=is_quiet)
        if utterance is None or not utterance.is_audible:
            return goes_on
        if self._may_interrupt_now(frame.at):
            verdict = self._caller.barge_in.hear(
                frame.at, hearing, milliseconds=frame.milliseconds, is_paused=assistant.is_paused
            )
            self._carry_out(verdict, frame.at, heard=f"rms={frame.rms}")
        elif hearing.is_caller and not utterance.has_logged_ignored_voice:
            utterance.has_logged_ignored_voice = True
            self._emit(Log("[BARGE-IN]", f"ignored: {self._why_not()}, rms={frame.rms}"))
        return goes_on

    def speech_started(self, at: float) -> None:
        """Note that OpenAI hears the caller too."""
        verdict = self._caller.speech_started(at, is_paused=self._assistant.is_paused)
        if self._may_interrupt_now(at):
            self._carry_out(verdict, at, heard="OpenAI")

    def quiet_until(self, at: float) -> None:
        """End a pause that no more voice has followed."""
        if self._assistant.is_paused:
            self._carry_out(self._caller.barge_in.quiet_for(at), at, heard="rms=0")

    def deadline(self) -> float | None:
        """When `quiet_until` ends a pause, if there is one."""
        return self._caller.barge_in.pause_ends_at if self._assistant.is_paused else None

    def _may_interrupt_now(self, at: float) -> bool:
        utterance = self._assistant.utterance
        if utterance is None or not utterance.is_audible or not self.are_allowed:
            return False
        return at - utterance.first_sent_at >= self._settings.barge_in_grace_ms / 1000

    def _why_not(self) -> str:
        if not self._settings.barge_in_enabled:
            return "the business has switched it off"
        return "the first utterance is protected" if self._first_utterance.is_protected else "within the grace time"

    # What it does to the utterance -------------------------------------------------------------------------
    def _carry_out(self, verdict: Verdict, at: float, *, heard: str) -> None:
        """Pause, resume or interrupt. `heard`: what made us do so, for the log."""
        if verdict is Verdict.NOTHING:
            return
        run = self._caller.barge_in
        facts = f"{heard} threshold={self._caller.activity.threshold:.0f} frames={run.run_ms // 20}"
        self._emit(Log("[BARGE-IN]", f"{verdict.value}: {facts}"))
        if verdict is Verdict.RESUME:
            run.start_over()
            self._assistant.resume(at)
            return
        if not self._assistant.is_paused:
            self._emit(Measure(Latency.BARGE_IN_PAUSE, round((at - run.run_started_at) * 1000)))
        if verdict is Verdict.PAUSE:
            self._assistant.pause(at)
        else:
            self._caller.interrupted()
            self.interrupt(at)

    def interrupt(self, at: float) -> None:
        """Cut the utterance off: the caller has the floor."""
        self.count += 1
        self._assistant.cut_off(at)
        self._caller.barge_in.forget()
        self._first_utterance.end(End.INTERRUPTED)
