"""A caller whom nobody served gets one message a day, if the business wants it and they agreed; nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from businesses import messenger
from businesses.messenger import MessageRefused, Refusal, TemplateChoice
from businesses.models import AuditEntry, Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.conversation.end_reasons import EndReason
from calls.followups import rescue, todo
from calls.models import AfterCalls, BlockedCaller, Call, CallOutcome, CallStatus, Rescue, RescueResult
from calls.tests.conftest import NOW, make_business

CALLER = "+972541234567"
SOON = NOW + timedelta(seconds=10)


class Postbox:
    """Keeps what would be sent, with the answers that the test gives; the real one has its own tests."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.refusal: Refusal | None = None
        self.agreed = True
        self.fails: Refusal | None = None

    def may_message(self, business: Business, number: str) -> Refusal | None:
        return self.refusal

    def has_agreed(self, business: Business, number: str, *, now: datetime) -> bool:
        return self.agreed

    def templates(self, business: Business) -> list[TemplateChoice]:
        return [
            TemplateChoice("missed", "he", "We missed you", ()),
            TemplateChoice("with_phone", "he", "Call {{phone}}", ("phone",)),
            TemplateChoice("with_name", "he", "Hi {{first_name}}", ("first_name",)),
        ]

    def send_template(self, business: Business, number: str, name: str, values: Any, **_: Any) -> None:
        if self.fails:
            raise MessageRefused(self.fails)
        self.sent.append((number, name, dict(values)))

    def has_opted_out(self, business: Business, number: str) -> bool:
        return self.refusal is Refusal.OPTED_OUT

    def agree(self, *_: Any, **__: Any) -> None: ...

    def send_text(self, *_: Any, **__: Any) -> None: ...


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Postbox:
    box = Postbox()
    monkeypatch.setattr(messenger, "_messenger", lambda: box)
    return box


@pytest.fixture
def clinic(db: None) -> Iterator[Business]:
    business = make_business()
    with acting_for(business):
        AfterCalls.objects.create(business=business, rescue_enabled=True, rescue_template="missed")
        yield business


def missed(business: Business, *, at: datetime = NOW, **values: Any) -> Call:
    known: dict[str, Any] = {
        "called_number": "+97231234567", "caller_number": CALLER, "started_at": at - timedelta(seconds=5),
        "ended_at": at, "status": CallStatus.ENDED, "outcome": CallOutcome.ABANDONED,
        "end_reason": EndReason.CALLER_LEFT,
    }  # fmt: skip
    return Call.objects.create(business=business, twilio_call_sid=f"CA{uuid4().hex}", **(known | values))


def sweep(now: datetime = SOON) -> list[RescueResult | None]:
    return [rescue.rescue(call_id, now=now) for call_id in rescue.due(now=now)]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"outcome": CallOutcome.REFUSED, "end_reason": EndReason.ALL_BUSY},
        {"outcome": CallOutcome.FAILED, "end_reason": EndReason.STREAM_BROKE, "user_has_spoken": True},
        {"outcome": CallOutcome.FALLBACK, "fallback_result": "no-answer"},
    ],
)
def test_an_unserved_caller_is_written_to_once(clinic: Business, postbox: Postbox, values: dict[str, Any]) -> None:
    call = missed(clinic, **values)
    assert sweep() == [RescueResult.SENT]
    assert postbox.sent == [(CALLER, "missed", {"business_name": clinic.name, "phone": "+97231234567"})]
    assert sweep() == []
    assert rescue.rescue(call.pk, now=SOON) is None
    assert len(postbox.sent) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"outcome": CallOutcome.COMPLETED},
        {"outcome": CallOutcome.TRANSFERRED},
        {"outcome": CallOutcome.FALLBACK, "fallback_result": "completed"},
        {"outcome": CallOutcome.FALLBACK, "dialling_until": NOW + timedelta(minutes=1)},
        {"outcome": CallOutcome.REFUSED, "end_reason": EndReason.BLOCKED},
        {"outcome": CallOutcome.ABANDONED, "end_reason": EndReason.OPERATOR_HUNG_UP},
        {"caller_number": ""},
        {"caller_number": "browser"},
        {"status": CallStatus.LIVE, "outcome": "", "ended_at": None},
    ],
)
def test_who_was_served_or_is_not_to_be_served_is_left_alone(
    clinic: Business, postbox: Postbox, values: dict[str, Any]
) -> None:
    missed(clinic, **values)
    assert sweep() == []
    assert postbox.sent == []


def test_it_waits_for_the_call_to_settle_and_never_comes_late(clinic: Business, postbox: Postbox) -> None:
    missed(clinic)
    assert sweep(NOW + timedelta(seconds=5)) == []
    assert sweep(NOW + rescue.TOO_LATE) == []
    assert sweep(NOW + timedelta(seconds=8)) == [RescueResult.SENT]


def test_a_business_that_does_not_want_it_writes_to_nobody(clinic: Business, postbox: Postbox) -> None:
    call = missed(clinic)
    AfterCalls.objects.update(rescue_enabled=False)
    assert sweep() == []
    assert rescue.rescue(call.pk, now=SOON) is None
    assert not Rescue.objects.exists()


def test_the_same_person_is_not_written_to_twice_within_a_day(clinic: Business, postbox: Postbox) -> None:
    missed(clinic)
    missed(clinic, at=NOW + timedelta(seconds=1))
    assert sorted(str(each) for each in sweep()) == ["sent", "written_to"]
    later = NOW + timedelta(hours=23)
    missed(clinic, at=later)
    assert sweep(later + timedelta(seconds=10)) == [RescueResult.WRITTEN_TO]
    much_later = NOW + timedelta(hours=30)
    missed(clinic, at=much_later)
    assert sweep(much_later + timedelta(seconds=10)) == [RescueResult.SENT]
    assert len(postbox.sent) == 2


@pytest.mark.parametrize("outcome", [CallOutcome.COMPLETED, CallOutcome.TRANSFERRED, ""])
def test_who_called_again_and_was_served_or_is_on_the_line_is_not_written_to(
    clinic: Business, postbox: Postbox, outcome: str
) -> None:
    missed(clinic)
    again: dict[str, Any] = {"outcome": outcome, "status": CallStatus.ENDED if outcome else CallStatus.LIVE}
    missed(clinic, at=NOW + timedelta(seconds=7), **again)
    assert sweep() == [RescueResult.SERVED_SINCE]
    assert postbox.sent == []


def test_who_left_a_message_was_served(clinic: Business, postbox: Postbox) -> None:
    call = missed(clinic, outcome=CallOutcome.FAILED)
    todo.take_message(clinic, call, who="Dana", about="x", call_back_at_words="", number="", now=NOW)
    assert sweep() == []


def test_who_only_left_something_to_do_was_not_served(clinic: Business, postbox: Postbox) -> None:
    call = missed(clinic, outcome=CallOutcome.FAILED)
    todo.add_follow_up(clinic, call, place=0, what="Send the list", when="", who="", now=NOW)
    assert sweep() == [RescueResult.SENT]


def test_a_blocked_caller_is_not_written_to(clinic: Business, postbox: Postbox) -> None:
    call = missed(clinic)
    BlockedCaller.objects.create(business=clinic, number=CALLER, blocked_at=NOW)
    assert rescue.rescue(call.pk, now=SOON) is None
    assert postbox.sent == []


def test_who_has_not_agreed_or_opted_out_is_not_written_to(clinic: Business, postbox: Postbox) -> None:
    postbox.agreed = False
    missed(clinic)
    assert sweep() == [RescueResult.NOT_AGREED]
    postbox.agreed, postbox.refusal = True, Refusal.OPTED_OUT
    missed(clinic)
    assert sweep() == [RescueResult.OPTED_OUT]
    postbox.refusal, postbox.fails = None, Refusal.NO_TEMPLATE
    missed(clinic)
    assert sweep() == [RescueResult.NO_TEMPLATE]
    assert postbox.sent == []


def test_every_refusal_has_a_result() -> None:
    assert {each.value for each in Refusal} - {"no_window"} <= {each.value for each in RescueResult}


def test_another_businesss_calls_are_not_touched(clinic: Business, postbox: Postbox) -> None:
    other = make_business()
    missed(clinic)
    with acting_for(other):
        missed(other)
    assert sweep() == [RescueResult.SENT]
    assert [each.business_id for each in Rescue.objects.all()] == [clinic.pk]


@pytest.fixture
def owner(clinic: Business, client: Client) -> Client:
    user = User.objects.create_user("owner@clinic.test", "pw")
    Membership.objects.create(business=clinic, user=user, role=Role.OWNER)
    client.force_login(user)
    return client


def test_an_owner_chooses_on_a_page(clinic: Business, postbox: Postbox, owner: Client) -> None:
    page = reverse("after-calls", args=[clinic.slug])
    shown = owner.get(page).content.decode()
    assert "with_phone" in shown
    assert "with_name" not in shown, "its value is not known of everybody"
    assert owner.post(page, {"part": "rescue", "rescue_enabled": "on", "rescue_template": ""}).status_code == 422
    assert (
        owner.post(page, {"part": "rescue", "rescue_enabled": "on", "rescue_template": "with_name"}).status_code == 422
    )
    assert (
        owner.post(page, {"part": "rescue", "rescue_enabled": "on", "rescue_template": "with_phone"}).status_code == 302
    )
    assert AfterCalls.objects.get().rescue_template == "with_phone"
    assert AuditEntry.objects.get(kind="settings_changed").details["changes"] == {
        "rescue_template": ["missed", "with_phone"]
    }
    missed(clinic)
    assert sweep() == [RescueResult.SENT]
    assert postbox.sent[0][1] == "with_phone"
    assert "Got a message on WhatsApp" in owner.get(page).content.decode()


def test_a_template_that_is_gone_is_said(clinic: Business, postbox: Postbox, owner: Client) -> None:
    AfterCalls.objects.update(rescue_template="gone")
    shown = owner.get(reverse("after-calls", args=[clinic.slug])).content.decode()
    assert "can&#x27;t be sent now" in shown
