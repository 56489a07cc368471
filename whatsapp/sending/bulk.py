"""Changing many rows in one statement, each to its own values: like Django's `bulk_update`, but ten times faster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any

from django.db import connection, models

from whatsapp.columns import prepared_once

Row = Mapping[str, Any]
_AS_THEY_ARE: Mapping[type[models.Field[Any, Any]], tuple[type, ...]] = {
    models.CharField: (str,),
    models.BigAutoField: (int,),
    models.IntegerField: (int,),
    models.PositiveSmallIntegerField: (int,),
}
"""Values that need no preparing, by the kind of their column."""


def update_rows(
    model: type[models.Model], rows: Sequence[Row], *, guard: str = "", guard_values: Mapping[str, Any] | None = None
) -> list[Any]:
    """Set the values of each row (`pk` and the same columns in all). Returns the keys of the rows that were changed.

    `guard` is SQL on columns of `t` that must still hold for a row to be changed; `guard_values` are by column. There
    is no filter by business: the caller has read the rows already.
    """
    if not rows:
        return []
    fields = [_field(model, name) for name in rows[0]]
    key = _field(model, "pk")
    # The list's columns have names of their own: in RETURNING, SQLite allows no prefix and PostgreSQL no ambiguity.
    names = {field: f"v{position}" for position, field in enumerate(fields)}
    given = zip(fields, _turned(rows), strict=True)
    columns = {field: prepared_once(values, partial(_prepared, field)) for field, values in given}
    # What is the same in all rows (the state, a time) is passed once: a list costs its length on both sides.
    same = {field: values[0] for field, values in columns.items() if field is not key and _is_one(values)}
    listed = {field: values for field, values in columns.items() if field not in same}
    table, parameters = _as_table(list(listed), [names[field] for field in listed], list(listed.values()))
    checked = [_prepared(_field(model, name), value) for name, value in (guard_values or {}).items()]
    statement = (  # only names of columns are put into the text; values are passed as parameters
        f'{table} UPDATE "{model._meta.db_table}" AS t SET '  # noqa: S608
        + ", ".join(
            f'"{field.column}" = {_placeholder(field) if field in same else f"v.{name}"}'
            for field, name in names.items()
            if field is not key
        )
        + f' FROM v WHERE t."{key.column}" = v.{names[key]}'
        + (f" AND {guard}" if guard else "")
        + f' RETURNING "{key.column}"'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *same.values(), *checked])
        return [key.to_python(found[0]) for found in cursor.fetchall()]


def _is_one(values: Sequence[Any]) -> bool:
    """Returns whether a column holds the same value everywhere, as `prepared_once` has made it."""
    return all(value is values[0] for value in values)


def _placeholder(field: models.Field[Any, Any]) -> str:
    return f"%s::{field.rel_db_type(connection)}" if connection.vendor == "postgresql" else "%s"


def _as_table(
    fields: Sequence[models.Field[Any, Any]], names: Sequence[str], columns: Sequence[list[Any]]
) -> tuple[str, list[Any]]:
    """Returns the values as a table `v`, and its parameters: one array per column where the database has arrays."""
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in fields)
        return f"WITH v ({', '.join(names)}) AS (SELECT * FROM unnest({arrays}))", list(columns)  # noqa: S608
    row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    listed = ", ".join([row] * len(columns[0]))
    return f"WITH v ({', '.join(names)}) AS (VALUES {listed})", [
        value for values in zip(*columns, strict=True) for value in values
    ]


def _turned(rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    return zip(*(row.values() for row in rows), strict=True)


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return field  # type: ignore[no-any-return]


def _prepared(field: models.Field[Any, Any], value: Any) -> Any:
    """Returns a value in the form that the column takes."""
    if value is None or (type(value) in _AS_THEY_ARE.get(type(field), ())):
        return value
    return field.get_db_prep_save(value.value if isinstance(value, Enum) else value, connection)
