"""The tone that a waiting caller hears: short and soft, of two notes, so that nobody takes it for a busy signal."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from calls.audio import ulaw
from calls.conversation.patience import TONE_BYTES

_NOTES_HZ: Final = (523.25, 659.26)
_PEAK: Final = 950
"""Of 32,767: some 30 dB below the loudest, as soft as a quiet voice."""


@cache
def waiting_tone() -> bytes:
    """Returns the tone as µ-law, `TONE_BYTES` long. It begins and ends in silence, so it never clicks."""
    each = TONE_BYTES // len(_NOTES_HZ)
    time_s = np.arange(each) / ulaw.SAMPLE_RATE
    notes = [np.sin(2 * np.pi * hertz * time_s) * np.hanning(each) for hertz in _NOTES_HZ]
    return ulaw.encode((np.concatenate(notes) * _PEAK).astype(np.int16))
