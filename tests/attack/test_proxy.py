"""The proxy as deploy/ has it, in a real nginx: its limits let through what the processes take, and no more."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from frontdesk import body_limits
from testing import nginx
from testing.bare_socket import BareSocket
from testing.databases import MigratedDatabase
from testing.servers import web_processes
from testing.services import free_port

SIGNED_BY_NOBODY = f"X-Hub-Signature-256: sha256={'0' * 64}\r\n"

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(not Path(nginx.NGINX).exists(), reason="needs nginx: apt-get install nginx-light"),
]


@pytest.fixture(scope="module", params=[nginx.of_one_machine, nginx.of_compose], ids=lambda made: made.__name__)
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase
) -> Iterator[int]:
    """The port of an nginx before two web processes, of which one is full."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    folder.chmod(0o755)
    with web_processes(folder, migrated_database) as start:
        daphne = start(TWILIO_AUTH_TOKEN="a-token", WHATSAPP_APP_SECRET="a-secret", DEBUG="1")
        full = start(beside=daphne, CALLS_PER_PROCESS="0", TWILIO_AUTH_TOKEN="a-token", DEBUG="1")
        text = request.param(folder=folder, port=port, upstream=daphne.port, full=full.port)
        with nginx.served(text, folder=folder, port=port):
            yield port


def post(port: int, path: str, size: int, headers: str = "") -> int:
    """Returns the status of the answer to a body of this size."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {size}\r\n{headers}"
        client.sendall(f"{head}\r\n".encode())
        with suppress(ConnectionError):
            client.sendall(bytes(size))
        return int(client.recv(65_536).split(b" ", 2)[1])


@pytest.mark.parametrize(
    ("path", "most", "taken", "headers"),
    [
        ("/calls/twilio/voice/", body_limits.TWILIOS, {403}, ""),
        ("/whatsapp/webhooks/twilio/", body_limits.TWILIOS, {401}, ""),
        ("/whatsapp/webhooks/cloud/", body_limits.METAS, {401}, SIGNED_BY_NOBODY),
        ("/accounts/login/", body_limits.FORM, {200, 403}, ""),
        ("/b/acme/contacts/import/", body_limits.UPLOAD, {302, 403}, ""),
        ("/b/acme/broadcasts/00000000-0000-4000-8000-000000000000/edit/people/", body_limits.UPLOAD, {302, 403}, ""),
        ("/b/acme/contacts/suppressed/import/", body_limits.UPLOAD, {302, 403}, ""),
    ],
)
def test_what_a_process_takes_comes_through_and_no_more(
    proxy: int, path: str, most: int, taken: set[int], headers: str
) -> None:
    assert post(proxy, path, most, headers) in taken
    assert post(proxy, path, round(most * 1.06), headers) == 413


def test_health_pages_take_nothing(proxy: int) -> None:
    assert post(proxy, "/healthz", 400) == 413


def test_a_media_socket_comes_through(proxy: int) -> None:
    with BareSocket(proxy) as stranger:
        assert stranger.status == 101


def test_what_a_full_process_refuses_goes_to_its_neighbour(proxy: int) -> None:
    for _ in range(6):
        with BareSocket(proxy) as caller:
            assert caller.status == 101
