"""Messages arrive at least once, provably from us, and one address's trouble is nobody else's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from django.db import connection

from businesses.happenings import Happening, happened
from businesses.hooks import endpoints, sending, signing
from businesses.models import AuditEntry, Business, DeliveryState, SwitchedOff, WebhookDelivery, WebhookEndpoint
from businesses.tenancy import across_businesses, acting_for
from testing.thread_server import in_a_thread

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@dataclass
class Receiver:
    """A business's own system: it notes what arrives, and answers as it is told."""

    url: str = ""
    status: int = 200
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append((headers, await request.read()))
        return web.Response(status=int(request.query.get("status", self.status)), headers={"Location": "/elsewhere"})

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _body in self.seen]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.DEBUG, settings.PRIVATE_HOSTS = True, ["localhost"]
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    with in_a_thread(app) as url:
        made.url = f"http://localhost:{urlsplit(url).port}/hook"
        yield made


@pytest.fixture
def acme() -> Business:
    return Business.objects.create(name="Acme", slug="acme")


def listen(business: Business, url: str) -> tuple[WebhookEndpoint, str]:
    with acting_for(business):
        return endpoints.add(business, url=url, kinds=list(Happening), now=NOW)


def tell(business: Business, number: int = 1) -> None:
    with acting_for(business):
        for each in range(number):
            happened(business, Happening.MESSAGE_TAKEN, {"number": each}, now=NOW)


def send(now: datetime = NOW) -> int:
    return sending.send_due(clock=lambda: now, keep_going=lambda: True)


def delivery(business: Business) -> WebhookDelivery:
    with acting_for(business):
        return WebhookDelivery.objects.select_related("endpoint").get()


def proves(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Returns whether a message is signed with a secret, as a receiver finds out."""
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in headers["webhook-signature"].split()


@pytest.mark.once
def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the scheme's own libraries."""
    made = signing.headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        now=datetime.fromtimestamp(1614265330, UTC),
    )
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_happened_arrives_signed(acme: Business, receiver: Receiver) -> None:
    _endpoint, secret = listen(acme, receiver.url)
    tell(acme)
    assert send() == 1
    [(headers, body)] = receiver.seen
    assert proves(secret, headers, body)
    assert not proves(secret, headers, body + b" ")
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["type"] == "message.taken"
    row = delivery(acme)
    assert (row.state, row.last_status, str(row.pk)) == (DeliveryState.DELIVERED, 200, headers["webhook-id"])
    assert send(NOW + timedelta(days=1)) == 0


def test_what_is_not_accepted_is_repeated_for_a_day_with_the_same_id(acme: Business, receiver: Receiver) -> None:
    receiver.status = 500
    listen(acme, receiver.url)
    tell(acme)
    now, tries = NOW, 0
    while delivery(acme).state == DeliveryState.WAITING:
        tries += send(now)
        now = delivery(acme).due_at
    assert tries == 10
    assert len(set(receiver.ids)) == 1
    assert timedelta(hours=22) < now - NOW < timedelta(hours=25)
    assert delivery(acme).state == DeliveryState.FAILED


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 503])
def test_only_2xx_is_accepted(status: int, acme: Business, receiver: Receiver) -> None:
    receiver.status = status
    listen(acme, receiver.url)
    tell(acme)
    assert send() == 1
    assert (delivery(acme).state, delivery(acme).last_status) == (DeliveryState.WAITING, status)
    assert len(receiver.seen) == 1


def test_a_worker_that_is_killed_while_sending_loses_nothing(acme: Business, receiver: Receiver) -> None:
    """It has claimed the message, and perhaps sent it: another sends it when the claim ends, with the same id."""
    listen(acme, receiver.url)
    tell(acme)
    assert sending._claim_next(NOW, busy=set()) is not None
    assert send(NOW + timedelta(seconds=59)) == 0
    assert send(NOW + timedelta(seconds=61)) == 1
    assert receiver.ids == [str(delivery(acme).pk)]


def test_a_late_worker_changes_nothing_any_more(acme: Business, receiver: Receiver) -> None:
    listen(acme, receiver.url)
    tell(acme)
    late = sending._claim_next(NOW, busy=set())
    assert late is not None
    assert send(NOW + timedelta(seconds=61)) == 1
    sending._settle(late, sending._Result(status=500), NOW + timedelta(seconds=62))
    assert delivery(acme).state == DeliveryState.DELIVERED


@pytest.mark.timeout(120)
def test_several_workers_send_each_message_once(acme: Business, receiver: Receiver) -> None:
    for number in range(4):
        listen(acme, f"{receiver.url}/{number}")
    tell(acme, 10)

    def work(_worker: int) -> int:
        try:
            return send()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 40
    assert set(Counter(receiver.ids).values()) == {1}


def test_an_address_that_fails_holds_up_no_other(acme: Business, receiver: Receiver) -> None:
    listen(acme, "http://127.0.0.1:1/")
    listen(acme, f"{receiver.url}?status=500")
    listen(acme, receiver.url)
    tell(acme, 3)
    assert send() == 9
    with acting_for(acme):
        rows = WebhookDelivery.objects.order_by().values_list("state", "last_status", "last_problem")
    assert Counter(rows) == {
        ("waiting", None, "private"): 3, ("waiting", 500, ""): 3, ("delivered", 200, ""): 3,
    }  # fmt: skip


def test_an_address_that_fails_for_days_is_switched_off_and_its_owner_told(acme: Business, receiver: Receiver) -> None:
    receiver.status = 500
    endpoint, _secret = listen(acme, receiver.url)
    for day in range(5):
        tell(acme)
        send(NOW + timedelta(days=day))
    with acting_for(acme):
        endpoint.refresh_from_db()
        assert (endpoint.is_on, endpoint.off_because) == (False, SwitchedOff.KEEPS_FAILING)
        assert not WebhookDelivery.objects.filter(state=DeliveryState.WAITING).exists()
        assert AuditEntry.objects.filter(kind="webhook_changed", details__step="keeps_failing").count() == 1
    tell(acme)
    assert send(NOW + timedelta(days=9)) == 0


def test_one_acceptance_and_it_is_failing_no_longer(acme: Business, receiver: Receiver) -> None:
    receiver.status = 500
    endpoint, _secret = listen(acme, receiver.url)
    tell(acme)
    send()
    receiver.status = 204
    send(NOW + timedelta(days=4))
    with acting_for(acme):
        endpoint.refresh_from_db()
    assert (endpoint.is_on, endpoint.failing_since) == (True, None)


def test_gone_switches_it_off_at_once(acme: Business, receiver: Receiver) -> None:
    receiver.status = 410
    endpoint, _secret = listen(acme, receiver.url)
    tell(acme, 2)
    send()
    with acting_for(acme):
        endpoint.refresh_from_db()
    assert (endpoint.is_on, endpoint.off_because) == (False, SwitchedOff.GONE)
    assert len(receiver.seen) == 1


def test_a_message_is_sent_again_with_the_same_id(acme: Business, receiver: Receiver) -> None:
    listen(acme, receiver.url)
    tell(acme)
    send()
    with acting_for(acme):
        assert endpoints.send_again(delivery(acme), now=NOW)
        assert not endpoints.send_again(delivery(acme), now=NOW)
    assert send() == 1
    assert len(receiver.seen) == 2
    assert len(set(receiver.ids)) == 1


def test_both_secrets_hold_for_a_day(acme: Business, receiver: Receiver) -> None:
    endpoint, old = listen(acme, receiver.url)
    with acting_for(acme):
        new = endpoints.rotate(endpoint, now=NOW)
    for now in (NOW + timedelta(hours=23), NOW + timedelta(hours=25)):
        tell(acme)
        send(now)
    (first, second) = receiver.seen
    assert [proves(each, *first) for each in (old, new)] == [True, True]
    assert [proves(each, *second) for each in (old, new)] == [False, True]
    with across_businesses():
        assert new not in str(list(WebhookEndpoint.objects.values()))
