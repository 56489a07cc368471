"""What goes wrong, on purpose: scripted failures of the stand-in for OpenAI, each typed, also readable from JSON.

    Scenario(faults=(Refuse(status=429, times=1), DropConnection(after_deltas=3)))
    {"faults": [{"kind": "refuse", "status": 429, "times": 1}, {"kind": "drop_connection", "after_deltas": 3}]}

Connections, responses and texts are counted from the server's start, so that a retry can succeed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from calls.sandbox.openai.fault import STRICT, AnyFault, FaultAfterDeltas
from calls.sandbox.openai.silent_faults import SilentConnectionFault, SilentResponseFault
from calls.sandbox.openai.text_faults import TextFault
from calls.sandbox.receptionist.engine import Part


# On a connection ----------------------------------------------------------------------------------
class Refuse(AnyFault):
    """Answer the handshake with an HTTP error."""

    kind: Literal["refuse"] = "refuse"
    status: int = 500


class HangAtConnect(AnyFault):
    """Accept the TCP connection and never answer the handshake."""

    kind: Literal["hang_at_connect"] = "hang_at_connect"


class IgnoreSessionUpdate(AnyFault):
    """Never send `session.updated`."""

    kind: Literal["ignore_session_update"] = "ignore_session_update"


class SessionError(AnyFault):
    """Send an `error` event right after `session.created`, and close (1008) if `close`."""

    kind: Literal["session_error"] = "session_error"
    code: str = "insufficient_quota"
    close: bool = True


class EndSession(AnyFault):
    """End the session after some time: with this close code, or abruptly if None."""

    kind: Literal["end_session"] = "end_session"
    after_s: float
    close_code: int | None = 1001


class PhantomSpeech(AnyFault):
    """Take noise for speech: speech_started, speech_stopped, and a committed turn, `at_s` after the session's start."""

    kind: Literal["phantom_speech"] = "phantom_speech"
    at_s: float
    lasts_s: float = 0.3


class ForeignResponse(AnyFault):
    """Create a response that nobody asked for."""

    kind: Literal["foreign_response"] = "foreign_response"
    at_s: float
    words: str = "Nobody asked me to say this."


class DuplicateCommit(AnyFault):
    """Send every `input_audio_buffer.committed` twice."""

    kind: Literal["duplicate_commit"] = "duplicate_commit"


class OtherFormat(AnyFault):
    """Accept the configuration, and say in `session.updated` that the audio is PCM."""

    kind: Literal["other_format"] = "other_format"


class RefusePart(AnyFault):
    """Refuse each `session.update` that has this part, a path below `session` such as `audio.output.voice`."""

    kind: Literal["refuse_part"] = "refuse_part"
    part: str


class FailTranscription(AnyFault):
    """Send `conversation.item.input_audio_transcription.failed` in place of every transcript."""

    kind: Literal["fail_transcription"] = "fail_transcription"


# On a response ------------------------------------------------------------------------------------
class RejectResponse(AnyFault):
    """Answer `response.create` with an `error` event; no response begins."""

    kind: Literal["reject_response"] = "reject_response"
    code: str = "inference_rate_limit_exceeded"
    message: str = "The response was rejected, as the scenario wants."


class Stall(FaultAfterDeltas):
    """Send so many audio deltas and nothing more; with 0 of them, nothing after `response.created`."""

    kind: Literal["stall"] = "stall"


class SlowFirstDelta(AnyFault):
    """Send the first audio so much later than usual."""

    kind: Literal["slow_first_delta"] = "slow_first_delta"
    seconds: float


class FailResponse(FaultAfterDeltas):
    """End with status `failed` after so many audio deltas."""

    kind: Literal["fail_response"] = "fail_response"
    error_type: str = "server_error"
    code: str = "server_error"
    message: str = "The response failed, as the scenario wants."


class CancelSilently(FaultAfterDeltas):
    """End with status `cancelled`, reason `turn_detected`, after so many audio deltas."""

    kind: Literal["cancel_silently"] = "cancel_silently"


class Incomplete(FaultAfterDeltas):
    """End with status `incomplete` after so many audio deltas."""

    kind: Literal["incomplete"] = "incomplete"
    reason: Literal["max_output_tokens", "content_filter"] = "content_filter"


class DropConnection(FaultAfterDeltas):
    """Cut the TCP connection after so many audio deltas."""

    kind: Literal["drop_connection"] = "drop_connection"


class Garbage(FaultAfterDeltas):
    """Send frames that are not JSON, and JSON that is not an event, after so many audio deltas; then go on."""

    kind: Literal["garbage"] = "garbage"


class UnknownEvent(FaultAfterDeltas):
    """Send an event of a type that no one knows after so many audio deltas; then go on."""

    kind: Literal["unknown_event"] = "unknown_event"


class LateDeltas(AnyFault):
    """Send so many more audio deltas after the response was cancelled, then `response.done`."""

    kind: Literal["late_deltas"] = "late_deltas"
    deltas: int = 3


class NoMetadata(AnyFault):
    """Leave the metadata of `response.create` out of the response."""

    kind: Literal["no_metadata"] = "no_metadata"


class OldEventNames(AnyFault):
    """Use the names of the retired beta (`response.audio.delta`, …)."""

    kind: Literal["old_event_names"] = "old_event_names"


class SplitAudio(AnyFault):
    """Spread an utterance over several audio items."""

    kind: Literal["split_audio"] = "split_audio"
    items: int = 2


class HalfToolCall(AnyFault):
    """Close the items of function calls as `incomplete`; the response itself ends as `completed`."""

    kind: Literal["half_tool_call"] = "half_tool_call"


ConnectionFault = (
    Refuse
    | HangAtConnect
    | IgnoreSessionUpdate
    | SessionError
    | EndSession
    | PhantomSpeech
    | ForeignResponse
    | DuplicateCommit
    | OtherFormat
    | RefusePart
    | FailTranscription
    | SilentConnectionFault
)
ResponseFault = (
    RejectResponse
    | Stall
    | SlowFirstDelta
    | FailResponse
    | CancelSilently
    | Incomplete
    | DropConnection
    | Garbage
    | UnknownEvent
    | LateDeltas
    | NoMetadata
    | OldEventNames
    | SplitAudio
    | SilentResponseFault
    | HalfToolCall
)
Fault = Annotated[ConnectionFault | ResponseFault | TextFault, Field(discriminator="kind")]
FaultT = TypeVar("FaultT", bound=AnyFault)


MODELS: dict[str, str | None] = {
    "gpt-realtime-2.1": None,
    "gpt-realtime-2.1-mini": None,
    "gpt-realtime": "2027-01-20",
    "gpt-transcribe": None,
    "gpt-4o-mini-transcribe": "2027-02-26",
    "gpt-4o-mini-tts": "2027-01-06",
    "gpt-5.4-mini": None,
}
"""What `GET /v1/models` lists: models, each with the day of its shutdown if there is one."""


class Scenario(BaseModel):
    """How the stand-in behaves.

    `replies`: what it says, one entry a response (exact words that were asked for come before them); then its
    engine answers. `transcripts`: of the caller's turns, one entry a turn; then its listener transcribes.
    Audio comes in deltas of `delta_ms`, `speed` times as fast as it plays, the first one `first_delta_s` after
    `response.created`. `transcript_logprob`: how sure its listener is, told to who asks for it (`include`).
    `models`: what `GET /v1/models` lists; `refuses_key`: it refuses every key.
    """

    model_config = STRICT

    faults: tuple[Fault, ...] = ()
    replies: tuple[tuple[Part, ...], ...] = ()
    transcripts: tuple[str, ...] = ()
    delta_ms: int = 100
    speed: float = 4.0
    first_delta_s: float = 0.2
    transcript_delay_s: float = 0.3
    transcript_logprob: float = -0.1
    session_lifetime_s: float = 3600.0
    models: dict[str, str | None] = Field(default_factory=lambda: dict(MODELS))
    refuses_key: bool = False

    def striking(self, fault: type[FaultT], ordinal: int) -> FaultT | None:
        """Returns the first fault of this type that strikes connection, response or text number `ordinal`."""
        return next((each for each in self.faults if isinstance(each, fault) and each.strikes(ordinal)), None)


class BadScenario(ValueError):
    """A scenario's text can't be understood; the message says where."""


def load(path: Path) -> Scenario:
    """Read a scenario from a JSON file. Raises `BadScenario`."""
    try:
        return Scenario.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadScenario(f"{path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        raise BadScenario(f"{path}: {error}") from error
