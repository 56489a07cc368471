"""Why something is in its state, stored as a code and its data. Words are made of them where they are shown.

A row keeps a reason in two columns (`models.reasons.KeepsReason`). The words of a code are a template whose
placeholders are the keys of the data. A sentence is never stored: its writer (a worker, a webhook, a colleague) does
not know the language of its reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.contrib.humanize.templatetags.humanize import intcomma

from whatsapp.causes import Cause
from whatsapp.states import ColumnRole, TemplateCategory, TemplateStatus
from whatsapp.template_variables import words_for_part

__all__ = ["NO_REASON", "Cause", "Datum", "HasReason", "Reason", "keys_of", "reason", "reason_in", "shown"]

Datum = str | int
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_LONGEST = 500
"""Longest value in characters; texts of providers and files may be longer and are cut."""

_ALSO: Mapping[Cause, frozenset[str]] = {
    Cause.PROVIDER_ERROR: frozenset({"provider"}),
    Cause.TEMPLATE_STATUS: frozenset({"words"}),
}
"""Data that is not in a template's text: `broadcasts.reasons` explains it further."""


def keys_of(cause: Cause) -> frozenset[str]:
    """Returns the names of the data that this cause is stored with."""
    return frozenset(_PLACEHOLDER.findall(str(cause.label))) | _ALSO.get(cause, frozenset())


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause with exactly the data that it needs.

    Raises:
        ValueError: the data does not match the placeholders of the cause.
    """

    cause: Cause
    data: Mapping[str, Datum] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.data.keys() != keys_of(self.cause):
            raise ValueError(f"{self.cause.value} is kept with {sorted(keys_of(self.cause))}, not {sorted(self.data)}")

    def kept(self) -> dict[str, Any]:
        """Returns the values of the two columns."""
        return {"cause": self.cause.value, "cause_data": dict(self.data)}

    def __str__(self) -> str:
        """Returns the words in the active language."""
        return str(self.cause.label) % {name: shown(name, value) for name, value in self.data.items()}


def reason(cause: Cause, **data: Datum) -> Reason:
    """Returns the reason with this data; long texts are cut."""
    return Reason(cause, {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in data.items()})


NO_REASON: Mapping[str, Any] = {"cause": "", "cause_data": {}}
"""The values of the two columns of a row that needs no reason."""


class HasReason(Protocol):
    """A row with the two columns."""

    cause: str
    cause_data: dict[str, Any]


def reason_in(row: HasReason) -> Reason | None:
    """Returns the reason stored in a row; None if there is none, or if it is from a newer version of this program."""
    try:
        return Reason(Cause(row.cause), row.cause_data)
    except ValueError:
        return None


def reasons_of(kept: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """Returns the reasons of a list that was kept as JSON."""
    return [Reason(Cause(each["cause"]), each["cause_data"]) for each in kept]


def shown(name: str, value: Datum) -> str:
    """Returns one value in words: a choice's label, a number with separators. Row numbers have no separators."""
    if name == "status" and value in TemplateStatus.values:
        return str(TemplateStatus(value).label)
    if name in {"old_category", "new_category"} and value in TemplateCategory.values:
        return str(TemplateCategory(value).label)
    if name == "part":
        return words_for_part(str(value))
    if name == "role" and value in ColumnRole.values:
        return str(ColumnRole(value).label)
    return str(intcomma(value)) if isinstance(value, int) and name != "row" else str(value)
