"""What staff may not do until an owner lets them: take lists of people away, lift opt-outs, dial where they like.

Each act is tried by a direct request, as the page that offers it doesn't show it: by staff with nothing allowed, by
staff who are allowed everything else, by staff who own another business and so enter the admin. A refusal changes
nothing. Owners and operators can always do all of it. Who gives permissions is tried likewise.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from businesses import membership
from businesses.errors import MembershipGone, NotPermitted
from businesses.models import AuditEntry, AuditKind, Membership, Permission, Role, User
from businesses.permissions import REFUSALS
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant, everything
from calls.line import live_control
from calls.models import Call, CallStatus
from whatsapp.importing.contact_import import import_contacts
from whatsapp.models import (
    Broadcast,
    Consent,
    Contact,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
)
from whatsapp.people import consent, suppressions

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
PERSON, FALLBACK, CHOSEN = "+972501234567", "+97235550199", "+972521234567"
EXPORTS = ("contacts-export", "suppressions-export", "broadcast-export")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    return client


def page(tenant: Tenant, name: str, **named: Any) -> str:
    return reverse(name, kwargs={"slug": tenant.business.slug, **named})


def row_of(tenant: Tenant, person: User) -> Membership:
    with acting_for(tenant.business):
        return Membership.objects.get(user=person)


def allow(tenant: Tenant, permissions: Collection[Permission]) -> None:
    membership.allow(row_of(tenant, tenant.staff), permissions)


def allow_all_but(tenant: Tenant, permission: Permission) -> None:
    allow(tenant, set(Permission) - {permission})


def entries(tenant: Tenant, kind: AuditKind) -> list[AuditEntry]:
    with acting_for(tenant.business):
        return list(AuditEntry.objects.filter(kind=kind).order_by("pk"))


def stored() -> dict[str, Any]:
    rows = everything()
    for user in rows["businesses.User"]:
        del user["last_login"]
    return rows


def refused(answer: Any, permission: Permission) -> bool:
    return answer.status_code == 403 and escape(str(REFUSALS[permission])) in answer.content.decode()


def exports(tenant: Tenant) -> list[str]:
    broadcast = tenant.row(Broadcast).pk
    return [page(tenant, name, **({"broadcast_id": broadcast} if "broadcast" in name else {})) for name in EXPORTS]


@pytest.fixture
def opted_out(alpha: Tenant) -> Contact:
    """A person of alpha who has opted out."""
    with acting_for(alpha.business):
        person = Contact.objects.create(business=alpha.business, phone=PERSON)
        suppressions.suppress(
            alpha.business, PERSON, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW
        )
        person.refresh_from_db()
    return person


def is_blocked(tenant: Tenant, person: Contact) -> bool:
    with acting_for(tenant.business):
        listed = Suppression.objects.filter(address=PERSON).exists()
        return listed and Contact.objects.get(pk=person.pk).consent == Consent.WITHDRAWN


# Lists of people ------------------------------------------------------------------------------------------------
def test_staff_take_no_list_of_people_away(alpha: Tenant) -> None:
    allow_all_but(alpha, Permission.EXPORT_CONTACTS)
    before, client = stored(), signed_in(alpha.staff)
    for url in exports(alpha):
        answer = client.get(url)
        assert refused(answer, Permission.EXPORT_CONTACTS), url
        assert "Content-Disposition" not in answer
    assert stored() == before


def test_whom_an_owner_lets_takes_them_with_an_entry_each(alpha: Tenant) -> None:
    allow(alpha, [Permission.EXPORT_CONTACTS])
    client, before = signed_in(alpha.staff), len(entries(alpha, AuditKind.CONTACTS_EXPORTED))
    for url in exports(alpha):
        assert "attachment" in client.get(url)["Content-Disposition"]
    noted = entries(alpha, AuditKind.CONTACTS_EXPORTED)[before:]
    assert [entry.details["what"] for entry in noted] == ["contacts", "suppressions", "recipients"]
    assert {entry.person_id for entry in noted} == {alpha.staff.pk}


def test_owners_and_operators_take_them_always(alpha: Tenant, operator: User) -> None:
    for person in (alpha.owner, operator):
        assert {signed_in(person).get(url).status_code for url in exports(alpha)} == {200}


def test_another_business_gets_none_whatever_it_is_allowed_at_home(alpha: Tenant, beta: Tenant) -> None:
    allow(beta, list(Permission))
    for person in (beta.owner, beta.staff):
        assert {signed_in(person).get(url).status_code for url in exports(alpha)} == {404}


def test_pages_offer_no_list_and_say_why(alpha: Tenant) -> None:
    broadcast = {"broadcast_id": alpha.row(Broadcast).pk}
    shown = [("contacts", {}), ("suppressions", {}), ("broadcast", broadcast), ("broadcast-people", broadcast)]
    for name, named in shown:
        body = signed_in(alpha.staff).get(page(alpha, name, **named)).content.decode()
        assert escape(str(REFUSALS[Permission.EXPORT_CONTACTS])) in body, name
        assert not any(url in body for url in exports(alpha)), name
        body = signed_in(alpha.owner).get(page(alpha, name, **named)).content.decode()
        assert any(url in body for url in exports(alpha)), name


# Opt-outs -------------------------------------------------------------------------------------------------------
def test_staff_lift_no_opt_out_on_any_page(alpha: Tenant, opted_out: Contact) -> None:
    allow_all_but(alpha, Permission.LIFT_OPT_OUTS)
    with acting_for(alpha.business):
        entry = Suppression.objects.get(address=PERSON)
    before, client = stored(), signed_in(alpha.staff)
    for name, named in (
        ("contact-lift", {"contact_id": opted_out.pk}),
        ("contact-agree", {"contact_id": opted_out.pk}),
        ("suppression-remove", {"suppression_id": entry.pk}),
    ):
        answer = client.post(page(alpha, name, **named), {"source": "said so on the phone"})
        assert refused(answer, Permission.LIFT_OPT_OUTS), name
    assert stored() == before
    assert is_blocked(alpha, opted_out)


def test_a_withdrawn_consent_without_an_entry_in_the_list_is_an_opt_out_too(alpha: Tenant, opted_out: Contact) -> None:
    with acting_for(alpha.business):
        Suppression.objects.filter(address=PERSON).delete()
    url = page(alpha, "contact-agree", contact_id=opted_out.pk)
    assert refused(signed_in(alpha.staff).post(url, {"source": "said so"}), Permission.LIFT_OPT_OUTS)
    opted_out.refresh_from_db()
    assert opted_out.consent == Consent.WITHDRAWN
    body = signed_in(alpha.staff).get(page(alpha, "contact", contact_id=opted_out.pk)).content.decode()
    assert escape(str(REFUSALS[Permission.LIFT_OPT_OUTS])) in body
    assert url not in body
    assert signed_in(alpha.owner).post(url, {"source": "said so"}).status_code == 302
    opted_out.refresh_from_db()
    assert opted_out.consent == Consent.GRANTED
    [entry] = entries(alpha, AuditKind.OPT_OUT_LIFTED)
    assert entry.person_id == alpha.owner.pk
    assert PERSON not in str(entry.details)


def test_the_action_itself_refuses_whoever_calls_it(alpha: Tenant, opted_out: Contact) -> None:
    staff = User.objects.get(pk=alpha.staff.pk)
    with acting_for(alpha.business):
        for category in SuppressionCategory:
            with pytest.raises(NotPermitted):
                suppressions.lift(alpha.business, PERSON, now=NOW, categories=[category], by=staff)
        with pytest.raises(NotPermitted):
            consent.agree(opted_out, source="said so", now=NOW, by=staff)
    assert is_blocked(alpha, opted_out)


def test_an_import_with_consent_lifts_nothing(alpha: Tenant, opted_out: Contact) -> None:
    table = io.BytesIO(f"phone,name\n{PERSON},Dana\n".encode())
    with acting_for(alpha.business):
        made = import_contacts(alpha.business, table, now=NOW, consent_source="sign-up form", by=alpha.staff)
        assert made.updated == 1
    assert is_blocked(alpha, opted_out)


def test_a_person_who_replies_start_needs_no_permission(alpha: Tenant, opted_out: Contact) -> None:
    with acting_for(alpha.business):
        assert suppressions.lift(alpha.business, PERSON, now=NOW, categories=list(SuppressionCategory))
    assert entries(alpha, AuditKind.OPT_OUT_LIFTED) == [], "no member did it"


def test_whom_an_owner_lets_lifts_it_with_one_entry(alpha: Tenant, opted_out: Contact) -> None:
    allow(alpha, [Permission.LIFT_OPT_OUTS])
    client = signed_in(alpha.staff)
    assert client.post(page(alpha, "contact-lift", contact_id=opted_out.pk)).status_code == 302
    assert not is_blocked(alpha, opted_out)
    [entry] = entries(alpha, AuditKind.OPT_OUT_LIFTED)
    assert entry.person_id == alpha.staff.pk


@pytest.mark.parametrize("is_allowed", [False, True])
def test_in_the_admin_staff_who_own_another_business_lift_nothing_here(
    alpha: Tenant, beta: Tenant, opted_out: Contact, is_allowed: bool
) -> None:
    membership.add_member(alpha.business, beta.owner, Role.STAFF)
    if is_allowed:
        membership.allow(row_of(alpha, beta.owner), [Permission.LIFT_OPT_OUTS])
    with acting_for(alpha.business):
        entry = Suppression.objects.get(address=PERSON)
    client = signed_in(beta.owner)
    assert client.get(f"/admin/whatsapp/suppression/{entry.pk}/change/").status_code == 200, "they read it"
    marked = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    client.post("/admin/whatsapp/suppression/", marked)
    client.post(f"/admin/whatsapp/suppression/{entry.pk}/delete/", {"post": "yes"})
    assert is_blocked(alpha, opted_out) is not is_allowed


def test_in_the_admin_they_neither_edit_nor_delete_who_has_withdrawn(
    alpha: Tenant, beta: Tenant, opted_out: Contact
) -> None:
    membership.add_member(alpha.business, beta.owner, Role.STAFF)
    client, before = signed_in(beta.owner), stored()
    address = f"/admin/whatsapp/contact/{opted_out.pk}"
    assert client.post(f"{address}/change/", {"phone": PERSON, "consent": "granted"}).status_code == 404
    assert client.post(f"{address}/delete/", {"post": "yes"}).status_code == 404
    marked = {"action": "delete_selected", "_selected_action": [str(opted_out.pk)], "post": "yes"}
    client.post("/admin/whatsapp/contact/", marked)
    assert stored() == before


# Live calls -----------------------------------------------------------------------------------------------------
@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    numbers: list[str] = []
    monkeypatch.setattr(live_control, "ask", lambda call_id, step, dial="": numbers.append(dial))
    return numbers


@pytest.fixture
def live_call(alpha: Tenant) -> Call:
    alpha.business.fallback_number = FALLBACK
    alpha.business.save()
    now = datetime.now(UTC)
    return Call.objects.create(
        business=alpha.business, twilio_call_sid="CAroles", status=CallStatus.LIVE, started_at=now, alive_at=now
    )


def test_staff_put_a_call_through_to_no_number_of_their_own(alpha: Tenant, live_call: Call, dialled: list[str]) -> None:
    allow_all_but(alpha, Permission.TRANSFER_ANYWHERE)
    before, client = stored(), signed_in(alpha.staff)
    url = page(alpha, "call-transfer", call_id=live_call.pk)
    for number in (CHOSEN, "052-123-4567", "+972 3-555-0198"):
        assert refused(client.post(url, {"number": number}), Permission.TRANSFER_ANYWHERE), number
    assert (dialled, stored()) == ([], before)


def test_the_number_in_the_settings_is_everybodys(alpha: Tenant, live_call: Call, dialled: list[str]) -> None:
    client, url = signed_in(alpha.staff), page(alpha, "call-transfer", call_id=live_call.pk)
    assert client.post(url, {"number": FALLBACK}).status_code == 302
    assert client.post(url, {"number": "03-555-0199"}).status_code == 302, "in another notation"
    assert dialled == [FALLBACK, FALLBACK]


def test_who_may_put_calls_through_to_any_number(
    alpha: Tenant, operator: User, live_call: Call, dialled: list[str]
) -> None:
    allow(alpha, [Permission.TRANSFER_ANYWHERE])
    for person in (alpha.staff, alpha.owner, operator):
        url = page(alpha, "call-transfer", call_id=live_call.pk)
        assert signed_in(person).post(url, {"number": CHOSEN}).status_code == 302
    assert dialled == [CHOSEN] * 3


def test_the_page_offers_staff_the_number_in_the_settings_only(alpha: Tenant, live_call: Call) -> None:
    def shown(person: User) -> str:
        return signed_in(person).get(page(alpha, "live-calls")).content.decode()

    for_staff, for_owners = shown(alpha.staff), shown(alpha.owner)
    assert 'type="tel"' in for_owners
    assert 'type="tel"' not in for_staff
    assert f'type="hidden" name="number" value="{FALLBACK}"' in for_staff
    assert escape(str(REFUSALS[Permission.TRANSFER_ANYWHERE])) in for_staff
    alpha.business.fallback_number = ""
    alpha.business.save()
    assert page(alpha, "call-transfer", call_id=live_call.pk) not in shown(alpha.staff)
    assert "There is no number in the settings yet." in shown(alpha.staff)


# Who gives permissions ------------------------------------------------------------------------------------------
EVERYTHING = dict.fromkeys(Permission.values, "on")


def test_nobody_gives_themselves_anything(alpha: Tenant, beta: Tenant) -> None:
    before = stored()
    row = row_of(alpha, alpha.staff).pk
    for tenant, person in ((alpha, alpha.staff), (alpha, beta.owner), (beta, beta.owner), (beta, beta.staff)):
        url = page(tenant, "member-permissions", membership_id=row)
        assert signed_in(person).post(url, EVERYTHING).status_code == 404
    assert stored() == before


def test_an_owner_gives_and_takes_with_one_entry_each(alpha: Tenant) -> None:
    client, url = signed_in(alpha.owner), page(alpha, "member-permissions", membership_id=row_of(alpha, alpha.staff).pk)
    for chosen in ({"may_export_contacts": "on"}, {"may_export_contacts": "on"}, {}):
        assert client.post(url, chosen).status_code == 302
        assert [each.value for each in row_of(alpha, alpha.staff).permissions] == list(chosen)
    noted = [
        (entry.details["before"], entry.details["after"]) for entry in entries(alpha, AuditKind.PERMISSIONS_CHANGED)
    ]
    assert noted == [([], ["may_export_contacts"]), (["may_export_contacts"], [])]
    assert "Download lists of people" in client.get(page(alpha, "audit")).content.decode()


def test_a_permission_does_not_outlive_the_role(alpha: Tenant) -> None:
    allow(alpha, list(Permission))
    member = row_of(alpha, alpha.staff)
    for role in (Role.OWNER, Role.STAFF):
        membership.change_role(member, role)
    assert row_of(alpha, alpha.staff).permissions == []


def test_an_owner_and_somebody_who_left_can_not_be_given_any(alpha: Tenant) -> None:
    with pytest.raises(MembershipGone):
        membership.allow(row_of(alpha, alpha.owner), list(Permission))
    member = row_of(alpha, alpha.staff)
    membership.remove_member(member)
    with pytest.raises(MembershipGone):
        membership.allow(member, list(Permission))
    assert entries(alpha, AuditKind.PERMISSIONS_CHANGED) == []


def test_in_the_admin_a_membership_shows_permissions_and_takes_none(alpha: Tenant, operator: User) -> None:
    member = row_of(alpha, alpha.staff)
    url = f"/admin/businesses/membership/{member.pk}/change/"
    for person in (alpha.owner, operator):
        signed_in(person).post(url, {"role": "staff", **EVERYTHING})
        assert row_of(alpha, alpha.staff).permissions == []
