"""The errors of calls, each with the facts that its catcher needs."""

from __future__ import annotations

from enum import StrEnum


class CallsError(Exception):
    """The base of this app's errors."""


class StreamRefusal(StrEnum):
    """Why a media stream is not let in."""

    SIGNATURE = "signature"  # the handshake's is not Twilio's
    NO_ROOM = "no_room"  # in this process
    CROWD = "crowd"  # too many of its address have not brought a token
    UNPROVED = "unproved"  # no token, or one of another call, used or expired
    NO_START = "no_start"  # it brought none in time
    MALFORMED = "malformed"
    FLOOD = "flood"
    DATABASE = "database"  # it failed, or is away
    MISTAKE = "mistake"  # ours


class StreamRefused(CallsError):
    """A media stream may not open: close its socket. `reason` is for the log; it names no secret."""

    def __init__(self, reason: str, why: StreamRefusal = StreamRefusal.UNPROVED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.why = why


class SpeechFault(StrEnum):
    """Why no usable speech came back, as it is stored. `calls/pages/words.py` has the words."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # detail: status, meaning (`openai_errors.Meaning`), said (OpenAI's own words)
    CUT_OFF = "cut_off"
    NO_AUDIO = "no_audio"
    SILENCE = "silence"
    TOO_SHORT = "too_short"  # detail: seconds, limit
    TOO_LONG = "too_long"  # detail: seconds, limit
    WORDS_DIFFER = "words_differ"  # detail: heard (what is said instead)
    NOT_WAV = "not_wav"  # an own recording
    TOO_QUIET = "too_quiet"
    CLIPPED = "clipped"
    OTHER = "other"  # detail: text, as an older version wrote it


class SpeechFailed(CallsError):
    """No usable speech came back. `permanent`: trying again can't help until a person changes something."""

    def __init__(
        self, fault: SpeechFault, *, permanent: bool = False, retry_after_s: float = 0.0, **detail: str | float
    ) -> None:
        super().__init__(" ".join([fault, *(f"{name}={value}" for name, value in detail.items())]))
        self.fault = fault
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        self.detail = detail


class SummaryFailed(CallsError):
    """No summary came back. `permanent`: trying again can't help until a person changes something."""

    def __init__(self, message: str, *, permanent: bool = False, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_s = retry_after_s
