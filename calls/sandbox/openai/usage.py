"""An estimate of what OpenAI would count: tokens of responses and of transcriptions. Pure.

A token is 100 ms of the caller's audio, 50 ms of the assistant's (OpenAI: Realtime, managing costs), about 4 letters.
Everything that was said before is input again; no tokens are reported as cached.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calls.sandbox.openai.client_events import WireEvent
from calls.sandbox.openai.items import BYTES_PER_MS, Item

_CALLER_BYTES, _ASSISTANT_BYTES = 100 * BYTES_PER_MS, 50 * BYTES_PER_MS
_LETTERS = 4


@dataclass(frozen=True, slots=True)
class Tokens:
    """Text and audio apart, as they have different prices."""

    text: int = 0
    audio: int = 0

    @property
    def all(self) -> int:
        """Returns text and audio together."""
        return self.text + self.audio


def tokens_of(items: Iterable[Item], instructions: str = "") -> Tokens:
    """Returns the tokens of items and of the instructions before them."""
    items = list(items)
    letters = len(instructions) + sum(_letters(item) for item in items)
    caller, assistant = sum(item.caller_audio_bytes for item in items), sum(item.audio_bytes for item in items)
    return Tokens(letters // _LETTERS, caller // _CALLER_BYTES + assistant // _ASSISTANT_BYTES)


def _letters(item: Item) -> int:
    """Returns the letters of a function's arguments, or of what was typed or said. Callers' transcripts don't count."""
    parts = item.wire.get("content") or ()
    said = (part.get("text") or (part.get("transcript") if item.is_assistant_audio else "") or "" for part in parts)
    return len(item.wire.get("arguments") or "") + sum(map(len, said))


def of_response(before: Tokens, items: Iterable[Item]) -> WireEvent:
    """Returns the usage of a response that has read these tokens and made these items."""
    made = tokens_of(items)
    cached = {"cached_tokens": 0, "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0}}
    return {
        "total_tokens": before.all + made.all,
        "input_tokens": before.all,
        "output_tokens": made.all,
        "input_token_details": {"text_tokens": before.text, "audio_tokens": before.audio, **cached},
        "output_token_details": {"text_tokens": made.text, "audio_tokens": made.audio},
    }


def of_transcription(model: str, item: Item, transcript: str) -> WireEvent:
    """Returns the usage of a transcription: by the audio's length for Whisper, by tokens for its successors."""
    if "whisper" in model:
        return {"type": "duration", "seconds": -(-item.caller_audio_bytes // (1000 * BYTES_PER_MS))}
    audio, words = item.caller_audio_bytes // _CALLER_BYTES, len(transcript) // _LETTERS
    return {
        "type": "tokens",
        "total_tokens": audio + words,
        "input_tokens": audio,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio},
        "output_tokens": words,
    }
