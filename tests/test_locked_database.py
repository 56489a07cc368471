"""Another process holds SQLite's lock, or the call's rows, while somebody calls: the caller hears the fallback soon."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from testing.bare_socket import BareSocket, message
from testing.database_locks import locked, rows_are_added
from testing.databases import MigratedDatabase
from testing.servers import Daphne, web_processes
from testing.slowness import slowness

pytestmark = pytest.mark.realtime

PHONE = "+15005550006"
TWILIOS_PATIENCE_S = 15
ANSWERED_WITHIN_S = 3
LAST_CALL = """
from businesses.tenancy import across_businesses
from calls.models import Call
with across_businesses():
    print(*Call.objects.order_by("-started_at").values_list("status", "end_reason", "next_step")[0])
"""


@pytest.fixture(scope="module")
def openai() -> Iterator[socket.socket]:
    """An OpenAI that says nothing; what connects to it waits here to be counted."""
    with socket.create_server(("127.0.0.1", 0), backlog=10) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase, openai: socket.socket
) -> Iterator[Daphne]:
    folder, address = tmp_path_factory.mktemp("server"), f"127.0.0.1:{openai.getsockname()[1]}/v1"
    with web_processes(folder, migrated_database) as start:
        server = start(
            TWILIO_AUTH_TOKEN="", OPENAI_API_KEY="any", OPENAI_REALTIME_URL=f"ws://{address}",
            OPENAI_BASE_URL=f"http://{address}",
        )  # fmt: skip
        server.manage("create_business", "acme", "--name", "Acme", "--phone", PHONE)
        yield server


def ring(server: Daphne, call_sid: str) -> str:
    form = urlencode({"CallSid": call_sid, "From": "+15005550001", "To": PHONE}).encode()
    with urlopen(f"{server.url}/calls/twilio/voice/", data=form, timeout=TWILIOS_PATIENCE_S) as answer:
        return str(answer.read().decode())


def start_of(twiml: str, call_sid: str) -> bytes:
    token = re.search(r'name="token" value="([^"]+)"', twiml)
    assert token
    start = {"callSid": call_sid, "streamSid": "MZ1", "customParameters": {"token": token[1]}}
    return message(event="start", streamSid="MZ1", start=start)


def wait_until_it_is_back(server: Daphne) -> None:
    """A lock that was held for so long that it was noticed may be noticed a moment longer."""
    eventually(lambda: server.log.count("The database is away") == server.log.count("The database is back"))


def eventually(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.1)


def test_the_webhook_answers_while_the_database_is_locked(server: Daphne) -> None:
    with locked(server):
        rung_at = time.monotonic()
        twiml = ring(server, "CAlocked")
        answered_s = time.monotonic() - rung_at
    assert answered_s < ANSWERED_WITHIN_S * slowness()
    assert "<Say" in twiml
    assert "<Stream" not in twiml
    wait_until_it_is_back(server)
    assert "<Stream" in ring(server, "CAfree"), "it is locked no more"


def test_a_stream_that_can_not_be_opened_is_closed_while_the_database_is_locked(server: Daphne) -> None:
    start = start_of(ring(server, "CAstream"), "CAstream")
    with locked(server):
        caller = BareSocket(server.port)
        caller.send([start])
        assert caller.close_code(timeout_s=TWILIOS_PATIENCE_S) == 4403
    wait_until_it_is_back(server)
    after = urlencode({"CallSid": "CAstream", "CallStatus": "in-progress"}).encode()
    with urlopen(f"{server.url}/calls/twilio/after/", data=after) as answer:
        assert b"<Say" in answer.read()
    status, reason, next_step = server.manage("shell", "--no-imports", "-c", LAST_CALL).split()
    assert (status, next_step) == ("ended", "apologize")
    assert reason in {"stream_never_opened", "stream_broke"}, "the lock ended before or after the row said `live`"


def test_no_session_is_opened_for_a_caller_who_hung_up_meanwhile(server: Daphne, openai: socket.socket) -> None:
    start = start_of(ring(server, "CAleft"), "CAleft")
    with locked(server):
        caller = BareSocket(server.port)
        caller.send([start, message(event="stop", streamSid="MZ1")])
        caller.socket.close()
        time.sleep(0.3)  # the server waits for the lock by now
    eventually(lambda: "its media stream ended before it began" in server.log)
    assert server.manage("shell", "--no-imports", "-c", LAST_CALL).split() == ["ended", "caller_left", "hang_up"]
    with pytest.raises(BlockingIOError):
        openai.accept()


@pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="needs locks of rows")
def test_a_broadcast_that_adds_rows_keeps_no_caller_waiting(server: Daphne) -> None:
    with rows_are_added(server):
        twiml = ring(server, "CAbusy")
        assert "<Stream" in twiml
        caller = BareSocket(server.port)
        caller.send([start_of(twiml, "CAbusy")])
        eventually(lambda: server.manage("shell", "--no-imports", "-c", LAST_CALL).split()[0] == "live")
        caller.socket.close()
