"""Which contacts a filter or a segment means, as codes and data. No database, no clock.

Stored as JSON in `Segment.conditions`. What is read back is checked: a row that a newer version wrote, or that was
changed by hand, is refused (`BadConditions`) and never means everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from whatsapp.audience.choice import Group
from whatsapp.models import Consent

MOST_TAGS = 50
MOST_ATTRIBUTES = 3
MOST_DAYS = 3_660
LONGEST_TEXT = 200
_LISTS = ("any_tags", "all_tags", "no_tags")


class BadConditions(ValueError):
    """What is stored is not a filter that this version understands."""


class How(StrEnum):
    """How an attribute is compared."""

    EQUALS = "equals"
    CONTAINS = "contains"
    EMPTY = "empty"  # missing, or only blanks
    FILLED = "filled"


class Wrote(StrEnum):
    """When somebody wrote last."""

    WITHIN = "within"
    NOT_WITHIN = "not_within"  # longer ago, or never


@dataclass(frozen=True, slots=True)
class Attribute:
    """A condition on one attribute; `value` counts for `EQUALS` and `CONTAINS` (upper and lower case are the same)."""

    name: str
    how: How
    value: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """All of them must hold; an empty field is no condition.

    Tags are names. `wrote` goes with `wrote_days`, and `broadcast` (an id) with `group`. `added_since` is a day in the
    business's time zone.
    """

    any_tags: tuple[str, ...] = ()
    all_tags: tuple[str, ...] = ()
    no_tags: tuple[str, ...] = ()
    language: str = ""
    consent: str = ""
    attributes: tuple[Attribute, ...] = ()
    wrote: Wrote | None = None
    wrote_days: int = 0
    added_since: date | None = None
    broadcast: str = ""
    group: Group | None = None

    def __bool__(self) -> bool:
        """Returns whether anybody is left out: without a condition all contacts are meant."""
        return self != Conditions()

    def kept(self) -> dict[str, Any]:
        """Returns the conditions as JSON, without the empty ones."""
        since = {"added_since": self.added_since.isoformat()} if self.added_since else {}
        return {name: value for name, value in {**asdict(self), **since}.items() if value}


def from_kept(kept: object) -> Conditions:
    """Returns the conditions that `Conditions.kept` stored. Raises `BadConditions`."""
    if not isinstance(kept, Mapping) or set(kept) - {each.name for each in fields(Conditions)}:
        raise BadConditions
    try:
        found = Conditions(
            **{name: _names(kept.get(name, ())) for name in _LISTS},
            language=_text(kept.get("language", "")),
            consent=Consent(kept["consent"]).value if "consent" in kept else "",
            attributes=tuple(_attribute(each) for each in kept.get("attributes", ())),
            wrote=Wrote(kept["wrote"]) if "wrote" in kept else None,
            wrote_days=kept.get("wrote_days", 0),
            added_since=date.fromisoformat(kept["added_since"]) if "added_since" in kept else None,
            broadcast=str(UUID(kept["broadcast"])) if "broadcast" in kept else "",
            group=Group(kept["group"]) if "group" in kept else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadConditions from None
    return _consistent(found)


def _consistent(found: Conditions) -> Conditions:
    """Returns the conditions if what belongs together is there together."""
    days_fit = type(found.wrote_days) is int and (
        1 <= found.wrote_days <= MOST_DAYS if found.wrote else found.wrote_days == 0
    )
    is_whole = bool(found.broadcast) == (found.group is not None)
    if not days_fit or not is_whole or len(found.attributes) > MOST_ATTRIBUTES:
        raise BadConditions
    return found


def _names(kept: object) -> tuple[str, ...]:
    if not isinstance(kept, list | tuple) or len(kept) > MOST_TAGS:
        raise BadConditions
    return tuple(_text(name) for name in kept)


def _attribute(kept: Mapping[str, Any]) -> Attribute:
    if set(kept) - {"name", "how", "value"} or not kept["name"]:
        raise BadConditions
    found = Attribute(_text(kept["name"]), How(kept["how"]), _text(kept.get("value", "")))
    if (found.how in {How.EQUALS, How.CONTAINS}) != bool(found.value):
        raise BadConditions
    return found


def _text(kept: object) -> str:
    if not isinstance(kept, str) or len(kept) > LONGEST_TEXT or "\0" in kept:
        raise BadConditions
    return kept
