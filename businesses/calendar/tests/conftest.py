"""A barber with two chairs, for tests of appointments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from businesses.models import Business, Calendar, Service, ServiceCalendar
from businesses.tenancy import acting_for

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""A Monday, 8:00 in Jerusalem."""
CLOSED: list[list[str]] = []
WORKDAY = [["09:00", "17:00"]]
WEEK = [WORKDAY, WORKDAY, WORKDAY, WORKDAY, CLOSED, CLOSED, WORKDAY]


@dataclass(frozen=True)
class Shop:
    """A business with calendars and one service that both offer."""

    business: Business
    ann: Calendar
    ben: Calendar
    cut: Service


def make_shop(**service: Any) -> Shop:
    """Create it. The service takes 60 minutes and starts every 30, unless told otherwise."""
    business = Business.objects.create(
        name="Barber", slug=f"barber-{uuid4().hex[:8]}", language="en", time_zone="Asia/Jerusalem"
    )
    with acting_for(business):
        ann, ben = (Calendar.objects.create(business=business, name=name, hours=WEEK) for name in ("Ann", "Ben"))
        values = {"name": "Haircut", "minutes": 60, "step_minutes": 30, "notice_hours": 0, **service}
        cut = Service.objects.create(business=business, **values)
        for calendar in (ann, ben):
            ServiceCalendar.objects.create(business=business, service=cut, calendar=calendar)
    return Shop(business, ann, ben, cut)


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    """The barber, whose data the test sees."""
    made = make_shop()
    with acting_for(made.business):
        yield made


def local(hour: int, minute: int = 0, day: int = 23) -> datetime:
    """Returns a time of a day of November 2026 in Jerusalem (UTC+2)."""
    return datetime(2026, 11, day, hour - 2, minute, tzinfo=UTC)
