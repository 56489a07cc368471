"""What is reported of an error: enough to find it, nothing of whom it happened to, and nothing without the setting."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from testing.check import PRODUCTION
from testing.databases import ROOT, without_test_settings

SECRET, PHONE, SAID = "Kq3-verySecret_0123456789abcdefghijklmnop", "+972501234567", "I have a toothache"
SCRIPT = f"""
import logging
import django
django.setup()
from django.db import IntegrityError
from django.test import Client, override_settings
from django.urls import path

logger = logging.getLogger("calls.records")

def fails(request, token):
    transcript = {SAID!r}
    raise IntegrityError("DETAIL: Key (address)=({PHONE}) already exists")

logger.warning("a caller said {SAID}")
logger.error("call %s: not written of %s", "2f1c", "{PHONE}")
urlpatterns = [path("invitations/<token>/", fails)]
with override_settings(ROOT_URLCONF=__name__, SECURE_SSL_REDIRECT=False, ALLOWED_HOSTS=["*"], MIDDLEWARE=[]):
    client = Client(raise_request_exception=False, headers={{"cookie": "sessionid={SECRET}"}})
    client.post("/invitations/{SECRET}/?q={PHONE}", {{"text": "{SAID}"}})
logging.getLogger("django.security.DisallowedHost").error("Invalid HTTP_HOST header")
"""


class Service(ThreadingHTTPServer):
    """A stand-in for Sentry: it keeps the envelopes that it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.raw: list[str] = []

    @property
    def dsn(self) -> str:
        return f"http://public-key@127.0.0.1:{self.server_port}/1"

    @property
    def events(self) -> list[dict[str, Any]]:
        """An envelope is lines: its header, then for each item a header and a body."""
        events = []
        for envelope in self.raw:
            _header, *items = envelope.strip().split("\n")
            kinds = {json.loads(header)["type"] for header in items[::2]}
            assert kinds == {"event"}, "no sessions, no reports of the client, no metrics"
            events += [json.loads(body) for body in items[1::2]]
        return events


class Receiver(BaseHTTPRequestHandler):
    """Takes an envelope."""

    server: Service

    def do_POST(self) -> None:
        """Keep the body."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.raw.append((gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(script: str, **variables: str) -> str:
    """Run a script as a process of an installation. Returns what it prints."""
    environment = {**without_test_settings(dict(os.environ)), **PRODUCTION, "ENV_FILE": os.devnull, **variables}
    environment |= {"DJANGO_SETTINGS_MODULE": "frontdesk.settings", "DATABASE_URL": "sqlite://", "REDIS_URL": ""}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_an_error_is_reported_without_whom_it_happened_to(service: Service) -> None:
    run(SCRIPT, SENTRY_DSN=service.dsn)
    written, raised = service.events
    assert written["logentry"]["message"] == "call 2f1c: not written of +…"
    assert (written["logger"], written["level"]) == ("calls.records", "error")
    (error,) = raised["exception"]["values"]
    assert (error["type"], error["value"]) == ("IntegrityError", "DETAIL: Key (address)=(+…) already exists")
    assert error["stacktrace"]["frames"][-1]["function"] == "fails"
    sent = "".join(service.raw)
    for secret in (SECRET, PHONE, PHONE[1:], SAID, "sessionid", "cookie", "DisallowedHost"):
        assert secret not in sent, secret


def test_an_error_that_ends_a_process_is_reported(service: Service) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run("import django; django.setup(); 1 / 0", SENTRY_DSN=service.dsn)
    (event,) = service.events
    assert event["exception"]["values"][0]["type"] == "ZeroDivisionError"


def test_without_the_setting_nothing_of_it_is_imported() -> None:
    script = "import sys, django; django.setup(); import frontdesk.asgi; print('sentry_sdk' in sys.modules)"
    assert run(script, SENTRY_DSN="").strip().endswith("False")
