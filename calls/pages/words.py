"""What a call's records say, in words for its owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.models import Call, CallOutcome, Speaker, Turn
from calls.telephone.intake import Refusal

BADGES = {
    CallOutcome.COMPLETED: "good",
    CallOutcome.TRANSFERRED: "live",
    CallOutcome.ABANDONED: "",
    CallOutcome.FALLBACK: "warn",
    CallOutcome.REFUSED: "bad",
    CallOutcome.FAILED: "bad",
}

# What `Call.end_reason` begins with, as the code writes it.
_REASONS = {
    "the caller hung up before the assistant": gettext_lazy("The caller hung up before the assistant answered."),
    "the caller hung up": gettext_lazy("The caller hung up."),
    "the assistant asked for end_call": gettext_lazy("The assistant said goodbye and hung up."),
    "the assistant asked for transfer_call": gettext_lazy("The assistant handed the call over."),
    "the longest call time is over": gettext_lazy("The longest call time was over."),
    "a person hung up": gettext_lazy("Somebody of the business hung up, on the page of live calls."),
    "a person took the call over": gettext_lazy(
        "Somebody of the business put the call through, on the page of live calls."
    ),
    "the media stream broke": gettext_lazy("The connection to the telephone network broke."),
    "the media stream never opened": gettext_lazy("The telephone network did not connect the call's sound."),
    "the process that held the call died": gettext_lazy("The server that held the call stopped."),
    "Twilio: the call failed": gettext_lazy("The telephone network reports that the call failed."),
    "the call is over, said Twilio": gettext_lazy("The caller hung up."),
    "OpenAI": gettext_lazy("The AI service was not available."),
    "a mistake of ours": gettext_lazy("An error of this program; it was logged."),
    Refusal.NOT_IN_SERVICE.value: gettext_lazy("The business or this number is switched off."),
    Refusal.NO_MINUTES.value: gettext_lazy("No paid minutes were left."),
    Refusal.ALL_BUSY.value: gettext_lazy("All lines were busy."),
}

_LATENCIES = {
    "greeting": gettext_lazy("Until the caller heard the first word"),
    "answer": gettext_lazy("Until an answer began"),
    "barge_in_pause": gettext_lazy("Until it fell silent for the caller"),
}


def end_reason(call: Call) -> str:
    """Why a call ended; a reason that nobody has put in words yet stays as it is."""
    for start, sentence in _REASONS.items():
        if call.end_reason.startswith(start):
            return str(sentence)
    return call.end_reason


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long callers waited for something: the usual time and the longest, in seconds."""

    what: str
    usual_s: float
    longest_s: float
    times: int


def waits(call: Call) -> Iterator[Waiting]:
    """The latencies of a call, those that a caller feels."""
    for name, what in _LATENCIES.items():
        if values := call.latencies.get(name):
            yield Waiting(str(what), median(values) / 1000, max(values) / 1000, len(values))


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A turn as it is shown: what was heard of it, and what was not."""

    turn: Turn
    heard: str
    unheard: str

    @property
    def is_ours(self) -> bool:
        """The assistant said it."""
        return self.turn.speaker == Speaker.ASSISTANT

    @property
    def is_going_on(self) -> bool:
        """It is being said."""
        return self.turn.ended_ms is None

    @property
    def why_unheard(self) -> str:
        """The label of the part that was not heard."""
        return _("not heard: the caller interrupted") if self.turn.interrupted_ms is not None else _("not heard")


def shown_turns(turns: Iterable[Turn]) -> list[ShownTurn]:
    """The turns that have words, or are being said."""
    return [_shown(turn) for turn in turns if turn.text or turn.ended_ms is None]


def _shown(turn: Turn) -> ShownTurn:
    if turn.speaker == Speaker.CALLER or turn.heard_text == turn.text:
        return ShownTurn(turn, turn.text, "")
    words, heard = turn.text.split(), turn.heard_text.split()
    count = next((i for i, (a, b) in enumerate(zip(words, heard, strict=False)) if a != b), min(len(words), len(heard)))
    return ShownTurn(turn, " ".join(words[:count]), " ".join(words[count:]))
