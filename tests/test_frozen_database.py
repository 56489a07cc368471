"""PostgreSQL freezes: callers reach the owner within seconds, nobody waits for it, and all is well when it is back."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from testing.bare_socket import BareSocket, message
from testing.databases import manage
from testing.freezing import FrozenServer, postgres_to_freeze
from testing.servers import Daphne, StartDaphne
from testing.slowness import slowness

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="finds the server's processes in /proc"),
    pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="needs PostgreSQL"),
]

PHONE, OWNER = "+12125550006", "+12125559999"
NOBODYS = "+12125550007"
TWILIOS_PATIENCE_S = 15
SOON_S = 4.0
"""Half a second until it is asked, one and a half until it is given up, and the rest for a slow machine."""


@pytest.fixture
def database() -> Iterator[FrozenServer]:
    with postgres_to_freeze() as server:
        manage("migrate", environment={**os.environ, "DATABASE_URL": server.url})
        yield server


def post(server: Daphne, path: str, **form: str) -> tuple[str, float]:
    began = time.monotonic()
    data = urlencode(form).encode()
    with urlopen(f"{server.url}/calls/twilio/{path}/", data=data, timeout=TWILIOS_PATIENCE_S) as answer:
        return str(answer.read().decode()), time.monotonic() - began


def ring(server: Daphne, call_sid: str, to: str = PHONE) -> tuple[str, float]:
    return post(server, "voice", CallSid=call_sid, From="+12125550001", To=to)


def figures(server: Daphne) -> str:
    with urlopen(f"{server.url}/metrics", timeout=10) as answer:  # Prometheus's patience
        return str(answer.read().decode())


def eventually_connects(server: Daphne, call_sid: str) -> None:
    give_up_at = time.monotonic() + 60
    while "<Connect" not in ring(server, f"{call_sid}-{time.monotonic_ns()}")[0]:
        assert time.monotonic() < give_up_at, "it does not answer calls again"
        time.sleep(0.2)


def test_callers_reach_the_owner_while_the_database_is_frozen(daphne: StartDaphne, database: FrozenServer) -> None:
    environment = {**os.environ, "DATABASE_URL": database.url}
    manage(
        "create_business", "acme", "--name", "Acme", "--phone", PHONE, "--set", f"fallback_number={OWNER}",
        "--set", "max_concurrent_calls=50", environment=environment,
    )  # fmt: skip
    manage("create_business", "beta", "--name", "Beta", "--phone", NOBODYS, environment=environment)
    server = daphne(DATABASE_URL=database.url, TWILIO_AUTH_TOKEN="", OPENAI_API_KEY="any")
    taken, _ = ring(server, "CA0")
    token = re.search(r'name="token" value="([^"]+)"', taken)
    assert token
    caller = BareSocket(server.port)
    assert "frontdesk_database_answers 1.0" in figures(server)
    with database.frozen():
        start = {"callSid": "CA0", "streamSid": "MZ1", "customParameters": {"token": token[1]}}
        began = time.monotonic()
        caller.send([message(event="start", streamSid="MZ1", start=start)])
        first, waited_s = ring(server, "CA1")
        assert caller.close_code(timeout_s=TWILIOS_PATIENCE_S) == 4403
        assert time.monotonic() - began < SOON_S * slowness(), "who was just connecting"
        assert f">{OWNER}</Dial>" in first
        assert waited_s < SOON_S * slowness(), "who calls first"
        again, waited_s = ring(server, "CA2")
        assert f">{OWNER}</Dial>" in again
        assert waited_s < 1.0 * slowness(), "who calls later does not wait at all"
        after, _ = post(server, "after", CallSid="CA0", From="+12125550001", To=PHONE, CallStatus="in-progress")
        assert f">{OWNER}</Dial>" in after
        rung, _ = post(server, "after", CallSid="CA0", From="+12125550001", To=PHONE, DialCallStatus="completed")
        assert "<Hangup" in rung
        assert "<Dial" not in rung
        assert "<Dial" not in ring(server, "CA3", to=NOBODYS)[0]
        assert "frontdesk_database_answers 0.0" in figures(server)
        assert "frontdesk_calls_from_memory_total 5.0" in figures(server)
    eventually_connects(server, "CA4")
    assert server.log.count("The database is away") == 1
    assert server.log.count("The database is back") == 1
    assert OWNER not in server.log
