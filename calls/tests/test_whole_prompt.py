"""The whole text that a model is told at the start of a call, as it stands. A change of any word shows here."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from businesses.hours import Hours
from businesses.hours.calendar import Special
from businesses.knowledge import budget
from businesses.models import Business, KnowledgeEntry
from calls.instructions import session_instructions
from calls.known import Known

pytestmark = [pytest.mark.pure, pytest.mark.once]

WRITTEN = Path(__file__).parent / "whole_prompt.txt"
ZONE = ZoneInfo("Asia/Jerusalem")
DAY = ((time(8), time(13)), (time(16), time(19)))


def whole() -> str:
    business = Business(
        name="מרפאת שיניים",
        language="he",
        time_zone="Asia/Jerusalem",
        greeting_text="שלום, המרפאה סגורה עכשיו.",
        instructions="You are Dana. Be brief.",
        opening_hours="In August only by appointment.",
        address="הרצל 5, חיפה",
        directions="Second floor. Parking behind the house.",
        closed_instructions="Take no orders.",
        fallback_number="+97235550111",
    )
    holiday = Special(date(2026, 12, 6), date(2026, 12, 7), name="חופשה", rank=1)
    hours = Hours(ZONE, (DAY, DAY, DAY, DAY, ((time(8, 30), time(12)),), (), DAY), (holiday,))
    entries = (
        KnowledgeEntry(title="יש חניה?", text="מאחורי הבית,\nחינם."),
        KnowledgeEntry(title="Crowns", text="Gold or ceramics. " * 700),
        KnowledgeEntry(title="Prices", text="Cleaning 250 shekels."),
    )
    known = Known(hours, datetime(2026, 11, 30, 20, 4, tzinfo=UTC), is_closed=True, entries=entries)
    now = datetime(2026, 11, 30, 20, 5, tzinfo=UTC).astimezone(ZONE)
    return session_instructions(business, local_time=now, known=known, can_look_up=True)


def test_the_whole_text() -> None:
    """After a wanted change: `python -m calls.tests.test_whole_prompt` writes it anew; read what has changed."""
    assert whole() == WRITTEN.read_text()


def test_it_is_far_from_what_openai_takes() -> None:
    assert budget.tokens(whole()) < 1_500


if __name__ == "__main__":
    WRITTEN.write_text(whole())
