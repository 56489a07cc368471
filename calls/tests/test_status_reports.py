"""What Twilio tells of a call is kept while the database is away, and noted when it is back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError

from businesses import database_watch
from businesses.models import Business
from businesses.tenancy import across_businesses
from calls.models import Call, CallStatus
from calls.telephone import after_stream, status_reports
from calls.tests.conftest import TwilioPost

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setattr(status_reports, "close_old_connections", lambda: None)
    status_reports._kept.clear()
    business = Business.objects.create(name="Acme", slug="acme")
    with across_businesses():
        return Call.objects.create(business=business, twilio_call_sid="CA1", started_at=NOW)


def status_of(call: Call) -> str:
    with across_businesses():
        return Call.objects.get(pk=call.pk).status


def fails(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(after_stream, "find_call", fail)


def test_a_report_that_the_database_refuses_is_noted_later(
    call: Call, twilio_post: TwilioPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        fails(away, OperationalError("database is locked"))
        answer = twilio_post("/calls/twilio/status/", CallSid="CA1", CallStatus="completed")
        assert (answer.status_code, answer.content) == (204, b"")
        status_reports.note_kept()
        assert len(status_reports._kept) == 1, "it is still refused"
    assert status_of(call) == CallStatus.RINGING
    status_reports.note_kept()
    assert status_of(call) == CallStatus.ENDED
    assert not status_reports._kept


def test_nobody_asks_a_database_that_is_away(
    call: Call, twilio_post: TwilioPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_watch, "is_away", lambda: True)
    assert twilio_post("/calls/twilio/status/", CallSid="CA1", CallStatus="completed").status_code == 204
    assert status_of(call) == CallStatus.RINGING
    status_reports.note_kept()
    assert status_of(call) == CallStatus.ENDED


def test_a_report_that_can_not_be_noted_keeps_none_behind_it(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    status_reports.keep({"no": "CallSid"}, now=NOW)
    status_reports.keep({"CallSid": "CA1", "CallStatus": "completed"}, now=NOW)
    status_reports.note_kept()
    assert status_of(call) == CallStatus.ENDED


def test_many_reports_are_noted_a_few_at_a_time(call: Call) -> None:
    for _ in range(status_reports.MOST_AT_ONCE + 1):
        status_reports.keep({"CallSid": "CA1", "CallStatus": "completed"}, now=NOW)
    status_reports.note_kept()
    assert len(status_reports._kept) == 1
