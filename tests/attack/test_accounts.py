"""Accounts: who owns an address, who belongs to a business, and who is written to.

Defended: an address that an owner invites belongs to its mailbox, not to whoever opens the link first; an owner who is
removed stays removed, whatever they prepared; a business keeps an owner; nobody outside makes us write to strangers.
"""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from businesses import invitation_codes, membership
from businesses.errors import LastOwner, MembershipGone
from businesses.mail import defused
from businesses.models import AuditEntry, AuditKind, Invitation, Membership, Role, User
from businesses.tenancy import across_businesses, acting_for
from businesses.tests.rows import Tenant

VICTIM, PASSWORD = "victim@elsewhere.test", "a quiet river at noon"


@pytest.fixture(autouse=True)
def mail_is_set_up(settings: Any) -> None:
    settings.EMAIL_HOST, settings.PUBLIC_URL = "mail.example", "https://desk.example"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def page(tenant: Tenant, name: str, **named: Any) -> str:
    return reverse(name, kwargs={"slug": tenant.business.slug, **named})


def invited(by: Client, tenant: Tenant, email: str = VICTIM, role: str = "staff") -> str:
    """Returns the path of the link that the page shows."""
    answer = by.post(page(tenant, "member-invite"), {"email": email, "role": role}, follow=True)
    found = re.search(r"/invitations/[\w-]+/", answer.content.decode())
    assert found, answer.status_code
    return found[0]


def mailed_code() -> str:
    found = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", str(mail.outbox[-1].body))
    assert found
    return found[0]


def members(tenant: Tenant) -> dict[str, str]:
    with acting_for(tenant.business):
        return dict(Membership.objects.values_list("user__email", "role"))


def kinds(tenant: Tenant) -> list[str]:
    with acting_for(tenant.business):
        return list(AuditEntry.objects.order_by("pk").values_list("kind", flat=True))


def unproved(email: str = VICTIM) -> User:
    """An account as invitations made them before they asked for a code."""
    return User.objects.create_user(email, PASSWORD, email_proved_at=None)


# Owning a stranger's address -------------------------------------------------------------------------------------


def test_an_owner_cannot_make_an_account_for_the_address_of_another(alpha: Tenant) -> None:
    link = invited(signed_in(alpha.owner), alpha)
    for form in ({}, {"code": ""}, {"code": "BBBB-BBBB"}, {"code": "x" * 20}):
        answer = Client().post(link, {"password": PASSWORD, **form})
        assert answer.status_code == 422
    assert not User.objects.filter(email=VICTIM).exists()
    assert VICTIM not in members(alpha)
    assert Client().post(link, {"password": PASSWORD, "code": mailed_code()}).status_code == 302
    assert User.objects.get(email=VICTIM).email_proved_at is not None
    assert members(alpha)[VICTIM] == "staff"


def test_the_code_is_mailed_and_nowhere_else(alpha: Tenant) -> None:
    owner = signed_in(alpha.owner)
    answer = owner.post(page(alpha, "member-invite"), {"email": VICTIM, "role": "staff"}, follow=True)
    code = mailed_code()
    assert mail.outbox[-1].to == [VICTIM]
    assert code not in answer.content.decode()
    assert code not in owner.get(page(alpha, "members")).content.decode()
    with across_businesses():
        rows = str([*Invitation.objects.values(), *AuditEntry.objects.values()])
    assert code not in rows


def test_codes_cannot_be_tried_out(alpha: Tenant) -> None:
    link = invited(signed_in(alpha.owner), alpha)
    code = mailed_code()
    for _ in range(invitation_codes.TRIES):
        Client().post(link, {"password": PASSWORD, "code": "BBBB-BBBB"})
    answer = Client().post(link, {"password": PASSWORD, "code": code})
    assert "tried too often" in answer.content.decode()
    assert not User.objects.filter(email=VICTIM).exists()
    assert kinds(alpha)[-1] == AuditKind.INVITATION_SPENT
    for _ in range(10):
        Client().post(link, {"another_code": "1"})
    assert len(mail.outbox) == invitation_codes.MOST_CODES


def test_the_link_does_not_tell_who_has_an_account(alpha: Tenant, beta: Tenant) -> None:
    owner = signed_in(alpha.owner)
    shown = []
    for email in (beta.owner.email, VICTIM):
        text = Client().get(invited(owner, alpha, email)).content.decode()
        text = re.sub(r'value="\w{64}"|/invitations/[\w-]+/', "", text)
        shown.append(text.replace(email, "<the address>"))
    assert shown[0] == shown[1]


def test_an_unproved_account_needs_the_code_too(alpha: Tenant) -> None:
    hijacked = unproved()
    link = invited(signed_in(alpha.owner), alpha)
    client = signed_in(hijacked)
    for form in ({}, {"code": "BBBB-BBBB"}):
        assert client.post(link, form).status_code == 422
    assert VICTIM not in members(alpha)
    assert User.objects.get(email=VICTIM).email_proved_at is None
    assert client.post(link, {"code": mailed_code()}).status_code == 302
    assert members(alpha)[VICTIM] == "staff"


def test_no_business_is_handed_to_an_unproved_account(alpha: Tenant) -> None:
    unproved()
    before = members(alpha)
    for more in ([], ["--owner-password", "another quiet river"]):
        with pytest.raises(CommandError, match="verify_address"):
            call_command("create_business", alpha.business.slug, "--owner-email", VICTIM, *more)
    assert members(alpha) == before
    assert User.objects.get(email=VICTIM).check_password(PASSWORD)
    call_command("verify_address", VICTIM, stdout=io.StringIO())
    call_command("create_business", alpha.business.slug, "--owner-email", VICTIM, stdout=io.StringIO())
    assert members(alpha)[VICTIM] == "owner"


def test_a_new_password_by_mail_proves_the_address(db: None) -> None:
    unproved()
    client = Client()
    client.post("/accounts/password/reset/", {"email": VICTIM})
    link = re.search(r"https://desk\.example(/\S+)", str(mail.outbox[-1].body))
    assert link
    form = client.get(link[1])["Location"]
    client.post(form, {"password1": "another quiet river", "password2": "another quiet river"})
    assert User.objects.get(email=VICTIM).email_proved_at is not None


def test_an_operator_vouches_for_whom_he_invites(alpha: Tenant, operator: User) -> None:
    link = invited(signed_in(operator), alpha)
    operator.is_superuser = False
    operator.save()
    assert Client().post(link, {"password": PASSWORD}).status_code == 404, "his invitations end with his office"
    operator.is_superuser = True
    operator.save()
    assert Client().post(link, {"password": PASSWORD}).status_code == 302
    assert members(alpha)[VICTIM] == "staff"


# Coming back -----------------------------------------------------------------------------------------------------


@pytest.fixture
def partner(alpha: Tenant) -> User:
    """A second owner of alpha, who is going to be removed."""
    person = User.objects.create_user("partner@alpha.test", PASSWORD)
    membership.add_member(alpha.business, person, Role.OWNER)
    return person


def own(tenant: Tenant, person: User) -> Membership:
    with acting_for(tenant.business):
        return Membership.objects.select_related("user", "business").get(user=person)


@pytest.mark.parametrize("how", ["removed", "made staff", "switched off", "deleted"])
def test_an_owner_who_is_gone_does_not_come_back_by_an_earlier_invitation(
    alpha: Tenant, partner: User, how: str
) -> None:
    User.objects.create_user("second.self@alpha.test", PASSWORD)
    link = invited(signed_in(partner), alpha, "second.self@alpha.test", "owner")
    chief, seat = signed_in(alpha.owner), own(alpha, partner)
    if how == "removed":
        chief.post(page(alpha, "member-remove", membership_id=seat.pk))
    elif how == "made staff":
        chief.post(page(alpha, "member-role", membership_id=seat.pk), {"role": "staff"})
    elif how == "switched off":
        User.objects.filter(pk=partner.pk).update(is_active=False)
    else:
        User.objects.get(pk=partner.pk).delete()
    second_self = signed_in(User.objects.get(email="second.self@alpha.test"))
    assert (second_self.get(link).status_code, second_self.post(link).status_code) == (404, 404)
    assert "second.self@alpha.test" not in members(alpha)


def test_coming_back_as_owner_revives_no_invitation(alpha: Tenant, partner: User) -> None:
    link = invited(signed_in(partner), alpha)
    for role in (Role.STAFF, Role.OWNER):
        membership.change_role(own(alpha, partner), role)
    assert Client().post(link, {"password": PASSWORD, "code": mailed_code()}).status_code == 404
    assert not User.objects.filter(email=VICTIM).exists()


def test_promoting_a_member_who_is_removed_meanwhile_does_not_bring_them_back(alpha: Tenant) -> None:
    seat = own(alpha, alpha.staff)  # read by the request that promotes
    membership.end_membership(own(alpha, alpha.staff))  # before it writes
    with pytest.raises(MembershipGone):
        membership.change_role(seat, Role.OWNER)
    with pytest.raises(MembershipGone):
        membership.save_membership(seat)
    assert members(alpha) == {alpha.owner.email: "owner"}


def test_two_owners_who_remove_each_other_leave_one(alpha: Tenant, partner: User) -> None:
    seats = [own(alpha, alpha.owner), own(alpha, partner)]  # both requests have read both
    membership.end_membership(seats[0])
    with pytest.raises(LastOwner):
        membership.end_membership(seats[1])
    with pytest.raises(LastOwner):
        membership.change_role(seats[1], Role.STAFF)
    assert list(members(alpha).values()).count("owner") == 1


def test_an_invitation_changes_nobodys_role(alpha: Tenant, partner: User) -> None:
    link = invited(signed_in(alpha.owner), alpha, "late@alpha.test", "staff")
    late = User.objects.create_user("late@alpha.test", PASSWORD)
    membership.add_member(alpha.business, late, Role.OWNER)
    assert signed_in(late).post(link).status_code == 404
    assert members(alpha)["late@alpha.test"] == "owner"


# Mail ------------------------------------------------------------------------------------------------------------


def test_the_owners_of_a_business_invite_a_bounded_number_of_people_a_day(alpha: Tenant, settings: Any) -> None:
    settings.INVITATIONS_PER_DAY = 3
    owner = signed_in(alpha.owner)
    sent = 0
    for number in range(6):
        answer = owner.post(page(alpha, "member-invite"), {"email": f"{number}@x.test", "role": "staff"})
        sent += answer.status_code == 302
        with acting_for(alpha.business):
            Invitation.objects.filter(email=f"{number}@x.test").delete()  # withdrawing gives nothing back
    assert sent <= 3
    assert len(mail.outbox) == sent


@pytest.mark.parametrize(
    "name",
    [
        "Your account is locked: https://evil.example/login now",
        "Clinic\r\nBcc: everyone@x.test",
        "Clinic\u2028Subject: hello",
        "evil.example",
        "\u202egnihsihp moc.live\u202c",
        "x" * 120,
    ],
)
def test_a_name_does_not_make_our_mail_its_own(alpha: Tenant, name: str) -> None:
    alpha.business.name = name
    alpha.business.save()
    invited(signed_in(alpha.owner), alpha)
    message = mail.outbox[-1]
    assert len(message.subject) < 90
    assert message.to + message.cc + message.bcc == [VICTIM]
    text = f"{message.subject}\n{message.body}".replace("https://desk.example/invitations/", "")
    assert not re.search(r"://|\w\.\w|@|[\u2028\u202e\r]", text), text


def test_an_ordinary_name_stays_itself() -> None:
    for name in ("Dr. Levi & Sons, Tel-Aviv", 'מרפאת ד"ר כהן', "O'Neill (North)"):
        assert defused(name) == name


def test_nothing_is_mailed_to_a_stranger_and_the_link_is_ours(alpha: Tenant) -> None:
    for host in ("localhost", "127.0.0.1"):
        client = Client(headers={"host": host, "x-forwarded-host": "evil.example"})
        for email in (alpha.owner.email, "nobody@x.test"):
            assert client.post("/accounts/password/reset/", {"email": email}).status_code == 302
    assert {address for message in mail.outbox for address in message.to} == {alpha.owner.email}
    for message in mail.outbox:
        assert set(re.findall(r"https?://[^/\s]+", str(message.body))) == {"https://desk.example"}


def test_without_a_mail_server_no_link_is_printed(alpha: Tenant, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    assert Client().post("/accounts/password/reset/", {"email": alpha.owner.email}).status_code == 302
    assert mail.outbox == []


def test_the_audit_log_names_what_happened(alpha: Tenant) -> None:
    owner = signed_in(alpha.owner)
    link = invited(owner, alpha)
    Client().post(link, {"password": PASSWORD, "code": mailed_code()})
    seat = own(alpha, User.objects.get(email=VICTIM))
    owner.post(page(alpha, "member-role", membership_id=seat.pk), {"role": "owner"})
    owner.post(page(alpha, "member-remove", membership_id=seat.pk))
    invited(owner, alpha)
    with acting_for(alpha.business):
        made = Invitation.objects.get(email=VICTIM)
    owner.post(page(alpha, "invitation-withdraw", invitation_id=made.pk))
    assert [kind for kind in kinds(alpha) if kind.startswith(("inv", "member", "role"))] == [
        "invited", "member_added", "role_changed", "member_removed", "invited", "invitation_withdrawn",
    ]  # fmt: skip
