"""What each column of a file of contacts is. No database, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from whatsapp.audience.column_names import (
    BSUID_NAMES,
    CONSENT_NAMES,
    CONSENT_SOURCE_NAMES,
    FIRST_NAMES,
    LANGUAGE_NAMES,
    LAST_NAMES,
    NAME_NAMES,
    TAG_NAMES,
    is_phone_name,
    normalized,
)
from whatsapp.audience.columns import refuse_doubles
from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause
from whatsapp.states import ColumnRole

REPORT_NAMES = frozenset(
    {"row of the file", "why it was rejected", "why it was not taken", "שורה בקובץ", "למה לא נקלטה"}
)
"""Columns that an import's report puts before those of the file; they are ignored when a report is imported again."""
FACTS = ("phone", "user_id", "name", "language", "tags", "consent", "consent source", "attributes", "added")
"""The first columns of an export of contacts; then comes a column for each attribute."""
_SAID_ELSEWHERE = frozenset({"attributes", "added"})
"""Columns of an export that an import leaves out: each attribute has its own, and the other is no fact of a person."""

_NAMES = {
    ColumnRole.BSUID: BSUID_NAMES,
    ColumnRole.NAME: NAME_NAMES,
    ColumnRole.FIRST_NAME: FIRST_NAMES,
    ColumnRole.LAST_NAME: LAST_NAMES,
    ColumnRole.LANGUAGE: LANGUAGE_NAMES,
    ColumnRole.TAGS: TAG_NAMES,
    ColumnRole.CONSENT: CONSENT_NAMES,
    ColumnRole.CONSENT_SOURCE: CONSENT_SOURCE_NAMES,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """The index of each fact in a row of `width` columns; `attributes` maps the names of the other columns."""

    places: Mapping[ColumnRole, int]
    attributes: dict[int, str]
    width: int
    names: tuple[str, ...]


def guess(header: Sequence[str], phone: int | None = None) -> list[ColumnRole]:
    """Returns the likely role of each column, by its name; `phone` is the place of the phone numbers' column.

    Raises:
        BadAudience: a column appears twice.
    """
    names = [normalized(name) for name in header]
    refuse_doubles(header, names)
    ignored = REPORT_NAMES | (_SAID_ELSEWHERE if set(FACTS) <= set(names) else frozenset())
    roles = [ColumnRole.ATTRIBUTE if name and name not in ignored else ColumnRole.IGNORED for name in names]
    for role, choices in _NAMES.items():
        first = next((index for index, name in enumerate(names) if name in choices), None)
        if first is not None:
            roles[first] = role
    if phone is None:
        phone = next((index for index, name in enumerate(names) if is_phone_name(name)), None)
    if phone is not None:
        roles[phone] = ColumnRole.PHONE
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
    return Layout(places, attributes, len(header), tuple(header))
