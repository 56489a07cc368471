"""A served demo business and a browser for each file of tests; a file that needs other ones has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from testing import browser as tools
from testing.databases import MigratedDatabase
from testing.servers import Daphne


@pytest.fixture(scope="module")
def server(migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    with tools.demo_server(migrated_database) as daphne:
        yield daphne


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with tools.chromium() as browser:
        yield browser
