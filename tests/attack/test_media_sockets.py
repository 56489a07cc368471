"""Media sockets of strangers, and of callers who mean ill: few, small and short until a token, bounded afterwards.

Defended: the event loop and the memory that all calls of a process share, and the places for calls (G13, G18).
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import repeat
from typing import TypeVar
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from calls.line import waiting
from testing import services
from testing.bare_socket import CONTINUATION, PING, TEXT, BareSocket, frame, message
from testing.databases import MigratedDatabase
from testing.process_memory import memory_grows_by_less_than
from testing.servers import Daphne, media_process, web_processes

pytestmark = pytest.mark.realtime

Found = TypeVar("Found")
PHONE = "+15005550006"
MALFORMED, REFUSED = 4400, 4403
CUT = 0
"""No close frame was read: the connection was reset, because it was still sending."""
CONNECTED = message(event="connected", protocol="Call", version="1.0.0")
MOST_READ = 4_000_000
"""Bytes that fit into the buffers of both kernels: what a client could send although nobody read it."""
CALLS = 5
LINES = """
from businesses.models import Business
Business.objects.filter(slug="acme").update(max_concurrent_calls=100)
"""
LAST_CALLS = """
from businesses.tenancy import across_businesses
from calls.models import Call
with across_businesses():
    print(*Call.objects.order_by("started_at").values_list("end_reason", "end_detail", "next_step"), sep="\\n")
"""


@contextmanager
def silent_openai() -> Iterator[str]:
    """An OpenAI that takes connections and says nothing, for as long as a test lasts."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}/v1"


@pytest.fixture(scope="module", params=["daphne", "serve_media"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase
) -> Iterator[Daphne]:
    """A process with five places, which checks no signatures: every socket here is a stranger's."""
    folder = tmp_path_factory.mktemp("server")
    with ExitStack() as running:
        openai = running.enter_context(silent_openai())
        start = running.enter_context(web_processes(folder, migrated_database))
        has_own_server = request.param == "serve_media"
        more = {"REDIS_URL": running.enter_context(services.redis())} if has_own_server else {}
        pages = start(
            beside=None,
            **more,
            CALLS_PER_PROCESS=str(CALLS),
            TWILIO_AUTH_TOKEN="",
            OPENAI_API_KEY="any",
            OPENAI_REALTIME_URL=f"ws://{openai}",
            OPENAI_BASE_URL=f"http://{openai}",
        )
        server = running.enter_context(media_process(pages, folder)) if has_own_server else pages
        server.manage("create_business", "acme", "--name", "Acme", "--phone", PHONE)
        server.manage("shell", "--no-imports", "-c", LINES)
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture
def stranger(server: Daphne) -> Iterator[BareSocket]:
    with strangers(server, 1) as (stranger,):
        yield stranger


@contextmanager
def strangers(server: Daphne, count: int = waiting.MOST_PER_ADDRESS) -> Iterator[list[BareSocket]]:
    """So many sockets that wait. The places of the test before are free after a second or two."""
    with ExitStack() as stack:

        def one() -> BareSocket | None:
            socket = stack.enter_context(BareSocket(server.port))
            return socket if socket.status == 101 else None

        yield [eventually(one) for _ in range(count)]


def ring(server: Daphne, call_sid: str) -> bytes:
    """Announce a call as Twilio does. Returns the `start` that opens its stream."""
    form = urlencode({"CallSid": call_sid, "From": "+15005550001", "To": PHONE}).encode()
    with urlopen(f"{server.environment['PUBLIC_URL']}/calls/twilio/voice/", data=form) as answer:
        token = re.search(r'name="token" value="([^"]+)"', answer.read().decode())
    assert token
    start = {"callSid": call_sid, "streamSid": "MZ1", "customParameters": {"token": token[1]}}
    return message(event="start", streamSid="MZ1", start=start)


def eventually(condition: Callable[[], Found | None]) -> Found:
    give_up_at = time.monotonic() + 30
    while not (found := condition()):
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.05)
    return found


# Before the start ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "pieces",
    [
        [CONNECTED * 6],
        [message(event="connected", padding="x" * 9_000)],
        [frame(b"{", last=False), frame(b"x" * 9_000, CONTINUATION)],
        [frame(b"", TEXT, last=False), frame(b"", CONTINUATION, last=False) * 2_000],
        [frame(b"", PING) * 2_000],
        [frame(b"\xff\xfe")],
        [frame(b"[" * 8_000)],
    ],
    ids=["six messages", "a large one", "a large one in parts", "empty parts", "pings", "no text", "nested"],
)
def test_what_twilio_does_not_say_first_closes_the_socket(stranger: BareSocket, pieces: list[bytes]) -> None:
    stranger.send(pieces)
    assert stranger.close_code() == MALFORMED


def test_the_first_messages_are_few_however_many_are_sent(server: Daphne) -> None:
    with memory_grows_by_less_than(20, server.process.pid), strangers(server) as them:
        for stranger in them:
            stranger.send(repeat(CONNECTED * 100, 2_000))
            assert stranger.sent <= MOST_READ
        assert {stranger.close_code() for stranger in them} <= {MALFORMED, REFUSED, CUT}


def test_large_messages_are_refused_by_the_size_they_announce(server: Daphne) -> None:
    with memory_grows_by_less_than(20, server.process.pid), strangers(server) as them:
        for stranger in them:
            stranger.send(repeat(message(event="connected", padding="x" * 20_000), 1_000))
            assert stranger.sent <= MOST_READ
        assert {stranger.close_code() for stranger in them} <= {MALFORMED, REFUSED, CUT}


def test_a_socket_that_brings_no_start_is_closed(stranger: BareSocket) -> None:
    stranger.send([CONNECTED])
    assert stranger.close_code() == REFUSED


def test_bytes_before_the_handshake_is_answered_are_bounded(server: Daphne) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        head = "GET /calls/twilio/media/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        client.sendall(f"{head}Sec-WebSocket-Version: 13\r\n".encode())
        client.settimeout(3)
        sent = 0
        with suppress(ConnectionError, TimeoutError):
            while sent < 50_000_000:
                client.sendall(b"X: " + b"x" * 10_000)
                sent += 10_000
        assert sent <= MOST_READ


@pytest.mark.parametrize("token", ["", "x", "0123456789abcdef0123456789abcdef.guess.0123"])
def test_a_token_that_was_never_ours_is_refused_without_a_query(stranger: BareSocket, token: str) -> None:
    start = {"callSid": "CA1", "streamSid": "MZ1", "customParameters": {"token": token}}
    stranger.send([message(event="start", streamSid="MZ1", start=start)])
    assert stranger.close_code() == REFUSED


# How many may wait ---------------------------------------------------------------------------------------
def test_only_so_many_of_one_address_may_wait(server: Daphne) -> None:
    with strangers(server), BareSocket(server.port) as one_more:
        assert one_more.status == 403 or one_more.close_code() == REFUSED
    with strangers(server, 1):
        pass


@pytest.mark.once
def test_of_too_many_that_wait_the_oldest_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_waiting", {})
    gave_way: list[int] = []
    entries = [
        waiting.add(f"192.0.2.{number}", give_way=lambda number=number: gave_way.append(number))  # type: ignore[misc]
        for number in range(waiting.MOST)
    ]
    assert entries[1] is not None
    waiting.remove(entries[1])
    assert waiting.add("192.0.2.200", give_way=lambda: None) is not None
    assert gave_way == []
    assert waiting.add("192.0.2.201", give_way=lambda: None) is not None
    assert gave_way == [0]
    assert waiting.waiting_streams() == waiting.MOST


def test_a_hundred_that_come_at_once_wait_in_the_kernel(server: Daphne) -> None:
    """Daphne itself lets 50 wait; any more would have to try again a second later, and Twilio's among them."""
    with ExitStack() as clients:
        os.kill(server.process.pid, signal.SIGSTOP)
        clients.callback(os.kill, server.process.pid, signal.SIGCONT)
        for _ in range(100):
            clients.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=0.9))
    assert json.loads(urlopen(f"{server.url}/healthz").read()) == {"alive": True}


# Calls ---------------------------------------------------------------------------------------------------
def test_never_more_calls_than_there_are_places(server: Daphne) -> None:
    """Ten sockets find room, because nobody is live yet; then all bring good tokens at once."""
    starts = [ring(server, f"CAroom{number}") for number in range(10)]
    with strangers(server, len(starts)) as sockets:
        gate = threading.Barrier(len(starts))

        def bring(each: BareSocket, start: bytes) -> None:
            gate.wait()
            each.socket.sendall(start)

        threads = [threading.Thread(target=bring, args=pair) for pair in zip(sockets, starts, strict=True)]
        for thread in threads:
            thread.start()
        eventually(lambda: server.log.count("no room left for this call") == len(starts) - CALLS)
        assert server.log.count("room left") == len(starts) - CALLS
        assert json.loads(urlopen(f"{server.url}/healthz").read()) == {"alive": True}
        ended = server.manage("shell", "--no-imports", "-c", LAST_CALLS).splitlines()
        assert ended.count("('all_busy', {}, 'apologize')") == len(starts) - CALLS


def test_a_caller_who_floods_a_call_costs_no_memory(server: Daphne) -> None:
    eventually(lambda: server.ready_or_not()["live_calls"] == 0)
    with strangers(server, CALLS) as callers, memory_grows_by_less_than(30, server.process.pid):
        for number, caller in enumerate(callers):
            caller.send([ring(server, f"CAflood{number}")])
        large = message(event="sparkle", padding="x" * 60_000)
        for caller in callers:
            caller.send(repeat(large, 5_000), timeout_s=0.5)
            caller.send(repeat(frame(b"", PING) * 100, 10_000), timeout_s=0.5)
        assert sum(caller.sent for caller in callers) < 5 * 60_000 * 5_000
    assert server.ready_or_not()


def test_what_follows_the_start_at_once_is_the_callers_and_no_flood(server: Daphne) -> None:
    """Twilio speaks on while the token is looked up: the frames of a second come with the `start`, in one piece."""
    eventually(lambda: server.ready_or_not()["live_calls"] == 0)
    frames = message(event="media", media={"payload": "//8="}) * 50
    with strangers(server, 1) as (caller,):
        caller.send([CONNECTED + ring(server, "CAearly") + frames + frame(b"", PING) * 20 + frames])
        eventually(lambda: server.ready_or_not()["live_calls"] == 1)
        with pytest.raises(TimeoutError):
            caller.close_code(timeout_s=0.5)
