"""Businesses that can be called, for tests, benchmarks and trials."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from businesses.models import Business, PhoneNumber
from calls.greetings import recordings
from calls.models import GreetingAudio, GreetingState
from testing import numbered

_ordinals = count(1)


def open_business(*, greeting: str, is_rendered: bool, **values: Any) -> tuple[Business, str]:
    """Create a business with a number; its greeting is recorded by the stand-in's voice, or spoken by the model."""
    ordinal = next(_ordinals)
    defaults = {"name": f"Business {ordinal}", "language": "en", "time_zone": "UTC"}
    business = Business.objects.create(**{**defaults, "slug": f"b{ordinal}", "greeting_text": greeting, **values})
    number = PhoneNumber.objects.create(business=business, number=f"+1500555{ordinal:04d}").number
    if words := business.opening_words():
        GreetingAudio.objects.create(
            business=business,
            content_hash=recordings.content_hash(business),
            text=words,
            voice=business.voice,
            language=business.language,
            state=GreetingState.READY if is_rendered else GreetingState.FAILED,
            audio=numbered.audio(words) if is_rendered else b"",
            rendered_at=datetime.now(UTC) if is_rendered else None,
        )
    return business, number
