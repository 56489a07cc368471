"""The greeting certificate of a call: was its greeting heard whole? Decided from the trace alone.

The conversation, which goes on by the clock where a mark is lost, is not asked.

A byte counts as heard when the mark behind it came back, and came no sooner than its audio can have played: Twilio
plays 8,000 bytes a second, one after the other, so a mark that is earlier was forged, or sent back by a clear. A mark
that never came proves nothing, though the conversation went on by the clock. Pure: a trace in, a certificate out.

    verdict          what happened
    no_greeting      the business has none, and the caller speaks first
    heard_whole      all of it was sent, and a mark that is believed came back behind its last byte
    interrupted      it was stopped before that
    left             the call ended before its last byte can have been heard
    cut_short        the last attempt broke off, or it was given up
    mark_early       the mark behind its last byte came too early to be true
    mark_missing     that mark never came back
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from calls.conversation.assistant import CACHED_GREETING
from calls.conversation.commands import ClearPlayback, CreateResponse, DropAudio, Log, Play, ResponseKind
from calls.conversation.events import (
    MarkReturned,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    StreamOpened,
    StreamResumed,
)
from calls.conversation.first_utterance import OPENINGS
from calls.conversation.sent_audio import BYTES_PER_SECOND, EARLY_S
from calls.conversation.settings import ConversationSettings
from calls.records.stream_settings import settings_in
from calls.records.traces import Decided, TraceLine

_OVER: Final = "[FIRST_UTTERANCE]"


class Verdict(StrEnum):
    """Whether the greeting was heard whole; the table above says what each means."""

    NO_GREETING = "no_greeting"
    HEARD_WHOLE = "heard_whole"
    INTERRUPTED = "interrupted"
    LEFT = "left"
    CUT_SHORT = "cut_short"
    MARK_EARLY = "mark_early"
    MARK_MISSING = "mark_missing"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is known of a call's greeting. `heard_at_s`: when its last mark came back; None if that is not believed.

    `bytes_marked`: up to the last mark that is believed. `early_marks`: how many were not. `interruptions`: how often
    it was stopped before it was over.
    """

    verdict: Verdict
    attempts: int = 0
    bytes_sent: int = 0
    bytes_marked: int = 0
    heard_at_s: float | None = None
    interruptions: int = 0
    early_marks: int = 0

    @property
    def is_heard_whole(self) -> bool:
        """Returns whether the caller heard the greeting from its first byte to its last."""
        return self.verdict is Verdict.HEARD_WHOLE

    def stored(self) -> dict[str, Any]:
        """Returns it as JSON."""
        return asdict(self)


def of_stored(stored: dict[str, Any]) -> Certificate | None:
    """Returns a certificate from its JSON; None where there is none."""
    return Certificate(**{**stored, "verdict": Verdict(stored["verdict"])}) if stored else None


def certify(streams: Iterable[tuple[float, Sequence[TraceLine]]], settings: ConversationSettings) -> Certificate:
    """Returns the certificate of a call. `streams`: when each of its media streams opened, and its part of the trace.

    A greeting that a broken line cut off is said again in the next stream; the best of them counts, and all attempts.
    """
    if not (settings.greeting_text or settings.assistant_speaks_first):
        return Certificate(Verdict.NO_GREETING)
    best, attempts = Certificate(Verdict.CUT_SHORT), 0
    for began_s, lines in streams:
        watch = _Watch(settings_in(lines, settings))
        for line in lines:
            watch.see(line)
        found = watch.certificate(began_s)
        attempts += found.attempts
        if not best.is_heard_whole and (found.attempts or not best.attempts):
            best = found
    return Certificate(**{**asdict(best), "attempts": attempts})


@dataclass(slots=True)
class _Sent:
    """A stretch of audio on its way: `greeting_bytes` of it and before it in its generation are the greeting's."""

    due_at: float
    greeting_bytes: int
    is_greeting: bool


@dataclass(slots=True)
class _Watch:
    """Follows one media stream, line by line."""

    settings: ConversationSettings
    attempts: int = 0
    sent: int = 0
    marked: int = 0
    interruptions: int = 0
    early: int = 0
    proved_at: float | None = None
    ended_at: float = 0.0
    is_over: bool = False
    _request: str = ""  # the last one to the model
    _is_asked_for: bool = False  # and what it asks for is the greeting, or its rest
    _responses: set[str] = field(default_factory=set)  # that bring the greeting
    _made: dict[str, int] = field(default_factory=dict)  # bytes of each of the greeting's items
    _begun: set[str] = field(default_factory=set)  # items of which something was sent
    _is_complete: bool = False
    _pending: dict[str, _Sent] = field(default_factory=dict)
    _plays_until: float = float("-inf")
    _last_was_early: bool = False
    _due_at: float = float("inf")

    def see(self, line: TraceLine) -> None:  # noqa: C901 - a line for each kind
        """Take one line of the trace."""
        self.ended_at = line.at
        match line.command if isinstance(line, Decided) else line:
            case StreamOpened() | StreamResumed() if self.settings.greeting_bytes:
                self._made[CACHED_GREETING] = self.settings.greeting_bytes
            case CreateResponse() as asked:
                self._asked(asked)
            case ResponseCreated() as created if self._is_asked_for and created.request in (None, self._request):
                self._responses.add(created.response_id)
            case ResponseAudio() as audio if audio.response_id in self._responses:
                self._made[audio.item_id] = self._made.get(audio.item_id, 0) + audio.size
            case ResponseEnded() as ended if ended.response_id in self._responses:
                self._is_complete = ended.status is ResponseStatus.COMPLETED
            case Play() as play:
                self._play(line.at, play)
            case DropAudio(item_id) if item_id not in self._begun:  # of an attempt that nobody heard
                self._made.pop(item_id, None)
            case ClearPlayback():
                self._clear(line.at)
            case MarkReturned(at, name):
                self._mark(at, name)
            case Log(label, _) if label == _OVER:
                self.is_over = True

    def _asked(self, asked: CreateResponse) -> None:
        goes_on = asked.kind is ResponseKind.CONTINUATION and self._is_asked_for
        self._request = asked.request
        self._is_asked_for = not self.is_over and (goes_on or asked.kind in OPENINGS)
        if self._is_asked_for:
            self.attempts += 1
            self._is_complete = False

    def _play(self, at: float, play: Play) -> None:
        size = play.end - play.start
        self._plays_until = max(self._plays_until, at) + size / BYTES_PER_SECOND
        is_greeting = play.item_id in self._made
        if is_greeting:
            if play.item_id == CACHED_GREETING and not self.sent:
                self.attempts, self._is_complete = self.attempts + 1, True
            self._begun.add(play.item_id)
            self.sent += size
            self._due_at, self._last_was_early = self._plays_until, False
        self._pending[play.mark] = _Sent(self._plays_until, self.sent, is_greeting)

    def _clear(self, at: float) -> None:
        if any(sent.is_greeting and at < sent.due_at for sent in self._pending.values()):
            self.interruptions += 1
        self._pending.clear()
        self._plays_until = min(self._plays_until, at)

    def _mark(self, at: float, name: str) -> None:
        sent = self._pending.pop(name, None)
        if sent is None or not sent.is_greeting:  # unknown, repeated, or sent back by a clear
            return
        if at < sent.due_at - EARLY_S:
            self.early += 1
            self._last_was_early = sent.greeting_bytes == self.sent
            return
        self.marked = max(self.marked, sent.greeting_bytes)
        if self.marked == self.sent:
            self.proved_at = at

    def certificate(self, began_s: float) -> Certificate:
        """Returns what was seen. `began_s`: when the stream opened, in seconds of the call."""
        verdict = self._verdict()
        heard_at = self.proved_at if verdict is Verdict.HEARD_WHOLE else None
        return Certificate(
            verdict, self.attempts, self.sent, self.marked,
            heard_at_s=None if heard_at is None else round(began_s + heard_at, 3),
            interruptions=self.interruptions, early_marks=self.early,
        )  # fmt: skip

    def _verdict(self) -> Verdict:
        made = sum(self._made.values())
        if self.interruptions:
            return Verdict.INTERRUPTED
        if self.sent and self.sent >= made and self._is_complete and self.marked == self.sent:
            return Verdict.HEARD_WHOLE
        if self.ended_at < self._due_at and (self.sent or not self.is_over):
            return Verdict.LEFT
        if not self.sent or self.sent < made or not self._is_complete:
            return Verdict.CUT_SHORT
        return Verdict.MARK_EARLY if self._last_was_early else Verdict.MARK_MISSING
