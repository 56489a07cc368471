"""Migrations run while processes of the last release still do: they only add, and what they add, that code can ignore.

A column is dropped in two releases: first it leaves Django's state (`SeparateDatabaseAndState`), then the table.
`test_last_release.py` runs that code.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db.migrations import (
    AddField,
    AlterField,
    AlterModelTable,
    CreateModel,
    DeleteModel,
    Migration,
    RemoveField,
    RenameField,
    RenameModel,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Field

LAST_OF_THE_FIRST_RELEASE = {"businesses": "0008", "calls": "0004", "whatsapp": "0009"}
GONE_FOR_OLD_CODE = (RemoveField, RenameField, RenameModel, DeleteModel, AlterModelTable)
MENDED_LATER = {("whatsapp", "0026_file_readings"): "ContactImport.reading gets its default by 0045_default_reading"}
"""By a migration of the same release. Nothing else may be added here."""

pytestmark = [pytest.mark.once, pytest.mark.pure]


def needs_new_code(field: Field[object, object]) -> bool:
    """Returns whether a row can't be added without a value for the column, which old code does not know."""
    return not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)


def faults(migration: Migration, before: ProjectState) -> Iterator[str]:
    """Yields what a migration does that the last release's code would stumble over."""
    app, new = migration.app_label, set()
    state = before.clone()
    for operation in migration.operations:
        name = type(operation).__name__
        if isinstance(operation, CreateModel):
            new.add(operation.name_lower)
        elif isinstance(operation, GONE_FOR_OLD_CODE):
            yield f"{name}: old code still uses it"
        elif isinstance(operation, AddField) and operation.model_name_lower not in new:
            if needs_new_code(operation.field):
                yield f"{operation.model_name}.{operation.name}: give it a db_default, or let it be null"
        elif isinstance(operation, AlterField):
            earlier = state.models[app, operation.model_name_lower].fields[operation.name_lower]
            if earlier.null and needs_new_code(operation.field):
                yield f"{operation.model_name}.{operation.name}: old code still leaves it empty"
        operation.state_forwards(app, state)


def test_no_migration_since_the_first_release_needs_new_code() -> None:
    loader = MigrationLoader(None)
    found = {}
    for (app, name), migration in loader.disk_migrations.items():
        if app not in LAST_OF_THE_FIRST_RELEASE or name[:4] <= LAST_OF_THE_FIRST_RELEASE[app]:
            continue
        before = loader.project_state((app, name), at_end=False)
        if wrong := list(faults(migration, before)):
            found[app, name] = wrong
    assert {key: wrong for key, wrong in found.items() if key not in MENDED_LATER} == {}
    assert found.keys() == MENDED_LATER.keys(), "what is mended is not listed any more"
