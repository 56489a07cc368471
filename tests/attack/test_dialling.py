"""Attempts to make the installation dial what its operator has not allowed, or to use more than was paid for.

Defended: no form, page, command or stored row makes it dial a premium, shared-cost, personal or satellite number, a
country that is not on the operator's list, or a number of the installation itself (two businesses that ring each
other would call in circles). A business without minutes, or at a limit of its day, is neither answered nor dialled on.
Dialled legs end by themselves, take a line, and can't together use more minutes than there are. Nobody
but the operator changes the countries.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from businesses import usage
from businesses.models import Business, PhoneNumber
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant
from calls.line import live_control
from calls.models import Call, CallStatus
from calls.tests.conftest import NOW, TwilioPost, kept, make_live_call
from tests.attack.dialling import (
    CALLER,
    COLLEAGUE,
    STATUS,
    after,
    alpha,
    beta,
    change,
    dialled,
    ended,
    signed_in,
    twilio_post,
    voice,
)

__all__ = ["alpha", "beta", "twilio_post"]

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


# What may be dialled ---------------------------------------------------------------------------------------------
@pytest.mark.once
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


@pytest.mark.once
@everything_forbidden
def test_neither_does_a_command(alpha: Tenant, number: str) -> None:
    for arguments in (["--fallback", number], ["--set", f"fallback_number={number}"]):
        with pytest.raises(CommandError, match="fallback"):
            call_command("create_business", alpha.business.slug, *arguments)
    with pytest.raises(CommandError, match="fallback"):
        call_command("create_business", "new-shop", "--name", "Shop", "--phone", "+97235550300", "--fallback", number)
    assert not Business.objects.exclude(fallback_number="").exists()
    assert not Business.objects.filter(slug="new-shop").exists()


@pytest.mark.once
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
