"""Calls about appointments of which WhatsApp reminded nobody: the app that makes them registers here.

All functions expect the business to be set (`acting_for`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from businesses.models import Appointment, Business


@dataclass(frozen=True, slots=True)
class ReminderCall:
    """What became of one try to call: words in the reader's language. `starts_at`: the appointment's time then.

    `badge`: the class of the label's badge. `url`: the page of the call; "" if nobody answered.
    """

    at: datetime
    starts_at: datetime
    label: str
    badge: str
    why: str
    url: str


class Caller(Protocol):
    """What an app that makes calls offers."""

    def is_on(self, business: Business) -> bool:
        """See `is_on`."""
        ...

    def calls_about(self, appointment: Appointment) -> list[ReminderCall]:
        """See `calls_about`."""
        ...


_load: list[Callable[[], Caller]] = []


def register(load: Callable[[], Caller]) -> None:
    """Let `load` return who makes calls, when the first page asks."""
    _load[:] = [load]


def is_on(business: Business) -> bool:
    """Returns whether the business makes outgoing calls at all."""
    return bool(_load) and _load[0]().is_on(business)


def calls_about(appointment: Appointment) -> list[ReminderCall]:
    """Returns the calls that were made, or are to be made, to remind of an appointment, the first try first."""
    return _load[0]().calls_about(appointment) if _load else []
