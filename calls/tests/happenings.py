"""What happened in a generated call, as `world.py` notes it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Heard:
    """A piece of an item that was really played."""

    item_id: str
    start: float
    end: float
    at: float


@dataclass
class Queued:
    """A piece in Twilio's buffer."""

    item_id: str
    start: int
    end: int
    mark: str


@dataclass
class Cut:
    """The caller interrupted: the items that were queued then, with what the model had generated of each."""

    at: float
    generated_ms: dict[str, float]
    generating: str | None  # the response that was under way
    heard_ms: dict[str, float] = field(default_factory=dict)  # known when the clear has arrived


@dataclass
class Truncation:
    """The model was told how much of an item was heard; `heard_ms` of it really were."""

    at: float
    item_id: str
    audio_end_ms: int
    heard_ms: float
    generated_ms: float
