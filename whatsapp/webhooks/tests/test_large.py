"""Large webhooks of Meta: split by a process of its own into the same rows, and refused or repeated if that fails."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from businesses.tenancy import across_businesses
from whatsapp.models import WebhookNews
from whatsapp.providers.cloud import splitting
from whatsapp.providers.sandbox.notices import signature
from whatsapp.webhooks import large

SECRET = "app-secret-of-large-webhooks"
CLOUD = "/whatsapp/webhooks/cloud/"


def body_of(*values: dict[str, Any]) -> bytes:
    """Returns a webhook with one change for each value."""
    changes = [{"field": "messages", "value": {"metadata": {"phone_number_id": "1"}, **value}} for value in values]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}).encode()


def statuses(count: int) -> dict[str, Any]:
    """Returns that many statuses. The text has what PostgreSQL refuses."""
    one = {"status": "sent", "timestamp": "1", "title": "\0 half of a face: \ud83d, שלום"}
    return {"statuses": [{"id": f"wamid.{number}", **one} for number in range(count)]}


@pytest.fixture
def post(client: Client, settings: LazySettings) -> Any:
    """Returns a function that posts a body as Meta would, signed."""
    settings.WHATSAPP_APP_SECRET = SECRET
    return lambda body: client.post(
        CLOUD, body, content_type="application/json", headers={"X-Hub-Signature-256": signature(body, SECRET)}
    )


@pytest.mark.parametrize("prefix", ["", "key-of-an-app"])
def test_the_process_returns_the_same_rows(prefix: str) -> None:
    message = {"messages": [{"id": "wamid.m", "from": "972521234567", "type": "text", "timestamp": "1"}]}
    for body, is_urgent in ((body_of(statuses(500)), False), (body_of(statuses(500), message), True)):
        rows = large.split_apart(body, prefix)
        assert rows == large.rows_of(splitting.split(body), prefix)
        assert rows.is_urgent is is_urgent


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"x" * 100_000, b'{"object": "page"}' + b" " * 100_000, body_of(statuses(2_001))]
)
def test_what_cannot_be_split_is_told_from_a_failure(body: bytes) -> None:
    with pytest.raises(ValueError, match="can't be split"):
        large.split_apart(body, "")


@pytest.mark.django_db
def test_every_update_of_a_large_webhook_is_stored_once(post: Any) -> None:
    body = body_of(statuses(1_000))
    assert len(body) > large.LARGE
    assert [post(body).status_code, post(body).status_code] == [200, 200]
    with across_businesses():
        assert WebhookNews.objects.count() == 1_000


@pytest.mark.django_db
def test_a_webhook_whose_process_ended_is_to_be_sent_again(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "_PROGRAM", "import os; os.abort()")
    assert post(body_of(statuses(1_000))).status_code == 503

    def too_slow(*args: Any, **options: Any) -> None:
        raise subprocess.TimeoutExpired("python", 1)

    monkeypatch.setattr(subprocess.Popen, "communicate", too_slow)
    assert post(body_of(statuses(1_000))).status_code == 503
    with across_businesses():
        assert not WebhookNews.objects.exists()


@pytest.mark.django_db
def test_a_large_webhook_that_cannot_be_split_is_refused(post: Any) -> None:
    assert post(b"[" * 100_000).status_code == 400
