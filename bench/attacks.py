"""The attacks of `bench_attack.py`: each runs in a process of its own, against a port, until it is killed.

python -m bench.attacks PORT NAME
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import repeat

from testing.bare_socket import CONTINUATION, PING, TEXT, BareSocket, frame, message

PAUSE_S = 0.25
"""Between two attempts of one attacker. A flood of connections is the proxy's business (docs/deploy.md)."""
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
SIGNED = f"X-Hub-Signature-256: sha256={'0' * 64}\r\nX-Twilio-Signature: {'A' * 27}=\r\n"
CLOUD, VOICE = "/whatsapp/webhooks/cloud/", "/calls/twilio/voice/"
APP_SECRET = "bench-app-secret"
FIELDS = b"a=1&" * 1_000_000
ENTRIES = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": []}] * 74_000}).encode()
EMPTY = frame(b"", TEXT, last=False) + frame(b"", CONTINUATION, last=False) * 5_000
CONNECTED = message(event="connected", protocol="Call", version="1.0.0")


def post(port: int, path: str, body: bytes, headers: str = "") -> None:
    """Post a body and wait for the answer, whatever it is."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        client.sendall(f"{head}{headers}\r\n".encode())
        client.sendall(body)
        while client.recv(65_536):
            pass


def signed(body: bytes) -> str:
    """Returns the header of a body that Meta, or a business with an app of its own, has signed."""
    from whatsapp.providers.sandbox.notices import signature  # noqa: PLC0415 - needs Django's settings

    return f"X-Hub-Signature-256: {signature(body, APP_SECRET)}\r\n"


def updates() -> bytes:
    """Returns the largest webhook that is taken: 2,000 statuses that nobody waits for."""
    stamp = str(time.time_ns())
    statuses = [{"id": f"{stamp}.{number}", "status": "sent", "timestamp": "1"} for number in range(1_990)]
    change = {"field": "messages", "value": {"metadata": {"phone_number_id": "1"}, "statuses": statuses}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}).encode()


def post_updates(port: int) -> None:
    """Post one of those."""
    body = updates()
    post(port, CLOUD, body, signed(body))


def talk(port: int, piece: bytes, times: int) -> None:
    """Open a media socket and send the same again and again, as fast as it is taken."""
    with suppress(OSError), BareSocket(port) as stranger:
        stranger.send(repeat(piece, times), timeout_s=1)


def trickle(port: int) -> None:
    """Post a body of unknown length in chunks of one byte."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(
            f"POST /accounts/login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{FORM}\r\n".encode()
        )
        for _ in range(100):
            client.sendall(b"1\r\nx\r\n" * 10_000)


ATTACKS: dict[str, tuple[int, Callable[[int], None]]] = {
    "400 MB to /healthz": (2, lambda port: post(port, "/healthz", bytes(400_000_000))),
    "forms of 4 MB to a webhook": (8, lambda port: post(port, VOICE, FIELDS, FORM + SIGNED)),
    "forms of 64 kB to a webhook": (8, lambda port: post(port, VOICE, FIELDS[:64_000], FORM + SIGNED)),
    "bodies of 3 MB with a wrong signature": (8, lambda port: post(port, CLOUD, bytes(3_000_000), SIGNED)),
    "74,000 entries, signed": (4, lambda port: post(port, CLOUD, ENTRIES, signed(ENTRIES))),
    "2,000 statuses, signed": (4, post_updates),
    "nested JSON, signed": (4, lambda port: post(port, CLOUD, b"[" * 2_900_000, signed(b"[" * 2_900_000))),
    "uploads of 60 MB": (2, lambda port: post(port, "/b/x/contacts/import/", bytes(60_000_000), FORM)),
    "chunks of one byte": (8, trickle),
    "100 sockets that say `connected`": (100, lambda port: talk(port, CONNECTED * 100, 1_000)),
    "20 sockets with 20 kB messages": (20, lambda port: talk(port, frame(b"x" * 20_000), 5_000)),
    "20 sockets with empty frames": (20, lambda port: talk(port, EMPTY, 100)),
    "20 sockets with pings": (20, lambda port: talk(port, frame(b"", PING) * 5_000, 100)),
}
"""By name: how many attackers there are at once, and what each does again and again."""


def attack(port: int, name: str) -> None:
    """Run an attack for ever."""
    attackers, attempt = ATTACKS[name]

    def again_and_again(_: int) -> None:
        while True:
            with suppress(OSError):
                attempt(port)
            time.sleep(PAUSE_S)

    with ThreadPoolExecutor(attackers) as threads:
        list(threads.map(again_and_again, range(attackers)))


if __name__ == "__main__":
    attack(int(sys.argv[1]), sys.argv[2])
