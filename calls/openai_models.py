"""What is known of OpenAI's models: what each takes, and when it is shut down. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_SNAPSHOT = re.compile(r"-20\d\d-\d\d-\d\d$")


def undated(model: str) -> str:
    """Returns the name of a model without the day of a snapshot: `gpt-realtime-2025-08-28` is `gpt-realtime`."""
    return _SNAPSHOT.sub("", model)


def speaks_by_realtime(model: str) -> bool:
    """Returns whether a model speaks in Realtime sessions only; OpenAI's speech endpoint refuses it."""
    return "realtime" in model and "whisper" not in model


def takes_hints(model: str) -> bool:
    """Returns whether a transcription takes `languages` and `keywords`; the others take one `language`."""
    return undated(model) in {"gpt-transcribe", "gpt-live-transcribe"}


_ENDS: Final = {
    date(2027, 1, 6): "tts-1 tts-1-hd gpt-4o-mini-tts",
    date(2027, 1, 14): "gpt-4o gpt-4o-mini gpt-4.1 gpt-4.1-mini gpt-4.1-nano",
    date(2027, 1, 20): "gpt-realtime gpt-realtime-mini",
    date(2027, 2, 26): "whisper-1 gpt-4o-transcribe gpt-4o-mini-transcribe",
    date(2027, 4, 1): "gpt-5.4-nano",
}
"""Days of shutdown as OpenAI has announced them (platform.openai.com/docs/deprecations)."""


def announced_end(model: str) -> date | None:
    """Returns the day on which OpenAI has said that it shuts a model down; None if it has not."""
    return next((day for day, names in _ENDS.items() if undated(model) in names.split()), None)
