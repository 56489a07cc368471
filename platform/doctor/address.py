"""The public address, reached from here as Twilio, Meta and people reach it: proxy, certificate, web process."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from django.conf import settings

from businesses.doctor import table
from businesses.doctor.table import ADDRESS, ASK_S, Check
from businesses.doctor.verdicts import Verdict, not_tried, ok, wrong
from businesses.doctor.web import Answer, fetch, no_answer, not_ours

FEWEST_DAYS = 14
"""Certbot renews 30 days before the end: fewer than this, and it has failed several times."""


def register() -> None:
    """Have them tried."""
    table.register("address", _checks)


def alive(answer: Answer) -> Verdict:
    """Returns whether a web process of ours answered /healthz."""
    if answer.status != 200:
        return not_ours(answer)
    if _json(answer).get("alive") is not True:
        return wrong(
            "Something else than Frontdesk answers at PUBLIC_URL.", "Let the proxy pass this name on to a web process."
        )
    return ok("A web process answers at PUBLIC_URL.")


def ready(answer: Answer) -> Verdict:
    """Returns whether a web process would take a call, by /readyz."""
    problems = _json(answer).get("problems")
    if answer.status == 503 and isinstance(problems, list) and problems:
        return wrong(f"It takes no calls: {'; '.join(map(str, problems))}.", "docs/operations.md says what each means.")
    return ok("It takes one more call.") if answer.status == 200 else not_ours(answer)


def days_left(ends_at: float, now: float) -> Verdict:
    """Returns whether the certificate holds for some time. Both are seconds since 1970."""
    days = int((ends_at - now) // 86_400)
    if days < FEWEST_DAYS:
        return wrong(
            f"It ends in {days} days.", "Run: certbot renew, and nginx -s reload. See that certbot.timer is enabled."
        )
    return ok(f"It holds for {days} more days.")


def _checks() -> Iterator[Check]:
    yield Check("healthz", lambda: _asked("/healthz", alive))
    yield Check("readyz", lambda: _asked("/readyz", ready), (ADDRESS,))
    yield Check("certificate", _ask_certificate)


def _asked(path: str, judge: Callable[[Answer], Verdict]) -> Verdict:
    url = f"{settings.PUBLIC_URL}{path}"
    try:
        return judge(fetch(url))
    except (OSError, http.client.HTTPException) as error:
        return no_answer(error, url)


def _ask_certificate() -> Verdict:
    parts = urlsplit(settings.PUBLIC_URL)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return not_tried("PUBLIC_URL is http: there is none. Twilio opens media streams by wss only.")
    try:
        with (
            socket.create_connection((host, parts.port or 443), timeout=ASK_S) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            found = secure.getpeercert() or {}
    except OSError as error:
        return no_answer(error, settings.PUBLIC_URL)
    return days_left(ssl.cert_time_to_seconds(str(found["notAfter"])), time.time())


def _json(answer: Answer) -> dict[str, object]:
    try:
        told = json.loads(answer.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
