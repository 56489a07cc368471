"""How a call is left: by the assistant's own tools, by a person of the business, or because nothing is left for it."""

from __future__ import annotations

from dataclasses import dataclass

from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason

TOOL_STEPS = {"end_call": NextStep.HANG_UP, "transfer_call": NextStep.TRANSFER}
TOOL_REASONS = {NextStep.HANG_UP: EndReason.ASSISTANT_HUNG_UP, NextStep.TRANSFER: EndReason.ASSISTANT_TRANSFERRED}
OPERATOR_REASONS = {NextStep.HANG_UP: EndReason.OPERATOR_HUNG_UP, NextStep.TRANSFER: EndReason.OPERATOR_TRANSFERRED}


@dataclass(frozen=True, slots=True)
class Leaving:
    """The assistant has asked to end the call, and its last words are still to be heard."""

    next_step: NextStep
    interruptions: int
    """How often the caller had interrupted by then. Once more means that the caller goes on talking."""
