"""Rows made by the database as copies of one row, in which some columns are expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models


def copies(model: type[Any], of: Any, source: str, columns: dict[str, str]) -> int:
    """Insert copies of the row with the key `of`, one for each row of `source`. Returns their number.

    `columns` says which differ, as SQL over `source`; keys are new.
    """
    fields = model._meta.concrete_fields
    unknown = columns.keys() - {field.column for field in fields}
    if unknown:
        raise LookupError(f"{model._meta.label} has no {sorted(unknown)}")
    counted = isinstance(model._meta.pk, models.AutoField)
    names = [field.column for field in fields if not (counted and field.primary_key)]
    made = {"id": "gen_random_uuid()"} if isinstance(model._meta.pk, models.UUIDField) else {}
    table, keys = model._meta.db_table, [(made | columns).get(name, f'sample."{name}"') for name in names]
    into = ", ".join(f'"{name}"' for name in names)
    key = model._meta.pk.get_db_prep_value(of, connection) if model._meta.pk else of
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({into}) SELECT {", ".join(keys)} FROM {source}'
            f", (SELECT * FROM \"{table}\" WHERE id = '{key}') sample"
        )
        return int(cursor.rowcount)


def sample(model: type[Any], **which: Any) -> Any:
    """Returns the key of a row to copy. Raises `LookupError` if the demo data have none of that kind."""
    found = model.objects.filter(**which).order_by("pk").values_list("pk", flat=True).first()
    if found is None:
        raise LookupError(f"The demo data have no {model._meta.label} with {which}")
    return found


def made_or_found(model: type[Any], **values: Any) -> Any:
    """Returns the key of a row to copy; one with these values if there was none."""
    return model.objects.values_list("pk", flat=True).first() or model.objects.create(**values).pk


def run(statement: str) -> None:
    """Execute a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def quickly() -> Iterator[None]:
    """Without foreign keys being checked: every row's parent is made, too."""
    run("SET session_replication_role = replica")
    run("SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'; SET synchronous_commit = off")
    try:
        yield
    finally:
        run("RESET session_replication_role; RESET maintenance_work_mem; RESET work_mem; RESET synchronous_commit")


@contextmanager
def without_indexes(tables: Iterable[str]) -> Iterator[None]:
    """Drop the indexes of tables, but for their keys', and make them again after the block: faster for many rows."""
    undo = [each for table in tables for each in _drop(table)]
    try:
        yield
    finally:
        for statement in undo:
            run(statement)


def _drop(table: str) -> Iterator[str]:
    """Yields the statements that bring back what was dropped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'u'",
            [table],
        )
        unique = cursor.fetchall()
        for name, definition in unique:
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
            yield f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}'
        cursor.execute(
            "SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
            " WHERE x.indrelid = %s::regclass AND NOT x.indisprimary",
            [table],
        )
        for name, definition in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')
            yield definition
