"""How a call is left: by the assistant's own tools, by a person of the business, or because nothing is left for it.

What the assistant asks for is done once its last words were heard: words about this, said since the caller's last
turn. If there were none it is asked for them first. Nobody is hung up on in the middle of a word, and a caller who
goes on talking has taken the leave back: that is told to the model, and the caller is answered.
"""

from __future__ import annotations

from dataclasses import dataclass

from calls.conversation.commands import NextStep, ResponseKind
from calls.conversation.end_reasons import EndReason
from calls.conversation.transfers import NO_WISH, Wish

TOOL_STEPS = {"end_call": NextStep.HANG_UP, "transfer_call": NextStep.TRANSFER}
TOOL_REASONS = {NextStep.HANG_UP: EndReason.ASSISTANT_HUNG_UP, NextStep.TRANSFER: EndReason.ASSISTANT_TRANSFERRED}
OPERATOR_REASONS = {NextStep.HANG_UP: EndReason.OPERATOR_HUNG_UP, NextStep.TRANSFER: EndReason.OPERATOR_TRANSFERRED}

LAST_WORDS = {NextStep.HANG_UP: ResponseKind.GOODBYE, NextStep.TRANSFER: ResponseKind.HANDOVER}
"""What the assistant says before it leaves."""
STILL_HEARD_S = 0.7
"""A voice that our ears heard so lately may be the beginning of a turn that OpenAI has not reported yet."""
FAREWELL_S = 12.0
"""So long before the longest time of a call the assistant says goodbye as soon as it has the floor."""
LONGEST_WAIT_S = 3.0
"""A sound that only our ears take for a voice delays the end by no more than this."""


@dataclass(slots=True)
class Leaving:
    """The call is to be left, and the assistant's last words are still to be heard."""

    reason: EndReason
    next_step: NextStep
    interruptions: int
    """How often the caller had interrupted by then. Once more means that the caller goes on talking."""
    tool_call_id: str = ""
    """The function call that is answered if the leave is not taken; empty once it was answered."""
    lacks_words: bool = False
    """The caller has been told nothing: the last words must be asked for."""
    is_final: bool = False
    """The caller can't take it back: the longest time of a call is nearly over."""
    wish: Wish = NO_WISH
    """Whom a caller is put through to."""
    waits_since: float | None = None
    """Since when only the caller's voice delays the end."""
