"""What a call's conversation with OpenAI costs: its token counts times the published prices. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens."""

    text_in: str
    text_cached: str
    text_out: str
    audio_in: str
    audio_cached: str
    audio_out: str


# developers.openai.com/api/docs/models/<name>, as published in November 2026; looked up there for 2.1, 2, 1.5 and
# 2.1-mini. Of the two oldest these pages give the text prices only (…/models/compare, and beside 2.1-mini); their audio
# prices are those of their successors, as public price lists have them. A model that is not here, a dated
# snapshot too, has no figure: "unknown" is better than a wrong one.
_FULL = Prices("4.00", "0.40", "24.00", "32.00", "0.40", "64.00")
_BEFORE_2 = Prices("4.00", "0.40", "16.00", "32.00", "0.40", "64.00")
_MINI = Prices("0.60", "0.06", "2.40", "10.00", "0.30", "20.00")
PRICES: Final[Mapping[str, Prices]] = {
    "gpt-realtime-2.1": _FULL,
    "gpt-realtime-2": _FULL,
    "gpt-realtime-1.5": _BEFORE_2,
    "gpt-realtime": _BEFORE_2,
    "gpt-realtime-2.1-mini": _MINI,
    "gpt-realtime-mini": _MINI,
}


def cost_of(model: str, usage: Mapping[str, int]) -> Decimal | None:
    """US dollars for the conversation of a call (`Call.model`, `Call.usage`), without its transcription.

    None for a model whose price isn't known, for a call without usage, and where the split into text and audio, or
    into cached and not, is missing.
    """
    prices = PRICES.get(model)
    if prices is None or not usage.get("input_tokens"):
        return None
    if usage.get("input_cached_tokens", 0) and "input_cached_audio_tokens" not in usage:
        return None
    cached_text, cached_audio = usage.get("input_cached_text_tokens", 0), usage.get("input_cached_audio_tokens", 0)
    try:
        parts = (
            (usage["input_text_tokens"] - cached_text, prices.text_in),
            (usage["input_audio_tokens"] - cached_audio, prices.audio_in),
            (cached_text, prices.text_cached),
            (cached_audio, prices.audio_cached),
            (usage["output_text_tokens"], prices.text_out),
            (usage["output_audio_tokens"], prices.audio_out),
        )
    except KeyError:
        return None
    return sum((Decimal(tokens) * Decimal(price) for tokens, price in parts), Decimal(0)) / 1_000_000
