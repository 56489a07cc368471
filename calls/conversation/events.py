"""What a conversation is told. Every event carries its time: seconds since the media stream opened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.conversation.tool_events import ToolFinished, ToolRequested


class ResponseStatus(StrEnum):
    """How OpenAI ended a response."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


# From the bridge ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The media stream has begun and its token was good: the first event of every call.

    `greeting_levels`: the energy of every 20 ms of the cached greeting, as rms of 16-bit linear samples.
    """

    at: float
    greeting_levels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamResumed:
    """A new media stream goes on with a call whose stream broke, in place of `StreamOpened`. Times begin anew.

    `speakers`, `words`: who has said what, as far as it was heard. The next two are of the last `KeepStanding`.
    `results`: what the functions of the call have done, as in `TellResult`. `is_unreached`: no stream broke; the caller
    was put through, and nobody took the call. `settings`: which are other than in the first stream, for the records
    (`calls/records/stream_settings.py`).
    """

    at: float
    greeting_levels: tuple[int, ...] = ()
    speakers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    first_was_heard: bool = False
    was_busy: bool = False
    results: tuple[str, ...] = ()
    is_unreached: bool = False
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """The time that `Conversation.next_deadline` asked for has come."""

    at: float


# From the business's people -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class OperatorAsked:
    """A person of the business asked to hang up, or to put the caller through to somebody."""

    at: float
    step: NextStep


# From the records ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class NothingLeft:
    """The business's minutes, or one of its limits of this day, are used up. It may be told more than once."""

    at: float
    reason: EndReason


# From the caller's side (Twilio) ------------------------------------------------------------------
@dataclass(slots=True)  # not frozen: made 50 times a second of each call, and frozen ones take four times as long
class CallerFrame:
    """A piece of the caller's audio was received, usually 20 ms. Nobody changes one.

    `rms` is its energy as 16-bit linear samples. `speech_probability` (0 to 1) is a neural detector's
    answer where one was asked, None where none was.
    """

    at: float
    rms: int
    milliseconds: int = 20
    speech_probability: float | None = None


@dataclass(slots=True)  # not frozen, as `CallerFrame`
class MarkReturned:
    """Twilio sent a mark back: what was queued before it has played, unless a `clear` came between."""

    at: float
    name: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key (DTMF)."""

    at: float
    digit: str


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """Twilio stopped the stream: the caller hung up."""

    at: float


class ReportedEnd(StrEnum):
    """What Twilio reports of a call's end, beside its stream."""

    CALL_OVER = "call_over"
    CALL_FAILED = "call_failed"
    STREAM_STOPPED = "stream_stopped"
    STREAM_ERROR = "stream_error"
    NO_PERSON = "no_person"


@dataclass(frozen=True, slots=True)
class EndReported:
    """Twilio reported an end by a webhook; the stream itself may not have said so."""

    at: float
    report: ReportedEnd


@dataclass(frozen=True, slots=True)
class StreamBroke:
    """The stream's socket closed without a stop, or had to be closed: the caller may still be on the line.

    `reason` is for the log and the trace, `fault` for the records.
    """

    at: float
    reason: str
    fault: StreamFault | None = None


# From the assistant's side (OpenAI Realtime) --------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ModelReady:
    """A session is configured and has the conversation so far. `lifetime_s` is what is left of it."""

    at: float
    lifetime_s: float | None = None


@dataclass(frozen=True, slots=True)
class ModelLost:
    """Connecting failed, or the session ended. `reason` is a code; `permanent`: trying again is no use (key, quota)."""

    at: float
    reason: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    """The model began a response. `request` is the id of our request, where the model tells it."""

    at: float
    response_id: str
    request: str | None = None


@dataclass(slots=True)  # not frozen, as `CallerFrame`
class ResponseAudio:
    """A piece of the assistant's voice: `size` bytes of µ-law.

    `levels`: the energy of each 20 ms of it, as rms of 16-bit linear samples, for telling its echo.
    """

    at: float
    response_id: str
    item_id: str
    size: int
    levels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseWords:
    """A piece of the text that the assistant is saying."""

    at: float
    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ResponseEnded:
    """A response ended, well or badly. `retry_after_s`: OpenAI asks to wait so long before the next."""

    at: float
    response_id: str
    status: ResponseStatus
    reason: str = ""
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """OpenAI answered one of our messages with an error. `request` is the id of that message.

    `retry_after_s`: OpenAI asks to wait so long. `response_id`: the response that it names as being in the way.
    """

    at: float
    code: str
    request: str | None = None
    retry_after_s: float = 0.0
    response_id: str = ""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """OpenAI's voice activity detection heard the caller begin."""

    at: float


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """OpenAI's voice activity detection heard the caller pause. `item_id`: of the turn that it makes of it."""

    at: float
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class TurnCommitted:
    """OpenAI committed the caller's audio since the last turn as one turn."""

    at: float
    item_id: str


@dataclass(frozen=True, slots=True)
class CallerWords:
    """The transcript of one of the caller's turns. It may come long after the turn, or never.

    `logprob`: the mean of the tokens' log probabilities (natural, 0 at best); None where OpenAI doesn't tell.
    """

    at: float
    item_id: str
    text: str
    logprob: float | None = None


@dataclass(frozen=True, slots=True)
class WordsFailed:
    """There will be no transcript of one of the caller's turns."""

    at: float
    item_id: str


Event = (
    StreamOpened
    | StreamResumed
    | Tick
    | OperatorAsked
    | NothingLeft
    | CallerFrame
    | MarkReturned
    | KeyPressed
    | CallerLeft
    | StreamBroke
    | EndReported
    | ModelReady
    | ModelLost
    | ResponseCreated
    | ResponseAudio
    | ResponseWords
    | ToolRequested
    | ToolFinished
    | ResponseEnded
    | RequestRefused
    | SpeechStarted
    | SpeechStopped
    | TurnCommitted
    | CallerWords
    | WordsFailed
)
