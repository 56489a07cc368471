"""Migrated databases for the processes that tests start: migrated once per test run, then copied."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent

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
    server_url = os.environ.get("DATABASE_URL", "")
    if not server_url:
        folder = tmp_path_factory.mktemp("databases")
        template = folder / "template.sqlite3"
        manage("migrate", environment={**os.environ, "DATABASE_URL": f"sqlite:///{template}"})
        yield lambda: _sqlite_copy(template, folder / f"{uuid.uuid4().hex}.sqlite3")
        return
    with _postgres_database(server_url, template="template1") as template_url:
        manage("migrate", environment={**os.environ, "DATABASE_URL": template_url})
        yield lambda: _postgres_database(server_url, template=urlsplit(template_url).path[1:])


@contextmanager
def migrated_file(folder: Path) -> Iterator[MigratedDatabase]:
    """Like `migrated_database`, but outside of tests: one SQLite file in a folder."""
    template = folder / "template.sqlite3"
    manage("migrate", environment={**os.environ, "DATABASE_URL": f"sqlite:///{template}"})
    yield lambda: _sqlite_copy(template, folder / "frontdesk.sqlite3")


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """A database of the run's kind without any table; yields its `DATABASE_URL`."""
    if server_url := os.environ.get("DATABASE_URL", ""):
        with _postgres_database(server_url, template="template1") as database_url:
            yield database_url
    else:
        yield f"sqlite:///{folder / uuid.uuid4().hex}.sqlite3"


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
