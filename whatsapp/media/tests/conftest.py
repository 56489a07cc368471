"""A clinic whose patients send files, at Meta and at Twilio; both are played by stand-ins."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from businesses.models import Business
from testing.broadcasts import make_sender, proved
from testing.meta import ThreadedMeta
from testing.thread_server import in_a_thread
from testing.twilio import TwilioAccount, message_form, threaded_twilio
from whatsapp.media import fetching, files
from whatsapp.models import InboundMedia, InboundMessage, Sender, WebhookNews
from whatsapp.providers.registry import provider_for
from whatsapp.providers.sandbox.sample_files import sample
from whatsapp.providers.sandbox.shelf import Shelf, Trouble
from whatsapp.webhooks import people
from whatsapp.webhooks.origin import INSTALLATION

DANA, OURS = "+972501234567", "+15550100000"
PICTURE, VOICE = sample("picture.jpg"), sample("voice.ogg")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AUTH_TOKEN = "a-twilio-token"


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


@dataclass
class Clock:
    """A clock that the test sets."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class Patients:
    """People who send files to one number, and the workers who fetch them."""

    sender: Sender
    shelf: Shelf
    clock: Clock

    def send(self, content: bytes, content_type: str, trouble: Trouble = Trouble.NONE, **more: Any) -> InboundMedia:
        """Let Dana send a file. Returns its row."""
        key = f"M{uuid.uuid4().hex}"
        self.shelf.put(key, content, content_type, trouble, **more)
        self.receive([(key, content_type, hashlib.sha256(content).hexdigest())])
        return InboundMedia.objects.select_related("message").get(reference__endswith=key)

    def receive(self, listed: list[tuple[str, str, str]]) -> InboundMessage:
        """Let a webhook about files come in."""
        payload = self._payload(listed)
        event = provider_for(self.sender.provider).read(payload, self.clock())
        signer = INSTALLATION if self.sender.provider == "cloud" else self.sender.account_id
        news = WebhookNews(provider=self.sender.provider, verified_by=signer, account_id=self.sender.account_id)
        assert people.receive(news, event, [], self.clock())  # type: ignore[arg-type]
        return InboundMessage.objects.latest("received_at", "pk")

    def _payload(self, listed: list[tuple[str, str, str]]) -> dict[str, Any]:
        sort = listed[0][1].partition("/")[0]
        kind = sort if sort in {"image", "audio", "video"} else "document"
        if self.sender.provider == "cloud":
            key, content_type, sha256 = listed[0]
            told = {"id": key, "mime_type": content_type, "sha256": sha256}
            at = str(int(self.clock().timestamp()))
            one = {"id": f"wamid.{key}", "from": DANA[1:], "timestamp": at, "type": kind, kind: told}
            return {"field": "messages", "number_id": self.sender.number_id, "one": one}
        sid = f"MM{uuid.uuid4().hex}"
        form = message_form(sid, "", who=DANA, to=OURS, account_sid="AC1", MessageType=kind)
        for number, (key, content_type, _sha256) in enumerate(listed):
            form[f"MediaUrl{number}"] = f"https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/{sid}/Media/{key}"
            form[f"MediaContentType{number}"] = content_type
        return {**form, "NumMedia": str(len(listed))}

    def work(self) -> int:
        """Let a worker fetch what is due. Returns the number of files tried."""
        return fetching.fetch_due(clock=self.clock, keep_going=lambda: True)


def content_of(media: InboundMedia) -> bytes | None:
    """Returns what is stored of a file; None if nothing is."""
    media.refresh_from_db()
    found = files.stored(media)
    return b"".join(found.parts()) if found else None


@pytest.fixture
def at_meta(acme: Business, meta: ThreadedMeta, clock: Clock) -> Patients:
    return Patients(make_sender(acme), meta.shelf, clock)


@pytest.fixture
def at_twilio(acme: Business, settings: Any, clock: Clock) -> Iterator[Patients]:
    sender = make_sender(acme, provider="twilio", number_id=OURS, account_id="AC1", phone=OURS)
    sender.set_credentials({"account_sid": "AC1", "auth_token": AUTH_TOKEN})
    with threaded_twilio() as twilio:
        settings.TWILIO_API_URL = twilio.url
        twilio.accounts["AC1"] = TwilioAccount(AUTH_TOKEN, senders=frozenset({OURS}))
        yield Patients(proved(sender), twilio.shelf, clock)


@pytest.fixture(params=["meta", "twilio"])
def patients(request: pytest.FixtureRequest) -> Patients:
    """Each test that asks for this runs at both providers."""
    found: Patients = request.getfixturevalue(f"at_{request.param}")
    return found


@pytest.fixture
def someone_elses(meta: ThreadedMeta) -> Iterator[Callable[[], list[str]]]:
    """A server that is neither provider's. Yields what gives the `Authorization` of each request to it."""
    seen: list[str] = []

    async def see(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response(body=PICTURE)

    app = web.Application()
    app.add_routes([web.get("/{anything:.*}", see)])
    with in_a_thread(app) as address:
        meta.shelf.elsewhere = f"{address}/picture.jpg"
        yield lambda: seen
