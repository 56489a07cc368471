"""What a process loads at its start: nothing large that only others need. Decision 0110 says what each costs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import pytest

from testing.check import PRODUCTION, ROOT

pytestmark = pytest.mark.once

NEVER: Final = {
    "openai",  # summaries, the speech endpoint
    "pydantic",  # the same
    "aiohttp",  # whoever sends messages, and the stand-ins
    "openpyxl",  # tests
    "phonenumbers.geodata",  # nobody
    "twilio.rest",  # nobody
    "calls.sandbox.openai",  # the stand-in
    "calls.sandbox.voices",
    "calls.sandbox.receptionist",
    "calls.sandbox.telephone.placed_call",  # the installation's calls to itself
    "whatsapp.providers.sandbox.server",
    "sentry_sdk",  # where it is set
    "celery.worker.consumer",  # workers
}
STORES: Final = {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9/0"}
WEB: Final = """
import frontdesk.asgi
from frontdesk import collector
collector.load_and_freeze(serves_pages=True)
"""
MEDIA: Final = """
import django
django.setup()
from frontdesk import beside_calls, collector, media_server
collector.load_and_freeze(serves_pages=False)
"""


def loaded(script: str, **environment: str) -> set[str]:
    """Returns the modules of a process that has run a script."""
    program = f"{script}\nimport sys\nprint(*sys.modules)"
    settings = {"DJANGO_SETTINGS_MODULE": "frontdesk.settings", "ENV_FILE": os.devnull}
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **settings, **STORES, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("settings", [PRODUCTION, {"DEBUG": "1"}], ids=["production", "debug"])
def test_a_web_process_loads_what_answers_calls_and_pages(settings: dict[str, str]) -> None:
    modules = loaded(WEB, **settings)
    assert modules & NEVER == set()
    assert {"frontdesk.urls", "whatsapp.admin", "calls.line.bridge", "numpy"} <= modules  # it has loaded them


def test_a_web_process_on_sqlite_loads_no_client_of_postgresql() -> None:
    assert loaded(WEB, DATABASE_URL="", REDIS_URL="") & {*NEVER, "psycopg"} == set()


def test_the_server_of_media_streams_loads_no_pages() -> None:
    pages = {"frontdesk.urls", "daphne.server", "autobahn.websocket"}
    assert loaded(MEDIA) & {*NEVER, *pages} == set()


def test_a_command_loads_none_of_it() -> None:
    others = {"twisted", "numpy", "calls.tasks", "calls.admin", "allauth.account.views", "calls.doctor.numbers"}
    assert loaded("import django; django.setup()") & {*NEVER, *others} == set()
