"""Marks for all browser tests, and fixtures: a served demo business and a browser for each file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from testing import browser as tools
from testing.databases import MigratedDatabase
from testing.servers import Daphne


@pytest.hookimpl(tryfirst=True)  # before tests are selected by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests as browser tests, skip them without Chromium, and give each file to one worker."""
    no_browser = pytest.mark.skipif(
        not tools.is_there(), reason=f"NO BROWSER TESTS: there is no Chromium at {tools.CHROMIUM}"
    )
    for item in items:
        if item.path.parent != Path(__file__).parent:
            continue
        item.add_marker("browser")
        item.add_marker(no_browser)
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="module")
def server(migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    with tools.demo_server(migrated_database) as daphne:
        yield daphne


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with tools.chromium() as browser:
        yield browser
