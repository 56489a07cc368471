"""Tries other settings on a recorded call: at which moments would the assistant have done otherwise? Pure.

The call is played through the rules as it was. When the caller begins to hear an utterance that may be interrupted, a
copy of the conversation goes on beside it with the other settings, until both have left the utterance. So each
utterance is tried from where the call really stood, and one difference does not spoil what comes after it: a real
caller and a real model would have answered to the first one in a way that nobody knows.

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
from calls.conversation.copying import copy_with
from calls.conversation.events import Event, Tick
from calls.conversation.utterance import Utterance
from calls.records.replay import streams_of
from calls.records.traces import Decided, TraceLine

SAME_VOICE_S: Final = 1.5
"""What happens within this time in both conversations is about the same voice."""
SETTLES_WITHIN_S: Final = 2.0
"""How long the copy may go on after the call has left the utterance."""


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

    def handle(self, event: Event) -> None:
        """Let an event happen."""
        self.conversation.handle(event)
        is_paused, count = self._assistant.is_paused, self._interruptions.count
        if is_paused is self._was_paused and count == self._count:
            return
        if count != self._count:
            self._end(event.at, Outcome.INTERRUPTED)
        elif is_paused:
            self.silences.append(Silence(event.at))
        else:
            self._end(event.at, Outcome.WENT_ON)
        self._was_paused, self._count = is_paused, count

    def handle_with_ticks(self, event: Event) -> None:
        """Let an event happen, and before it what its own timers want."""
        while (deadline := self.conversation.next_deadline()) is not None and deadline < event.at:
            self.handle(Tick(deadline))
        self.handle(event)

    def _end(self, at: float, outcome: Outcome) -> None:
        if not self.silences or self.silences[-1].outcome is not None:
            self.silences.append(Silence(at))
        self.silences[-1].outcome = outcome


@dataclass(slots=True)
class Trial:
    """An utterance that is tried: where it began, and the copy. `over_at`: when the call had left it."""

    utterance: Utterance
    first_silence: int
    copy: Watched
    copied: Utterance | None
    over_at: float | None = None

    def is_over(self, live: Watched, at: float) -> bool:
        """Returns whether both have left the utterance, or the copy has had its time."""
        if live.conversation.assistant.utterance is self.utterance and not live.conversation.is_over:
            return False
        self.over_at = at if self.over_at is None else self.over_at
        has_left = self.copy.conversation.assistant.utterance is not self.copied
        return has_left or at - self.over_at >= SETTLES_WITHIN_S


def try_settings(trace: Sequence[TraceLine], own: ConversationSettings, tried: ConversationSettings) -> list[Moment]:
    """Returns the moments at which the assistant fell silent for a voice, or would have, in order."""
    moments: list[Moment] = []
    began = 0.0
    for part in streams_of(trace):
        moments += _tried(part, own, tried, began)
        began += part[-1].at if part else 0.0
    return moments


def _tried(
    trace: Sequence[TraceLine], own: ConversationSettings, tried: ConversationSettings, began: float
) -> Iterator[Moment]:
    live = Watched(Conversation(own))
    trial: Trial | None = None
    for event in trace:
        if isinstance(event, Decided):
            continue
        live.handle(event)
        if trial is not None:
            trial.copy.handle_with_ticks(event)
            utterance = live.utterance
            if trial.is_over(live, event.at) or (utterance is not None and utterance is not trial.utterance):
                yield from _moments(live.silences[trial.first_silence :], trial.copy.silences, began)
                trial = None
        if trial is None and (utterance := live.utterance) is not None:
            copy = copy_with(live.conversation, tried)
            trial = Trial(utterance, len(live.silences), Watched(copy), copy.assistant.utterance)
    if trial is not None:
        yield from _moments(live.silences[trial.first_silence :], trial.copy.silences, began)


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
