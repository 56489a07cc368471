"""The public address as Twilio and Meta reach it, through the shipped nginx with TLS; each mishap is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from businesses.doctor.verdicts import State
from testing import nginx
from testing.mail_server import mail_server
from tests.doctor.asked import found, states
from tests.doctor.conftest import SECRETS, Installation, with_certificate

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(not Path(nginx.NGINX).exists(), reason="needs nginx: apt-get install nginx-light"),
]

HERE = ("twilio's way here", "meta's way here")


def calls_taken(installed: Installation) -> str:
    return installed.daphne.manage("shell", "--no-imports", "--command", COUNT).strip().split()[-1]


COUNT = """
from businesses.tenancy import across_businesses
from calls.models import Call
with across_businesses():
    print(Call.objects.count())
"""


def test_all_is_well_and_no_call_is_taken_in(public: Installation) -> None:
    with public.proxy():
        assert states(found("address", *HERE)) == {
            "healthz": State.OK,
            "readyz": State.OK,
            "certificate": State.OK,
            "signed webhook": State.OK,
            "forged webhook": State.OK,
            "media stream": State.OK,
            "challenge": State.OK,
        }
    assert calls_taken(public) == "0"


def test_no_proxy(public: Installation) -> None:
    assert "Nothing listens" in found("address")["healthz"].says


def test_a_proxy_without_a_web_process(public: Installation) -> None:
    with public.proxy(**{f"127.0.0.1:{public.daphne.port}": "127.0.0.1:9"}):
        assert "does not reach a web process" in found("address")["healthz"].mend
        assert "does not reach a web process" in found(*HERE)["media stream"].mend


def test_a_proxy_that_does_not_say_https(public: Installation) -> None:
    with public.proxy(**{"proxy_set_header X-Forwarded-Proto https;": ""}):
        assert found("address")["healthz"].state is State.OK, "the health pages answer all the same"
        assert "X-Forwarded-Proto" in found(*HERE)["signed webhook"].mend


def test_a_proxy_that_does_not_pass_the_name_on(public: Installation) -> None:
    with public.proxy(**{"proxy_set_header Host $host;": "proxy_set_header Host frontdesk;"}):
        assert "ALLOWED_HOSTS" in found(*HERE)["signed webhook"].mend


def test_a_proxy_that_does_not_pass_upgrades_on(public: Installation) -> None:
    with public.proxy(**{"proxy_set_header Upgrade $http_upgrade;": ""}):
        verdicts = found(*HERE)
    assert verdicts["signed webhook"].state is State.OK
    assert "Upgrade" in verdicts["media stream"].mend


def test_a_web_process_with_other_secrets(public: Installation, settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.WHATSAPP_VERIFY_TOKEN = "another-token", "another-word"
    with public.proxy():
        verdicts = found(*HERE)
    assert "TWILIO_AUTH_TOKEN of the web processes" in verdicts["signed webhook"].mend
    assert "comes through" in verdicts["media stream"].says, "the application itself refuses it"
    assert verdicts["challenge"].state is State.WRONG


@pytest.mark.parametrize(("name", "days", "says"), [("localhost", 5, "ends in 4 days"), ("localhost", -1, "expired")])
def test_a_certificate_that_ends(
    public: Installation, monkeypatch: pytest.MonkeyPatch, name: str, days: int, says: str
) -> None:
    with with_certificate(public, name=name, days=days).proxy():
        assert says in found("address")["certificate"].says


def test_a_certificate_of_another_name(public: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    with with_certificate(public, name="other.example", days=60).proxy():
        verdicts = found("address")
    assert "certificate of localhost is not accepted" in verdicts["certificate"].says
    assert "certbot" in verdicts["healthz"].mend


def test_the_mail_server(public: Installation, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "localhost", "us", "a-password"
    settings.EMAIL_USE_TLS = True
    with mail_server(public.made, login="us:a-password") as settings.EMAIL_PORT:
        assert found("mail")["server"].state is State.OK
        settings.EMAIL_HOST_PASSWORD = "another"
        refused = found("mail")["server"]
        assert "EMAIL_HOST_PASSWORD" in refused.mend
        assert "another" not in refused.says
    assert "Nothing listens" in found("mail")["server"].says
    settings.EMAIL_HOST = ""
    assert found("mail")["server"].state is State.NOT_TRIED


def test_the_secrets_are_long_enough() -> None:
    assert found("settings")["secrets"].state is State.WRONG, "in the tests' own settings"
    assert len(SECRETS["TWILIO_AUTH_TOKEN"]) > 16
