"""What a conversation wants done. The bridge carries the commands out in their order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calls.conversation.end_reasons import EndReason


class Speaker(StrEnum):
    """Who said something."""

    CALLER = "caller"
    ASSISTANT = "assistant"


class NextStep(StrEnum):
    """What happens to the caller when the media stream is closed."""

    HANG_UP = "hang_up"
    TRANSFER = "transfer"
    APOLOGIZE = "apologize"


class ResponseKind(StrEnum):
    """Why the model is asked to speak."""

    GREETING = "greeting"  # exactly the business's words
    OPENING = "opening"  # the assistant speaks first, in its own words
    ANSWER = "answer"
    CHECK = "check"  # nobody was heard for a while: is the caller still there?
    CONTINUATION = "continuation"  # it was cut off by a failure or a lost connection: go on from there
    GOODBYE = "goodbye"  # the call ends after it
    HANDOVER = "handover"  # the caller is put through after it
    UNREACHED = "unreached"  # nobody took the call that the caller was put through to: they are back
    FILLER = "filler"  # a function takes a while: a few words that say so
    RESUMPTION = "resumption"  # the telephone's line broke while somebody spoke or waited, and is back


class Latency(StrEnum):
    """What is measured in a call, each in milliseconds."""

    GREETING = "greeting"  # stream opened → first byte of the first utterance sent
    ANSWER = "answer"  # caller's turn committed → first byte of the answer sent
    FELT = "felt"  # caller's last voice → first sound of the answer, both at the caller's phone
    BARGE_IN_PAUSE = "barge_in_pause"  # caller's first voiced frame → clear sent
    BARGE_IN_CONFIRMED = "barge_in_confirmed"  # clear sent → its marks came back: silence at Twilio


# To the caller (Twilio) ---------------------------------------------------------------------------
@dataclass(slots=True)  # not frozen, as `CallerFrame`
class Play:
    """Send bytes `start` to `end` of an item's audio, then the mark."""

    item_id: str
    start: int
    end: int
    mark: str


@dataclass(frozen=True, slots=True)
class ClearPlayback:
    """Make Twilio drop what it has not played yet."""


@dataclass(frozen=True, slots=True)
class DropAudio:
    """An item's audio will not be asked for again: free it."""

    item_id: str


# To the assistant (OpenAI Realtime) -----------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ConnectModel:
    """Open a (new) session with `Conversation.history` as its context; `ModelReady` or `ModelLost` follows."""

    attempt: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class CreateResponse:
    """Ask the model to speak. `words`: exactly these. `request` identifies the request and its response.

    `may_use_tools`: it may ask for functions again.
    """

    request: str
    kind: ResponseKind
    words: str = ""
    attempt: int = 1
    may_use_tools: bool = True


@dataclass(frozen=True, slots=True)
class CancelResponse:
    """Stop the generation of a response."""

    response_id: str


@dataclass(frozen=True, slots=True)
class CommitAudio:
    """End the caller's turn: OpenAI, which should have, has not."""


@dataclass(frozen=True, slots=True)
class TruncateItem:
    """Tell the model how much of an item the caller heard."""

    item_id: str
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class DeleteItem:
    """Take an item out of the model's conversation: the caller heard nothing of it.

    Truncated at 0 ms it would stay, and OpenAI refuses that for an item that has no audio yet.
    """

    item_id: str


def unheard_after(item_id: str, heard_ms: int) -> TruncateItem | DeleteItem:
    """Return what tells the model that only the first `heard_ms` of an item were heard."""
    return TruncateItem(item_id, heard_ms) if heard_ms else DeleteItem(item_id)


@dataclass(frozen=True, slots=True)
class TellKeys:
    """Tell the model which keys the caller has pressed."""

    keys: str


@dataclass(frozen=True, slots=True)
class AnswerTool:
    """Give the model a tool's result."""

    tool_call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class TellResult:
    """Tell the model what a function has done whose request this session doesn't know. `text`: its name and result."""

    text: str


# To the business's own rooms --------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RunTool:
    """Carry a function out; `ToolFinished` follows. `arguments`: JSON, as the model wrote it."""

    tool_call_id: str
    name: str
    arguments: str


# To the records -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class KeepTurn:
    """An utterance, new or changed; `position` says which. Times are milliseconds since the stream opened."""

    position: int
    speaker: Speaker
    started_ms: int
    text: str = ""
    heard_text: str = ""
    is_greeting: bool = False
    ended_ms: int | None = None
    interrupted_ms: int | None = None


@dataclass(frozen=True, slots=True)
class KeepStanding:
    """Where the call stands: what another process must know, besides the turns, to go on with it.

    `first_was_heard`: the first utterance is over, and not said again. `is_busy`: somebody speaks, or is waited for.
    """

    first_was_heard: bool
    is_busy: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """A latency of this call."""

    what: Latency
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Log:
    """A line for operators who follow the call in the log by its `label`. It never holds what was said."""

    label: str
    text: str


# The end --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class EndCall:
    """Close the media stream.

    `failed`: neither the caller nor the business wanted it to end. `cause`: what lay behind it, a code. `to`, `about`:
    whom the caller is put through to (empty: nobody by name), and why. `was_announced`: the caller has heard to its end
    that they are put through.
    """

    reason: EndReason
    next_step: NextStep
    failed: bool = False
    cause: str = ""
    to: str = ""
    about: str = ""
    was_announced: bool = False


Command = (
    Play
    | ClearPlayback
    | DropAudio
    | ConnectModel
    | CreateResponse
    | CancelResponse
    | CommitAudio
    | TruncateItem
    | DeleteItem
    | TellKeys
    | AnswerTool
    | TellResult
    | RunTool
    | KeepTurn
    | KeepStanding
    | Measure
    | Log
    | EndCall
)
