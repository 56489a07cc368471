"""`manage.py migrate` on deploy: from two machines at once, and again."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testing.databases import empty_database, manage


@pytest.mark.timeout(300)  # all migrations three times, two of them beside each other
def test_twice_at_once_and_once_more(tmp_path: Path) -> None:
    with empty_database(tmp_path) as database_url:
        environment = {**os.environ, "DATABASE_URL": database_url}
        with ThreadPoolExecutor(2) as machines:
            outputs = list(machines.map(lambda _: manage("migrate", environment=environment), range(2)))
        again = manage("migrate", environment=environment)
        missing = manage("migrate", "--check", environment=environment)
    assert sorted("No migrations to apply." in output for output in outputs) == [False, True]
    assert "No migrations to apply." in again
    assert missing == ""


def test_no_change_of_a_model_lacks_its_migration() -> None:
    assert manage("makemigrations", "--check", "--dry-run", environment=dict(os.environ)) == "No changes detected\n"
