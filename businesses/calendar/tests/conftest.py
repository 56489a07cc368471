"""A barber with two chairs, for tests of appointments, and where reminders go."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from businesses import messenger
from businesses.messenger import MessageRefused, Refusal, Standing, TemplateChoice
from businesses.models import Business, Calendar, Service, ServiceCalendar
from businesses.tenancy import acting_for

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""A Monday, 8:00 in Jerusalem."""
CLOSED: list[list[str]] = []
WORKDAY = [["09:00", "17:00"]]
WEEK = [WORKDAY, WORKDAY, WORKDAY, WORKDAY, CLOSED, CLOSED, WORKDAY]

FILLINGS = {"1": "name", "2": "when", "3": "service", "4": "phone", "5": "business_name", "6": "calendar"}
"""Of the template `remind`."""


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


class Postbox:
    """Keeps what would be sent, with the answers that the test gives; the real one has its own tests."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.keys: set[UUID] = set()
        self.refusal: Refusal | None = None
        self.fails: Refusal | None = None
        self.agreed = False
        self.language = "en"
        self.is_marketing = False
        self.standing = Standing("Delivered, not read", has_arrived=True)

    def may_message(self, business: Business, number: str) -> Refusal | None:
        return self.refusal

    def has_agreed(self, business: Business, number: str, *, now: datetime) -> bool:
        return self.agreed

    def is_ready(self, business: Business) -> bool:
        return True

    def templates(self, business: Business) -> list[TemplateChoice]:
        def made(name: str, *variables: str, **more: Any) -> TemplateChoice:
            return TemplateChoice(
                name, self.language, " ".join(f"{{{{{each}}}}}" for each in variables), variables, **more
            )

        return [
            made("remind", *FILLINGS, is_marketing=self.is_marketing),
            made("picture", "header_image", "name", no_texts=("header_image",)),
            made("known", "name", "time"),
        ]

    def send_template(self, business: Business, number: str, name: str, values: Any, *, key: UUID, **_: Any) -> None:
        if self.fails:
            raise MessageRefused(self.fails)
        self.sent.append((number, name, dict(values)))
        self.keys.add(key)

    def standings(self, business: Business, keys: Collection[UUID]) -> dict[UUID, Standing]:
        return dict.fromkeys(keys, self.standing)


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Postbox:
    box = Postbox()
    monkeypatch.setattr(messenger, "_messenger", lambda: box)
    return box
