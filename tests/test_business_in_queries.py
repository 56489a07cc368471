"""Hot paths name the business in each query, so that tables can be split by it; what does not is argued here.

The statements are those of real requests, and of the loop that sends and applies, on PostgreSQL. Split by business, a
query that names none goes to every part; docs/deploy.md ("Growing") says what else a split needs.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from businesses.models import User
from businesses.tenancy import across_businesses
from calls.line import admission
from frontdesk import demo
from testing.demo_data.seed import seed
from testing.hot_paths import Captured, captured, without_business
from testing.meta import ThreadedMeta, threaded_meta
from testing.visits import Who, visits
from whatsapp.models import Recipient
from whatsapp.providers.sandbox import notices
from whatsapp.running.loop import SendingLoop

PHONE = "+15005550007"
CALLER = {"CallSid": "CA1", "From": "+15005550001", "To": PHONE}
MOST_PAGES = 40

FINDS_THE_BUSINESS = {
    "SELECT businesses_phonenumber: number",  # the number that was called
    "SELECT calls_call: twilio_call_sid",  # Twilio's id of a call
    "SELECT whatsapp_sender: app_key number_id proved_account_id provider",  # the number that Meta's news are about
    "UPDATE whatsapp_sender: app_key last_status_event_at number_id proved_account_id provider",
    "SELECT businesses_membership: user_id",  # the person who looks
}
"""Small tables, and an index. A split keeps them whole on each part (Citus: reference tables), or, as calls, looks the
id up in every part: one index entry each."""
HAS_NONE = {
    "SELECT businesses_user: id",
    "SELECT businesses_heartbeat",
    "SELECT calls_modelcheck: id",
    "INSERT whatsapp_webhook_inbox",  # news, before it is known whose they are
    "SELECT whatsapp_webhook_inbox: applied_at received_at tries",
    "UPDATE whatsapp_webhook_inbox: id",
}
"""Of the whole installation."""
ROWS_THAT_ARE_KNOWN = {
    "UPDATE calls_call: id",
    "SELECT whatsapp_broadcasts: id",
    "SELECT whatsapp_sender: id",
    "SELECT whatsapp_broadcast_courses: broadcast_id",
    "SELECT whatsapp_broadcast_recipients: broadcast_id status",
    "SELECT whatsapp_broadcast_recipients: id",
    "SELECT whatsapp_broadcast_recipients: attempt_id",  # comes back with each status; finds the business as well
    "UPDATE whatsapp_broadcast_attempts: id",
    "UPDATE whatsapp_broadcast_recipients: id",
    "UPDATE whatsapp_broadcast_recipients: id lease_token lease_until status",
}
"""By their own key, or their broadcast's, read before. They are the first to get the business with a split: the rows
of a wave, or of a batch of news, are of few businesses, which are at hand."""
LOOKS_FOR_WORK = {
    "SELECT whatsapp_broadcast_recipients: address id proved_account_id provider status",
    "SELECT whatsapp_broadcast_recipients: address provider status",
    "SELECT whatsapp_broadcast_recipients: cost_micros status",
    "SELECT whatsapp_broadcast_recipients: lease_until status",
    "UPDATE whatsapp_broadcast_recipients: lease_until status",
    "UPDATE whatsapp_broadcast_recipients: accepted_at broadcast_id status",
    "SELECT whatsapp_broadcast_series: status try_at",
    "SELECT whatsapp_broadcasts: resume_at scheduled_at status",
    "SELECT whatsapp_broadcasts: resume_at status",
    "SELECT whatsapp_broadcasts: scheduled_at status",
    "SELECT whatsapp_broadcasts: settled_at started_at status",
    "SELECT whatsapp_broadcasts: status",
    "UPDATE whatsapp_broadcasts: broadcast_id settled_at status",
    "SELECT whatsapp_direct_messages: cost_micros status",
    "SELECT whatsapp_direct_messages: next_attempt_at status",
    "UPDATE whatsapp_direct_messages: lease_until status",
    "SELECT whatsapp_inbound_messages: action confirmed_at received_at",
    "SELECT whatsapp_sender: provider",
}
"""In every business, by a partial index of what waits. Every part is asked, which is what is meant: a loop per part
could ask its own. A few times a minute, not for each message."""

REQUESTS = FINDS_THE_BUSINESS | HAS_NONE | {"UPDATE calls_call: id"}
ARGUED = {
    "voice webhook": REQUESTS,
    "connecting a stream": REQUESTS,
    "after-webhook": REQUESTS,
    "status of a call": REQUESTS,
    "pages": REQUESTS,
    "claims and sending": HAS_NONE | ROWS_THAT_ARE_KNOWN | LOOKS_FOR_WORK | FINDS_THE_BUSINESS,
    "statuses": HAS_NONE | ROWS_THAT_ARE_KNOWN | LOOKS_FOR_WORK | FINDS_THE_BUSINESS,
    "inbound messages": HAS_NONE | ROWS_THAT_ARE_KNOWN | LOOKS_FOR_WORK | FINDS_THE_BUSINESS,
}

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite is not split"),
]


@pytest.fixture
def found(settings: Any) -> Iterator[Captured]:
    settings.TWILIO_AUTH_TOKEN, settings.DEBUG = "", True  # nobody signs here
    with captured() as found:
        yield found


@contextmanager
def meta_of(settings: Any, folder: Path) -> Iterator[ThreadedMeta]:
    """Meta's stand-in, with a business that has a number there and a broadcast to two people."""
    settings.MEDIA_ROOT, people = str(folder), folder / "people.csv"
    people.write_text("phone,first_name\n+972501234567,Dana\n+972501234568,Uri\n")
    with threaded_meta() as meta:
        settings.WHATSAPP_API_URL, settings.WHATSAPP_APP_SECRET = meta.url, meta.app_secret
        call_command("create_business", "acme", "--name", "Acme", "--phone", PHONE)
        number = ("--phone-number-id", "1055", "--waba-id", "2077", "--phone", PHONE)
        call_command("connect_whatsapp", "acme", "--provider", "cloud", *number, "--access-token", meta.token)
        call_command("sync_templates", "acme")
        template = ("--template", "spring_sale", "--language", "en_US", "--set", "until=Sunday")
        call_command("create_broadcast", "acme", *template, "--csv", str(people), "--start")
        yield meta


def work() -> None:
    """Send and apply until there is nothing left."""
    asyncio.run(SendingLoop(until_idle=True, report=lambda _progress: None).run())


def deliver(meta: ThreadedMeta, *bodies: bytes) -> None:
    for body in bodies:
        answer = Client().post(
            "/whatsapp/webhooks/cloud/", body, content_type="application/json", headers=meta.signed(body)
        )
        assert answer.status_code == 200


def unargued(found: Captured) -> dict[str, set[str]]:
    """Returns what names no business and is not argued, by path."""
    nameless = {path: without_business(each) - ARGUED[path] for path, each in found.statements.items()}
    return {path: each for path, each in nameless.items() if each}


def test_a_call(found: Captured) -> None:
    call_command("create_business", "acme", "--name", "Acme", "--phone", PHONE)
    browser = Client()
    with found.on("voice webhook"):
        answer = browser.post("/calls/twilio/voice/", CALLER).content.decode()
    (token,) = re.findall(r'name="token" value="([^"]+)"', answer)
    with found.on("connecting a stream"):
        admission.open_stream(token=token, call_sid="CA1", stream_sid="MZ1", now=datetime.now(UTC))
    with found.on("after-webhook"):
        assert browser.post("/calls/twilio/after/", CALLER).status_code == 200
    with found.on("status of a call"):
        assert browser.post("/calls/twilio/status/", CALLER | {"CallStatus": "completed"}).status_code == 204
    assert {path: len(each) > 2 for path, each in found.statements.items()} == dict.fromkeys(list(ARGUED)[:4], True)
    assert unargued(found) == {}


def test_a_broadcast_its_reports_and_an_answer(found: Captured, settings: Any, tmp_path: Path) -> None:
    with meta_of(settings, tmp_path) as meta:
        with found.on("claims and sending"):
            work()
        assert len(meta.accepted) == 2
        with found.on("statuses"):
            deliver(meta, *meta.webhooks())
            work()
        with across_businesses():  # a test looks at all rows
            rows = list(Recipient.objects.all())
        assert {row.status for row in rows} == {"delivered"}
        reply = notices.Happening(
            address=rows[0].address or "",
            message_id=rows[0].provider_message_id or "",
            tracker="",
            what="reply",
            at=datetime.now(UTC),
            text="Thanks",
            own_id="wamid.1",
        )
        with found.on("inbound messages"):
            deliver(meta, json.dumps(notices.notice("1055", "2077", [reply])).encode())
            work()
    claims = {each for each in found.statements["claims and sending"] if "SKIP LOCKED )) AND" in each}
    assert len(claims) == 2
    assert unargued(found) == {}


def test_the_pages(found: Captured, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    rows, browser = seed(), Client()
    browser.force_login(User.objects.get(email=demo.OWNER_EMAIL))
    pages = [each.url for each in visits(rows) if each.who is Who.OWNER and each.url and not each.is_admin]
    assert len(pages) > MOST_PAGES
    with found.on("pages"):
        assert {browser.get(url).status_code for url in pages} == {200}
    assert unargued(found) == {}
