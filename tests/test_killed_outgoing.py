"""A worker killed between asking Twilio for a call and storing its answer: the call is never asked for again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from testing.databases import ROOT, MigratedDatabase
from testing.twilio import TwilioAccount, threaded_twilio

pytestmark = pytest.mark.realtime

SET_UP = """
import django
django.setup()
from datetime import UTC, datetime
from django.core.management import call_command
from businesses.models import Business
from businesses.tenancy import acting_for
from calls.models import OutgoingChoices, Task
from calls.outgoing import asking
call_command("create_business", "acme", name="Acme", phones=["+97231234567"])
business, noon = Business.objects.get(), datetime(2026, 11, 23, 10, tzinfo=UTC)
with acting_for(business):
    OutgoingChoices.objects.create(business=business, enabled=True)
    Task.objects.create(business=business, kind="call_back", number="+972525550000", created_at=noon)
    print(asking.ask(business, "+972525550000", by=None, now=noon).is_new)
"""
WORK = """
import django
django.setup()
from datetime import UTC, datetime, timedelta
from calls.models import OutgoingCall
from calls.outgoing import placing, progress
from calls.telephone import dialling_out
now = datetime(2026, 11, 23, 10, tzinfo=UTC)
for minutes in (0, 5):
    now += timedelta(minutes=minutes)
    progress.look_at_forgotten(now=now)
    for each in placing.due(now=now):
        dialling_out.place(each, clock=lambda: now)
print(OutgoingCall._base_manager.get().state)
"""


@pytest.mark.timeout(300)
def test_a_call_is_not_asked_for_again(migrated_database: MigratedDatabase) -> None:
    with migrated_database() as database_url, threaded_twilio() as server:
        server.accounts["AC1"] = TwilioAccount("token")
        environment = {
            **os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
            "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "token", "TWILIO_API_URL": server.url,
        }  # fmt: skip

        def start(code: str) -> subprocess.Popen[str]:
            return subprocess.Popen(
                [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
            )

        assert start(SET_UP).communicate()[0].split()[-1] == "True"
        doomed = start(WORK)
        server.during_call = lambda _form: os.kill(doomed.pid, signal.SIGKILL)
        assert doomed.wait() == -signal.SIGKILL
        assert start(WORK).communicate()[0].split()[-1] == "unknown"
        assert [form["To"] for form in server.calls] == ["+972525550000"]
