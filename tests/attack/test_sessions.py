"""Signing in and staying signed in.

Defended: nobody locks another person out by guessing, and nobody guesses without end; who must have a second factor
reaches nothing without one; its secret isn't in the database in the clear; a session that is ended or forgotten opens
nothing, also for a page that goes on asking by itself; `next` never leaves the site.
"""

from __future__ import annotations

import io
import json
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from businesses.models import AuditEntry, AuditKind, Business, SecondFactor, User
from businesses.tasks import clear_sessions, encrypt_second_factors
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant
from testing.slowness import slowness
from whatsapp.models import Sender

PASSWORD, LOGIN = "a quiet river at noon", "/accounts/login/"
SETTING_UP = "/accounts/2fa/totp/activate/"


@pytest.fixture
def dana(alpha: Tenant) -> User:
    """Alpha's owner, with a password worth guessing at."""
    alpha.owner.set_password(PASSWORD)
    alpha.owner.save()
    return User.objects.get(pk=alpha.owner.pk)


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def try_in(client: Client, email: str, password: str) -> bool:
    client.post(LOGIN, {"login": email, "password": password})
    return "_auth_user_id" in client.session


def signed_in(user: User) -> Client:
    client = Client()
    assert try_in(client, user.email, "pw")
    return client


def home(tenant: Tenant) -> str:
    return f"/b/{tenant.business.slug}/"


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


# Guessing --------------------------------------------------------------------------------------------------------


def test_guessing_at_one_address_locks_nobody_out_at_another(dana: User) -> None:
    for _ in range(10):
        assert not try_in(at("203.0.113.7"), dana.email, "wrong")
    assert not try_in(at("203.0.113.7"), dana.email, PASSWORD), "there, even the right one is refused"
    assert try_in(at("198.51.100.1"), dana.email, PASSWORD)


def test_the_requests_host_gives_no_further_guesses(dana: User) -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        for _ in range(5):
            try_in(Client(REMOTE_ADDR="203.0.113.7", headers={"host": host}), dana.email, "wrong")
    assert guesses_at(dana) == 5


def test_guesses_from_many_addresses_end_too_but_not_where_the_person_is_known(dana: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed_total": "20/h/key"}
    assert try_in(at("198.51.100.1"), dana.email, PASSWORD)
    for number in range(30):
        try_in(at(f"203.0.113.{number}"), dana.email, "wrong")
    assert guesses_at(dana) == 20
    assert not try_in(at("203.0.113.99"), dana.email, PASSWORD)
    assert try_in(at("198.51.100.1"), dana.email, PASSWORD), "her own office"


def test_one_address_alone_does_not_use_up_the_total(dana: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed_total": "6/h/key"}
    for _ in range(20):
        try_in(at("203.0.113.7"), dana.email, "wrong")
    assert try_in(at("198.51.100.1"), dana.email, PASSWORD)


def guesses_at(user: User) -> int:
    """Returns how many passwords were looked at, by the audit log."""
    with acting_for(*[each.business for each in user.own_memberships]):
        return AuditEntry.objects.filter(kind=AuditKind.SIGN_IN_FAILED, details__how="password").count()


@pytest.mark.parametrize(
    "password", ["clinic123", "receptionist1", "Password123!", "dental2025", "qwertyuiop12", "מרפאה12345", "1234567890"]
)
def test_a_password_that_anybody_would_try_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize("password", ["a quiet river at noon", "kitten-lamp-rain", "שולחן ירוק על הגג", "vK8#pq2LmZ"])
def test_a_good_password_is_accepted(password: str) -> None:
    validate_password(password)


def test_ones_own_name_and_business_make_no_password(alpha: Tenant, dana: User) -> None:
    for password in ("qqaaaclinic1", "qqaaa-clinic-2025"):
        with pytest.raises(ValidationError):
            validate_password(password, dana)


def test_judging_a_password_takes_no_time_worth_mentioning() -> None:
    started = time.process_time()
    for password in ("a" * 5000, "4@8({[<369&1!|0$5+7%2" * 200, "p@ssw0rd" * 500):
        with suppress(ValidationError):
            validate_password(password)
    assert time.process_time() - started < 0.3 * slowness()


# The second factor -----------------------------------------------------------------------------------------------


def demand(business: Business, of: SecondFactor) -> None:
    Business.objects.filter(pk=business.pk).update(second_factor=of)


def test_who_must_have_a_second_factor_reaches_nothing_without(alpha: Tenant, beta: Tenant) -> None:
    demand(alpha.business, SecondFactor.OWNERS)
    client = signed_in(alpha.owner)
    for url in (home(alpha), f"{home(alpha)}settings/", "/", "/admin/", "/accounts/password/change/", "/accounts/2fa/"):
        for answer in (client.get(url), client.post(url)):
            assert answer["Location"] == SETTING_UP, url
    poll = client.get(f"{home(alpha)}calls/live/", headers={"HX-Request": "true"})
    assert poll["HX-Redirect"] == SETTING_UP
    assert client.get(SETTING_UP)["Location"].startswith("/accounts/reauthenticate/")
    for person, tenant in ((alpha.staff, alpha), (beta.owner, beta)):
        assert signed_in(person).get(home(tenant)).status_code == 200, "nobody else must"
    demand(alpha.business, SecondFactor.EVERYBODY)
    assert signed_in(alpha.staff).get(home(alpha))["Location"] == SETTING_UP


def test_setting_it_up_opens_everything_and_it_cannot_be_turned_off(alpha: Tenant, dana: User) -> None:
    demand(alpha.business, SecondFactor.OWNERS)
    client = Client()
    assert try_in(client, dana.email, PASSWORD)
    client.post(client.get(SETTING_UP)["Location"], {"password": PASSWORD})
    page = client.get(SETTING_UP)
    assert "You need a second factor to go on" in page.content.decode()
    assert client.post(SETTING_UP, {"code": code(client.session["mfa.totp.secret"])}).status_code == 302
    assert client.get(home(alpha)).status_code == 200
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=dana, type="totp").exists()


def test_operators_are_asked_where_the_installation_says_so(operator: User, settings: Any) -> None:
    client = signed_in(operator)
    assert client.get("/admin/").status_code == 200
    settings.REQUIRE_SECOND_FACTOR = True
    assert client.get("/admin/")["Location"] == SETTING_UP


def test_only_owners_demand_it_and_the_log_tells(alpha: Tenant, beta: Tenant) -> None:
    url = f"{home(alpha)}members/second-factor/"
    for person in (alpha.staff, beta.owner):
        assert signed_in(person).post(url, {"second_factor": "everybody"}).status_code == 404
    signed_in(alpha.owner).post(url, {"second_factor": "owners"})
    assert Business.objects.get(pk=alpha.business.pk).second_factor == SecondFactor.OWNERS
    with acting_for(alpha.business):
        entry = AuditEntry.objects.filter(kind=AuditKind.SECOND_FACTOR_DEMANDED).latest("pk")
    assert (entry.person_id, entry.details) == (alpha.owner.pk, {"before": "nobody", "after": "owners"})


def test_secrets_of_second_factors_are_encrypted_and_rotated(alpha: Tenant, settings: Any) -> None:
    secret = generate_totp_secret()
    with acting_for(alpha.business):
        Sender.objects.update(encrypted_credentials="")
    TOTP.activate(alpha.owner, secret)
    codes = RecoveryCodes.activate(alpha.owner)
    before = [str(each.data) for each in Authenticator.objects.order_by("pk")]
    assert not [text for text in before if secret in text or "gAAAA" not in text]
    old = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *old]
    expected = codes.generate_codes()
    out = io.StringIO()
    call_command("rotate_credentials", stdout=out)
    assert json.loads(out.getvalue())["unreadable"] == []
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    totp, recovery = (Authenticator.objects.get(user=alpha.owner, type=kind) for kind in ("totp", "recovery_codes"))
    assert TOTP(totp).validate_code(code(secret))
    assert RecoveryCodes(recovery).generate_codes() == expected


def test_secrets_of_an_earlier_release_go_on_working_and_are_encrypted(alpha: Tenant) -> None:
    secret = generate_totp_secret()
    plain = Authenticator.objects.create(user=alpha.owner, type="totp", data={"secret": secret})
    recovery = Authenticator.objects.create(
        user=alpha.owner, type="recovery_codes", data={"seed": "ab" * 40, "used_mask": 5}
    )
    expected = RecoveryCodes(recovery).get_unused_codes()
    assert TOTP(plain).validate_code(code(secret))
    encrypt_second_factors()
    cache.clear()
    for each in (plain, recovery):
        each.refresh_from_db()
        assert secret not in str(each.data)
        assert "abab" not in str(each.data)
    assert TOTP(plain).validate_code(code(secret))
    assert RecoveryCodes(recovery).get_unused_codes() == expected


# Sessions --------------------------------------------------------------------------------------------------------


def test_a_forgotten_session_ends(alpha: Tenant, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 60
    with time_machine.travel("2026-05-17 08:00+00:00", tick=False) as clock:
        client = signed_in(alpha.owner)
        for _ in range(4):
            clock.shift(timedelta(minutes=50))
            assert client.get(home(alpha)).status_code == 200
        clock.shift(timedelta(minutes=61))
        assert client.get(home(alpha))["Location"].startswith(LOGIN)
        assert "_auth_user_id" not in client.session
        assert not UserSession.objects.exists()


def test_an_open_page_that_asks_by_itself_keeps_no_session_alive(alpha: Tenant, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 60
    with time_machine.travel("2026-05-17 08:00+00:00", tick=False) as clock:
        client = signed_in(alpha.staff)
        for _ in range(11):
            clock.shift(timedelta(minutes=5))
            assert client.get(f"{home(alpha)}calls/live/", headers={"HX-Request": "true"}).status_code == 200
        clock.shift(timedelta(minutes=6))
        poll = client.get(
            f"{home(alpha)}calls/live/",
            headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{home(alpha)}calls/live/"},
        )
        assert poll.status_code == 401
        assert poll["HX-Redirect"] == f"{LOGIN}?next={home(alpha)}calls/live/", "not put into the middle of the page"


@pytest.mark.parametrize(
    ("method", "header", "at", "then"),
    [
        ("get", "HX-Current-URL", "http://testserver/b/qq/contacts/?q=dana", "/b/qq/contacts/%3Fq%3Ddana"),
        ("get", "HX-Current-URL", "http://evil.example/b/qq/contacts/", "/"),
        ("get", "HX-Current-URL", "http://testserver//evil.example/", "/"),
        ("get", "HX-Current-URL", "", "/"),
        ("post", "Referer", "http://testserver/b/qq/contacts/?q=dana", "/b/qq/contacts/%3Fq%3Ddana"),
        ("post", "Referer", "http://evil.example/b/qq/contacts/", "/b/qq/contacts/tags/"),
        ("post", "Referer", "", "/b/qq/contacts/tags/"),
    ],
)
def test_after_signing_in_again_one_is_where_one_was_and_nowhere_else(
    client: Client, method: str, header: str, at: str, then: str
) -> None:
    headers = {header: at} if at else {}
    if method == "get":
        asked = client.get("/b/qq/calls/live/", headers={"HX-Request": "true", **headers})
        assert (asked.status_code, asked["HX-Redirect"]) == (401, f"{LOGIN}?next={then}")
    else:
        asked = client.post("/b/qq/contacts/tags/", headers=headers)
        assert (asked.status_code, asked["Location"]) == (302, f"{LOGIN}?next={then}")


def test_reading_pages_writes_no_session(alpha: Tenant) -> None:
    client = signed_in(alpha.owner)
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{home(alpha)}members/")
    assert not [each["sql"] for each in queries if not each["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]


def test_ending_a_session_works_at_once(alpha: Tenant) -> None:
    stolen, mine = signed_in(alpha.owner), signed_in(alpha.owner)
    theirs = UserSession.objects.get(session_key=stolen.session.session_key)
    page = mine.get("/accounts/sessions/").content.decode()
    assert f'value="{theirs.pk}"' in page
    mine.post("/accounts/sessions/end/", {"session": theirs.pk})
    assert stolen.get(home(alpha))["Location"].startswith(LOGIN)
    poll = stolen.get(f"{home(alpha)}calls/live/", headers={"HX-Request": "true"})
    assert poll["HX-Redirect"].startswith(LOGIN)
    assert mine.get(home(alpha)).status_code == 200
    with acting_for(alpha.business):
        assert AuditEntry.objects.filter(kind=AuditKind.SESSION_ENDED, person_id=alpha.owner.pk).count() == 1


def test_all_others_end_and_ones_own_too(alpha: Tenant) -> None:
    others, mine = [signed_in(alpha.owner) for _ in range(3)], signed_in(alpha.owner)
    mine.post("/accounts/sessions/end/", {"session": "others"})
    assert [client.get(home(alpha)).status_code for client in (*others, mine)] == [302, 302, 302, 200]
    (left,) = UserSession.objects.filter(user=alpha.owner)
    mine.post("/accounts/sessions/end/", {"session": left.pk})
    assert mine.get(home(alpha)).status_code == 302


@pytest.mark.parametrize("number", ["x", "", "-1", "9" * 30, "٣"])
def test_nobody_ends_or_sees_anothers_session(alpha: Tenant, number: str) -> None:
    victim, attacker = signed_in(alpha.owner), signed_in(alpha.staff)
    theirs = UserSession.objects.get(session_key=victim.session.session_key)
    assert attacker.post("/accounts/sessions/end/", {"session": theirs.pk}).status_code == 404
    assert attacker.post("/accounts/sessions/end/", {"session": number}).status_code == 404
    assert f'value="{theirs.pk}"' not in attacker.get("/accounts/sessions/").content.decode()
    assert victim.get(home(alpha)).status_code == 200


def test_a_new_password_ends_all_sessions(alpha: Tenant) -> None:
    client = signed_in(alpha.owner)
    alpha.owner.set_password("another quiet river")
    alpha.owner.save()
    assert client.get(home(alpha)).status_code == 302


def test_what_is_over_leaves_the_list(alpha: Tenant) -> None:
    client = signed_in(alpha.owner)
    UserSession.objects.create(
        user=alpha.owner, ip="203.0.113.7", user_agent="", session_key="gone", last_seen_at=timezone.now()
    )
    clear_sessions()
    assert [each.session_key for each in UserSession.objects.all()] == [client.session.session_key]


# Where `next` leads ----------------------------------------------------------------------------------------------


def by_the_door(user: User) -> Client:
    client = Client()
    assert try_in(client, user.email, PASSWORD)
    return client


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "https:/\\evil.example",
    "\t//evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "ftp://testserver/",
    "http://localhost/",
    "http://localhost:1234/",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_never_leaves_the_site(dana: User, target: str) -> None:
    places = [
        Client().post(LOGIN, {"login": dana.email, "password": PASSWORD, "next": target}),
        Client().post("/admin/login/", {"username": dana.email, "password": PASSWORD, "next": target}),
        Client().post("/language/setlang/", {"language": "he", "next": target}),
        by_the_door(dana).post("/accounts/logout/", {"next": target}),
        by_the_door(dana).post("/accounts/reauthenticate/", {"password": PASSWORD, "next": target}),
    ]
    for answer in places:
        assert answer.status_code == 302
        split = urlsplit(answer["Location"])
        assert (split.scheme, split.netloc) == ("", ""), answer["Location"]
        assert not answer["Location"].startswith(("//", "/\\", "\\"))


def test_sign_ins_and_failures_are_in_the_audit_log(alpha: Tenant, beta: Tenant, dana: User) -> None:
    try_in(at("203.0.113.7"), dana.email, "wrong")
    try_in(at("198.51.100.1"), dana.email, PASSWORD)
    with acting_for(alpha.business):
        rows = AuditEntry.objects.filter(kind__startswith="sign").order_by("pk")
        found = list(rows.values_list("kind", "person_id", "address"))[-2:]
    assert found == [("sign_in_failed", dana.pk, "203.0.113.7"), ("signed_in", dana.pk, "198.51.100.1")]
    with acting_for(beta.business):
        assert not AuditEntry.objects.filter(person_id=dana.pk).exists()
