"""Columns that have left the models and that the last release still uses: each `migrate` sees that SQLite has them.

PostgreSQL keeps such a column until a migration drops it. SQLite can't change a column: Django copies the table into a
new one, made from the models, so the next change of any column of the table drops all that have left them
(`tests/test_last_release.py` found that). What stood in them is gone then; the last release finds them empty.

Empty this list where the columns are dropped, in the next release.
"""

from __future__ import annotations

from typing import Any, Final

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

SINCE_0_1_0: Final = {
    "whatsapp_sender": {"health_detail": "varchar(300)"},
    "whatsapp_broadcasts": {"status_detail": "varchar(500)"},
    "whatsapp_contact_imports": {"language": "varchar(10)", "error": "varchar(500)"},
}


def keep(app: AppConfig) -> None:
    """Look after each `migrate` of the app."""
    post_migrate.connect(_add_missing, sender=app, dispatch_uid="whatsapp.last_columns")


def _add_missing(*, using: str, **_about: Any) -> None:
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for table in SINCE_0_1_0.keys() & tables:
            there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            for name in SINCE_0_1_0[table].keys() - there:
                kind = SINCE_0_1_0[table][name]
                cursor.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} NOT NULL DEFAULT ''")
