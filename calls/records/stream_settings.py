"""The settings of each media stream of a call, as its trace keeps them. Pure.

A call keeps the settings of its first stream. One that goes on in another stream has less time left, and by then other
people can be reached, or the owner has changed something: `StreamResumed.settings` says what is other than at first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from calls.conversation.events import StreamResumed
from calls.conversation.settings import ConversationSettings, Protection
from calls.records.traces import TraceLine


def differing(first: ConversationSettings, now: ConversationSettings) -> str:
    """Returns what is other now, as JSON: name to values, first and now; "" for nothing."""
    before, after = asdict(first), asdict(now)
    changed = {name: [before[name], value] for name, value in after.items() if value != before[name]}
    return json.dumps(changed) if changed else ""


def settings_in(stream: Sequence[TraceLine], settings: ConversationSettings) -> ConversationSettings:
    """Returns a call's settings as they were in one of its streams.

    `settings`: those of the first stream. What is tried instead of one of these is tried in all streams.
    """
    begins = stream[0] if stream else None
    if not isinstance(begins, StreamResumed) or not begins.settings:
        return settings
    changed: dict[str, Any] = {}
    for name, (first, now) in json.loads(begins.settings).items():
        if getattr(settings, name, None) == _value(name, first):
            changed[name] = _value(name, now)
    return replace(settings, **changed)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)  # JSON knows no tuples
    return Protection(value) if name == "first_utterance_protection" else value
