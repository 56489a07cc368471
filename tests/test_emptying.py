"""A test that has committed leaves behind what Django's own flush would leave."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from businesses.tests.rows import make_tenant
from testing import emptying


def left() -> dict[str, int]:
    """The number of rows of each table that has any."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - a model's table
            found[table] = cursor.fetchone()[0]
    return {table: rows for table, rows in found.items() if rows}


@pytest.mark.django_db(transaction=True)
def test_it_leaves_what_a_flush_leaves() -> None:
    make_tenant("qqaaa", "+97231230001")
    assert len(left()) > 10
    emptying.empty()
    emptied = left()
    call_command("flush", verbosity=0, interactive=False)
    assert emptied == left()
    assert emptied.keys() == {ContentType._meta.db_table, Permission._meta.db_table}
