"""The recipients of a broadcast that was sent, and what became of each."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from testing.demo_data.names import name_of, phone_of
from whatsapp.models import Broadcast, Contact, Recipient
from whatsapp.reasons import NO_REASON, Cause, reason
from whatsapp.states import ErrorClass, RecipientStatus, SkipReason


class Fate(Enum):
    """The final or current state of a message."""

    READ = auto()
    DELIVERED = auto()
    SENT = auto()
    ACCEPTED = auto()
    WAITING = auto()
    AGAIN = auto()
    LOST = auto()
    EXPIRED = auto()
    NOT_ON_WHATSAPP = auto()
    MUCH_MARKETING = auto()
    STOPPED = auto()
    PASSING = auto()
    BAD_VALUE = auto()
    OPTED_OUT = auto()
    INVALID = auto()
    TWICE = auto()
    NO_VALUE = auto()
    CANCELLED = auto()


_STATUS = {
    Fate.READ: RecipientStatus.READ,
    Fate.DELIVERED: RecipientStatus.DELIVERED,
    Fate.SENT: RecipientStatus.SENT,
    Fate.ACCEPTED: RecipientStatus.ACCEPTED,
    Fate.WAITING: RecipientStatus.PENDING,
    Fate.AGAIN: RecipientStatus.RETRY_WAIT,
    Fate.LOST: RecipientStatus.UNKNOWN,
    Fate.EXPIRED: RecipientStatus.EXPIRED,
    Fate.CANCELLED: RecipientStatus.CANCELLED,
}
_SKIPPED = {
    Fate.OPTED_OUT: (SkipReason.OPTED_OUT, NO_REASON),
    Fate.INVALID: (SkipReason.INVALID_NUMBER, reason(Cause.NOT_A_NUMBER, text="“12-34”").kept()),
    Fate.TWICE: (SkipReason.DUPLICATE, NO_REASON),
    Fate.NO_VALUE: (SkipReason.MISSING_VARIABLE, reason(Cause.VALUE_EMPTY, name="price").kept()),
}
_ERRORS = {
    Fate.NOT_ON_WHATSAPP: ("131026", ErrorClass.PERMANENT, "Message undeliverable"),
    Fate.MUCH_MARKETING: (
        "131049",
        ErrorClass.DEFERRED,
        "This message was not delivered to maintain healthy ecosystem",
    ),
    Fate.STOPPED: ("131050", ErrorClass.SUPPRESS, "User has stopped marketing messages"),
    Fate.PASSING: ("131000", ErrorClass.RETRY, "Something went wrong"),
    Fate.BAD_VALUE: ("131009", ErrorClass.PERMANENT, "Parameter value is not valid"),
    Fate.AGAIN: ("130429", ErrorClass.THROTTLED, "Rate limit hit"),
}
_WITHOUT_ADDRESS = (Fate.INVALID, Fate.TWICE)
_TAKEN = (Fate.READ, Fate.DELIVERED, Fate.SENT, Fate.ACCEPTED, Fate.EXPIRED)
LATER = timedelta(days=1)
"""Waiting rows are due so late that no worker processes them while somebody looks at the pages."""


def recipients(
    broadcast: Broadcast, fates: Mapping[Fate, int], *, started: datetime, now: datetime
) -> Iterator[Recipient]:
    """Returns a row for each person, with the fates shuffled."""
    chance = random.Random(broadcast.name)  # noqa: S311 - the same mixture every time
    order = [fate for fate, count in fates.items() for _ in range(count)]
    chance.shuffle(order)
    contacts = dict(Contact.objects.filter(business=broadcast.business_id).values_list("phone", "pk"))
    for number, fate in enumerate(order):
        phone = phone_of(number)
        accepted = min(started + timedelta(seconds=60 + number * 6 + chance.random() * 5), now)
        values = {"first_name": name_of(number).split()[0], "price": "₪250", "until": "15.12"}
        yield Recipient(
            business_id=broadcast.business_id,
            broadcast=broadcast,
            contact_id=contacts.get(phone) if fate not in _WITHOUT_ADDRESS else None,
            given_address=phone if fate is not Fate.INVALID else "12-34",
            country="GB" if phone.startswith("+44") else "IL",
            row_number=number + 2,
            provider=broadcast.sender.provider,
            params=values | {"1": values["first_name"], "2": "9:30", "3": "ד״ר לוי", "header_1": "תור"},
            address=None if fate in _WITHOUT_ADDRESS else phone,
            **_state(fate, accepted, now, chance),
        )


def _state(fate: Fate, accepted: datetime, now: datetime, chance: random.Random) -> dict[str, Any]:
    if fate in _SKIPPED:
        skip_reason, why = _SKIPPED[fate]
        return {"status": RecipientStatus.SKIPPED, "skip_reason": skip_reason, **why}
    state: dict[str, Any] = {"status": _STATUS.get(fate, RecipientStatus.FAILED)}
    if fate in {Fate.WAITING, Fate.AGAIN}:
        state["next_attempt_at"] = now + LATER
    if fate in _ERRORS:
        state["error_code"], state["error_class"], state["error_text"] = _ERRORS[fate]
        state["attempt_no"] = 2 if fate in {Fate.PASSING, Fate.AGAIN} else 1
        state["failed_at"] = None if fate is Fate.AGAIN else accepted
    if fate in _TAKEN:
        message = f"wamid.{uuid.UUID(int=chance.getrandbits(128)).hex}"
        state |= {"attempt_no": 1, "accepted_at": accepted, "provider_message_id": message}
        state |= _news(fate, accepted, now, chance)
    return state


def _news(fate: Fate, accepted: datetime, now: datetime, chance: random.Random) -> dict[str, datetime]:
    """Returns when it was sent, delivered and read, as far as it got; never later than now."""
    steps = {Fate.SENT: 1, Fate.EXPIRED: 1, Fate.DELIVERED: 2, Fate.READ: 3}.get(fate, 0)
    names, news = ("sent_at", "delivered_at", "read_at")[:steps], {}
    moment = accepted
    for number, name in enumerate(names):
        moment += timedelta(seconds=(1, 20, 600)[number] * (0.2 + chance.random()))
        news[name] = min(moment, now)
    return news
