"""Tries other settings on a recorded call: at which moments would the assistant have done otherwise? Pure.

The call is played through the rules as it was. When the caller begins to hear an utterance that may be interrupted, a
copy of the conversation goes on beside it with the other settings, until both have left the utterance. So each
utterance is tried from where the call really stood, and one difference does not spoil what comes after it: a real
caller and a real model would have answered to the first one in a way that nobody knows.

A copy costs as much as the call, so it begins where the settings are first asked about: until somebody is heard over
the utterance, both would do the same (`Indifferent`). It ends when its own caller has interrupted, and where the same
is true again: both speak on, and nobody was heard for longer than what is about one voice.

| was | would be | in words |
|---|---|---|
| interrupted | interrupted | sooner or later, by `sooner_ms` |
| went on | interrupted | a cough would have interrupted |
| ignored | interrupted | a sound that changed nothing would have interrupted |
| ignored | went on | the assistant would have fallen silent for nothing |
| went on | ignored | it would not have fallen silent for nothing |
| interrupted | went on, ignored | the caller would not have interrupted |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calls.conversation import Conversation, ConversationSettings
from calls.conversation.activity import QUIETEST_VOICE_RMS, SOFTEST_SPEECH_RMS, SPEECH_PROBABILITY
from calls.conversation.copying import copy_with
from calls.conversation.events import CallerFrame, Event, MarkReturned, ResponseAudio, ResponseWords, Tick
from calls.conversation.utterance import Utterance
from calls.records.replay import streams_of
from calls.records.stream_settings import settings_in
from calls.records.traces import Decided, TraceLine

SAME_VOICE_S: Final = 1.5
"""What happens within this time in both conversations is about the same voice."""
SETTLES_WITHIN_S: Final = 2.0
"""How long the copy may go on after the call has left the utterance."""

_GOES_ON: Final = (ResponseAudio, ResponseWords, MarkReturned)
ENERGY_FRAMES: Final = 3
"""So many frames' energy is judged together (`activity.py`, `background.py`)."""


class Outcome(StrEnum):
    """What the assistant did about a voice."""

    IGNORED = "ignored"  # it never fell silent
    WENT_ON = "went_on"  # it fell silent, and went on
    INTERRUPTED = "interrupted"


@dataclass(slots=True)
class Silence:
    """The assistant fell silent at this time. `outcome` None: nobody knows yet what comes of it."""

    at: float
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A voice and what the assistant did about it. `at`: seconds since the call's first stream opened."""

    at: float
    was: Outcome
    would: Outcome
    sooner_ms: int = 0
    """How much sooner it would have fallen silent, where it did and would have."""

    @property
    def is_changed(self) -> bool:
        """Returns whether the settings make a difference that a caller would notice."""
        return self.was is not self.would or (self.was is Outcome.INTERRUPTED and self.sooner_ms != 0)


class Watched:
    """A conversation, and the times that its assistant fell silent for a voice."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.silences: list[Silence] = []
        self._assistant = conversation.assistant
        self._interruptions = conversation.turns.interruptions
        self._was_paused, self._count = self._assistant.is_paused, self._interruptions.count

    @property
    def utterance(self) -> Utterance | None:
        """What the caller hears, and may interrupt."""
        utterance = self._assistant.utterance
        return utterance if utterance is not None and utterance.is_audible and self._interruptions.are_allowed else None

    def is_idle_at(self, at: float) -> bool:
        """Nothing has become due by then."""
        deadline = self.conversation.next_deadline()
        return deadline is None or deadline > at

    @property
    def was_interrupted(self) -> bool:
        """The caller has interrupted; what comes after that compares to nothing."""
        return bool(self.silences) and self.silences[-1].outcome is Outcome.INTERRUPTED

    def handle(self, event: Event) -> bool:
        """Let an event happen. Returns whether it led to anything: if not, nobody fell silent, spoke on or began."""
        if not self.conversation.handle(event):
            return False
        is_paused, count = self._assistant.is_paused, self._interruptions.count
        if is_paused is self._was_paused and count == self._count:
            return True
        if count != self._count:
            self._end(event.at, Outcome.INTERRUPTED)
        elif is_paused:
            self.silences.append(Silence(event.at))
        else:
            self._end(event.at, Outcome.WENT_ON)
        self._was_paused, self._count = is_paused, count
        return True

    def handle_with_ticks(self, event: Event) -> None:
        """Let an event happen, and before it what its own timers want."""
        while (deadline := self.conversation.next_deadline()) is not None and deadline < event.at:
            self.handle(Tick(deadline))
        self.handle(event)

    def _end(self, at: float, outcome: Outcome) -> None:
        if not self.silences or self.silences[-1].outcome is not None:
            self.silences.append(Silence(at))
        self.silences[-1].outcome = outcome


class Indifferent:
    """Tells of an event whether it is all one to the settings that are tried, as nobody is heard.

    They are asked about voices, by frames and by OpenAI. Where the gate of echoes is another, they decide about every
    sound that is louder than the quietest line, for as long as its energy is remembered.
    """

    def __init__(self, own: ConversationSettings, tried: ConversationSettings) -> None:
        self.is_gate_same = own.echo_gate_min_rms == tried.echo_gate_min_rms
        self._quiet_frames = 0

    def passes(self, event: Event) -> bool:
        """Returns whether it is. Every event of a stream must be told, in order."""
        return self._is_quiet(event) if isinstance(event, CallerFrame) else isinstance(event, _GOES_ON)

    def _is_quiet(self, frame: CallerFrame) -> bool:
        if frame.rms >= SOFTEST_SPEECH_RMS:
            self._quiet_frames = 0
            return self.is_gate_same and not _may_be_voice(frame)
        self._quiet_frames += 1
        return self.is_gate_same or self._quiet_frames >= ENERGY_FRAMES


def _may_be_voice(frame: CallerFrame) -> bool:
    if frame.speech_probability is None:
        return frame.rms >= QUIETEST_VOICE_RMS
    return frame.speech_probability >= SPEECH_PROBABILITY


class Trial:
    """An utterance that is tried, and its copy; None until the settings are asked about."""

    def __init__(self, utterance: Utterance, live: Watched) -> None:
        self.utterance = utterance
        self.copy: Watched | None = None
        self._copied: Utterance | None = None
        self._first_silence = len(live.silences)
        self._asked_at = float("-inf")
        self._over_at: float | None = None

    def ask(self, at: float, live: Watched, tried: ConversationSettings) -> None:
        """Let a copy go on from here, unless one does: the settings are asked about what happens now."""
        self._asked_at = at
        if self.copy is None:
            self.copy = Watched(copy_with(live.conversation, tried))
            self._copied = self.copy.conversation.assistant.utterance

    def goes_on(self, event: Event) -> None:
        """Let an event happen in the copy, too."""
        if self.copy is not None and not self.copy.was_interrupted:
            self.copy.handle_with_ticks(event)

    def is_over(self, live: Watched, at: float) -> bool:
        """Returns whether both have left the utterance, or the copy has had its time."""
        if live.conversation.assistant.utterance is self.utterance and not live.conversation.is_over:
            return False
        if self.copy is None:
            return True
        self._over_at = at if self._over_at is None else self._over_at
        has_left = self.copy.conversation.assistant.utterance is not self._copied
        return has_left or at - self._over_at >= SETTLES_WITHIN_S

    def is_alike(self, live: Watched, at: float) -> bool:
        """Returns whether both speak on, and would go on alike, as nobody was heard for so long."""
        if self.copy is None or at - self._asked_at < SAME_VOICE_S:
            return False
        both = live.conversation, self.copy.conversation
        return self.copy.utterance is self._copied is not None and not any(
            each.assistant.is_paused or each.turns.caller.barge_in.run_ms or utterance.short_turn
            for each, utterance in zip(both, (self.utterance, self._copied), strict=True)
        )

    def moments(self, live: Watched, began: float) -> Iterator[Moment]:
        """Yields what was, beside what would have been."""
        if self.copy is not None:
            yield from _moments(live.silences[self._first_silence :], self.copy.silences, began)


def try_settings(trace: Sequence[TraceLine], own: ConversationSettings, tried: ConversationSettings) -> list[Moment]:
    """Returns the moments at which the assistant fell silent for a voice, or would have, in order."""
    moments: list[Moment] = []
    began = 0.0
    for part in streams_of(trace):
        moments += _tried(part, settings_in(part, own), settings_in(part, tried), began)
        began += part[-1].at if part else 0.0
    return moments


def _tried(
    trace: Sequence[TraceLine], own: ConversationSettings, tried: ConversationSettings, began: float
) -> Iterator[Moment]:
    live, indifferent = Watched(Conversation(own)), Indifferent(own, tried)
    barge_in = live.conversation.turns.caller.barge_in
    trial: Trial | None = None
    for event in trace:
        if isinstance(event, Decided):
            continue
        is_quiet = indifferent.passes(event)
        if trial is not None and not (is_quiet and (trial.copy is not None or live.is_idle_at(event.at))):
            trial.ask(event.at, live, tried)
        has_decided = live.handle(event)
        if not has_decided and (trial is None or trial.copy is None):
            continue
        if trial is not None:
            trial.goes_on(event)
            utterance = live.utterance
            is_alike = indifferent.is_gate_same and trial.is_alike(live, event.at)
            if is_alike or trial.is_over(live, event.at) or (utterance and utterance is not trial.utterance):
                yield from trial.moments(live, began)
                trial = None
        if trial is None and (utterance := live.utterance) is not None:
            trial = Trial(utterance, live)
            if barge_in.run_ms:  # of a voice that the settings were asked about before
                trial.ask(event.at, live, tried)
    if trial is not None:
        yield from trial.moments(live, began)


def _moments(was: Iterable[Silence], would: Iterable[Silence], began: float) -> Iterator[Moment]:
    """Pair what happened with what would have. What comes after one of the two was interrupted compares to nothing."""
    left, right = (_until_interrupted(silences) for silences in (was, would))
    while left or right:
        first = min(silences[0].at for silences in (left, right) if silences)
        old, new = (
            silences.pop(0) if silences and silences[0].at - first < SAME_VOICE_S else None
            for silences in (left, right)
        )
        outcomes = [each.outcome or Outcome.WENT_ON if each else Outcome.IGNORED for each in (old, new)]
        sooner_ms = round((old.at - new.at) * 1000) if old and new else 0
        yield Moment(round(began + first, 3), outcomes[0], outcomes[1], sooner_ms)
        if Outcome.INTERRUPTED in outcomes:
            return


def _until_interrupted(silences: Iterable[Silence]) -> list[Silence]:
    kept: list[Silence] = []
    for silence in silences:
        kept.append(silence)
        if silence.outcome is Outcome.INTERRUPTED:
            break
    return kept
