"""What OpenAI says about a response or a transcript beside its words: the tokens it cost, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from calls.openai_messages import object_in


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a response or a transcription cost."""

    tokens: dict[str, int]


def usage_of(usage: dict[str, Any]) -> Usage:
    """Returns the tokens of a `usage` object, with its details side by side."""
    tokens = {name: value for name, value in usage.items() if isinstance(value, int)}
    for side in ("input", "output"):
        details = object_in(usage.get(f"{side}_token_details"))
        tokens |= {f"{side}_{name}": value for name, value in details.items() if isinstance(value, int)}
        cached = details.get("cached_tokens_details") or {}
        tokens |= {f"{side}_cached_{name}": value for name, value in cached.items() if isinstance(value, int)}
    return Usage(tokens)


def mean_logprob(logprobs: object) -> float | None:
    """Returns how sure the transcriber was, or None if it doesn't tell."""
    tokens = [object_in(token).get("logprob") for token in logprobs] if isinstance(logprobs, list) else []
    known = [float(value) for value in tokens if isinstance(value, int | float)]
    return round(sum(known) / len(known), 3) if known else None
