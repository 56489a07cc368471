"""What a call has behind it that goes on in another media stream, perhaps in another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Past:
    """A call's earlier streams, as they are on record.

    `stream_number`: how many there were; what their processes still write is dropped. `seconds`: how long ago the first
    one opened, where the times of the records begin. `speakers` and `words`: the turns, as far as they were heard.
    `results`: what the assistant's tools have done. `settings`: those of the first stream, as the call keeps them.
    """

    stream_number: int
    seconds: float
    speakers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    first_was_heard: bool = False
    was_busy: bool = False
    results: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    may_record_caller: bool = True
    is_unreached: bool = False
    """The caller was put through at the end of the last stream, and nobody took the call."""
    unreached: tuple[str, ...] = ()
    """Whom the caller was put through to in vain, in all of the call; "" for nobody by name."""
    next_trace_position: int = 0
    latencies: Mapping[str, Sequence[int]] = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)
