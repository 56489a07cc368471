"""The settings of a business that rule a conversation, frozen at the start of a call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Protection(StrEnum):
    """Which first utterance of the assistant nothing interrupts."""

    FIRST_RESPONSE = "first_response"
    OPENING_ONLY = "opening_only"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """Values and defaults of DESIGN section 5; `businesses/call_settings.py` explains each to owners."""

    greeting_text: str = ""
    assistant_speaks_first: bool = False
    first_utterance_protection: Protection = Protection.FIRST_RESPONSE
    barge_in_enabled: bool = True
    barge_in_voice_frames: int = 6
    barge_in_debounce_ms: int = 350
    barge_in_grace_ms: int = 300
    echo_gate_min_rms: int = 200
    resume_after_false_barge_in: bool = True
    backchannels_interrupt: bool = True
    asks_after_silence: bool = False
    silence_limit_s: float = 45.0
    language: str = "he"
    max_call_s: float = 3600.0
    tools: tuple[str, ...] = ()
    """Functions that the model may call and that are carried out during the call (`calls/tools/`)."""
    people: tuple[str, ...] = ()
    """Whom callers can be put through to by name, in the business's order."""
    greeting_bytes: int = 0
    """Size of the cached greeting audio (µ-law); 0 when there is none and the model must speak it."""
