"""How a broadcast's people are chosen, as stored in `Broadcast.audience`. No database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

PHONE = "@phone"
"""The key of the phone number in `FileChoice.columns`. No variable of a template can have this name."""


EARLIER = "@earlier:"
"""Begins the name of a value of the earlier broadcast in `EarlierChoice.values`."""


class Group(StrEnum):
    """A group of people of an earlier broadcast."""

    NOT_READ = "not_read"  # delivered, but not read
    NOT_DELIVERED = "not_delivered"  # accepted, but not delivered, or expired
    FAILED_PASSING = "failed_passing"  # failed for a temporary reason
    NOT_REACHED = "not_reached"  # not delivered in time, or failed for a temporary reason: they may still be reached
    READ = "read"
    REPLIED = "replied"
    NOT_REPLIED = "not_replied"  # received it and did not reply


@dataclass(frozen=True, slots=True)
class FileChoice:
    """Everybody in a file. `constants` are template values that are the same for all.

    `columns` names the column of a value (`PHONE`: of the phone number) where the header does not make it clear.
    `reading` is how the file is read, as `tables.readings.Reading` keeps it. `defaults` stand for empty values.
    """

    constants: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactsChoice:
    """Contacts with all of `tags` and none of `without_tags`; an empty field is no condition.

    `values` says where a template's variable comes from: `name`, `first_name`, `phone`, or an attribute's name.
    A variable without an entry takes the attribute of the same name. `defaults` stand for empty values.
    Whoever has had a broadcast of the series `new_to` (an id; "": of none) is left out, but that of the date `besides`.
    """

    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    language: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    only_with_consent: bool = False
    new_to: str = ""
    besides: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EarlierChoice:
    """A group of people of the broadcast with this id.

    Values come from the contacts, and from what that broadcast sent them where the contact has none; `EARLIER` before
    the key of one of its values means that value itself. `defaults` stand for empty values.
    """

    broadcast: str
    group: Group
    values: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SegmentChoice:
    """The people of the segment with this id; the rest as in `ContactsChoice`.

    `conditions` are the segment's as they were at `as_of` (ISO 8601), when the people of a broadcast were asked for.
    """

    segment: str
    conditions: Mapping[str, Any] = field(default_factory=dict)
    as_of: str = ""
    new_to: str = ""
    besides: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


FromContacts = ContactsChoice | SegmentChoice
Choice = FileChoice | FromContacts | EarlierChoice


def to_json(choice: Choice) -> dict[str, Any]:
    """Returns the choice as it is stored in `Broadcast.audience`."""
    return asdict(choice)


def from_json(kind: str, kept: Mapping[str, Any]) -> Choice:
    """Returns the choice stored in `kept`; `kind` is the broadcast's `audience_kind`."""
    match kind:
        case "contacts":
            lists = {name: tuple(kept.get(name, ())) for name in ("tags", "without_tags")}
            return ContactsChoice(**{**kept, **lists})
        case "segment":
            return SegmentChoice(**kept)
        case "earlier":
            return EarlierChoice(**{**kept, "group": Group(kept["group"])})
        case _:
            return FileChoice(**kept)
