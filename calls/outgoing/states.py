"""What Twilio tells of an outgoing call, and where that leads. Pure.

Twilio's reports come in any order, twice, or not at all. So a state only moves forward, and what has ended stays
ended; only `unknown` gives way to whatever proves that the call exists.

    waiting → dialling → ringing → talking → talked, machine
                       ↘ busy, no_answer, failed, cancelled (also while it rings)
              dialling → unknown, when nobody knows whether Twilio took it
"""

from __future__ import annotations

from typing import Final

from calls.models import OutgoingState

UNDER_WAY: Final = (OutgoingState.DIALLING, OutgoingState.RINGING, OutgoingState.TALKING)
MOVABLE: Final = (*UNDER_WAY, OutgoingState.UNKNOWN)
"""States out of which a report leads."""
TRIED_AGAIN: Final = (OutgoingState.BUSY, OutgoingState.NO_ANSWER)

_RINGS: Final = {"queued", "initiated", "ringing", "in-progress"}
_UNREACHED: Final = {
    "busy": OutgoingState.BUSY,
    "no-answer": OutgoingState.NO_ANSWER,
    "failed": OutgoingState.FAILED,
    "canceled": OutgoingState.CANCELLED,
}
MACHINES: Final = ("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax")
"""`AnsweredBy` values that are no person. Not `unknown`: nobody is hung up on by a guess."""
_WITH_A_TONE: Final = ("machine_end_beep", "machine_end_silence", "machine_end_other")
MOST_LETTERS: Final = 24


def after_report(state: str, told: str, *, has_call: bool, answered_by: str) -> OutgoingState | None:
    """Returns the state that a `CallStatus` leads to; None if it changes nothing.

    `has_call`: it was answered, and the assistant has the call.
    """
    if state not in MOVABLE:
        return None
    if told in _RINGS:
        return OutgoingState.RINGING if state in (OutgoingState.DIALLING, OutgoingState.UNKNOWN) else None
    if told == "completed" or (has_call and told in _UNREACHED):
        if is_machine(answered_by):
            return OutgoingState.MACHINE
        return OutgoingState.TALKED if has_call else OutgoingState.FAILED
    return _UNREACHED.get(told)


def is_machine(answered_by: str) -> bool:
    """Returns whether no person has answered."""
    return answered_by in MACHINES


def takes_a_message(answered_by: str) -> bool:
    """Returns whether a machine listens now: it has said its words."""
    return answered_by in _WITH_A_TONE
