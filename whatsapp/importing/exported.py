"""Contacts as the rows of a table that an import understands. No database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from whatsapp.audience.column_names import normalized
from whatsapp.importing.contact_layout import FACTS


def header_with(attributes: Iterable[str]) -> list[str]:
    """Returns the header of an export whose contacts have these attributes, each in a column of its own."""
    return [*FACTS, *columns_of(attributes).values()]


def columns_of(attributes: Iterable[str]) -> dict[str, str]:
    """Returns the column of each attribute. Names that imports compare as equal get numbers."""
    taken = {normalized(name) for name in FACTS}
    columns: dict[str, str] = {}
    for name in sorted(set(attributes)):
        column, number = name, 2
        while normalized(column) in taken or not normalized(column):
            column, number = f"{name} ({number})".strip(), number + 1
        taken.add(normalized(column))
        columns[name] = column
    return columns


def tags_cell(names: Sequence[str]) -> str:
    """Returns tags as one cell; those that hold what separates tags are quoted."""
    return ", ".join(_quoted(name) for name in names)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"' if any(sign in name for sign in ',;"') else name


def attributes_of(contacts: Iterable[dict[str, object]]) -> Iterator[str]:
    """Yields the names of all attributes."""
    for attributes in contacts:
        yield from attributes
