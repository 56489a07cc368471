"""The audit log tells its owner what was done, and nobody changes it: no member, no other business, no operator."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from businesses.audit import AuditKind, record
from businesses.forms.settings_form import SettingsForm
from businesses.models import AuditEntry, Business, User
from businesses.pages import audit_words
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant, make_tenant
from calls.models import Call
from calls.pages import call as page
from whatsapp.models import Broadcast

pytestmark = pytest.mark.django_db


@pytest.fixture
def alpha() -> Tenant:
    return make_tenant("qqaaa", "+97231230001")


@pytest.fixture
def beta() -> Tenant:
    return make_tenant("qqbbb", "+97231230002")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def entries(business: Business, kind: AuditKind) -> list[AuditEntry]:
    with acting_for(business):
        return list(AuditEntry.objects.filter(business=business, kind=kind).order_by("pk"))


def settings_form(business: Business, **changes: Any) -> dict[str, Any]:
    form = SettingsForm(instance=business)
    filled = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (filled | changes).items() if value not in {None, False}}


def test_a_changed_setting_is_told_with_what_it_was(alpha: Tenant) -> None:
    business = alpha.business
    client = signed_in(alpha.owner)
    answer = client.post(f"/b/{business.slug}/settings/", settings_form(business, greeting_text="Good day"))
    assert answer.status_code == 302, answer.context["form"].errors
    [entry] = [each for each in entries(business, AuditKind.SETTINGS_CHANGED) if "greeting_text" in str(each.details)]
    assert entry.details["changes"]["greeting_text"] == ["qqaaa hello", "Good day"]
    assert entry.person_id == alpha.owner.pk
    page = client.get(f"/b/{business.slug}/audit/").content.decode()
    assert "qqaaa hello" in page
    assert "Good day" in page


def test_a_setting_that_is_not_saved_leaves_no_entry(alpha: Tenant) -> None:
    business, client = alpha.business, signed_in(alpha.owner)
    before = len(entries(business, AuditKind.SETTINGS_CHANGED))
    assert client.post(f"/b/{business.slug}/settings/", settings_form(business, name="")).status_code == 422
    assert len(entries(business, AuditKind.SETTINGS_CHANGED)) == before


def test_exports_are_noted(alpha: Tenant) -> None:
    before = len(entries(alpha.business, AuditKind.CONTACTS_EXPORTED))
    client = signed_in(alpha.owner)
    for name in ("contacts-export", "suppressions-export"):
        assert client.get(reverse(name, args=[alpha.business.slug])).status_code == 200, name
    assert len(entries(alpha.business, AuditKind.CONTACTS_EXPORTED)) == before + 2


def test_the_owner_takes_the_log_along_and_staff_do_not(alpha: Tenant) -> None:
    record(alpha.business, AuditKind.ROLE_CHANGED, email="=cmd@clinic.test", before="staff", after="owner")
    address = reverse("audit-export", args=[alpha.business.slug])
    table = signed_in(alpha.owner).get(address).content.decode()
    assert "Role: Staff → Owner" in table
    assert signed_in(alpha.staff).get(address).status_code == 404


def test_staff_and_other_businesses_cannot_read_it(alpha: Tenant, beta: Tenant) -> None:
    for person in (alpha.staff, beta.owner, beta.staff):
        assert signed_in(person).get(f"/b/{alpha.business.slug}/audit/").status_code == 404
    record(alpha.business, AuditKind.INVITED, email="only-alpha@clinic.test")
    assert b"only-alpha" not in signed_in(beta.owner).get(f"/b/{beta.business.slug}/audit/").content


def test_nobody_changes_or_deletes_an_entry(alpha: Tenant) -> None:
    entry = record(alpha.business, AuditKind.SIGNED_IN)
    operator = User.objects.create_superuser("operator@frontdesk.test", "pw")
    for person in (alpha.owner, alpha.staff, operator):
        client = signed_in(person)
        for action in ("change", "delete"):
            answer = client.post(
                f"/admin/businesses/auditentry/{entry.pk}/{action}/", {"post": "yes", "kind": "invited"}
            )
            assert answer.status_code in {302, 403, 404}, (person, action)
        data = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
        client.post("/admin/businesses/auditentry/", data)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry._base_manager.filter(pk=entry.pk).update(kind=AuditKind.INVITED)
    assert AuditEntry._base_manager.get(pk=entry.pk).kind == AuditKind.SIGNED_IN


def test_a_listener_is_noted_once_a_day(alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silence:
        size = 4

        def part(self, start: int, end: int) -> bytes:
            return b"\0" * (end - start)

    monkeypatch.setattr(page, "recording_of", lambda call: Silence())
    call = alpha.row(Call)
    before = len(entries(alpha.business, AuditKind.RECORDING_HEARD))
    for _part in range(3):
        assert (
            signed_in(alpha.staff).get(reverse("call-recording", args=[alpha.business.slug, call.pk])).status_code
            == 200
        )
    [entry] = entries(alpha.business, AuditKind.RECORDING_HEARD)[before:]
    assert entry.details == {"call": str(call.pk)}
    assert entry.person_id == alpha.staff.pk


def test_what_an_operators_command_does_to_a_broadcast_is_noted(alpha: Tenant) -> None:
    broadcast = alpha.row(Broadcast)
    before = len(entries(alpha.business, AuditKind.BROADCAST_STEERED))
    call_command("cancel_broadcast", str(broadcast.pk), stdout=StringIO())
    [entry] = entries(alpha.business, AuditKind.BROADCAST_STEERED)[before:]
    assert entry.details["by"] == "command"
    assert entry.details["step"] == "cancelled"
    assert entry.person_id is None


def test_every_code_that_is_stored_has_words() -> None:
    codes = {"started", "scheduled", "paused", "resumed", "cancelled", "reopened", "proved", "displaced", "removed"}
    assert codes | {"command"} <= set(audit_words.STEPS)
