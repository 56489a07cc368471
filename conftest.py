"""Fixtures for every test: real processes of this project, databases for them, and the end of the test database."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from pytest_django import DjangoDbBlocker

from testing import emptying
from testing.databases import TEMPLATE, copy_for_this_process, migrated_database
from testing.failures import Failures
from testing.servers import celery_worker, daphne
from whatsapp import bare_process

__all__ = ["celery_worker", "daphne", "django_db_setup", "migrated_database", "the_default_language"]


REAL_TIME = {"rig", "daphne", "celery_worker"}


def pytest_configure(config: pytest.Config) -> None:
    """Make sure that Ctrl-C works, that no test fails for being slow, and that failures are printed at once."""
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a script's background job; inherited by children
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(config))


@pytest.hookimpl(tryfirst=True)  # before tests are selected by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that start our processes as realtime; run tests with a long timeout first."""
    for item in items:
        if REAL_TIME.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("realtime")
    patience: dict[Path, float] = {}
    for item in items:
        for mark in item.iter_markers("timeout"):
            patience[item.path] = max(patience.get(item.path, 0.0), mark.args[0])
    items.sort(key=lambda item: -patience.get(item.path, 0.0))


@pytest.fixture(autouse=True)
def the_default_language() -> None:
    """Forget the language of the last request that a test of this process made."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def readers_do_not_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start what reads strangers' files as any process: giving way to a busy test run, it would wait for minutes."""
    monkeypatch.setattr(bare_process, "_CALLS_FIRST", [])


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """The test database: a copy of the run's template, or without one what pytest-django makes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptying.empty)
        if TEMPLATE in os.environ:
            with copy_for_this_process(django_db_blocker, tmp_path_factory.mktemp("database")):
                yield
        else:
            request.getfixturevalue("django_db_setup")
            yield
            with django_db_blocker.unblock():
                _end_other_connections()


def _end_other_connections() -> None:
    """PostgreSQL can't drop a database to which a thread has a connection."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
