"""A worker killed while it asks for a call, or Twilio for it: the call is made once, or nobody knows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

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

SET_UP_REMINDER = """
import django
django.setup()
from datetime import UTC, datetime, timedelta
from django.core.management import call_command
from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.models import Business, Calendar, Reminder, ReminderChoices, Service, ServiceCalendar
from businesses.tenancy import acting_for
from calls.models import OutgoingChoices
call_command("create_business", "acme", name="Acme", phones=["+97231234567"])
business, noon = Business.objects.get(), datetime(2026, 11, 23, 10, tzinfo=UTC)
before, start = noon - timedelta(minutes=1), noon + timedelta(days=1)
with acting_for(business):
    OutgoingChoices.objects.create(business=business, enabled=True)
    ReminderChoices.objects.create(business=business, is_on=True, calls_unreached=True, calls_since=before)
    calendar = Calendar.objects.create(business=business, name="Ann")
    service = Service.objects.create(business=business, name="Cut")
    ServiceCalendar.objects.create(business=business, service=service, calendar=calendar)
    guest = Guest("Dana", "+972525550000", agrees_to_reminder=True)
    made = booking.book(business, service, guest, start=start, now=before)
    Reminder.objects.create(
        business=business, appointment=made, starts_at=start, hours=24, result="no_template", at=before
    )
"""
SWEEP = """
import django
django.setup()
import os, signal, sys
from datetime import UTC, datetime
from calls.models import OutgoingCall
from calls.outgoing import asking, reminding
if "doomed" in sys.argv:
    asking.record = lambda *_arguments, **_values: os.kill(os.getpid(), signal.SIGKILL)
asked = reminding.ask_for_due(now=datetime(2026, 11, 23, 10, tzinfo=UTC))
print(asked, OutgoingCall._base_manager.count())
"""


@pytest.mark.timeout(300)
def test_a_reminder_is_asked_for_once_and_dialled_once(migrated_database: MigratedDatabase) -> None:
    with migrated_database() as database_url, threaded_twilio() as server:
        server.accounts["AC1"] = TwilioAccount("token")
        start = starter(database_url, server.url)
        assert start(SET_UP_REMINDER).wait() == 0
        assert start(SWEEP, "doomed").wait() == -signal.SIGKILL
        both = [start(SWEEP) for _ in range(2)]
        assert sorted(each.communicate()[0].split() for each in both) == [["0", "1"], ["1", "1"]]
        doomed = start(WORK)
        server.during_call = lambda _form: os.kill(doomed.pid, signal.SIGKILL)
        assert doomed.wait() == -signal.SIGKILL
        assert start(SWEEP).communicate()[0].split() == ["0", "1"]
        assert start(WORK).communicate()[0].split()[-1] == "unknown"
        assert [form["To"] for form in server.calls] == ["+972525550000"]


def starter(database_url: str, twilio_url: str) -> Callable[..., subprocess.Popen[str]]:
    """Returns a function that starts a process with some code, on this database and this Twilio."""
    environment = {
        **os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
        "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "token", "TWILIO_API_URL": twilio_url,
    }  # fmt: skip

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

    return start


@pytest.mark.timeout(300)
def test_a_call_is_not_asked_for_again(migrated_database: MigratedDatabase) -> None:
    with migrated_database() as database_url, threaded_twilio() as server:
        server.accounts["AC1"] = TwilioAccount("token")
        start = starter(database_url, server.url)
        assert start(SET_UP).communicate()[0].split()[-1] == "True"
        doomed = start(WORK)
        server.during_call = lambda _form: os.kill(doomed.pid, signal.SIGKILL)
        assert doomed.wait() == -signal.SIGKILL
        assert start(WORK).communicate()[0].split()[-1] == "unknown"
        assert [form["To"] for form in server.calls] == ["+972525550000"]
