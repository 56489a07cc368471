"""How a broadcast's people are chosen, as it is kept in `Broadcast.audience`. No database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

PHONE = "@phone"
"""In `FileChoice.columns`: the phone number. No variable of a template can be called so."""


class Group(StrEnum):
    """Which people of an earlier broadcast."""

    NOT_READ = "not_read"  # delivered, but not read
    NOT_DELIVERED = "not_delivered"  # accepted, but not delivered, or expired
    FAILED_PASSING = "failed_passing"  # failed for a reason that passes
    READ = "read"
    REPLIED = "replied"
    NOT_REPLIED = "not_replied"  # got it and did not reply


@dataclass(frozen=True, slots=True)
class FileChoice:
    """Everybody in a file. `constants` are values of the template that are the same for all.

    `columns` says which column a value comes from (`PHONE`: the phone number), where its name does not tell.
    """

    constants: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactsChoice:
    """Contacts with all of `tags` and none of `without_tags`; empty: no condition.

    `values` says where a template's variable comes from: `name`, `first_name`, `phone`, or an attribute's name.
    Without an entry a variable takes what has its own name.
    """

    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    language: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    only_with_consent: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EarlierChoice:
    """A group of people of the broadcast with this id. Their values are those of then, or of their contacts."""

    broadcast: str
    group: Group
    values: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


Choice = FileChoice | ContactsChoice | EarlierChoice


def to_json(choice: Choice) -> dict[str, Any]:
    """As it is kept."""
    return asdict(choice)


def from_json(kind: str, kept: Mapping[str, Any]) -> Choice:
    """Back from what is kept; `kind` is the broadcast's `audience_kind`."""
    match kind:
        case "contacts":
            lists = {name: tuple(kept.get(name, ())) for name in ("tags", "without_tags")}
            return ContactsChoice(**{**kept, **lists})
        case "earlier":
            return EarlierChoice(**{**kept, "group": Group(kept["group"])})
        case _:
            return FileChoice(**kept)
