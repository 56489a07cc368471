"""What OpenAI says about a response or a transcript beside its words: the tokens it cost, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from calls.openai_messages import object_in

MOST_TOKENS: Final = 1_000_000_000
MOST_LOGPROB: Final = 1_000.0
"""Of a single token; a number that is none compares as false."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a response or a transcription cost."""

    tokens: dict[str, int]


def usage_of(usage: dict[str, Any]) -> Usage:
    """Returns the tokens of a `usage` object, with its details side by side."""
    tokens = _numbers(usage)
    for side in ("input", "output"):
        details = object_in(usage.get(f"{side}_token_details"))
        cached = object_in(details.get("cached_tokens_details"))
        tokens |= {f"{side}_{name}": value for name, value in _numbers(details).items()}
        tokens |= {f"{side}_cached_{name}": value for name, value in _numbers(cached).items()}
    return Usage(tokens)


def _numbers(usage: dict[str, Any]) -> dict[str, int]:
    """Returns the fields that are numbers of tokens. What no response can have cost is left out."""
    return {name: value for name, value in usage.items() if isinstance(value, int) and 0 <= value <= MOST_TOKENS}


def mean_logprob(logprobs: object) -> float | None:
    """Returns how sure the transcriber was, or None if it doesn't tell."""
    tokens = [object_in(token).get("logprob") for token in logprobs] if isinstance(logprobs, list) else []
    known = [float(value) for value in tokens if isinstance(value, int | float) and abs(value) <= MOST_LOGPROB]
    return round(sum(known) / len(known), 3) if known else None
