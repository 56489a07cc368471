"""An index that is added while rows are written."""

from __future__ import annotations

import pytest
from django.db import connection, models
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from businesses.adding_indexes import AddIndexMeanwhile
from businesses.models import WebProcess

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "web_process_tried"


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, WebProcess._meta.db_table))


def test_it_is_made_again_after_a_try_that_was_stopped_and_dropped() -> None:
    before = ProjectState.from_apps(WebProcess._meta.apps)
    after = before.clone()
    adds = AddIndexMeanwhile("webprocess", models.Index(fields=["release"], name=NAME))
    adds.state_forwards("businesses", after)
    for _try in range(2 if connection.vendor == "postgresql" else 1):
        with connection.schema_editor(atomic=False) as editor, CaptureQueriesContext(connection) as asked:
            adds.database_forwards("businesses", editor, before, after)
        assert NAME in indexes()
    if connection.vendor == "postgresql":
        assert any(each["sql"].startswith("CREATE INDEX CONCURRENTLY") for each in asked)
    with connection.schema_editor(atomic=False) as editor:
        adds.database_backwards("businesses", editor, after, before)
    assert NAME not in indexes()
