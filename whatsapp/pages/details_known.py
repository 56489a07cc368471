"""What the form of values, name and time shows of a draft that has some already. No clock, no query."""

from __future__ import annotations

from typing import Any

from whatsapp.audience.choice import EARLIER, Choice, FileChoice
from whatsapp.audience.sources import choice_of
from whatsapp.models import Broadcast
from whatsapp.pages.details_form import CONTACT_FACTS, FROM_ATTRIBUTE, SAME_FOR_ALL
from whatsapp.pages.repeat_form import known_repeat


def known_details(draft: Broadcast) -> dict[str, Any]:
    """Returns the form's initial values."""
    known: dict[str, Any] = {
        "name": draft.name,
        "starts": "later" if draft.scheduled_at else "now",
        "send_from": draft.send_from,
        "send_until": draft.send_until,
        "window_zone": draft.window_zone or None,
        "canary_size": draft.canary_size,
        "budget": draft.budget,
        **_sources(choice_of(draft)),
    }
    if draft.scheduled_at and draft.not_after:
        known |= {
            "wall_time": draft.scheduled_wall_time,
            "zone": draft.scheduled_zone,
            "late_after_minutes": int((draft.not_after - draft.scheduled_at).total_seconds()) // 60,
        }
    if draft.edits_series:
        known |= known_repeat(draft.edits_series)
    return {name: value for name, value in known.items() if value is not None}


def _sources(choice: Choice) -> dict[str, str]:
    """Returns where each value comes from, by the names of the form's fields."""
    known: dict[str, str] = {}
    places = choice.columns if isinstance(choice, FileChoice) else choice.values
    for key, place in places.items():
        is_listed = isinstance(choice, FileChoice) or place in dict(CONTACT_FACTS) or place.startswith(EARLIER)
        known[f"from_{key}"] = place if is_listed else FROM_ATTRIBUTE
        if not is_listed:
            known[f"same_{key}"] = place
    for key, value in choice.constants.items():
        known |= {f"from_{key}": SAME_FOR_ALL, f"same_{key}": value}
    return known | {f"empty_{key}": text for key, text in choice.defaults.items()}
