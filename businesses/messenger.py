"""WhatsApp messages to one person, for the apps that don't send them: the app that does registers here.

Nothing leaves within a call of these functions: a row is stored, in the caller's transaction if there is one, and the
sending loop takes it from there. Its rules stay those of every message: who opted out gets nothing, and a marketing
template reaches nobody who took their consent back. All functions expect the business to be set (`acting_for`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from businesses.errors import BusinessError
from businesses.models import Business


class Refusal(StrEnum):
    """Why a person can't be messaged, or not with this."""

    NO_WHATSAPP = "no_whatsapp"
    """The business has no WhatsApp number, or it needs attention."""
    NO_NUMBER = "no_number"
    """The caller withheld the number, or no WhatsApp can be behind it."""
    OPTED_OUT = "opted_out"
    NO_TEMPLATE = "no_template"
    """There is no template of this name that can be sent."""
    BAD_VALUES = "bad_values"
    """A value of the template is missing or can't be sent, or a text is empty or too long."""
    NO_WINDOW = "no_window"
    """The person has written nothing for 24 hours: only a template may be sent."""


class MessageRefused(BusinessError):
    """The message is not sent, and nothing was stored."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """A template that can be sent. `variables` are the names of the values that it needs.

    `no_texts`: those of them that are no plain text: a picture, a file, the end of a link, a code.
    """

    name: str
    language: str
    body: str
    variables: tuple[str, ...]
    no_texts: tuple[str, ...] = ()
    is_marketing: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message is: a label, and why it is there if that needs saying, both in the reader's language."""

    label: str
    why: str = ""
    has_failed: bool = False
    has_arrived: bool = False


class Messenger(Protocol):
    """What an app that sends messages offers."""

    def may_message(self, business: Business, number: str) -> Refusal | None:
        """See `may_message`."""
        ...

    def has_agreed(self, business: Business, number: str, *, now: datetime) -> bool:
        """See `has_agreed`."""
        ...

    def has_opted_out(self, business: Business, number: str) -> bool:
        """See `has_opted_out`."""
        ...

    def agree(self, business: Business, number: str, *, name: str, now: datetime) -> None:
        """See `agree`."""
        ...

    def has_written(self, business: Business, number: str, text: str, *, since: datetime) -> bool:
        """See `has_written`."""
        ...

    def is_ready(self, business: Business) -> bool:
        """See `is_ready`."""
        ...

    def own_number(self, business: Business) -> str:
        """See `own_number`."""
        ...

    def templates(self, business: Business) -> list[TemplateChoice]:
        """See `templates`."""
        ...

    def standings(self, business: Business, keys: Collection[UUID]) -> dict[UUID, Standing]:
        """See `standings`."""
        ...

    def forget(self, business: Business, keys: Collection[UUID]) -> None:
        """See `forget`."""
        ...

    def send_template(
        self, business: Business, number: str, name: str, values: Mapping[str, str], *, key: UUID, now: datetime
    ) -> None:
        """See `send_template`."""
        ...

    def send_text(self, business: Business, number: str, text: str, *, key: UUID, now: datetime) -> None:
        """See `send_text`."""
        ...


_load: list[Callable[[], Messenger]] = []


def register(load: Callable[[], Messenger]) -> None:
    """Let `load` return the messenger when the first message is written."""
    _load[:] = [load]
    _messenger.cache_clear()


@lru_cache(maxsize=1)
def _messenger() -> Messenger | None:
    return _load[0]() if _load else None


def may_message(business: Business, number: str) -> Refusal | None:
    """Returns why this person can be sent no template at all, of whatever category; None if they can."""
    messenger = _messenger()
    return messenger.may_message(business, number) if messenger else Refusal.NO_WHATSAPP


def has_agreed(business: Business, number: str, *, now: datetime) -> bool:
    """Returns whether the person agreed to be messaged: a recorded consent, or a message from them within 24 hours.

    Meta asks for such an agreement before a business writes first; opt-outs are another question (`may_message`).
    """
    messenger = _messenger()
    return messenger is not None and messenger.has_agreed(business, number, now=now)


def has_opted_out(business: Business, number: str) -> bool:
    """Returns whether the person opted out of anything that the business sends, or was erased. No sender is needed."""
    messenger = _messenger()
    return messenger is not None and messenger.has_opted_out(business, number)


def agree(business: Business, number: str, *, name: str, now: datetime) -> None:
    """Record that a caller has just agreed to be messaged; they become a contact if they are none.

    Raises `MessageRefused` for a person who opted out: that is lifted only where it was written.
    """
    messenger = _messenger()
    if messenger is None:
        raise MessageRefused(Refusal.NO_WHATSAPP)
    messenger.agree(business, number, name=name, now=now)


def has_written(business: Business, number: str, text: str, *, since: datetime) -> bool:
    """Returns whether a message with this text in it came from the person since then."""
    messenger = _messenger()
    return messenger is not None and messenger.has_written(business, number, text, since=since)


def is_ready(business: Business) -> bool:
    """Returns whether the business has a WhatsApp number that can send."""
    messenger = _messenger()
    return messenger is not None and messenger.is_ready(business)


def own_number(business: Business) -> str:
    """Returns the number (E.164) at which people write to the business on WhatsApp; "" if none can send."""
    messenger = _messenger()
    return messenger.own_number(business) if messenger else ""


def templates(business: Business) -> list[TemplateChoice]:
    """Returns the templates that the business can send, by name; one for each name, as `send_template` chooses it."""
    messenger = _messenger()
    return messenger.templates(business) if messenger else []


def template_named(business: Business, name: str) -> TemplateChoice | None:
    """Returns the template of this name that `send_template` would send; None if it can't be sent."""
    return next((each for each in templates(business) if each.name == name), None)


def standings(business: Business, keys: Collection[UUID]) -> dict[UUID, Standing]:
    """Returns where the messages with these keys are; one that is no longer kept is left out."""
    messenger = _messenger()
    return messenger.standings(business, keys) if messenger and keys else {}


def forget(business: Business, keys: Collection[UUID]) -> None:
    """Remove what the messages with these keys say; those that have not left are not sent."""
    messenger = _messenger()
    if messenger and keys:
        messenger.forget(business, keys)


def send_template(
    business: Business, number: str, template_name: str, values: Mapping[str, str], *, key: UUID, now: datetime
) -> None:
    """Have a template sent to one person. With the `key` of an earlier message, it does nothing more.

    Of a template in several languages, that of the business's calls is sent. `values` may hold more than is needed.
    Raises `MessageRefused`.
    """
    messenger = _messenger()
    if messenger is None:
        raise MessageRefused(Refusal.NO_WHATSAPP)
    messenger.send_template(business, number, template_name, values, key=key, now=now)


def send_text(business: Business, number: str, text: str, *, key: UUID, now: datetime) -> None:
    """Have free text sent to a person who wrote within 24 hours. With an earlier `key`, it does nothing more.

    Raises `MessageRefused`.
    """
    messenger = _messenger()
    if messenger is None:
        raise MessageRefused(Refusal.NO_WHATSAPP)
    messenger.send_text(business, number, text, key=key, now=now)
