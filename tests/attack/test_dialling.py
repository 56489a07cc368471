"""Attempts to make the installation dial what its operator has not allowed, or to use more than was paid for.

Defended: no form, page, command or stored row makes it dial a premium, shared-cost, personal or satellite number, a
country that is not on the operator's list, or a number of the installation itself (two businesses that ring each
other would call in circles). A business without minutes, or at a limit of its day, is neither answered nor dialled on.
Dialled legs end by themselves, take a line, and can't together use more minutes than there are. Trial calls without a
socket hold a line for seconds, one for each person. Nobody but the operator changes countries and limits.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from businesses import usage
from businesses.models import AuditEntry, AuditKind, Business, DailyLimits, DayUsage, Limit, PhoneNumber, User
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant, make_tenant
from calls.conversation.end_reasons import EndReason
from calls.line import live_control
from calls.models import BlockedCaller, Call, CallOutcome, CallStatus, NextStep
from calls.records.finishing import holding_a_line
from calls.tests.conftest import NOW, TwilioPost, kept, make_call, make_live_call, twilio_post

__all__ = ["twilio_post"]

VOICE, AFTER, STATUS = "/calls/twilio/voice/", "/calls/twilio/after/", "/calls/twilio/status/"
COLLEAGUE, CALLER = "+97235550111", "+972521112233"
FORBIDDEN = {
    "+19005551234": "premium, America",
    "+12129761234": "premium exchange of an area code",
    "+881612345678": "satellite",
    "+979123456789": "international premium",
    "+252612345678": "a far country",
    "+449098790000": "premium, Britain",
    "+447012345678": "personal number, sold like premium",
    "+448712345678": "shared cost, Britain",
    "+9721700555555": "shared cost, Israel",
    "+9721599555555": "for many offices, Israel",
    "+9721900555555": "premium, Israel",
    "+80012345678": "of no country",
}
everything_forbidden = pytest.mark.parametrize("number", FORBIDDEN, ids=FORBIDDEN.get)


@pytest.fixture
def alpha(db: None) -> Tenant:
    return make_ready("qqaaa", "+97235550100")


@pytest.fixture
def beta(db: None) -> Tenant:
    return make_ready("qqbbb", "+97235550200")


def make_ready(marker: str, number: str) -> Tenant:
    """Returns a tenant without rows of its own that would hold lines."""
    tenant = make_tenant(marker, number)
    Call._base_manager.filter(business=tenant.business).delete()
    DailyLimits._base_manager.filter(business=tenant.business).delete()
    DayUsage._base_manager.filter(business=tenant.business).delete()
    return tenant


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def change(tenant: Tenant, **values: Any) -> None:
    Business.objects.filter(pk=tenant.business.pk).update(**values)


def limit(tenant: Tenant, **values: Any) -> None:
    DailyLimits._base_manager.update_or_create(business=tenant.business, defaults=values)


def ended(tenant: Tenant, step: NextStep = NextStep.TRANSFER, **values: Any) -> Call:
    values = {"status": CallStatus.ENDED, "outcome": CallOutcome.TRANSFERRED, "caller_number": CALLER, **values}
    return make_live_call(tenant.business, next_step=step, called_number=tenant.number, **values)


def dialled(twiml: Any) -> ElementTree.Element | None:
    return ElementTree.fromstring(twiml.content.decode()).find("Dial")  # noqa: S314 - our own answer


def after(post: TwilioPost, call: Call, **form: str) -> Any:
    return post(AFTER, CallSid=call.twilio_call_sid, **{"CallStatus": "in-progress", **form})


def voice(post: TwilioPost, tenant: Tenant, *, caller: str = CALLER, sid: str = "CA1") -> Any:
    return post(VOICE, CallSid=sid, From=caller, To=tenant.number, CallStatus="ringing")


# What may be dialled ---------------------------------------------------------------------------------------------
@everything_forbidden
@pytest.mark.parametrize("language", ["en", "he"])
def test_an_owner_can_store_none_of_them(alpha: Tenant, number: str, language: str) -> None:
    client = signed_in(alpha.owner)
    form = client.get(f"/b/{alpha.business.slug}/settings/").context["form"]
    fields = {name: form[name].value() for name in form.fields}
    fields = {name: value for name, value in fields.items() if value not in (False, None)}
    headers = {"Accept-Language": language}
    address = f"/b/{alpha.business.slug}/settings/"
    page = client.post(address, {**fields, "fallback_number": number}, headers=headers)
    assert page.status_code == 422
    (error,) = page.context["form"].errors["fallback_number"]
    assert any("א" <= letter <= "ת" for letter in error) == (language == "he")
    assert Business.objects.get(pk=alpha.business.pk).fallback_number == ""


@everything_forbidden
def test_neither_does_a_command(alpha: Tenant, number: str) -> None:
    for arguments in (["--fallback", number], ["--set", f"fallback_number={number}"]):
        with pytest.raises(CommandError, match="fallback"):
            call_command("create_business", alpha.business.slug, *arguments)
    with pytest.raises(CommandError, match="fallback"):
        call_command("create_business", "new-shop", "--name", "Shop", "--phone", "+97235550300", "--fallback", number)
    assert not Business.objects.exclude(fallback_number="").exists()
    assert not Business.objects.filter(slug="new-shop").exists()


@everything_forbidden
def test_a_stored_one_is_not_dialled(alpha: Tenant, twilio_post: TwilioPost, number: str) -> None:
    """However it came into the table: by an older version, or by a country that was taken off the list."""
    change(alpha, fallback_number=number)
    call = ended(alpha)
    answer = after(twilio_post, call)
    assert dialled(answer) is None
    assert "<Say" in answer.content.decode()
    assert kept(call).dial_refusal in {"costly", "country", "not_a_number"}
    assert kept(call).dialled_minutes == 0


@everything_forbidden
def test_staff_can_not_put_a_live_call_through_to_one(
    alpha: Tenant, twilio_post: TwilioPost, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(live_control, "ask", lambda *call, **options: asked.append((call, options)))
    call = make_live_call(alpha.business)
    address = f"/b/{alpha.business.slug}/calls/{call.pk}/transfer/"
    assert signed_in(alpha.staff).post(address, {"number": number}).status_code == 422
    assert asked == []
    # And not by the message that the page sends, should somebody write it without the page:
    Call._base_manager.filter(pk=call.pk).update(status=CallStatus.ENDED, next_step="transfer", transfer_number=number)
    assert dialled(after(twilio_post, call)) is None


def test_two_businesses_that_name_each_other_ring_nobody(alpha: Tenant, beta: Tenant, twilio_post: TwilioPost) -> None:
    client = signed_in(alpha.owner)
    call_command("create_business", "elsewhere", "--name", "Elsewhere", "--phone", "+97235550400")
    for number in (beta.number, "+97235550400"):
        with pytest.raises(CommandError, match="The assistant itself answers this number"):
            call_command("create_business", alpha.business.slug, "--fallback", number)
    change(alpha, fallback_number=beta.number)
    change(beta, fallback_number=alpha.number)
    for tenant in (alpha, beta):
        call = ended(tenant)
        assert dialled(after(twilio_post, call)) is None
        assert kept(call).dial_refusal == "ours"
    call = make_live_call(alpha.business)
    page = client.post(f"/b/{alpha.business.slug}/calls/{call.pk}/transfer/", {"number": beta.number})
    assert page.status_code == 422


def test_a_number_that_joins_the_installation_later_is_not_dialled_any_more(
    alpha: Tenant, beta: Tenant, twilio_post: TwilioPost
) -> None:
    change(alpha, fallback_number=COLLEAGUE)
    assert dialled(after(twilio_post, ended(alpha))) is not None
    PhoneNumber.objects.create(business=beta.business, number=COLLEAGUE)
    assert dialled(after(twilio_post, ended(alpha))) is None


def test_only_the_operator_adds_a_country(alpha: Tenant, beta: Tenant, twilio_post: TwilioPost) -> None:
    london = "+442079460958"
    change(alpha, fallback_number=london)
    address = f"/admin/businesses/business/{alpha.business.pk}/change/"
    for person in (alpha.owner, alpha.staff, beta.owner):
        signed_in(person).post(address, {"dial_countries": "GB", "fallback_number": ""})
        signed_in(person).post(f"/b/{alpha.business.slug}/settings/", {"dial_countries": "GB"})
    assert Business.objects.get(pk=alpha.business.pk).dial_countries == ""
    assert dialled(after(twilio_post, ended(alpha))) is None
    call_command("create_business", alpha.business.slug, "--set", "dial_countries=gb, US")
    assert dialled(after(twilio_post, ended(alpha))) is not None
    with pytest.raises(CommandError, match="ZZ is not the code of a country"):
        call_command("create_business", alpha.business.slug, "--set", "dial_countries=ZZ")
    page = signed_in(alpha.owner).get(f"/b/{alpha.business.slug}/settings/").content.decode()
    assert ">GB<" in page


# What a dialled leg costs ----------------------------------------------------------------------------------------
def test_without_minutes_nobody_is_dialled_on(alpha: Tenant, twilio_post: TwilioPost) -> None:
    change(alpha, minutes_left=Decimal(0), fallback_number=COLLEAGUE)
    for number in range(15):
        assert dialled(voice(twilio_post, alpha, sid=f"CA{number}")) is None
    call = ended(alpha)
    assert dialled(after(twilio_post, call)) is None
    assert kept(call).dial_refusal == "no_minutes"
    assert Business.objects.get(pk=alpha.business.pk).minutes_left == 0


def test_a_leg_has_a_limit_and_shows_the_callers_number_or_ours(alpha: Tenant, twilio_post: TwilioPost) -> None:
    change(alpha, fallback_number=COLLEAGUE, max_call_minutes=7)
    for caller, shown in (
        (CALLER, None),
        ("", alpha.number),
        ("anonymous", alpha.number),
        ("+266696687", alpha.number),
    ):
        leg = dialled(after(twilio_post, ended(alpha, caller_number=caller)))
        assert leg is not None
        assert (leg.get("timeLimit"), leg.get("callerId")) == ("420", shown)


def test_a_leg_is_charged_before_it_is_dialled_and_the_rest_given_back(alpha: Tenant, twilio_post: TwilioPost) -> None:
    change(alpha, fallback_number=COLLEAGUE, minutes_left=Decimal(10))
    call = ended(alpha)
    with time_machine.travel(NOW, tick=False):
        leg = dialled(after(twilio_post, call))
        assert leg is not None
        assert leg.get("timeLimit") == "600"
        assert Business.objects.get(pk=alpha.business.pk).minutes_left == 0
        assert dialled(after(twilio_post, call)) is not None, "a repeated webhook is the same leg"
        assert dialled(after(twilio_post, ended(alpha))) is None, "the minutes are taken"
        after(twilio_post, call, DialCallStatus="completed", DialCallDuration="90")
        after(twilio_post, call, DialCallStatus="completed", DialCallDuration="90")
    assert (kept(call).dialled_minutes, kept(call).minutes_charged) == (Decimal("1.5"), Decimal("1.5"))
    assert Business.objects.get(pk=alpha.business.pk).minutes_left == Decimal("8.5")
    with acting_for(alpha.business):
        used = usage.used_today(alpha.business, now=NOW)
    assert (used.dialled_minutes, used.minutes) == (Decimal("1.5"), Decimal("1.5"))


@pytest.mark.parametrize("ring", ["no-answer", "busy", "failed", "canceled"])
def test_a_leg_that_nobody_took_costs_nothing(alpha: Tenant, twilio_post: TwilioPost, ring: str) -> None:
    change(alpha, fallback_number=COLLEAGUE, minutes_left=Decimal(10))
    call = ended(alpha)
    with time_machine.travel(NOW, tick=False):
        after(twilio_post, call)
        after(twilio_post, call, DialCallStatus=ring)
    assert Business.objects.get(pk=alpha.business.pk).minutes_left == Decimal(10)
    assert kept(call).dialling_until is None


def test_a_caller_who_hangs_up_ends_the_leg_by_the_clock(alpha: Tenant, twilio_post: TwilioPost) -> None:
    change(alpha, fallback_number=COLLEAGUE, minutes_left=Decimal(10))
    call = ended(alpha)
    with time_machine.travel(NOW, tick=False):
        after(twilio_post, call)
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        twilio_post(STATUS, CallSid=call.twilio_call_sid, CallStatus="completed")
    assert Business.objects.get(pk=alpha.business.pk).minutes_left == Decimal(8)


def test_a_leg_takes_a_line_until_it_must_have_ended(alpha: Tenant, twilio_post: TwilioPost) -> None:
    change(alpha, fallback_number=COLLEAGUE, max_concurrent_calls=1, max_call_minutes=5)
    call = ended(alpha)
    with time_machine.travel(NOW, tick=False):
        assert dialled(after(twilio_post, call)) is not None
        busy = voice(twilio_post, alpha)
        assert "<Connect" not in busy.content.decode()
        assert dialled(busy) is None, "one leg is as many as there are lines"
    with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
        assert "<Connect" in voice(twilio_post, alpha, sid="CA2").content.decode()


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
