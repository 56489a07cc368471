"""The webhook addresses: who may post, and that everything is stored before it is answered."""

from __future__ import annotations

import hmac
import json
import threading
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from celery import current_app
from django.test import Client
from twilio.request_validator import RequestValidator

from testing.broadcasts import make_sender
from whatsapp.models import Sender, WebhookNews
from whatsapp.providers.sandbox import notices
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.webhooks import intake
from whatsapp.webhooks.tests.notes import AT, cloud_notice, post_cloud

CLOUD, TWILIO = "/whatsapp/webhooks/cloud/", "/whatsapp/webhooks/twilio/"
TOKEN = "a-twilio-token"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def secrets(settings: Any) -> None:
    settings.WHATSAPP_APP_SECRET = "an-app-secret"
    settings.WHATSAPP_VERIFY_TOKEN = "a-verify-token"


def sent(message_id: str = "wamid.1", what: str = "sent") -> Happening:
    return Happening("+972501234567", message_id, "", what, AT)


def test_metas_handshake_is_answered_with_its_challenge(client: Client) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "4711", "hub.verify_token": "a-verify-token"}
    answer = client.get(CLOUD, query)
    assert (answer.status_code, answer.content) == (200, b"4711")


@pytest.mark.parametrize("token", ["", "another", "a-verify-token "])
def test_another_verify_token_is_refused(client: Client, token: str) -> None:
    assert client.get(CLOUD, {"hub.challenge": "4711", "hub.verify_token": token}).status_code == 403


def test_without_a_verify_token_no_handshake_succeeds(client: Client, settings: Any) -> None:
    settings.WHATSAPP_VERIFY_TOKEN = ""
    assert client.get(CLOUD, {"hub.challenge": "4711", "hub.verify_token": ""}).status_code == 403


@pytest.mark.parametrize("signature", [None, "", "sha256=00", "sha1=abc", "sha256=é"])
def test_a_webhook_without_the_right_signature_is_refused_and_not_stored(client: Client, signature: str | None) -> None:
    headers = {} if signature is None else {"X-Hub-Signature-256": signature}
    answer = client.post(CLOUD, cloud_notice([sent()]), content_type="application/json", headers=headers)
    assert (answer.status_code, WebhookNews.objects.count()) == (401, 0)


def test_the_signature_is_over_the_bytes_that_came(client: Client) -> None:
    body = cloud_notice([sent()])
    headers = {"X-Hub-Signature-256": notices.signature(body, "an-app-secret")}
    same_json = json.dumps(json.loads(body), indent=1)
    assert client.post(CLOUD, same_json, content_type="application/json", headers=headers).status_code == 401


def test_without_an_app_secret_everything_is_refused(client: Client, settings: Any) -> None:
    settings.WHATSAPP_APP_SECRET = ""
    body = cloud_notice([sent()])
    headers = {"X-Hub-Signature-256": notices.signature(body, "")}
    assert client.post(CLOUD, body, content_type="application/json", headers=headers).status_code == 401


def test_a_repeated_webhook_is_stored_once(client: Client) -> None:
    body = cloud_notice([sent("wamid.1"), sent("wamid.1", "delivered"), sent("wamid.2")])
    assert [post_cloud(client, body).status_code for _ in range(3)] == [200, 200, 200]
    assert WebhookNews.objects.count() == 3
    assert set(WebhookNews.objects.values_list("kind", "number_id")) == {("status", "1055")}


def test_a_thousand_statuses_are_stored_with_a_handful_of_queries(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    body = cloud_notice([sent(f"wamid.{number}") for number in range(1_000)])
    with django_assert_max_num_queries(3):
        assert post_cloud(client, body).status_code == 200
    assert WebhookNews.objects.count() == 1_000


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"object":"page"}', b'{"object":"whatsapp_business_account","entry":3}']
)
def test_a_signed_webhook_that_is_none_is_refused(client: Client, body: bytes) -> None:
    assert post_cloud(client, body).status_code == 400


def test_a_piece_that_nobody_foresaw_holds_up_no_other(client: Client) -> None:
    notice = json.loads(cloud_notice([sent("wamid.1"), sent("wamid.2"), sent("wamid.3")]))
    statuses = notice["entry"][0]["changes"][0]["value"]["statuses"]
    del statuses[0]["id"]
    statuses[1]["status"] = ["sent"]
    assert post_cloud(client, json.dumps(notice).encode()).status_code == 200
    assert list(WebhookNews.objects.order_by("kind").values_list("kind", flat=True)) == ["other", "other", "status"]


def test_a_webhook_as_large_as_meta_sends_them_is_taken_in(client: Client) -> None:
    said = Happening("+972501234567", "wamid.x", "", "reply", AT, text="x" * 2_990_000)
    assert post_cloud(client, cloud_notice([said])).status_code == 200
    assert WebhookNews.objects.count() == 1


def test_a_webhook_is_taken_in_while_redis_is_away(client: Client, settings: Any) -> None:
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {"default": redis}
    assert post_cloud(client, cloud_notice([sent()])).status_code == 200
    assert WebhookNews.objects.count() == 1


def own_app(business: Any, number_id: str = "1055") -> Sender:
    sender: Sender = make_sender(business, number_id=number_id)
    sender.set_credentials({"access_token": "t", "app_secret": "their-own"})
    sender.save()
    return sender


def post_signed(client: Client, body: bytes, secret: str) -> int:
    headers = {"X-Hub-Signature-256": notices.signature(body, secret)}
    return client.post(CLOUD, body, content_type="application/json", headers=headers).status_code


def test_a_number_of_another_meta_app_is_verified_with_that_apps_secret(client: Client, acme: Any) -> None:
    sender = own_app(acme)
    assert post_signed(client, cloud_notice([sent()]), "their-own") == 200
    assert WebhookNews.objects.get().verified_by == sender.app_key
    assert post_signed(client, cloud_notice([sent()]), "no-bodys") == 401


def test_a_secret_opens_nothing_until_the_number_is_proved(client: Client, acme: Any) -> None:
    own_app(acme)
    Sender.objects.update(proved_account=None)
    assert post_signed(client, cloud_notice([sent()]), "their-own") == 401


def test_a_body_of_3_mb_is_not_hashed_for_apps_that_it_does_not_name(client: Client, acme: Any) -> None:
    for number in range(3):
        own_app(acme, number_id=f"99{number}")
    Sender.objects.update(account_id="5000")
    with patch("hmac.new", wraps=hmac.new) as hashed:
        client.post(
            CLOUD, cloud_notice([sent()]), "application/json", headers={"X-Hub-Signature-256": f"sha256={'0' * 64}"}
        )
    assert hashed.call_count == 1


def twilio_sender(business: Any) -> Sender:
    sender: Sender = make_sender(business, provider="twilio", number_id="+15550100000", account_id="AC1")
    sender.set_credentials({"account_sid": "AC1", "auth_token": TOKEN})
    sender.save()
    return sender


def post_twilio(client: Client, form: dict[str, str], *, query: str = "", token: str = TOKEN) -> int:
    url = f"http://127.0.0.1:8000{TWILIO}{query}"
    signature = RequestValidator(token).compute_signature(url, form)
    answer = client.post(
        TWILIO + query,
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )
    return answer.status_code


def test_twilios_status_is_stored_with_our_attempt(client: Client, acme: Any, settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    twilio_sender(acme)
    form = {"AccountSid": "AC1", "MessageSid": "SM1", "MessageStatus": "sent", "From": "whatsapp:+15550100000"}
    assert post_twilio(client, form, query="?a=6e1b2ae9-5b25-4a21-8a08-6f4a4d7c0b11") == 200
    news = WebhookNews.objects.get()
    assert (news.dedupe_key, news.payload["attempt"]) == ("AC1:twilio:SM1:sent", "6e1b2ae9-5b25-4a21-8a08-6f4a4d7c0b11")


@pytest.mark.parametrize("token", ["another", ""])
def test_twilio_signed_with_another_token_is_refused(client: Client, acme: Any, settings: Any, token: str) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    twilio_sender(acme)
    form = {"AccountSid": "AC1", "MessageSid": "SM1", "MessageStatus": "sent"}
    assert (post_twilio(client, form, token=token), WebhookNews.objects.count()) == (401, 0)


def test_twilio_of_an_account_that_nobody_connected_is_refused(client: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert post_twilio(client, {"AccountSid": "AC9", "MessageSid": "SM1", "MessageStatus": "sent"}) == 401


@pytest.mark.parametrize("text", ["a\0b", "\ud83d", "\\u0000", "שלום 🎉"])
def test_whatever_a_person_writes_is_stored(client: Client, text: str) -> None:
    said = Happening("+972501234567", "wamid.x", "", "reply", AT, text=text)
    assert post_cloud(client, cloud_notice([said, sent()])).status_code == 200
    kept = WebhookNews.objects.get(kind="message").payload["one"]["text"]["body"]
    assert kept == text.replace("\0", "").replace("\ud83d", "?")
    assert WebhookNews.objects.count() == 2


def test_statuses_that_come_while_the_worker_ends_are_rung_for_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer) or thread.name == "doorbell":
            thread.join(20)  # the test before may have left one, which would ring in this test
    rings: list[str] = []
    rung_twice = threading.Event()
    timers: list[threading.Timer] = []

    def ring(task: str, **_options: object) -> None:
        rings.append(task)
        if len(rings) == 2:
            rung_twice.set()

    class Held(threading.Timer):
        """Its time comes when the test says so: on a busy machine five posts take longer than a second."""

        def start(self) -> None:
            timers.append(self)

    monkeypatch.setattr(current_app, "send_task", ring)
    monkeypatch.setattr(threading, "Timer", Held)
    # Of this test's own: the cache is shared by all tests that run now.
    monkeypatch.setattr(intake, "_is_first_of_this_second", iter([True, *[False] * 9]).__next__)
    for number in range(5):
        post_cloud(client, cloud_notice([sent(f"wamid.{number}")]))
    (later,) = timers
    assert later.interval == intake.RING_AGAIN_S
    later.function()
    assert rung_twice.wait(20)
    assert rings == [intake.TASK] * 2, "once for all that came after the first"
    assert not intake._later.locked(), "and the next ones ring again"
