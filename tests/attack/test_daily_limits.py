"""Attempts to use more than a day's limits allow, to hold lines without calling, and to call again after a block.

Defended: a business at a limit of its day is neither answered nor dialled on, also by several legs at once. Trial
calls without a socket hold a line for seconds, one for each person. Nobody but the operator changes limits.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from businesses import usage
from businesses.models import AuditEntry, AuditKind, DailyLimits, DayUsage, Limit, User
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant
from calls.conversation.end_reasons import EndReason
from calls.line import live_control
from calls.models import BlockedCaller, Call, CallOutcome, CallStatus
from calls.pages import try_call
from calls.records.finishing import holding_a_line
from calls.tests.conftest import NOW, TwilioPost, kept, make_call, make_live_call
from tests.attack.dialling import (
    CALLER,
    COLLEAGUE,
    after,
    alpha,
    beta,
    change,
    dialled,
    ended,
    limit,
    signed_in,
    twilio_post,
    voice,
)

__all__ = ["alpha", "beta", "twilio_post"]


# Limits of a day -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kind", "used"), [("calls", 3), ("minutes", Decimal(3)), ("money", Decimal(3))], ids=str)
def test_a_limit_that_is_reached_refuses_calls_without_cost(
    alpha: Tenant, beta: Tenant, twilio_post: TwilioPost, kind: str, used: Any
) -> None:
    change(alpha, fallback_number=COLLEAGUE)
    limit(alpha, **{kind: 3})
    DayUsage._base_manager.create(business=alpha.business, day=date(2026, 11, 23), **{kind: used})
    with time_machine.travel(NOW, tick=False):
        for number in range(3):
            answer = voice(twilio_post, alpha, sid=f"CA{number}")
            assert dialled(answer) is None
            assert "<Connect" not in answer.content.decode()
        assert "<Connect" in voice(twilio_post, beta, sid="CA9").content.decode(), "nobody else is concerned"
        page = signed_in(alpha.owner).get(f"/b/{alpha.business.slug}/", headers={"Accept-Language": "en"})
    call = Call._base_manager.get(twilio_call_sid="CA1")
    assert (call.outcome, call.end_reason) == (CallOutcome.REFUSED, EndReason.DAY_LIMIT)
    assert call.end_detail == {"cause": kind}
    assert "Today&#x27;s limit is reached" in page.content.decode()
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert "<Connect" in voice(twilio_post, alpha, sid="CA10").content.decode()


def test_the_day_is_the_businesss_own(alpha: Tenant, twilio_post: TwilioPost) -> None:
    change(alpha, time_zone="Pacific/Auckland")  # 13 hours ahead: their midnight is 11 in the morning here
    limit(alpha, calls=1)
    with time_machine.travel(NOW, tick=False):
        assert "<Connect" in voice(twilio_post, alpha, sid="CA1").content.decode()
        assert "<Connect" not in voice(twilio_post, alpha, sid="CA2").content.decode()
    with time_machine.travel(NOW + timedelta(hours=2, minutes=1), tick=False):
        assert "<Connect" in voice(twilio_post, alpha, sid="CA3").content.decode()


def test_dialled_minutes_can_not_be_exceeded_by_legs_at_the_same_time(alpha: Tenant, twilio_post: TwilioPost) -> None:
    change(alpha, fallback_number=COLLEAGUE, max_call_minutes=10)
    limit(alpha, dialled_minutes=25)
    with time_machine.travel(NOW, tick=False):
        legs = [dialled(after(twilio_post, ended(alpha))) for _ in range(5)]
    seconds = [int(leg.get("timeLimit", "0")) for leg in legs if leg is not None]
    assert seconds == [600, 600, 300]


@pytest.mark.parametrize(("used", "told"), [(7, []), (8, ["80% of its daily limit"]), (9, []), (10, ["is reached"])])
def test_nearing_and_reaching_a_limit_is_logged_once(
    alpha: Tenant, caplog: pytest.LogCaptureFixture, used: int, told: list[str]
) -> None:
    limit(alpha, calls=10)
    with acting_for(alpha.business):
        DayUsage.objects.create(business=alpha.business, day=usage.day_of(alpha.business, NOW), calls=used - 1)
        usage.add(alpha.business, {Limit.CALLS: 1}, now=NOW)
    assert len(caplog.messages) == len(told)
    assert all(words in message for words, message in zip(told, caplog.messages, strict=True))


def test_owners_read_limits_and_operators_set_them(alpha: Tenant, beta: Tenant, admin_user: User) -> None:
    limit(alpha, calls=77)
    page = signed_in(alpha.owner).get(f"/b/{alpha.business.slug}/settings/")
    assert ">77<" in "".join(page.content.decode().split())
    address = f"/admin/businesses/business/{alpha.business.pk}/change/"
    row = DailyLimits._base_manager.get(business=alpha.business)
    posted = {
        "daily_limits-TOTAL_FORMS": 1, "daily_limits-INITIAL_FORMS": 1, "daily_limits-0-id": row.pk,
        "daily_limits-0-calls": 999, "phone_numbers-TOTAL_FORMS": 0, "phone_numbers-INITIAL_FORMS": 0,
    }  # fmt: skip
    for person in (alpha.owner, alpha.staff, beta.owner, admin_user):
        client = signed_in(person)
        page = client.get(address)
        fields: dict[str, Any] = {}
        if page.status_code == 200:
            form = page.context["adminform"].form
            fields = {name: form[name].value() for name in form.fields if form[name].value() not in (False, None)}
        client.post(address, {**fields, **posted})
        row.refresh_from_db()
        assert row.calls == (999 if person is admin_user else 77)
    entry = AuditEntry._base_manager.filter(kind=AuditKind.LIMITS_CHANGED).get()
    assert entry.details["limits"]["calls"] == "999"


# Trials, people, callers -----------------------------------------------------------------------------------------
def test_trials_without_a_socket_hold_a_line_for_seconds_and_one_for_each_person(alpha: Tenant) -> None:
    change(alpha, max_concurrent_calls=3)
    start = f"/b/{alpha.business.slug}/calls/try/start/"
    clients = [signed_in(alpha.owner), signed_in(alpha.staff)]
    with time_machine.travel(NOW, tick=False):
        assert {client.post(start).status_code for client in clients for _ in range(5)} == {200}
        with acting_for(alpha.business):
            assert Call.objects.filter(holding_a_line(now=NOW)).count() == 2
            assert Call.objects.filter(holding_a_line(now=NOW + timedelta(seconds=11))).count() == 0
            Call.objects.filter(placed_by=alpha.staff, status=CallStatus.RINGING).update(
                status=CallStatus.LIVE, alive_at=NOW
            )
        assert clients[1].post(start).status_code == 409
        assert clients[0].post(start).status_code == 200


def test_a_trial_whose_connection_was_lost_does_not_refuse_the_next_one(
    alpha: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, client = f"/b/{alpha.business.slug}/calls/try/start/", signed_in(alpha.owner)
    assert client.post(start).status_code == 200
    lost = Call._base_manager.filter(placed_by=alpha.owner)
    lost.update(status=CallStatus.LIVE, alive_at=timezone.now())
    monkeypatch.setattr(try_call, "sleep", lambda _seconds: lost.update(status=CallStatus.ENDED))
    assert client.post(start).status_code == 200, "its process noticed meanwhile"


def test_who_transferred_or_ended_a_call_is_in_its_record(alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_control, "ask", lambda *_call, **_options: None)
    User.objects.filter(pk=alpha.staff.pk).update(first_name="Dana")
    call = make_live_call(alpha.business)
    address = f"/b/{alpha.business.slug}/calls/{call.pk}/"
    with time_machine.travel(NOW, tick=False):
        signed_in(alpha.staff).post(f"{address}transfer/", {"number": COLLEAGUE})
    assert (kept(call).steered_by, kept(call).steered_at) == (alpha.staff, NOW)
    reason = EndReason.OPERATOR_TRANSFERRED
    Call._base_manager.filter(pk=call.pk).update(status=CallStatus.ENDED, end_reason=reason)
    assert "Dana" in signed_in(alpha.owner).get(address).content.decode()
    entry = AuditEntry._base_manager.get(
        kind=AuditKind.CALL_TRANSFERRED, business=alpha.business, details__call=str(call.pk)
    )
    assert entry.person_id == alpha.staff.pk
    assert COLLEAGUE not in str(entry.details)


def test_a_blocked_caller_is_rejected_and_only_by_the_business_that_blocked_them(
    alpha: Tenant, beta: Tenant, twilio_post: TwilioPost
) -> None:
    call = make_call(alpha.business, caller_number=CALLER, status=CallStatus.ENDED)
    staff, address = signed_in(alpha.staff), f"/b/{alpha.business.slug}/calls/blocked/"
    assert f'value="{CALLER}"' in staff.get(f"/b/{alpha.business.slug}/calls/{call.pk}/").content.decode()
    for _ in range(2):
        assert staff.post(f"{address}add/", {"number": CALLER}).status_code == 302
    assert staff.post(f"{address}add/", {"number": "12"}).status_code == 422
    rejected = voice(twilio_post, alpha).content.decode()
    assert rejected == '<?xml version="1.0" encoding="UTF-8"?><Response><Reject /></Response>'
    assert voice(twilio_post, alpha).content.decode() == rejected, "also when Twilio asks again"
    refused = Call._base_manager.get(twilio_call_sid="CA1")
    assert (refused.outcome, refused.end_reason) == (CallOutcome.REFUSED, EndReason.BLOCKED)
    assert "<Connect" in voice(twilio_post, beta, sid="CA2").content.decode()
    entry = BlockedCaller._base_manager.get(business=alpha.business, number=CALLER)
    for stranger in (signed_in(beta.owner), signed_in(beta.staff)):
        assert stranger.post(f"{address}{entry.pk}/remove/").status_code == 404
        assert stranger.post(f"/b/{beta.business.slug}/calls/blocked/{entry.pk}/remove/").status_code == 404
    assert staff.post(f"{address}{entry.pk}/remove/").status_code == 302
    assert "<Connect" in voice(twilio_post, alpha, sid="CA3").content.decode()
    kinds = AuditEntry._base_manager.filter(business=alpha.business, person_id=alpha.staff.pk).order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == [AuditKind.CALLER_BLOCKED, AuditKind.CALLER_UNBLOCKED]
