"""A reminder leaves by the real sending loop, once, whoever decides at once or is killed with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest

from businesses import messenger
from businesses.calendar import booking, reminders, setting_up
from businesses.calendar.booking import Guest
from businesses.models import (
    Appointment,
    Business,
    Calendar,
    Reminder,
    ReminderChoices,
    ReminderResult,
    Service,
    ServiceCalendar,
)
from businesses.tenancy import acting_for
from testing.at_once import at_once
from testing.broadcasts import make_sender, make_template
from testing.databases import MigratedDatabase
from testing.killed_workers import environment_of, leaves_both_or_none
from testing.meta import ThreadedMeta
from whatsapp.conftest import Report, Send, meta, report, send  # noqa: F401 - fixtures
from whatsapp.models import DirectMessage, SuppressionCategory, SuppressionSource
from whatsapp.people import suppressions
from whatsapp.tests.test_killed_imports import run

DANA = "+972501234567"


@pytest.fixture
def clinic(transactional_db: None) -> Iterator[Business]:
    """A clinic that reminds two hours before, at any hour."""
    business = Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem", language="he")
    with acting_for(business):
        calendar = Calendar.objects.create(business=business, name="Dana")
        service = Service.objects.create(business=business, name="Checkup", minutes=30)
        ServiceCalendar.objects.create(business=business, service=service, calendar=calendar)
        words = [{"type": "BODY", "text": "שלום {{name}}, {{when}}"}]
        make_template(make_sender(business), name="remind", language="he", category="UTILITY", components=words)
        quiet = time(3)
        chosen = ReminderChoices(
            business=business, is_on=True, first_hours=2, quiet_from=quiet, quiet_until=quiet, template="remind",
            fillings={"name": "name", "when": "when"},
        )  # fmt: skip
        setting_up.choose_reminders(chosen, now=datetime.now(UTC) - timedelta(days=3))
        yield business


@pytest.fixture
def appointment(clinic: Business) -> Appointment:
    """One in less than two hours, booked a day ago by somebody who wants to be reminded."""
    now = datetime.now(UTC)
    start = now.replace(second=0, microsecond=0) + timedelta(minutes=110)
    guest = Guest("דנה", DANA, agrees_to_reminder=True)
    return booking.book(clinic, Service.objects.get(), guest, start=start, now=now - timedelta(days=1))


def sweep() -> list[ReminderResult | None]:
    now = datetime.now(UTC)
    return [reminders.remind(each, now=now) for each in reminders.due(now=now)]


def test_it_arrives_once_and_its_way_is_told(
    clinic: Business,
    appointment: Appointment,
    meta: ThreadedMeta,  # noqa: F811
    send: Send,  # noqa: F811
    report: Report,  # noqa: F811
) -> None:
    assert sweep() == [ReminderResult.SENT]
    send()
    assert sweep() == []
    send()
    assert [post.address for post in meta.posts] == [DANA]
    assert DirectMessage.objects.get().text.startswith("שלום דנה, יום ")
    key = Reminder.objects.get().message
    assert key is not None
    assert not messenger.standings(clinic, [key])[key].has_arrived
    report()
    send()
    assert messenger.standings(clinic, [key])[key].has_arrived


def test_who_opted_out_gets_nothing(clinic: Business, appointment: Appointment) -> None:
    suppressions.suppress(
        clinic, DANA, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=datetime.now(UTC)
    )
    assert sweep() == [ReminderResult.OPTED_OUT]
    assert not DirectMessage.objects.exists()


def test_many_workers_make_one_message(clinic: Business, appointment: Appointment) -> None:
    at_once(lambda: reminders.remind(reminders.Due(appointment.pk, 2), now=datetime.now(UTC)))
    assert (DirectMessage.objects.count(), Reminder.objects.count()) == (1, 1)


SET_UP = """
import django
django.setup()
from datetime import time, timedelta
from django.core.management import call_command
from django.utils import timezone
from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.models import Business, Calendar, ReminderChoices, Service, ServiceCalendar
from businesses.tenancy import acting_for
from testing.broadcasts import make_sender, make_template
call_command("create_business", "acme", name="Acme", phones=["+97231234567"])
business = Business.objects.get()
now = timezone.now()
with acting_for(business):
    make_template(make_sender(business), name="remind", category="UTILITY", components=[{"type": "BODY", "text": "Hi"}])
    ReminderChoices.objects.create(
        business=business, is_on=True, first_hours=2, quiet_from=time(3), quiet_until=time(3), template="remind"
    )
    calendar = Calendar.objects.create(business=business, name="Ann")
    service = Service.objects.create(business=business, name="Cut")
    ServiceCalendar.objects.create(business=business, service=service, calendar=calendar)
    start = now.replace(second=0, microsecond=0) + timedelta(minutes=110)
    guest = Guest("Dana", "+972501234567", agrees_to_reminder=True)
    booking.book(business, service, guest, start=start, now=now - timedelta(days=1))
"""


@pytest.mark.timeout(300)
def test_a_killed_worker_leaves_both_rows_or_none(migrated_database: MigratedDatabase) -> None:
    with migrated_database() as database_url:
        environment = environment_of(database_url)
        run(environment, SET_UP)
        leaves_both_or_none(environment, task="businesses.tasks.send_reminders", row="businesses.models.Reminder")
