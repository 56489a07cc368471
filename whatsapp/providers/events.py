"""What providers report in webhooks, in terms common to all of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

NO_LIMIT = -1
"""As a number of people per 24 hours: there is no limit."""


def limit_after(told: int | None, before: int | None) -> int | None:
    """Returns a sender's `messaging_limit` after news of it: None from a provider says nothing, None here no limit."""
    return before if told is None else None if told == NO_LIMIT else told


class ParcelKind(StrEnum):
    """The subject of a parcel."""

    STATUS = "status"
    MESSAGE = "message"
    PREFERENCE = "preference"
    TEMPLATE = "template"
    ACCOUNT = "account"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One update, in the form in which it is stored before it is read.

    `key` is the same whenever the provider repeats an update; `number_id` and `account_id` tell whose it is.
    """

    key: str
    kind: ParcelKind
    payload: Mapping[str, Any]
    number_id: str = ""
    account_id: str = ""


class ReportedStatus(StrEnum):
    """How far a message got, as a provider reports it."""

    ACCEPTED = "accepted"
    SENT = "sent"  # left the provider's servers: one check mark
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """One step of one message. `tracker` is our attempt id; messages of other software have none.

    `recipient`: addresses under which the provider knows the person; they may differ from the one written to.
    """

    number_id: str
    message_id: str
    status: ReportedStatus
    at: datetime
    tracker: uuid.UUID | None = None
    error_code: str = ""
    error_text: str = ""
    billable: bool | None = None
    price_category: str = ""
    price_type: str = ""
    recipient: tuple[str, ...] = ()


EDIT, REVOKE = "edit", "revoke"
"""Kinds of messages that change an earlier one: its sender wrote other words, or took it back."""
NO_REPLIES = frozenset({EDIT, REVOKE, "reaction", "system", "unsupported", "unknown", "errors"})
"""Kinds of messages that say nothing that could be replied to, or count as a reply."""
NO_MESSAGES = frozenset({EDIT, REVOKE, "reaction", "system"})
"""Those of them that nobody wrote: they open no window for replies."""


class Keyword(StrEnum):
    """What the provider itself took a message for, whatever its words were; it has replied to it."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


MEDIA = frozenset({"image", "audio", "video", "document", "sticker"})
"""Kinds of messages that bring a file."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a message. `reference` is what the provider knows it by; the others are what the message says of it.

    `sha256`: in hex; "" where it isn't told. `file_name`: of a document, as its sender named it.
    """

    reference: str
    content_type: str = ""
    sha256: str = ""
    file_name: str = ""
    is_voice: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the map, in degrees."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A person whose contact details were sent."""

    name: str
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inbound:
    """A person wrote to the business. `phone` may be missing for people with a user name.

    `aliases`: further addresses of the person that the provider named; `newer`: those of all that have taken the place
    of others just now, after a change of the number or the user id.
    `changes_message_id`: the message that an edit or revoke is about. `is_elsewhere`: another app, or the provider's
    own agent, has the conversation and replies.
    """

    number_id: str
    message_id: str
    at: datetime
    kind: str  # text, button, interactive, image …
    phone: str = ""
    bsuid: str = ""
    name: str = ""
    text: str = ""
    button_payload: str = ""
    answers_message_id: str = ""
    aliases: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()
    changes_message_id: str = ""
    is_elsewhere: bool = False
    keyword: Keyword | None = None
    media: tuple[Attached, ...] = ()
    place: Place | None = None
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class Preference:
    """A person switched marketing messages of the business off or on, in WhatsApp itself."""

    number_id: str
    at: datetime
    wants_marketing: bool
    phone: str = ""
    bsuid: str = ""


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """The provider changed a template. `status`, `quality` or `category` is set.

    `announced`: the category that it will have from `announced_for` on; `category` is the one that it has until then.
    """

    account_id: str
    external_id: str
    name: str
    language: str
    status: str = ""
    quality: str = ""
    category: str = ""
    reason: str = ""
    announced: str = ""
    announced_for: datetime | None = None


@dataclass(frozen=True, slots=True)
class NumberChange:
    """The provider changed what a number may do; None where nothing changed. `daily_limit` may be `NO_LIMIT`."""

    account_id: str
    phone: str
    quality: str = ""
    throughput_mps: int | None = None
    daily_limit: int | None = None


@dataclass(frozen=True, slots=True)
class AccountChange:
    """The provider stopped the account, or lets it send again."""

    account_id: str
    restricted: bool
    reason: str = ""


Event = StatusUpdate | Inbound | Preference | TemplateChange | NumberChange | AccountChange
