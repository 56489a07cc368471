"""The proxy as deploy/ has it, in a real nginx: its limits let through what the processes take, and no more."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from frontdesk import body_limits
from testing.bare_socket import BareSocket
from testing.databases import MigratedDatabase
from testing.servers import web_processes
from testing.services import free_port

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
DEPLOY = Path(__file__).parents[2] / "deploy"
NEW_IN_1_27 = " resolve "
"""Debian's nginx is older than the one of docker-compose.yml, which asks for a name again when its address changes."""
SIGNED_BY_NOBODY = f"X-Hub-Signature-256: sha256={'0' * 64}\r\n"

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(not Path(NGINX).exists(), reason="needs nginx: apt-get install nginx-light"),
]


def of_one_machine(*, folder: Path, port: int, upstream: int, full: int) -> str:
    """Returns deploy/nginx.conf, which Debian's nginx includes, on a port without TLS and before two web processes."""
    text = (DEPLOY / "nginx.conf").read_text()
    assert "listen 443 ssl;" in text
    text = with_includes(text, "/srv/frontdesk/deploy").replace("/var/log/nginx", str(folder))
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}").replace("127.0.0.1:8001", f"127.0.0.1:{full}")
    return f"pid {folder}/pid;\nevents {{}}\nhttp {{\n{temporary(folder)}\n{text}\n}}\n"


def of_compose(*, folder: Path, port: int, upstream: int, full: int) -> str:
    """Returns the whole configuration of the proxy in docker-compose.yml, likewise."""
    text = with_includes((DEPLOY / "compose" / "nginx.conf").read_text(), "/etc/nginx/frontdesk")
    text = text.replace("user nginx;\n", "").replace("pid /run/nginx.pid;", f"pid {folder}/pid;")
    text = text.replace("web-1:8000", f"127.0.0.1:{upstream}").replace("web-2:8000", f"127.0.0.1:{full}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};").replace(NEW_IN_1_27, " ")
    lines = [line for line in text.splitlines() if "ssl_" not in line]
    text = "\n".join(lines).replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    return text.replace("http {", f"http {{\n{temporary(folder)}", 1)


def with_includes(text: str, place: str) -> str:
    """Returns the text with the shipped files in place of their names."""
    return re.sub(rf"include {place}/([-\w.]+);", lambda found: (DEPLOY / found[1]).read_text(), text)


def user_of_workers() -> str:
    """Returns a directive without which nginx's workers could not use the folder."""
    return "user root;" if os.geteuid() == 0 else ""


def temporary(folder: Path) -> str:
    return "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )


@pytest.fixture(scope="module", params=[of_one_machine, of_compose], ids=lambda made: made.__name__)
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
        (folder / "nginx.conf").write_text(f"{user_of_workers()} daemon off;\n{text}")
        command = [NGINX, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        subprocess.run([*command, "-t"], check=True)
        nginx = subprocess.Popen(command)
        try:
            wait_for(port)
            yield port
        finally:
            nginx.terminate()
            nginx.wait()


def wait_for(port: int) -> None:
    give_up_at = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert time.monotonic() < give_up_at, "nginx does not listen"
            time.sleep(0.05)


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
