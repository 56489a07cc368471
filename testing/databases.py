"""Migrated databases for tests and the processes that they start: migrated once, then copied.

All migrations take half a minute. `testing.run` runs them once for all its workers, and names the result by the
environment variable `MIGRATED_TEMPLATE`; a pytest that is started by hand runs them itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import psycopg
import pytest
from django.db import connection
from psycopg import sql
from pytest_django import DjangoDbBlocker

ROOT = Path(__file__).resolve().parent.parent

TEMPLATE = "MIGRATED_TEMPLATE"

MigratedDatabase = Callable[[], AbstractContextManager[str]]


def without_test_settings(environment: dict[str, str]) -> dict[str, str]:
    """Returns the environment without the tests' settings: every way to start must find the settings itself."""
    return {name: value for name, value in environment.items() if name != "DJANGO_SETTINGS_MODULE"}


def manage(*arguments: str, environment: dict[str, str], code: Path = ROOT) -> str:
    """Run a management command of the project in `code`. Returns its output; a failure raises with its errors."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=code,
        env=without_test_settings(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MigratedDatabase]:
    """A context manager that makes a migrated database of the run's kind and yields its `DATABASE_URL`."""
    server_url, folder = os.environ.get("DATABASE_URL", ""), tmp_path_factory.mktemp("databases")
    if given := os.environ.get(TEMPLATE):
        yield lambda: _copy(given, server_url, folder)
        return
    with _new(server_url, folder) as template:
        manage("migrate", environment={**os.environ, "DATABASE_URL": template})
        yield lambda: _copy(template, server_url, folder)


@contextmanager
def shared_template(server_url: str) -> Iterator[dict[str, str]]:
    """A migrated database on this server (empty: a SQLite file) to copy; yields the variable that names it."""
    with tempfile.TemporaryDirectory() as folder, _new(server_url, Path(folder)) as template:
        settings = {"DJANGO_SETTINGS_MODULE": "testing.settings", "DATABASE_URL": template}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=True)
        yield {TEMPLATE: template}


@contextmanager
def copy_for_this_process(blocker: DjangoDbBlocker, folder: Path) -> Iterator[None]:
    """Connect this process, in which Django runs, to a copy of the template that the environment names."""
    given, usual = os.environ[TEMPLATE], connection.settings_dict["NAME"]
    with _copy(given, os.environ.get("DATABASE_URL", ""), folder) as copy:
        connection.settings_dict["NAME"] = dj_database_url.parse(copy)["NAME"]
        try:
            yield
        finally:
            with blocker.unblock():
                connection.close()
            connection.settings_dict["NAME"] = usual


@contextmanager
def migrated_file(folder: Path) -> Iterator[MigratedDatabase]:
    """Like `migrated_database`, but outside of tests: one SQLite file in a folder."""
    template = folder / "template.sqlite3"
    manage("migrate", environment={**os.environ, "DATABASE_URL": f"sqlite:///{template}"})
    yield lambda: _sqlite_copy(template, folder / "frontdesk.sqlite3")


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """A database of the run's kind without any table; yields its `DATABASE_URL`."""
    with _new(os.environ.get("DATABASE_URL", ""), folder) as database_url:
        yield database_url


@contextmanager
def _new(server_url: str, folder: Path) -> Iterator[str]:
    if server_url:
        with _postgres_database(server_url, template="template1") as database_url:
            yield database_url
    else:
        yield f"sqlite:///{folder / uuid.uuid4().hex}.sqlite3"


@contextmanager
def _copy(template_url: str, server_url: str, folder: Path) -> Iterator[str]:
    template = urlsplit(template_url).path[1:]
    if server_url:
        with _postgres_database(server_url, template=template) as database_url:
            yield database_url
    else:
        with _sqlite_copy(Path(template), folder / f"{uuid.uuid4().hex}.sqlite3") as database_url:
            yield database_url


@contextmanager
def _sqlite_copy(template: Path, copy: Path) -> Iterator[str]:
    shutil.copyfile(template, copy)
    yield f"sqlite:///{copy}"


@contextmanager
def _postgres_database(server_url: str, *, template: str) -> Iterator[str]:
    name = f"frontdesk_{uuid.uuid4().hex}"
    with closing(psycopg.connect(server_url, autocommit=True)) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
