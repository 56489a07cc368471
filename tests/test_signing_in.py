"""Signing in: the same for pages and admin, with limited attempts and a second factor."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from businesses.models import User

EMAIL, PASSWORD = "owner@clinic.test", "quite-a-long-word"
DOORS = {"/accounts/login/": "login", "/admin/login/": "username"}
doors = pytest.mark.parametrize("door", DOORS)


@pytest.fixture(autouse=True)
def nobody_has_tried_yet() -> None:
    cache.clear()


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user(EMAIL, PASSWORD, is_staff=True)


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def knock(client: Client, door: str, password: str = PASSWORD) -> tuple[int, str]:
    answer = client.post(door, {DOORS[door]: EMAIL, "password": password})
    return answer.status_code, answer.get("Location", "")


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@doors
def test_the_right_password_opens(owner: User, door: str) -> None:
    client = Client()
    assert knock(client, door) == (302, "/admin/" if "admin" in door else "/")
    assert signed_in(client)


@doors
def test_a_wrong_password_is_told_beside_the_form(owner: User, door: str) -> None:
    client = Client()
    answer = client.post(door, {DOORS[door]: EMAIL, "password": "wrong"})
    assert answer.status_code == 200
    assert 'class="errorlist' in answer.content.decode()
    assert not signed_in(client)


@doors
def test_after_many_wrong_passwords_the_right_one_does_not_open_either(owner: User, door: str) -> None:
    client = Client()
    for _ in range(5):
        knock(client, door, "wrong")
    answer = client.post(door, {DOORS[door]: EMAIL, "password": PASSWORD})
    assert "Too many failed login attempts" in answer.content.decode()
    assert not signed_in(client)


def test_trying_on_and_on_from_one_address_is_refused(owner: User) -> None:
    client = Client()
    answers = [client.post("/accounts/login/", {"login": f"{n}@x.test", "password": "x"}) for n in range(31)]
    assert answers[-1].status_code == 429
    assert "Too many attempts" in answers[-1].content.decode()


@doors
def test_a_second_factor_is_asked_for_at_both_doors(owner: User, door: str) -> None:
    secret = generate_totp_secret()
    TOTP.activate(owner, secret)
    client = Client()
    assert knock(client, door)[1].startswith("/accounts/2fa/authenticate/")
    assert not signed_in(client)
    assert client.get("/admin/").status_code == 302
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/2fa/authenticate/", {"code": code(secret)}).status_code == 302
    assert signed_in(client)


def test_setting_up_a_second_factor_and_a_recovery_code(owner: User) -> None:
    client = Client()
    knock(client, "/accounts/login/")
    setting_up = "/accounts/2fa/totp/activate/"
    client.post("/accounts/password/reset/", {"email": EMAIL})  # allauth has stored her address as unverified now
    assert EmailAddress.objects.filter(user=owner, verified=False).exists()
    asked = client.get(setting_up)["Location"]
    assert asked.startswith("/accounts/reauthenticate/"), "a page left open must not lock its owner out"
    assert client.post(asked, {"password": PASSWORD})["Location"] == setting_up
    assert client.get(setting_up).status_code == 200
    secret = client.session["mfa.totp.secret"]
    assert client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}).status_code == 302
    assert get_adapter().is_mfa_enabled(owner)
    [one, *_] = RecoveryCodes.activate(owner).get_unused_codes()
    again = Client()
    knock(again, "/accounts/login/")
    assert again.post("/accounts/2fa/authenticate/", {"code": one}).status_code == 302
    assert signed_in(again)


def test_an_operator_takes_a_lost_second_factor_away(owner: User) -> None:
    TOTP.activate(owner, generate_totp_secret())
    call_command("reset_second_factor", EMAIL)
    client = Client()
    knock(client, "/accounts/login/")
    assert signed_in(client)


def test_a_second_look_at_the_password_works(owner: User) -> None:
    client = Client()
    client.force_login(owner)  # long ago, as far as allauth knows
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    answer = client.post("/accounts/reauthenticate/?next=/accounts/2fa/totp/activate/", {"password": PASSWORD})
    assert answer["Location"] == "/accounts/2fa/totp/activate/"
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_somebody_without_access_to_the_admin_signs_in_there_as_somebody_else(owner: User) -> None:
    client = Client()
    client.force_login(User.objects.create_user("staff@clinic.test", "pw"))
    assert client.get("/admin/login/").status_code == 200
    knock(client, "/admin/login/")
    assert client.session["_auth_user_id"] == str(owner.pk)


def test_the_door_leads_nowhere_else(owner: User) -> None:
    form = {"username": EMAIL, "password": PASSWORD, "next": "https://evil.example/"}
    assert "evil" not in Client().post("/admin/login/", form)["Location"]


def test_nobody_signs_up(db: None) -> None:
    form = {"email": "me@x.test", "password1": PASSWORD}
    assert Client().post("/accounts/signup/", form).status_code == 200
    assert not User.objects.exists()
    assert "/signup/" not in Client().get("/accounts/login/").content.decode()


def test_a_forgotten_password(owner: User, settings: Any) -> None:
    settings.EMAIL_HOST, settings.PUBLIC_URL = "mail.example", "https://desk.example"
    client = Client()
    assert client.post("/accounts/password/reset/", {"email": EMAIL}).status_code == 302
    text = str(mail.outbox[0].body)
    assert mail.outbox[0].subject == "Frontdesk: a new password · סיסמה חדשה"
    assert "אפשר לבחור סיסמה כאן" in text
    link = re.search(r"https://desk.example(/\S+)", str(text))
    assert link
    form_url = client.get(link[1])["Location"]
    new = {"password1": "another-long-word", "password2": "another-long-word"}
    assert client.post(form_url, new).status_code == 302
    owner.refresh_from_db()
    assert owner.check_password("another-long-word")


def test_a_stranger_who_forgot_learns_no_more_than_a_person(owner: User, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    answers = [
        Client().post("/accounts/password/reset/", {"email": email}, follow=True) for email in (EMAIL, "no@x.test")
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    shown = [answer.content.decode().split("<body>")[1].split("csrfmiddlewaretoken")[0] for answer in answers]
    assert shown[0] == shown[1]
    assert [message.to for message in mail.outbox] == [[EMAIL]]
