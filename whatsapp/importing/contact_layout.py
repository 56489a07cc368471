"""What each column of a file of contacts is. No database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whatsapp.audience.columns import BSUID_NAMES, PHONE_NAMES, normalized, refuse_doubles
from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause
from whatsapp.states import ColumnRole

NAME_NAMES = frozenset({"name", "full name", "שם", "שם מלא"})
LANGUAGE_NAMES = frozenset({"language", "שפה"})
TAG_NAMES = frozenset({"tags", "tag", "תגיות", "תגית"})
REPORT_NAMES = frozenset(
    {"row of the file", "why it was rejected", "why it was not taken", "שורה בקובץ", "למה לא נקלטה"}
)
"""Columns that an import's report puts before those of the file; they are ignored when a report is imported again."""


_NAMES = {
    ColumnRole.PHONE: PHONE_NAMES,
    ColumnRole.BSUID: BSUID_NAMES,
    ColumnRole.NAME: NAME_NAMES,
    ColumnRole.LANGUAGE: LANGUAGE_NAMES,
    ColumnRole.TAGS: TAG_NAMES,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """The index of each fact in a row; `attributes` maps the names under which other columns are stored."""

    phone: int | None
    bsuid: int | None
    name: int | None
    language: int | None
    tags: int | None
    attributes: dict[int, str]


def guess(header: Sequence[str]) -> list[ColumnRole]:
    """Returns the likely role of each column, by its name. Raises `BadAudience` when a column appears twice."""
    names = [normalized(name) for name in header]
    refuse_doubles(header, names)
    roles = [ColumnRole.ATTRIBUTE if name and name not in REPORT_NAMES else ColumnRole.IGNORED for name in names]
    for role, choices in _NAMES.items():
        first = next((index for index, name in enumerate(names) if name in choices), None)
        if first is not None:
            roles[first] = role
    return roles


def layout_of(header: Sequence[str], roles: Sequence[ColumnRole]) -> Layout:
    """Returns the layout for the chosen roles, one for each column.

    Raises:
        BadAudience: there is no column of phone numbers or user ids, or two columns hold the same fact.
    """
    places: dict[ColumnRole, int] = {}
    attributes: dict[int, str] = {}
    for index, role in enumerate(roles):
        if role == ColumnRole.ATTRIBUTE:
            attributes[index] = header[index][:60] or str(index + 1)
        elif role != ColumnRole.IGNORED and places.setdefault(role, index) != index:
            raise BadAudience(Cause.ROLE_TWICE, role=role.value)
    if ColumnRole.PHONE not in places and ColumnRole.BSUID not in places:
        raise BadAudience(Cause.NO_PHONE_COLUMN)
    return Layout(
        phone=places.get(ColumnRole.PHONE),
        bsuid=places.get(ColumnRole.BSUID),
        name=places.get(ColumnRole.NAME),
        language=places.get(ColumnRole.LANGUAGE),
        tags=places.get(ColumnRole.TAGS),
        attributes=attributes,
    )
