"""OpenAI, Twilio, WhatsApp's providers, Redis and the disk: each is seen well, and seen wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet

from businesses import credentials
from businesses.doctor.verdicts import State
from businesses.keeping import fingerprints
from businesses.models import Business, PhoneNumber, User
from businesses.tenancy import acting_for
from calls.sandbox.openai.scenario import Scenario
from calls.tests.stand_in import stand_in
from frontdesk import disk
from testing import services
from testing.broadcasts import make_sender
from testing.meta import threaded_meta
from testing.twilio import FakeTwilio, TwilioAccount, threaded_twilio
from tests.doctor.asked import found, states

NUMBER = "+97235550100"
PUBLIC_URL = "https://frontdesk.example"
KEYS = {"second factors", "fingerprints of erased people"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> Business:
    return Business.objects.create(name="Acme", slug="acme", time_zone="UTC")


@pytest.fixture
def twilio(acme: Business, settings: Any) -> Iterator[FakeTwilio]:
    PhoneNumber.objects.create(number=NUMBER, business=acme)
    with threaded_twilio() as server:
        settings.TWILIO_API_URL, settings.PUBLIC_URL = server.url, PUBLIC_URL
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "token"
        yield server


def test_openai(settings: Any) -> None:
    assert states(found("openai")) == {"models": State.NOT_TRIED}, "without a key"
    with stand_in(Scenario(), settings):
        assert states(found("openai")) == {"models": State.OK}
    with stand_in(Scenario(models={"gpt-realtime-2.1": None}), settings):
        (missing,) = found("openai").values()
        assert (missing.state, "OpenAI has no model" in missing.says) == (State.WRONG, True)
    with stand_in(Scenario(refuses_key=True), settings):
        assert "OPENAI_API_KEY" in found("openai")["models"].says


def test_twilio(twilio: FakeTwilio) -> None:
    bought, urls = frozenset({NUMBER}), {"voice_url": f"{PUBLIC_URL}/calls/twilio/voice/"}
    twilio.accounts["AC1"] = TwilioAccount("token", bought=bought, voice_urls={NUMBER: urls})
    assert states(found("twilio")) == {"account": State.OK}
    (unsecured,) = found("numbers").values()
    assert "secure_numbers" in unsecured.mend
    from calls.telephone import outage  # noqa: PLC0415

    number = PhoneNumber.objects.select_related("business").get()
    for service in (outage.ECHO, "https://echo.example/any"):
        urls["voice_fallback_url"] = outage.fallback_address(number, at=service)
        assert states(found("numbers")) == {"acme, number 1": State.OK}, service
    urls["voice_url"] = "https://demo.twilio.com/welcome/voice/"
    assert found("numbers")["acme, number 1"].state is State.WRONG
    twilio.accounts["AC1"] = TwilioAccount("token")
    (unknown,) = found("numbers").values()
    assert "no such number" in unknown.says


def test_twilio_with_a_wrong_token_or_not_there(twilio: FakeTwilio, settings: Any) -> None:
    twilio.accounts["AC1"] = TwilioAccount("another-token")
    assert "does not accept" in found("twilio")["account"].says
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    assert "does not answer" in found("twilio")["account"].says
    assert "does not answer" in found("numbers")["acme, number 1"].says
    settings.TWILIO_AUTH_TOKEN = ""
    assert found("twilio")["account"].state is State.NOT_TRIED


def test_whatsapp_numbers(acme: Business, settings: Any) -> None:
    with acting_for(acme), threaded_meta() as meta:
        settings.WHATSAPP_API_URL = meta.url
        sender = make_sender(acme)
        assert states(found("whatsapp")) == {"acme, number 1 (cloud)": State.OK}
        sender.set_credentials({"access_token": "expired"})
        sender.save()
        (refused,) = found("whatsapp").values()
        assert (refused.state, "new token" in refused.mend) == (State.WRONG, True)
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9"
    assert "did not answer" in found("whatsapp")["acme, number 1 (cloud)"].says


def test_keys_that_do_not_open_what_is_stored(acme: Business, settings: Any) -> None:
    assert states(found("keys")) == dict.fromkeys(KEYS, State.NOT_TRIED), "nothing is stored"
    assert states(found("whatsapp keys")) == {"credentials": State.NOT_TRIED}
    person = User.objects.create_user("dana@acme.example", "pw")
    secret = {"secret": credentials.encrypt_text("JBSWY3DPEHPK3PXP")}
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data=secret)
    with acting_for(acme):
        make_sender(acme)
        fingerprints.new_fingerprint(acme, NUMBER)
    assert states(found("keys")) == dict.fromkeys(KEYS, State.OK)
    assert states(found("whatsapp keys")) == {"credentials": State.OK}
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    lost = found("keys", "whatsapp keys")
    assert states(lost) == dict.fromkeys({*KEYS, "credentials"}, State.WRONG)
    assert all("1 of 1 can't be read" in each.says for each in lost.values())


def test_redis(settings: Any) -> None:
    with services.redis() as url:
        settings.REDIS_URL = settings.CELERY_BROKER_URL = url
        assert states(found("redis")) == {"answers": State.OK}
        settings.CELERY_BROKER_URL = url.replace("/0", "/1")
        assert states(found("redis")) == {"answers": State.OK, "broker": State.OK}
        import redis  # noqa: PLC0415

        with redis.Redis.from_url(url) as client:
            client.config_set("maxmemory", "1")
            assert "takes no writes" in found("redis")["answers"].says
            client.config_set("maxmemory", "0")
            client.config_set("requirepass", "a-password")
        assert "password" in found("redis")["answers"].says
    assert states(found("redis")) == {"answers": State.WRONG, "broker": State.WRONG}
    settings.REDIS_URL, settings.CELERY_BROKER_URL = "", "memory://localhost/"
    assert found("redis")["answers"].state is State.OK


def test_files(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "KEPT_S", 0.0)
    settings.MEDIA_ROOT = str(tmp_path / "made" / "media")
    assert found("files")["write"].state is State.OK
    (tmp_path / "a-file").write_text("")
    settings.MEDIA_ROOT = str(tmp_path / "a-file" / "media")
    assert found("files")["write"].state is State.WRONG
    assert "are free" in found("files")["room"].says
