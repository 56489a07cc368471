"""A key that is not accepted and models that are gone or will be are told before a caller notices."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from businesses.models import Membership, Role, User
from businesses.tenancy import acting_for
from calls import model_checks, tasks
from calls.model_checks import CheckFault, Finding, ModelTrouble, ModelUse
from calls.models import ModelCheck
from calls.openai_models import announced_end
from calls.sandbox.openai.scenario import Scenario
from calls.tests.conftest import make_business
from calls.tests.stand_in import stand_in
from frontdesk.attention import attention

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def models(settings: Any) -> Any:
    settings.OPENAI_REALTIME_MODEL, settings.OPENAI_SPEECH_MODEL = "gpt-realtime-2.1", "gpt-4o-mini-tts"
    settings.OPENAI_TRANSCRIPTION_MODEL, settings.OPENAI_SUMMARY_MODEL = "gpt-transcribe", "gpt-5.4-mini"
    return settings


def found(listed: dict[str, date | None] | None, model: str) -> list[tuple[ModelTrouble, str]]:
    findings = model_checks.findings({ModelUse.CALLS: model}, listed, today=TODAY)
    return [(each.trouble, each.day) for each in findings]


@pytest.mark.parametrize(
    ("listed", "model", "expected"),
    [
        ({"new": None}, "new", []),
        ({"new": None}, "other", [(ModelTrouble.MISSING, "")]),
        ({"old": date(2027, 1, 22)}, "old", [(ModelTrouble.ENDS, "2027-01-22")]),
        ({"old": date(2027, 1, 23)}, "old", []),
        ({"old": date(2026, 11, 23)}, "old", [(ModelTrouble.ENDED, "2026-11-23")]),
        ({"gpt-realtime": None}, "gpt-realtime", [(ModelTrouble.ENDS, "2027-01-20")]),
        ({"gpt-realtime": date(2027, 6, 1)}, "gpt-realtime", []),  # OpenAI has given it more time
        (None, "gpt-realtime-2025-08-28", [(ModelTrouble.ENDS, "2027-01-20")]),
        (None, "a model of another server", []),
    ],
)
def test_what_is_a_trouble(
    listed: dict[str, date | None] | None, model: str, expected: list[tuple[ModelTrouble, str]]
) -> None:
    assert found(listed, model) == expected


def test_announced_ends() -> None:
    assert announced_end("gpt-4o-mini-tts-2025-12-15") == date(2027, 1, 6)
    assert announced_end("gpt-4.1-nano") == date(2027, 1, 14)
    assert announced_end("whisper-1") == date(2027, 2, 26)
    assert announced_end("gpt-realtime-2.1") is None


@pytest.mark.parametrize(
    ("written", "day"),
    [("2027-01-06", "2027-01-06"), ("2027-01-06T00:00:00Z", "2027-01-06"), (1798761600, "2027-01-01"), ("soon", None)],
)
def test_days_of_shutdown_as_they_may_be_written(written: object, day: str | None) -> None:
    (read,) = dict(model_checks._listed([{"id": "m", "shutdown_date": written}])).values()
    assert (read.isoformat() if read else None) == day


@pytest.mark.django_db
def test_the_command_tells_what_is_found_and_fails(settings: Any) -> None:
    out = io.StringIO()
    listed = {"gpt-4o-mini-tts": None, "gpt-transcribe": None, "gpt-5.4-mini": "2026-01-01"}
    told = pytest.raises(CommandError, match=r"OpenAI has no model gpt-realtime-2\.1 for this key")
    with stand_in(Scenario(models=listed), settings), told:
        call_command("check_models", stdout=out)
    said = json.loads(out.getvalue())
    assert said["models"]["calls"] == "gpt-realtime-2.1"
    assert {each["model"]: each["trouble"] for each in said["findings"]} == {
        "gpt-realtime-2.1": "missing",
        "gpt-4o-mini-tts": "ends",
        "gpt-5.4-mini": "ended",
    }


@pytest.mark.django_db
def test_all_is_well(settings: Any) -> None:
    settings.OPENAI_SPEECH_MODEL = "gpt-realtime-2.1-mini"
    with stand_in(Scenario(), settings):
        call_command("check_models", stdout=io.StringIO())
    kept = model_checks.latest()
    assert kept is not None
    assert (kept.fault, kept.findings) == ("", [])


@pytest.mark.django_db
def test_a_key_that_is_not_accepted_keeps_what_was_found_before(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with stand_in(Scenario(), settings):
        tasks.check_models()
    with stand_in(Scenario(refuses_key=True), settings):
        tasks.check_models()
    kept = model_checks.latest()
    assert kept is not None
    assert kept.fault == CheckFault.NO_ACCESS
    assert [each.model for each in model_checks.findings_of(kept)] == ["gpt-4o-mini-tts"]
    assert "sk-" not in caplog.text


@pytest.mark.django_db
def test_nobody_answers(settings: Any) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    assert model_checks.check(now=NOW).fault == CheckFault.UNREACHABLE


@pytest.mark.django_db
def test_a_model_that_was_replaced_is_no_trouble_any_more(settings: Any) -> None:
    keep("", Finding(ModelUse.GREETINGS, "gpt-4o-mini-tts", ModelTrouble.ENDS, "2027-01-06"))
    settings.OPENAI_SPEECH_MODEL = "gpt-realtime-2.1-mini"
    kept = model_checks.latest()
    assert kept is not None
    assert model_checks.findings_of(kept) == []


def keep(fault: str, *found: Finding) -> None:
    rows = [{"use": each.use, "model": each.model, "trouble": each.trouble, "day": each.day} for each in found]
    ModelCheck.objects.create(checked_at=timezone.now(), fault=fault, findings=rows)


@pytest.mark.django_db
def test_health_tells_it_and_the_process_stays_ready(client: Client) -> None:
    assert client.get("/readyz").json()["models"] == {"checked_at": None, "problems": []}
    keep(CheckFault.NO_ACCESS)
    answer = client.get("/readyz", headers={"accept-language": "he"})
    assert answer.json()["ready"]
    (problem,) = answer.json()["models"]["problems"]
    assert problem.startswith("OpenAI does not accept the key")


@pytest.mark.django_db
def test_owners_are_told_in_their_words() -> None:
    business = make_business()
    ends = Finding(ModelUse.GREETINGS, "gpt-4o-mini-tts", ModelTrouble.ENDS, "2027-01-06")
    keep(CheckFault.NO_CREDIT, ends, Finding(ModelUse.CALLS, "gpt-realtime-2.1", ModelTrouble.MISSING))
    with acting_for(business):
        told = [matter.text for matter in attention(business, [])]
        with translation.override("he"):
            in_hebrew = [matter.text + matter.detail for matter in attention(business, [])]
    assert told == [
        "The AI service's credit is used up",
        "The AI that speaks greetings is available until 6 January 2027 only",
        "The AI that answers calls is not available any more",
    ]
    assert all(any("א" <= letter <= "ת" for letter in text) for text in in_hebrew)
    assert not any("The AI" in text for text in in_hebrew)


@pytest.mark.django_db
def test_operators_see_it_in_the_admin_and_owners_do_not(client: Client) -> None:
    keep("", Finding(ModelUse.CALLS, "gpt-realtime-2.1", ModelTrouble.MISSING))
    business = make_business()
    owner = User.objects.create_user("owner@clinic.test", "pw")
    with acting_for(business):
        Membership.objects.create(business=business, user=owner, role=Role.OWNER)
    client.force_login(owner)
    assert "OPENAI_REALTIME_MODEL" not in client.get(reverse("admin:index")).content.decode()
    client.force_login(User.objects.create_superuser("operator@frontdesk.test", "pw"))
    assert "OPENAI_REALTIME_MODEL" in client.get(reverse("admin:index")).content.decode()
