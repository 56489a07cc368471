"""Sending processes beside the test, on the test's own database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connection

from testing.meta import ThreadedMeta
from testing.senders import SenderFarm, sender_farm


def database_url() -> str:
    """The address of the database that this test uses."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def farm(meta: ThreadedMeta, transactional_db: None) -> Iterator[SenderFarm]:
    """Forks senders that a test may kill."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
        "ENV_FILE": os.devnull,
        "DATABASE_URL": database_url(),
        "WHATSAPP_API_URL": meta.url,
        "WHATSAPP_TIMEOUT_S": "1",
        "LOG_LEVEL": "CRITICAL",
    }
    with sender_farm(environment) as running:
        yield running
