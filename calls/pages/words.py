"""The words for what is stored about calls and greetings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.dialling import DialRefusal
from businesses.models import Limit
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.errors import SpeechFailed, SpeechFault
from calls.models import Call, CallOutcome, GreetingAudio, Speaker, Turn
from calls.openai_errors import Meaning, meaning_of
from calls.records import costs
from calls.records.endings import end_reason_of

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

BADGES = {
    CallOutcome.COMPLETED: "good",
    CallOutcome.TRANSFERRED: "live",
    CallOutcome.ABANDONED: "",
    CallOutcome.FALLBACK: "warn",
    CallOutcome.REFUSED: "bad",
    CallOutcome.FAILED: "bad",
}

END_REASONS = {
    EndReason.CALLER_LEFT: gettext_lazy("The caller hung up."),
    EndReason.ASSISTANT_HUNG_UP: gettext_lazy("The assistant said goodbye and hung up."),
    EndReason.ASSISTANT_TRANSFERRED: gettext_lazy("The assistant transferred the call."),
    EndReason.OPERATOR_HUNG_UP: gettext_lazy("Someone at the business hung up, on the live calls page."),
    EndReason.OPERATOR_TRANSFERRED: gettext_lazy(
        "Someone at the business transferred the call, on the live calls page."
    ),
    EndReason.TIME_LIMIT: gettext_lazy("The call reached its time limit."),
    EndReason.CALLER_SILENT: gettext_lazy("Nobody was heard for a while."),
    EndReason.STREAM_BROKE: gettext_lazy("The connection to the phone network broke."),
    EndReason.MODEL_UNAVAILABLE: gettext_lazy("The AI service was not available."),
    EndReason.NO_ANSWER: gettext_lazy("The AI service gave the caller no answer."),
    EndReason.OUR_MISTAKE: gettext_lazy("An internal error. It was logged."),
    EndReason.LEFT_EARLY: gettext_lazy("The caller hung up before the assistant answered."),
    EndReason.OVER_AT_TWILIO: gettext_lazy("The caller hung up."),
    EndReason.FAILED_AT_TWILIO: gettext_lazy("The phone network reported that the call failed."),
    EndReason.ANSWERING_MACHINE: gettext_lazy("An answering machine took the call."),
    EndReason.STREAM_NEVER_OPENED: gettext_lazy("The phone network never connected the call's audio."),
    EndReason.PROCESS_DIED: gettext_lazy("The server that was handling the call stopped."),
    EndReason.NOT_IN_SERVICE: gettext_lazy("The business or this number is switched off."),
    EndReason.NO_MINUTES: gettext_lazy("No paid minutes were left."),
    EndReason.DAY_LIMIT: gettext_lazy("A limit of the day was reached."),
    EndReason.ALL_BUSY: gettext_lazy("All lines were busy."),
    EndReason.CLOSED: gettext_lazy("You were closed, and the caller was asked for a voice message."),
    EndReason.BLOCKED: gettext_lazy("This caller is on your list of blocked callers."),
    EndReason.TRIAL_RUNNING: gettext_lazy("The same person was trying the assistant in another window."),
    EndReason.OTHER: gettext_lazy("Another reason."),
}
"""Why a call ended, as its owner reads it."""

_CAUSES: dict[str, StrOrPromise] = {
    Meaning.NO_CREDIT: gettext_lazy("The OpenAI account has no credit left."),
    Meaning.NO_ACCESS: gettext_lazy("OpenAI does not accept the API key."),
    Meaning.TOO_FAST: gettext_lazy("OpenAI's rate limit was reached."),
    Meaning.BAD_REQUEST: gettext_lazy("OpenAI refused the request."),
    StreamFault.FLOOD: gettext_lazy("It sent more data than a phone call does."),
    StreamFault.MALFORMED: gettext_lazy("It sent data that could not be read."),
    StreamFault.SLOW: gettext_lazy("It was too slow to take the assistant's voice."),
    StreamFault.STOPPED: gettext_lazy("The phone network ended the call's audio."),
    StreamFault.ERROR: gettext_lazy("The phone network reported an error in the call's audio."),
    StreamFault.SILENT: gettext_lazy("Nothing was received from it any more."),
}
"""What lay behind an end, where it tells a reader more than that it happened."""

_LIMITS: dict[str, StrOrPromise] = {
    Limit.CALLS: gettext_lazy("It is the limit of calls."),
    Limit.MINUTES: gettext_lazy("It is the limit of call minutes."),
    Limit.MONEY: gettext_lazy("It is the limit of money."),
}
NOT_DIALLED: dict[str, StrOrPromise] = {
    DialRefusal.NOT_A_NUMBER: gettext_lazy("It is not a phone number."),
    DialRefusal.COSTLY: gettext_lazy("Calls to this kind of number cost extra."),
    DialRefusal.COUNTRY: gettext_lazy("Calls to its country are not allowed."),
    DialRefusal.OURS: gettext_lazy("The assistant itself answers this number."),
    DialRefusal.NO_MINUTES: gettext_lazy("No paid minutes were left."),
    DialRefusal.DAY_LIMIT: gettext_lazy("A limit of the day was reached."),
    DialRefusal.ALL_BUSY: gettext_lazy("As many calls as possible were put through already."),
}
"""Why a caller was not put through, as an owner reads it."""

SPEECH_FAULTS: dict[str, StrOrPromise] = {
    SpeechFault.TIMEOUT: gettext_lazy("The speech service did not answer in time."),
    SpeechFault.UNREACHABLE: gettext_lazy("The speech service could not be reached."),
    SpeechFault.REFUSED: gettext_lazy("The speech service refused to record it."),
    SpeechFault.CUT_OFF: gettext_lazy("The speech service's answer was cut off."),
    SpeechFault.NO_AUDIO: gettext_lazy("The speech service sent no audio."),
    SpeechFault.SILENCE: gettext_lazy("The speech service sent silence."),
    SpeechFault.TOO_SHORT: gettext_lazy("The recording was too short for these words."),
    SpeechFault.TOO_LONG: gettext_lazy("The recording was too long for these words."),
    SpeechFault.WORDS_DIFFER: gettext_lazy("Other words were heard in it than those that are written."),
    SpeechFault.NOT_WAV: gettext_lazy("The file is not a WAV file with 8, 16 or 32 bits."),
    SpeechFault.TOO_QUIET: gettext_lazy("The recording is too quiet. Speak closer to the microphone."),
    SpeechFault.CLIPPED: gettext_lazy("The recording is distorted: too loud. Speak farther from the microphone."),
    SpeechFault.OTHER: gettext_lazy("Another reason."),
}
"""Why a greeting could not be recorded, as its owner reads it."""

_LATENCIES = {
    "greeting": gettext_lazy("Until the caller heard the first word"),
    "felt": gettext_lazy("From the caller's last word to the first sound of the answer"),
    "barge_in_pause": gettext_lazy("Until it fell silent for the caller"),
}


def end_reason(call: Call) -> str:
    """Returns why a call ended and what lay behind it, as its owner reads it; "" for a call that has not ended."""
    ended = end_reason_of(call)
    if ended is None:
        return ""
    reason, detail = ended
    if text := detail.get("text"):  # an older version's own words, which no code fits
        return _with_foreign("" if reason is EndReason.OTHER else END_REASONS[reason], str(text))
    cause = _cause(reason, str(detail.get("cause", "")))
    return f"{END_REASONS[reason]} {cause}".strip()


def seconds_on_the_line(call: Call, *, now: datetime) -> float | None:
    """Returns how long the assistant has been on the line; None if it never was."""
    return ((call.ended_at or now) - call.stream_opened_at).total_seconds() if call.stream_opened_at else None


def not_dialled(call: Call) -> str:
    """Returns why the caller was not put through to a number; "" if they were, or nobody wanted it."""
    return str(NOT_DIALLED.get(call.dial_refusal, ""))


def _cause(reason: EndReason, code: str) -> StrOrPromise:
    if reason is EndReason.STREAM_BROKE:
        return _CAUSES.get(code, "")
    if reason is EndReason.DAY_LIMIT:
        return _LIMITS.get(code, "")
    status = code.removeprefix("http_")
    return _CAUSES.get(meaning_of(code, int(status) if status.isdecimal() else None), "")


def own_recording_failure(failure: SpeechFailed) -> str:
    """Returns why a person's recording can't be taken."""
    if failure.fault == SpeechFault.SILENCE:
        return _("Nothing can be heard in the recording.")
    shown = GreetingAudio(failure=failure.fault, failure_detail=failure.detail)
    return speech_failure(shown) if failure.detail else str(SPEECH_FAULTS[failure.fault])


def speech_failure(greeting: GreetingAudio | None) -> str:
    """Returns why a greeting could not be recorded, as its owner reads it; "" if it could or there is none."""
    if greeting is None:
        return ""
    if not greeting.failure:
        return _with_foreign("", greeting.error)  # of an older version, while this one was being installed
    detail = greeting.failure_detail
    match greeting.failure:
        case SpeechFault.OTHER:
            return _with_foreign(SPEECH_FAULTS[SpeechFault.OTHER], str(detail.get("text", "")))
        case SpeechFault.TOO_SHORT:
            more = _("It is %(seconds)s seconds long; at least %(limit)s are needed.") % detail
        case SpeechFault.TOO_LONG:
            more = _("It is %(seconds)s seconds long; at most %(limit)s are possible.") % detail
        case SpeechFault.REFUSED:
            ours = f"{SPEECH_FAULTS[SpeechFault.REFUSED]} {_CAUSES.get(detail.get('meaning', ''), '')}".strip()
            return _with_foreign(ours, str(detail.get("said") or f"HTTP {detail.get('status', '?')}"))
        case SpeechFault.WORDS_DIFFER if heard := str(detail.get("heard", "")):
            return format_html("{} <q><bdi>{}</bdi></q>", SPEECH_FAULTS[SpeechFault.WORDS_DIFFER], heard)
        case _:
            more = ""
    words = SPEECH_FAULTS.get(greeting.failure, SPEECH_FAULTS[SpeechFault.OTHER])  # a newer version's code is other
    return f"{words} {more}".strip()


def _with_foreign(ours: StrOrPromise, said: str) -> str:
    """Returns our words and, marked as English, what OpenAI or an older version of this program said."""
    foreign = format_html('<bdi lang="en">{}</bdi>', said) if said else ""
    return format_html("{} {}", ours, foreign) if ours and foreign else foreign or str(ours)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long callers waited for something: the usual time and the longest, in seconds."""

    what: str
    usual_s: float
    longest_s: float
    times: int


def waits(call: Call) -> Iterator[Waiting]:
    """Yields the latencies of a call that a caller notices."""
    for name, what in _LATENCIES.items():
        if values := call.latencies.get(name):
            yield Waiting(str(what), median(values) / 1000, max(values) / 1000, len(values))


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A turn as it is shown: the part that was heard and the part that was not."""

    turn: Turn
    heard: str
    unheard: str

    @property
    def is_ours(self) -> bool:
        """Returns whether the assistant said it."""
        return self.turn.speaker == Speaker.ASSISTANT

    @property
    def is_going_on(self) -> bool:
        """Returns whether it is still being said."""
        return self.turn.ended_ms is None

    @property
    def why_unheard(self) -> str:
        """Returns the label of the part that was not heard."""
        return _("not heard: the caller interrupted") if self.turn.interrupted_ms is not None else _("not heard")


def shown_turns(turns: Iterable[Turn]) -> list[ShownTurn]:
    """Returns the turns that have words or are still being said."""
    return [_shown(turn) for turn in turns if turn.text or turn.ended_ms is None]


def _shown(turn: Turn) -> ShownTurn:
    if turn.speaker == Speaker.CALLER or turn.heard_text == turn.text:
        return ShownTurn(turn, turn.text, "")
    words, heard = turn.text.split(), turn.heard_text.split()
    count = next((i for i, (a, b) in enumerate(zip(words, heard, strict=False)) if a != b), min(len(words), len(heard)))
    return ShownTurn(turn, " ".join(words[:count]), " ".join(words[count:]))


def cost(call: Call) -> str:
    """Returns the US dollars that OpenAI takes for a call, or that nobody here knows; "" for a call without tokens."""
    dollars = costs.cost_of(call.model, call.usage)
    if dollars is not None:
        return f"{dollars:.3f}"
    return _("no price known") if call.usage.get("total_tokens") else ""
