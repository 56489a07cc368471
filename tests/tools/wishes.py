"""What callers of one business want of each tool of the assistant, and how often each of these has come true."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Final

from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.calendar.tests.conftest import Shop, local, make_shop
from businesses.hooks import endpoints
from businesses.knowledge import entries
from businesses.models import Appointment, Happening, WebhookDelivery
from businesses.tenancy import acting_for
from calls.models import Call, Task, ToolSwitch
from calls.tests.conftest import NOW, make_call
from calls.tools.registry import TOOLS
from testing.broadcasts import make_sender, make_template
from whatsapp.models import Contact, DirectMessage

BOOKED, CANCELLED, MOVED_FROM, MOVED_TO = 13, 14, 15, 16
"""Hours of the day on which a call comes in at eleven."""
DONE: Final = {
    "take_message": "taken",
    "note_caller": "noted",
    "send_whatsapp": "sent",
    "book_appointment": "booked",
    "move_appointment": "moved",
    "cancel_appointment": "cancelled",
}
"""Tools with an effect, and what they say when they had it."""
_numbers = count(1)


@dataclass(frozen=True)
class Wish:
    """One thing that a caller wants. `effects`: how often it has come true. `refused`: arguments that can't be."""

    tool: str
    arguments: str
    refused: str
    effects: Callable[[], int]


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Open a business that offers all tools. Its data is seen meanwhile."""
    shop = make_shop()
    with acting_for(shop.business):
        make_template(make_sender(shop.business), name="from_a_call", category="UTILITY")
        entries.add_all(shop.business, [("Prices", "A haircut is 100.")])
        endpoints.add(shop.business, url="https://example.com/told", kinds=list(Happening), now=NOW)
        options = {"send_whatsapp": {"template": "from_a_call"}}
        for tool in TOOLS:
            ToolSwitch.objects.create(business=shop.business, tool=tool.name, options=options.get(tool.name, {}))
        yield shop


def caller_of(shop: Shop) -> Call:
    """Return a call from a number that nobody has called from. What earlier calls have done is gone."""
    for model in (Appointment, Task, WebhookDelivery, DirectMessage):
        model.objects.all().delete()
    return make_call(shop.business, caller_number=f"+97250{next(_numbers):07}")


def wish_for(tool: str, shop: Shop, call: Call) -> Wish:
    """Return what the caller wants of a tool. What that is about exists by then."""
    if tool not in DONE:
        asked = {"look_up": {"about": "prices"}, "opening_hours": {"first_day": "2026-11-24"}}.get(tool, {})
        return Wish(tool, json.dumps(asked), '{"no": "such argument"}', lambda: 0)
    made = {"move_appointment": MOVED_FROM, "cancel_appointment": CANCELLED}
    own = _booked(shop, call, made[tool]) if tool in made else None
    arguments, refused = _arguments(tool)
    return Wish(tool, json.dumps(arguments), json.dumps({**arguments, **refused}), _effects(tool, call, own))


def _booked(shop: Shop, call: Call, hour: int) -> Appointment:
    return booking.book(shop.business, shop.cut, Guest("Dana", call.caller_number), start=local(hour), now=NOW)


def _arguments(tool: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """Return what can be done, and what to change so that it can't."""
    return {
        "take_message": ({"about": "Call me"}, {"about": ""}),
        "note_caller": ({"name": "Dana"}, {"name": " "}),
        "send_whatsapp": ({"text": "Herzl 1", "agreed": True}, {"text": ""}),
        "book_appointment": ({"start": _at(BOOKED), "name": "Dana"}, {"start": _at(3)}),
        "move_appointment": ({"to": _at(MOVED_TO), "which": _at(MOVED_FROM)}, {"to": _at(3)}),
        "cancel_appointment": ({"which": _at(CANCELLED)}, {"which": _at(3)}),
    }[tool]  # type: ignore[return-value]


def _at(hour: int) -> str:
    return f"2026-11-23T{hour:02}:00"


def _effects(tool: str, call: Call, own: Appointment | None) -> Callable[[], int]:
    number = call.caller_number
    ways: dict[str, Callable[[], int]] = {
        "take_message": Task.objects.filter(call=call).count,
        "note_caller": Contact.objects.filter(phone=number).exclude(name="").count,
        "send_whatsapp": DirectMessage.objects.filter(address=number).count,
        "book_appointment": Appointment.objects.filter(call=call.pk).count,
        "move_appointment": _told(Happening.APPOINTMENT_MOVED, own),
        "cancel_appointment": _told(Happening.APPOINTMENT_CANCELLED, own),
    }
    return ways[tool]


def _told(kind: Happening, own: Appointment | None) -> Callable[[], int]:
    """Count what the business's own systems are told of an appointment: each time that something was done with it."""
    return WebhookDelivery.objects.filter(kind=kind, body__contains=str(own.pk) if own else "").count
