"""Why a call ended, as data that is stored. `calls/pages/words.py` has the words."""

from __future__ import annotations

from enum import StrEnum


class EndReason(StrEnum):
    """Why a call ended. The first group is decided by the conversation, the others by whoever learns of the end."""

    CALLER_LEFT = "caller_left"
    ASSISTANT_HUNG_UP = "assistant_hung_up"
    ASSISTANT_TRANSFERRED = "assistant_transferred"
    OPERATOR_HUNG_UP = "operator_hung_up"
    OPERATOR_TRANSFERRED = "operator_transferred"
    TIME_LIMIT = "time_limit"
    CALLER_SILENT = "caller_silent"
    STREAM_BROKE = "stream_broke"  # cause: a `StreamFault`
    MODEL_UNAVAILABLE = "model_unavailable"  # cause: a code of OpenAI's, or of a connection's end
    NO_ANSWER = "no_answer"  # it was there, and said nothing to the caller. cause: as above
    OUR_MISTAKE = "our_mistake"

    # Learned from Twilio, or by the sweep of dead calls
    LEFT_EARLY = "left_early"
    OVER_AT_TWILIO = "over_at_twilio"
    FAILED_AT_TWILIO = "failed_at_twilio"
    ANSWERING_MACHINE = "answering_machine"  # we called, and no person answered
    STREAM_NEVER_OPENED = "stream_never_opened"
    PROCESS_DIED = "process_died"

    # Not taken
    NOT_IN_SERVICE = "not_in_service"
    NO_MINUTES = "no_minutes"  # also of a running call
    DAY_LIMIT = "day_limit"  # also of a running call; cause: a `Limit` of businesses/models/limits.py
    ALL_BUSY = "all_busy"
    CLOSED = "closed"  # the business takes messages after the beep in the assistant's place while it is closed
    BLOCKED = "blocked"  # on the business's list of callers who are never answered
    TRIAL_RUNNING = "trial_running"  # the person already tries the assistant in another window

    OTHER = "other"  # a sentence of an older version that no code fits


class StreamFault(StrEnum):
    """What broke a media stream."""

    CLOSED = "closed"  # its socket closed without a stop
    FLOOD = "flood"
    MALFORMED = "malformed"
    SLOW = "slow"  # it takes what we send more slowly than we send it
    UNWRITABLE = "unwritable"  # sending failed
    STOPPED = "stopped"  # Twilio reported its end (`stream-stopped`), while its socket stayed open
    ERROR = "error"  # Twilio reported an error of it (`stream-error`)
    SILENT = "silent"  # nothing came over it any more
