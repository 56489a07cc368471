"""Inserting rows fast. Imports no models.

`bulk_create` takes five times as long as the database itself to prepare the thirty columns of every row, most of
which have their defaults in a new row. Here only the columns that differ from row to row are prepared. PostgreSQL gets
many rows by COPY: an array of each column, which it gets otherwise, takes the driver four times as long.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, JSONField, Model

from whatsapp.columns import prepared_once

Row = Mapping[str, Any]
COPIED_FROM = 100
"""Rows from which on COPY is worth its second round trip."""
_PLAIN = {
    "postgresql": frozenset({str, int, bool, UUID, datetime, type(None)}),
    "sqlite": frozenset({str, int, type(None)}),
}
"""Types of values that the drivers take as they are, but for those of JSON."""


@dataclass(frozen=True, slots=True)
class Clash:
    """What becomes of a row that is there already, by the unique columns `on`: it gets the columns `update`, if any."""

    on: Sequence[str]
    update: Sequence[str] = ()

    def sql(self, model: type[Model]) -> str:
        """Returns the end of an INSERT."""
        on, update = ([_quoted(_field(model, name).column) for name in names] for names in (self.on, self.update))
        what = f"UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in update)}" if update else "NOTHING"
        return f" ON CONFLICT ({', '.join(on)}) DO {what}"


def insert_rows(
    model: type[Model], rows: Sequence[Row], same_for_all: Mapping[str, Any], *, clash: Clash | None = None
) -> None:
    """Insert rows that all have the same keys (attribute names of the model). Other columns get their defaults.

    Raises:
        IntegrityError: a constraint refused a row. In a transaction of the caller none is inserted.
    """
    if not rows:
        return
    database: Any = connections[DEFAULT_DB_ALIAS]
    varying = [_field(model, name) for name in rows[0]]
    rest = [field for field in model._meta.concrete_fields if not field.primary_key and field not in varying]
    constants = [_prepared(field, database, same_for_all.get(field.attname, field.get_default())) for field in rest]
    turned = (_column(field, database, [row[field.attname] for row in rows]) for field in varying)
    prepared = zip(*turned, strict=True)
    columns = ", ".join(_quoted(field.column) for field in (*varying, *rest))
    table = f"{_quoted(model._meta.db_table)} ({columns})"
    into = f"INSERT INTO {table}"
    end = clash.sql(model) if clash else ""
    with database.cursor() as cursor:
        if database.vendor != "postgresql":
            sql = f"{into} VALUES ({', '.join(['%s'] * (len(varying) + len(rest)))}){end}"
            cursor.executemany(sql, [(*row, *constants) for row in prepared])
        elif clash or len(rows) < COPIED_FROM:  # one statement for all rows: an array for each column
            arrays = ", ".join(f"unnest(%s::{field.db_type(database)}[])" for field in varying)
            sql = f"{into} SELECT {', '.join([arrays, *['%s'] * len(rest)])}{end}"
            cursor.execute(sql, [*map(list, zip(*prepared, strict=True)), *constants])
        else:
            with database.wrap_database_errors, cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in prepared:
                    copy.write_row((*row, *constants))


def _column(field: Field[Any, Any], database: Any, values: list[Any]) -> list[Any]:
    """Returns the values of a column as the database driver takes them."""
    if isinstance(field, JSONField) or not _PLAIN[database.vendor].issuperset(map(type, values)):
        return prepared_once(values, partial(_prepared, field, database))
    return values


def _prepared(field: Field[Any, Any], database: Any, value: Any) -> Any:
    """Returns a value as the database driver takes it; texts and numbers need no change."""
    if value is None or type(value) in {str, int}:
        return value
    if isinstance(field, JSONField) and field.encoder is None:
        return json.dumps(value)
    return field.get_db_prep_save(value, database)


def _quoted(name: str | None) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(name or "")


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    return next(field for field in model._meta.concrete_fields if field.attname == name)
