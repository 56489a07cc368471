"""ASGI middleware that counts the webhooks of each provider: how long they take, and what they are answered."""

from __future__ import annotations

import time
from typing import Any, Final

from prometheus_client import Counter, Histogram

WEBHOOKS: Final = {
    "/calls/twilio/voice": "voice",
    "/calls/twilio/after": "after",
    "/calls/twilio/status": "call_status",
    "/whatsapp/webhooks/cloud": "whatsapp_cloud",
    "/whatsapp/webhooks/twilio": "whatsapp_twilio",
}
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
"""Twilio gives up after 15 s."""

_took = Histogram(
    "frontdesk_webhook_seconds", "From a webhook's arrival to its answer's begin", ["webhook"], buckets=SECONDS
)
_answers = Counter("frontdesk_webhook_answers", "Answers to webhooks, by their HTTP status", ["webhook", "status"])
for _name in WEBHOOKS.values():
    _took.labels(_name)
    for _status in ("200", "204", "400", "401", "403", "500", "503"):
        _answers.labels(_name, _status)


class WebhookFigures:
    """Wraps the HTTP application."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Run the application, and count the request if it is a webhook."""
        name = WEBHOOKS.get(str(scope["path"]).rstrip("/"))
        if name is None:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_on(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                _took.labels(name).observe(time.perf_counter() - began)
                _answers.labels(name, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, send_on)
