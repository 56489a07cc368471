"""A missed caller gets one message from the real sending loop, whoever decides at once or is killed with it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from businesses.models import Business, PhoneNumber
from businesses.tenancy import acting_for
from calls.followups import rescue
from calls.models import AfterCalls, Call, CallOutcome, CallStatus, Rescue, RescueResult
from testing.at_once import at_once
from testing.broadcasts import make_sender, make_template
from testing.databases import MigratedDatabase
from testing.killed_workers import environment_of, leaves_both_or_none
from testing.meta import ThreadedMeta
from whatsapp.conftest import Send, meta, send  # noqa: F401 - fixtures
from whatsapp.models import Consent, Contact, DirectMessage, SuppressionCategory, SuppressionSource
from whatsapp.people import suppressions
from whatsapp.tests.test_killed_imports import run

CALLER = "+972501234567"


@pytest.fixture
def clinic(transactional_db: None) -> Iterator[Business]:
    business = Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem", language="he")
    PhoneNumber.objects.create(number="+97231234567", business=business)
    with acting_for(business):
        sender = make_sender(business)
        words = [{"type": "BODY", "text": "פספסנו את שיחתך ל־{{phone}}"}]
        make_template(sender, name="missed", language="he", category="UTILITY", components=words)
        AfterCalls.objects.create(business=business, rescue_enabled=True, rescue_template="missed")
        Contact.objects.create(business=business, phone=CALLER, consent=Consent.GRANTED)
        yield business


def miss(business: Business, now: datetime) -> Call:
    return Call.objects.create(
        business=business, twilio_call_sid=f"CA{uuid.uuid4().hex}", called_number="+97231234567",
        caller_number=CALLER, started_at=now - timedelta(seconds=20), ended_at=now - timedelta(seconds=10),
        status=CallStatus.ENDED, outcome=CallOutcome.ABANDONED, end_reason="caller_left",
    )  # fmt: skip


def test_the_message_arrives_once(clinic: Business, meta: ThreadedMeta, send: Send) -> None:  # noqa: F811
    now = datetime.now(UTC)
    miss(clinic, now)
    for _turn in range(2):
        for call_id in rescue.due(now=now):
            rescue.rescue(call_id, now=now)
        send()
    assert [post.address for post in meta.posts] == [CALLER]
    assert DirectMessage.objects.get().text == "פספסנו את שיחתך ל־+97231234567"


def test_who_opted_out_gets_nothing(clinic: Business) -> None:
    now = datetime.now(UTC)
    suppressions.suppress(clinic, CALLER, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=now)
    assert rescue.rescue(miss(clinic, now).pk, now=now) is RescueResult.OPTED_OUT
    assert not DirectMessage.objects.exists()


def test_many_workers_and_many_missed_calls_of_one_person_make_one_message(clinic: Business) -> None:
    now = datetime.now(UTC)
    calls = [miss(clinic, now + timedelta(seconds=number)) for number in range(3)]
    later = now + timedelta(seconds=20)

    def decide() -> None:
        for call in calls:
            rescue.rescue(call.pk, now=later)

    at_once(decide)
    assert DirectMessage.objects.count() == 1
    assert sorted(Rescue.objects.values_list("result", flat=True)) == ["sent", "written_to", "written_to"]


SET_UP = """
import django
django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
from businesses.models import Business
from businesses.tenancy import acting_for
from calls.models import AfterCalls, Call
from testing.broadcasts import make_sender, make_template
from whatsapp.models import Contact
call_command("create_business", "acme", name="Acme", phones=["+97231234567"])
business = Business.objects.get()
with acting_for(business):
    make_template(make_sender(business), name="missed", components=[{"type": "BODY", "text": "Sorry"}])
    AfterCalls.objects.create(business=business, rescue_enabled=True, rescue_template="missed")
    Contact.objects.create(business=business, phone="+972501234567", consent="granted")
    now = timezone.now()
    Call.objects.create(
        business=business, twilio_call_sid="CA1", called_number="+97231234567", caller_number="+972501234567",
        started_at=now - timedelta(seconds=30), ended_at=now - timedelta(seconds=20), status="ended",
        outcome="abandoned", end_reason="caller_left",
    )
"""


@pytest.mark.timeout(300)
def test_a_killed_worker_leaves_both_rows_or_none(migrated_database: MigratedDatabase) -> None:
    with migrated_database() as database_url:
        environment = environment_of(database_url)
        run(environment, SET_UP)
        leaves_both_or_none(environment, task="calls.tasks.rescue_missed_calls", row="calls.models.Rescue")
