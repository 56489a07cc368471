"""Finding the columns of a file that hold the address and the template's values. No database, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from whatsapp.audience.choice import PHONE
from whatsapp.audience.column_names import (
    BSUID_NAMES,
    FIRST_NAMES,
    LAST_NAMES,
    NAME_NAMES,
    alike,
    is_phone_name,
    normalized,
)
from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause
from whatsapp.tables.tables import letters
from whatsapp.template_variables import TemplateVariable


@dataclass(frozen=True, slots=True)
class Columns:
    """The indexes of the address and the template's values in a row; constants replace missing columns.

    `person`: those of the columns that hold the person's name, in the order in which they make it up.
    """

    width: int
    phone: int | None
    bsuid: int | None
    values: dict[str, int]
    names: tuple[str, ...]
    unused: tuple[str, ...]
    person: tuple[int, ...] = ()


def understand(
    header: Sequence[str],
    variables: Sequence[TemplateVariable],
    constants: Sequence[str] = (),
    chosen: Mapping[str, str] | None = None,
) -> Columns:
    """Find the columns that a template needs; case, braces, blanks and underscores are ignored.

    `chosen` names columns (as in `FileChoice.columns`); the others are found by their own names.

    A template with numbered variables takes the columns beside the phone number in their order, provided that none
    of them is named by a number and their count is right. So does every template if the columns have no names of
    their own (A, B, C …), which then follow the order of the template's variables.

    Raises:
        BadAudience: a column is missing or appears twice; the text says which.
    """
    names = [normalized(name) for name in header]
    refuse_doubles(header, names)
    by_choice = _chosen(header, chosen or {})
    phone = by_choice.pop(PHONE, None)
    if phone is None:
        phone = next((index for index, name in enumerate(names) if is_phone_name(name)), None)
    bsuid = next((index for index, name in enumerate(names) if name in BSUID_NAMES), None)
    if phone is None and bsuid is None:
        raise BadAudience(Cause.NO_PHONE_AMONG, columns=_listed(header))
    needed = list(dict.fromkeys(variable.key for variable in variables if variable.key not in constants))
    values = by_choice or _found(header, names, needed, {phone, bsuid})
    values = _by_name(names, needed) | values
    missing = [key for key in needed if key not in values]
    if missing:
        raise BadAudience(Cause.COLUMNS_MISSING, missing=_listed(missing), columns=_listed(header))
    used = {phone, bsuid, *values.values()}
    unused = tuple(name for index, name in enumerate(header) if index not in used and name)
    return Columns(len(header), phone, bsuid, values, tuple(header), unused, _of_the_person(names))


def _of_the_person(names: Sequence[str]) -> tuple[int, ...]:
    """Returns the columns of the person's name: of all of it, else of the first and the last name."""
    places = [_first_alike(names, group) for group in (NAME_NAMES, FIRST_NAMES, LAST_NAMES)]
    whole, *parts = places
    return (whole,) if whole is not None else tuple(place for place in parts if place is not None)


def _first_alike(names: Sequence[str], group: Collection[str]) -> int | None:
    wanted = {alike(name) for name in group}
    return next((place for place, name in enumerate(names) if name and alike(name) in wanted), None)


def likely_values(header: Sequence[str], needed: Sequence[str], phone: int | None) -> dict[str, int]:
    """Returns the columns that probably hold a template's values, by the values' keys."""
    return _found(header, [normalized(name) for name in header], needed, {phone})


def _found(
    header: Sequence[str], names: Sequence[str], needed: Sequence[str], addresses: set[int | None]
) -> dict[str, int]:
    has_names = list(header) != letters(len(header))
    return _by_name(names, needed) or _by_order(names, needed, addresses, has_names=has_names)


def place_of(column: str, header: Sequence[str]) -> int:
    """Returns the index of a column that somebody chose: by its name, or by its letter if it has no name.

    Raises:
        BadAudience: there is no such column.
    """
    names = [normalized(name) or normalized(letter) for name, letter in zip(header, letters(len(header)), strict=True)]
    if normalized(column) not in names:
        raise BadAudience(Cause.NO_SUCH_COLUMN, column=column[:40], columns=_listed(header))
    return names.index(normalized(column))


def _chosen(header: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    return {key: place_of(column, header) for key, column in chosen.items()}


def _by_name(names: Sequence[str], needed: Sequence[str]) -> dict[str, int]:
    """Returns the columns that are called as values are: to the letter, else the only one that is called alike."""
    found = {key: names.index(normalized(key)) for key in needed if normalized(key) in names}
    loosely = [alike(name) if name else "" for name in names]
    for key in needed:
        if key not in found and loosely.count(alike(key)) == 1:
            found[key] = loosely.index(alike(key))
    return found


def _by_order(
    names: Sequence[str], needed: Sequence[str], addresses: set[int | None], *, has_names: bool
) -> dict[str, int]:
    rest = [index for index, name in enumerate(names) if index not in addresses and name]
    in_order = all(key.isdigit() for key in needed) and not any(names[index].isdigit() for index in rest)
    if len(rest) != len(needed) or (has_names and not in_order):
        return {}
    return dict(zip(sorted(needed, key=int) if in_order else needed, rest, strict=True))


def refuse_doubles(header: Sequence[str], names: Sequence[str]) -> None:
    """Raise `BadAudience` if a column appears twice; `names` are the normalized names of `header`."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name and name in seen:
            raise BadAudience(Cause.COLUMN_TWICE, column=header[index])
        seen.add(name)


def _listed(names: Sequence[str]) -> str:
    shown = [f"“{name[:40]}”" for name in names[:20] if name]
    return ", ".join(shown) + (" …" if len(names) > 20 else "") or "–"
