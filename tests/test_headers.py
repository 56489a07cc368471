"""The headers of every response, including errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from businesses.tests.rows import Tenant, make_tenant
from testing.check import PRODUCTION, ROOT

pytestmark = pytest.mark.once

SIGNED_OUT = {
    "/accounts/login/": 200,
    "/": 302,
    "/no/such/page/": 404,
    "/admin/": 302,
    "/admin/login/": 200,
    "/healthz": 200,
    "/readyz": 200,
    "/static/frontdesk.css": 200,
    "/whatsapp/webhooks/cloud/": 403,
}
SIGNED_IN = {"/b/qqaaa-clinic/": 200, "/b/qqaaa-clinic/settings/": 200, "/admin/": 200, "/b/other/": 404}


@pytest.fixture
def alpha(db: None) -> Tenant:
    return make_tenant("qqaaa", "+97231230001")


def assert_guarded(headers: object) -> None:
    assert isinstance(headers, dict)
    policy = {part.split()[0]: part.split()[1:] for part in headers["Content-Security-Policy"].split("; ")}
    assert policy["default-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["object-src"] == ["'none'"]
    assert not {"script-src", "style-src"} & set(policy)
    assert not any("unsafe" in word for words in policy.values() for word in words)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    allowed = dict(part.split("=") for part in headers["Permissions-Policy"].split(", "))
    assert {name for name, who in allowed.items() if who != "()"} == {"microphone"}
    assert allowed["microphone"] == "(self)"
    assert {"camera", "geolocation", "payment", "usb"} <= set(allowed)


WITH_SECRETS = (
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/",
    "/accounts/password/change/",
    "/accounts/password/reset/key/1-a-b/",
    "/invitations/some-token/",
    "/admin/whatsapp/sender/add/",
    "/b/qqaaa-clinic/members/",
    "/b/qqaaa-clinic/settings/",
    "/b/qqaaa-clinic/senders/",
)


@pytest.mark.parametrize("url", WITH_SECRETS)
def test_no_browser_keeps_a_page_with_secrets(url: str, alpha: Tenant) -> None:
    client = Client()
    client.force_login(alpha.owner)
    answer = client.get(url)
    assert answer.status_code in {200, 302, 404, 410}
    assert "no-store" in answer["Cache-Control"]
    assert "public" not in answer["Cache-Control"]


def test_a_link_of_an_invitation_is_kept_nowhere(alpha: Tenant) -> None:
    client = Client()
    client.force_login(alpha.owner)
    answer = client.post("/b/qqaaa-clinic/members/invite/", {"email": "dana@new.example", "role": "staff"}, follow=True)
    assert b"/invitations/" in answer.content
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("url", SIGNED_OUT)
def test_signed_out(url: str) -> None:
    answer = Client().get(url)
    assert answer.status_code == SIGNED_OUT[url]
    assert_guarded(dict(answer.headers))


@pytest.mark.parametrize("url", SIGNED_IN)
def test_signed_in(alpha: Tenant, url: str) -> None:
    client = Client()
    client.force_login(alpha.owner)
    answer = client.get(url)
    assert answer.status_code == SIGNED_IN[url]
    assert_guarded(dict(answer.headers))
    assert answer["X-Frame-Options"] == "DENY"


def test_a_form_without_its_token_changes_nothing_and_says_what_to_do(alpha: Tenant) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alpha.owner)
    answer = client.post("/b/qqaaa-clinic/settings/", {"name": "Changed"})
    assert answer.status_code == 403
    assert "The page was open for too long" in answer.content.decode()
    assert_guarded(dict(answer.headers))
    alpha.business.refresh_from_db()
    assert alpha.business.name == "qqaaa clinic"


def test_a_form_that_is_too_large_is_refused_in_words(alpha: Tenant) -> None:
    client = Client()
    client.force_login(alpha.owner)
    answer = client.post("/b/qqaaa-clinic/settings/", {"name": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)})
    assert answer.status_code == 400
    assert "The request was rejected" in answer.content.decode()


def test_cookies_are_lax_and_hidden_from_scripts(alpha: Tenant) -> None:
    client = Client()
    answer = client.post("/accounts/login/", {"login": alpha.owner.email, "password": "pw"})
    session = answer.cookies["sessionid"]
    assert (session["samesite"], bool(session["httponly"])) == ("Lax", True)
    assert client.post("/language/setlang/", {"language": "he"}).cookies["django_language"]["samesite"] == "Lax"


@pytest.mark.django_db
def test_with_https_everything_is_sent_there(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SESSION_COOKIE_SECURE = True
    answer = Client().get("/accounts/login/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/accounts/login/")
    assert_guarded(dict(answer.headers) | {"Content-Security-Policy": answer["Content-Security-Policy"]})
    secure = Client().get("/accounts/login/", secure=True)
    assert secure["Strict-Transport-Security"].startswith("max-age=31536000")


SAID_IN_PRODUCTION = """
import json
import django
django.setup()
from django.conf import settings
from django.test import Client
answer = Client().get("/accounts/login/", headers={"Host": "frontdesk.example", "X-Forwarded-Proto": "https"})
csrf, cookies = answer.cookies["csrftoken"], ("SESSION", "CSRF", "LANGUAGE")
print(json.dumps({
    "status": answer.status_code,
    "headers": dict(answer.headers),
    "csrf": [csrf["samesite"], bool(csrf["secure"]), bool(csrf["httponly"])],
    "cookies": {name: [getattr(settings, f"{name}_COOKIE_{what}") for what in ("SAMESITE", "SECURE", "HTTPONLY")]
        for name in cookies},
    "redirected": Client().get("/accounts/login/", headers={"Host": "frontdesk.example"}).headers["Location"],
}))
"""


@pytest.mark.once
def test_what_production_says_to_a_browser() -> None:
    """With the settings for an https `PUBLIC_URL` and `DEBUG` off."""
    environment = {**os.environ, **PRODUCTION, "ENV_FILE": os.devnull, "DATABASE_URL": "sqlite:///:memory:"}
    environment["DJANGO_SETTINGS_MODULE"] = "frontdesk.settings"
    command = [sys.executable, "-c", SAID_IN_PRODUCTION]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said["status"] == 200
    assert_guarded(said["headers"])
    assert said["headers"]["X-Frame-Options"] == "DENY"
    assert said["headers"]["Cross-Origin-Opener-Policy"] == "same-origin"
    assert said["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert said["csrf"] == ["Lax", True, True]
    assert said["cookies"] == {name: ["Lax", True, True] for name in ("SESSION", "CSRF", "LANGUAGE")}
    assert said["redirected"] == "https://frontdesk.example/accounts/login/"


@pytest.mark.django_db
def test_a_file_without_business_is_not_even_read() -> None:
    answer = Client().post("/b/qqaaa-clinic/contacts/import/", {"file": SimpleUploadedFile("a.csv", b"phone\n")})
    assert answer.status_code in {302, 404, 405}
