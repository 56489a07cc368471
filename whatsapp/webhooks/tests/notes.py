"""Webhooks as tests post them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client

from whatsapp.providers.sandbox import notices
from whatsapp.providers.sandbox.notices import Happening

AT = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def cloud_notice(happenings: Sequence[Happening]) -> bytes:
    """A webhook of Meta's with these happenings."""
    return json.dumps(notices.notice("1055", "2077", happenings)).encode()


def cloud_change(field: str, **value: Any) -> bytes:
    """A webhook of Meta's about the account."""
    return json.dumps(notices.envelope("2077", field, value)).encode()


def post_cloud(client: Client, body: bytes) -> HttpResponse:
    """Post a webhook, signed."""
    headers = {"X-Hub-Signature-256": notices.signature(body, "an-app-secret")}
    answer: Any = client.post("/whatsapp/webhooks/cloud/", body, content_type="application/json", headers=headers)
    return answer  # type: ignore[no-any-return]
