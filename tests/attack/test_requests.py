"""Requests without credentials: bodies that nobody may send are not read, not kept and not parsed (G13, G18).

Defended: the event loop that carries the calls, and the memory and disk of the process. Each test talks to a real
Daphne over a bare socket, so that it sees what a client sees while it is still sending.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.urls import reverse

from frontdesk import body_limits
from testing.databases import MigratedDatabase
from testing.process_memory import memory_grows_by_less_than
from testing.servers import Daphne, web_processes
from whatsapp.providers.sandbox import notices

pytestmark = pytest.mark.realtime

SECRET = "an-app-secret"
CLOUD = "/whatsapp/webhooks/cloud/"
TWILIOS = ("/calls/twilio/voice/", "/calls/twilio/after", "/calls/twilio/status/", "/whatsapp/webhooks/twilio/")
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
SIGNED_BY_NOBODY = f"X-Hub-Signature-256: sha256={'0' * 64}\r\nContent-Type: application/json\r\n"
MOST_READ = 8_000_000
"""Bytes that fit into the buffers of both kernels, which grow with the speed of the machine: what a client could send
although nobody read it. The attacks try to send 100 and 400 million."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    """One process for all attempts, as in life."""
    with web_processes(tmp_path_factory.mktemp("server"), migrated_database) as start:
        server = start(WHATSAPP_APP_SECRET=SECRET, TWILIO_AUTH_TOKEN="a-token", DEBUG="1")
        yield server
        assert "Traceback" not in server.log, server.log


class Client:
    """One connection, which counts what it could send."""

    def __init__(self, server: Daphne) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        self.sent = 0

    def head(self, path: str, headers: str, method: str = "POST") -> None:
        """Send the head of a request."""
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())

    def send(self, pieces: Iterator[bytes]) -> None:
        """Send a body until it ends or the server stops taking it."""
        self.socket.settimeout(3)
        try:
            for piece in pieces:
                self.socket.sendall(piece)
                self.sent += len(piece)
        except (TimeoutError, ConnectionError):
            pass

    def status(self) -> int:
        """Returns the status of the answer; 0 if the connection was closed without one."""
        self.socket.settimeout(30)
        answer = b""
        while b"\r\n\r\n" not in answer and (more := self.socket.recv(65_536)):
            answer += more
        return int(answer.split(b" ", 2)[1]) if answer else 0

    def is_closed(self) -> bool:
        """Returns whether the server has closed the connection."""
        try:
            while self.socket.recv(65_536):
                pass
        except ConnectionError:
            pass
        return True


def post(server: Daphne, path: str, body: bytes, headers: str = "") -> int:
    client = Client(server)
    client.head(path, f"Content-Length: {len(body)}\r\nConnection: close\r\n{headers}")
    client.socket.sendall(body)
    return client.status()


def kept_on_disk(server: Daphne) -> int:
    """Returns the bytes of all files that the process has open, deleted ones included."""
    return sum(each.stat().st_size for each in Path(f"/proc/{server.process.pid}/fd").iterdir() if _is_temporary(each))


def _is_temporary(link: Path) -> bool:
    return "(deleted)" in str(link.readlink())


# Content-Length ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "length", "headers"),
    [
        ("/healthz", 400_000_000, ""),
        ("/healthz", 1, ""),
        ("/readyz", 1, ""),
        ("/metrics", 1, ""),
        ("/calls/twilio/media/", 1, ""),
        *((path, 64_001, FORM) for path in TWILIOS),
        (CLOUD, 3_000_001, SIGNED_BY_NOBODY),
        ("/accounts/login/", 1_000_001, FORM),
        ("/nowhere/", 400_000_000, ""),
        ("/b/acme/contacts/import/", 61_000_001, ""),
        ("/b/acme/contacts/", 61_000_000, ""),
    ],
)
def test_a_body_that_is_too_long_is_refused_before_it_is_sent(
    server: Daphne, path: str, length: int, headers: str
) -> None:
    client = Client(server)
    client.head(path, f"Content-Length: {length}\r\nExpect: 100-continue\r\n{headers}")
    assert client.status() == 413
    assert client.is_closed()


@pytest.mark.parametrize("headers", ["", "X-Hub-Signature-256: sha256=short\r\n"])
def test_a_webhook_of_metas_that_nobody_can_have_signed_is_not_read(server: Daphne, headers: str) -> None:
    client = Client(server)
    client.head(CLOUD, f"Content-Length: 1\r\n{headers}")
    assert client.status() == 401
    assert client.is_closed()


def test_400_mb_to_a_health_page_are_neither_read_nor_kept(server: Daphne) -> None:
    client = Client(server)
    with memory_grows_by_less_than(10, server.process.pid):
        client.head("/healthz", "Content-Length: 400000000\r\n")
        client.send(bytes(1_000_000) for _ in range(400))
        assert client.sent <= MOST_READ
        assert kept_on_disk(server) == 0
    assert server.ready()["ready"]


# Bodies of unknown length --------------------------------------------------------------------------------
def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@pytest.mark.parametrize(("path", "limit"), [("/healthz", 0), ("/accounts/login/", 1_000_000), (TWILIOS[0], 64_000)])
def test_a_chunked_body_is_counted_while_it_comes(server: Daphne, path: str, limit: int) -> None:
    client = Client(server)
    client.head(path, "Transfer-Encoding: chunked\r\n" + FORM)
    with memory_grows_by_less_than(20, server.process.pid):
        client.send(chunk(bytes(100_000)) for _ in range(1000))
    assert client.sent <= limit + MOST_READ


def test_a_chunked_body_of_tiny_pieces_is_refused(server: Daphne) -> None:
    client = Client(server)
    client.head("/accounts/login/", "Transfer-Encoding: chunked\r\n" + FORM)
    client.send(iter([chunk(b"x") * 300]))
    assert client.status() == 400


def test_a_chunked_form_is_taken(server: Daphne) -> None:
    client = Client(server)
    client.head(TWILIOS[3], "Transfer-Encoding: chunked\r\nConnection: close\r\n" + FORM)
    client.send(iter([chunk(b"AccountSid=AC1&"), chunk(b"MessageSid=SM1"), b"0\r\n\r\n"]))
    assert client.status() == 401


# Large bodies --------------------------------------------------------------------------------------------
def test_large_bodies_on_their_way_are_limited_for_each_address(server: Daphne) -> None:
    clients = [Client(server) for _ in range(3)]
    for client in clients[:2]:
        client.head("/b/acme/contacts/import/", "Content-Length: 60000000\r\nExpect: 100-continue\r\n")
        assert client.status() == 100
    clients[2].head("/b/acme/contacts/import/", "Content-Length: 60000000\r\n")
    assert clients[2].status() == 503
    clients[0].socket.close()
    give_up_at = time.monotonic() + 30
    while (again := Client(server)) and time.monotonic() < give_up_at:
        again.head("/b/acme/contacts/import/", "Content-Length: 60000000\r\nExpect: 100-continue\r\n")
        if again.status() == 100:
            return
    pytest.fail("the place of a connection that is gone was not given back")


def test_an_upload_of_60_mb_reaches_the_page_without_being_in_memory(server: Daphne) -> None:
    client = Client(server)
    with memory_grows_by_less_than(40, server.process.pid):
        client.head("/b/acme/contacts/import/", "Content-Length: 60000000\r\nConnection: close\r\n" + FORM)
        client.send(bytes(1_000_000) for _ in range(60))
        assert client.sent == 60_000_000
        assert client.status() in {302, 403}  # the page itself has answered: to nobody who may upload


# Webhooks ------------------------------------------------------------------------------------------------
def test_a_webhook_of_3_mb_without_the_right_signature_costs_little(server: Daphne) -> None:
    body = json.dumps({"object": "x", "entry": ["y" * 100] * 28_000}).encode()
    assert 2_900_000 < len(body) < 3_000_000
    with memory_grows_by_less_than(50, server.process.pid):
        assert [post(server, CLOUD, body, SIGNED_BY_NOBODY) for _ in range(4)] == [401] * 4


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"object":' * 100_000,
        b"{",
        b"\xff",
        b"[]",
        b"1" * 5_000,
        b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"x","value":'
        + b"[" * 2_000 + b"]" * 2_000 + b"}]}]}",
        b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"x","value":{"a":NaN}}]}]}',
        b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"x","value":{"a":1e999}}]}]}',
        json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": []}] * 74_000}).encode(),
    ],
    ids=["lists", "objects", "cut off", "no text", "no object", "a long number", "deep inside", "nan", "infinite",
         "74,000 entries"],
)  # fmt: skip
def test_whatever_is_wrong_with_a_signed_body_is_a_400(server: Daphne, body: bytes) -> None:
    signature = f"X-Hub-Signature-256: {notices.signature(body, SECRET)}\r\n"
    assert post(server, CLOUD, body, signature) == 400


@pytest.mark.parametrize("path", TWILIOS)
def test_a_form_of_many_fields_is_not_parsed(server: Daphne, path: str) -> None:
    body = b"&" * 60_000
    headers = FORM + "X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"
    assert post(server, path, body, headers) in {401, 403}


def test_a_socket_on_another_path_is_refused_without_a_traceback(server: Daphne) -> None:
    client = Client(server)
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    client.head("/elsewhere/", upgrade + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", method="GET")
    assert client.status() == 404


# The table -----------------------------------------------------------------------------------------------
def test_the_table_names_addresses_that_exist() -> None:
    def limit(path: str) -> int:
        return body_limits.limit_of(path, lambda _name: f"sha256={'0' * 64}").most

    assert limit(reverse("contacts-import", args=["acme"])) == body_limits.UPLOAD
    assert limit(reverse("broadcast-edit-people", args=["acme", uuid4()])) == body_limits.UPLOAD
    assert limit(reverse("greeting-own", args=["acme"])) == body_limits.SOUND
    assert limit(reverse("knowledge-upload", args=["acme"])) == body_limits.TEXT
    assert limit(f"/calls/twilio/whisper/{uuid4()}/1/secret/") == body_limits.TWILIOS
    for name in ("twilio-voice", "twilio-after", "twilio-status"):
        assert limit(reverse(f"calls:{name}")) == body_limits.TWILIOS
    assert limit(reverse("whatsapp-webhook-twilio")) == body_limits.TWILIOS
    assert limit(reverse("whatsapp-webhook-cloud")) == body_limits.METAS


def test_every_form_with_a_file_may_bring_it() -> None:
    templates = Path(__file__).parents[2] / "templates"
    forms = {path.name for path in templates.rglob("*.html") if "multipart/form-data" in path.read_text()}
    known = {"broadcast_new_people.html", "own_recording.html", "import_file.html", "suppressions_import.html"}
    assert forms == known | {"knowledge.html"}, "add its page to body_limits.py"
