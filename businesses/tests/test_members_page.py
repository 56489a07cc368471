"""Members, invitations and permissions, as owners and invited people use the pages."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from businesses.membership import add_member
from businesses.models import Business, Invitation, Membership, Role, User
from businesses.tenancy import acting_for

PASSWORD = "a quiet river at noon"


@pytest.fixture(autouse=True)
def mail_is_set_up(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    settings.PUBLIC_URL = "https://desk.example"


@pytest.fixture
def clinic(db: None) -> Business:
    return Business.objects.create(name="Clinic", slug="clinic")


@pytest.fixture
def dana(clinic: Business) -> User:
    user = User.objects.create_user("dana@clinic.test", PASSWORD)
    add_member(clinic, user, Role.OWNER)
    return user


@pytest.fixture
def owner(dana: User) -> Client:
    client = Client()
    client.force_login(dana)
    return client


def page(name: str, **named: Any) -> str:
    return reverse(name, kwargs={"slug": "clinic", **named})


def link_for(owner: Client, email: str, role: str = "staff") -> str:
    shown = owner.post(page("member-invite"), {"email": email, "role": role}, follow=True).content.decode()
    found = re.search(r"/invitations/[\w-]+/", shown)
    assert found
    return found[0]


def mailed_code() -> str:
    found = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", str(mail.outbox[-1].body))
    assert found
    return found[0]


def roles(clinic: Business) -> dict[str, str]:
    with acting_for(clinic):
        return dict(Membership.objects.values_list("user__email", "role"))


def test_a_new_person_joins_by_their_link_once(owner: Client, clinic: Business) -> None:
    link = link_for(owner, "Noa@Example.com")
    guest = Client()
    assert "Join Clinic" in guest.get(link).content.decode()
    answer = guest.post(link, {"first_name": "Noa", "password": PASSWORD, "code": mailed_code()})
    assert answer["Location"] == reverse("start")
    assert roles(clinic) == {"dana@clinic.test": "owner", "noa@example.com": "staff"}
    assert guest.get(page("home")).status_code == 200
    assert guest.get(page("members")).status_code == 404, "staff see no members"
    assert Client().get(link).status_code == 404, "it is used"


def test_an_easy_password_is_refused_and_the_link_still_works(owner: Client, clinic: Business) -> None:
    link = link_for(owner, "noa@example.com")
    answer = Client().post(link, {"password": "12345", "code": mailed_code()})
    assert answer.status_code == 422
    assert "too short" in answer.content.decode()
    assert not User.objects.filter(email="noa@example.com").exists()
    assert Client().post(link, {"password": PASSWORD, "code": mailed_code().lower()}).status_code == 302


def test_whoever_has_an_account_signs_in_and_joins(owner: Client, clinic: Business) -> None:
    User.objects.create_user("avi@example.com", PASSWORD)
    link = link_for(owner, "avi@example.com", "owner")
    guest = Client()
    assert f"{reverse('account_login')}?next={link}" in guest.get(link).content.decode()
    guest.force_login(User.objects.get(email="avi@example.com"))
    assert guest.post(link)["Location"] == page("home")
    assert roles(clinic)["avi@example.com"] == "owner"


def test_a_link_is_for_one_person(owner: Client, clinic: Business, dana: User) -> None:
    link = link_for(owner, "avi@example.com")
    assert "You are signed in as dana@clinic.test" in owner.get(link).content.decode()
    assert owner.post(link).status_code == 404
    assert roles(clinic) == {"dana@clinic.test": "owner"}


def test_links_end_by_time_by_withdrawal_and_by_a_newer_one(owner: Client, clinic: Business) -> None:
    first = link_for(owner, "avi@example.com")
    second = link_for(owner, "avi@example.com")
    assert [Client().get(link).status_code for link in (first, second)] == [404, 200]
    with acting_for(clinic):
        invitation = Invitation.objects.get()
        Invitation.objects.update(expires_at=invitation.created_at - timedelta(days=8))
    assert Client().get(second).status_code == 404
    third = link_for(owner, "avi@example.com")
    owner.post(page("invitation-withdraw", invitation_id=invitation.pk))
    assert Client().get(third).status_code == 404


def test_the_invitation_is_mailed(owner: Client) -> None:
    link = link_for(owner, "avi@example.com")
    (message,) = mail.outbox
    assert message.to == ["avi@example.com"]
    assert f"https://desk.example{link}" in message.body


def test_an_invitations_link_is_seen_again_and_reloading_changes_nothing(owner: Client, clinic: Business) -> None:
    answer = owner.post(page("member-invite"), {"email": "avi@example.com", "role": "staff"})
    assert answer.status_code == 302, "a page after a POST would invite again when it is reloaded"
    first, again = (owner.get(answer["Location"]).content.decode() for _ in range(2))
    link, code = re.findall(r"/invitations/[\w-]+/", first)[0], mailed_code()
    assert link in again
    assert link in owner.get(page("members")).content.decode()
    assert Client().post(link, {"password": PASSWORD, "code": code}).status_code == 302
    assert len(mail.outbox) == 1


def test_inviting_again_says_that_the_earlier_link_has_ended(owner: Client) -> None:
    first = link_for(owner, "avi@example.com")
    form = {"email": "Avi@example.com", "role": "staff"}
    shown = owner.post(page("member-invite"), form, follow=True).content.decode()
    assert "Its link no longer works." in shown
    assert first not in shown
    assert Client().get(first).status_code == 404


def test_only_operators_see_the_link_of_an_address_that_they_vouch_for(owner: Client, clinic: Business) -> None:
    """Whoever opens it is taken for the owner of the address, without a code."""
    call_command("invite_member", "clinic", "avi@example.com", stdout=io.StringIO())
    assert "desk.example/invitations/" not in owner.get(page("members")).content.decode()
    operator = Client()
    operator.force_login(User.objects.create_superuser("op@desk.example", PASSWORD))
    assert re.search(r"https://desk.example/invitations/[\w-]+/", operator.get(page("members")).content.decode())


def test_a_link_of_another_key_is_not_shown(owner: Client, settings: Any) -> None:
    link = link_for(owner, "avi@example.com")
    settings.SECRET_KEY = "another key, which is long enough for anybody"
    client = Client()
    client.force_login(User.objects.get(email="dana@clinic.test"))
    shown = client.get(page("members")).content.decode()
    assert link not in shown
    assert "This link can't be shown any more" in shown


def test_without_mail_the_page_says_what_the_operator_can_do(owner: Client, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    assert "only people who have an account can be invited here" in owner.get(page("members")).content.decode()
    form = {"email": "avi@example.com", "role": "owner"}
    shown = owner.post(page("member-invite"), form, follow=True).content.decode()
    assert "manage.py invite_member clinic avi@example.com --role owner" in " ".join(shown.split())
    assert mail.outbox == []


def test_an_operators_command_makes_a_link_that_needs_no_mail(clinic: Business, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    out = io.StringIO()
    call_command("invite_member", "clinic", "Avi@example.com", "--role", "owner", stdout=out)
    printed = json.loads(out.getvalue())
    assert (printed["email"], printed["role"]) == ("avi@example.com", "owner")
    path = urlsplit(printed["link"]).path
    assert Client().post(path, {"password": PASSWORD}).status_code == 302
    assert roles(clinic) == {"avi@example.com": "owner"}


def test_a_lost_code_is_mailed_again(owner: Client) -> None:
    link = link_for(owner, "avi@example.com")
    first, guest = mailed_code(), Client()
    assert "on its way to avi@example.com" in guest.post(link, {"another_code": "1"}, follow=True).content.decode()
    assert mail.outbox[-1].to == ["avi@example.com"]
    second = mailed_code()
    assert guest.post(link, {"password": PASSWORD, "code": first}).status_code == 422
    assert guest.post(link, {"password": PASSWORD, "code": second}).status_code == 302


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("dana@clinic.test", "This person is already a member of the business."),
        ("nobody", "Enter a valid email address."),
    ],
)
def test_whom_nobody_can_invite(owner: Client, clinic: Business, email: str, said: str) -> None:
    answer = owner.post(page("member-invite"), {"email": email, "role": "staff"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in text
    assert f'value="{email}"' in text
    with acting_for(clinic):
        assert not Invitation.objects.exists()


def test_a_business_keeps_an_owner(owner: Client, clinic: Business, dana: User) -> None:
    with acting_for(clinic):
        own = Membership.objects.get(user=dana)
    for action in ("member-role", "member-remove"):
        answer = owner.post(page(action, membership_id=own.pk), {"role": "staff"}, follow=True)
        assert "A business needs an owner." in answer.content.decode()
    assert roles(clinic) == {"dana@clinic.test": "owner"}


def test_roles_change_and_members_leave(owner: Client, clinic: Business) -> None:
    avi = User.objects.create_user("avi@example.com", PASSWORD)
    member = add_member(clinic, avi, Role.STAFF)
    owner.post(page("member-role", membership_id=member.pk), {"role": "owner"})
    assert roles(clinic)["avi@example.com"] == "owner"
    owner.post(page("member-remove", membership_id=member.pk))
    assert roles(clinic) == {"dana@clinic.test": "owner"}
    guest = Client()
    guest.force_login(User.objects.get(email="avi@example.com"))
    assert guest.get(page("home")).status_code == 404


def test_a_line_break_in_a_name_breaks_no_page(owner: Client, clinic: Business) -> None:
    link = link_for(owner, "noa@example.com")
    guest = Client()
    names = {"first_name": "Noa\r\nBcc: x@evil.example", "last_name": "\n", "password": PASSWORD}
    answer = guest.post(link, {**names, "code": mailed_code()})
    assert answer.status_code == 302
    assert User.objects.get(email="noa@example.com").get_full_name() == "Noa Bcc: x@evil.example"
