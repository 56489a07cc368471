"""Sockets that say next to nothing, 1,200 of them, before the shipped proxies and before Daphne itself (G13).

Defended: the proxy's connections and the process's files. A byte every five seconds keeps none of them for long, and
meanwhile a page is answered and a caller is heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from testing import nginx
from testing.servers import Daphne, StartDaphne
from testing.services import free_port
from testing.slow_clients import BODY, FILE, HEAD, held, slow_clients
from tests.call_rig import speech

PHONE, TOKEN = "+15005550006", "a-token"
ATTACKER, OFFICE = "127.0.0.2", "127.0.0.3"
EACH = 600
MOST_OF_AN_ADDRESS = 100

pytestmark = pytest.mark.timeout(180)
needs_nginx = pytest.mark.skipif(not Path(nginx.NGINX).exists(), reason="needs nginx: apt-get install nginx-light")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that nginx's workers may enter."""
    tmp_path.chmod(0o755)
    return tmp_path


@asynccontextmanager
async def frontdesk(daphne: StartDaphne, public_port: int = 0) -> AsyncIterator[Daphne]:
    """A web process with a business, whose calls OpenAI's stand-in answers."""
    public: Any = {"PUBLIC_URL": f"http://127.0.0.1:{public_port}"} if public_port else {}
    async with RealtimeServer() as openai:
        server = await asyncio.to_thread(
            daphne,
            OPENAI_API_KEY="any",
            OPENAI_REALTIME_URL=openai.websocket_url,
            OPENAI_BASE_URL=openai.http_url,
            TWILIO_AUTH_TOKEN=TOKEN,
            DEBUG="1",
            **public,
        )
        await asyncio.to_thread(server.manage, "create_business", "acme", "--name", "Acme", "--phone", PHONE)
        yield server
        assert "Traceback" not in server.log, server.log


async def a_page_and_a_call(url: str, *, while_s: float) -> None:
    """Ask for a page, and place a call that is answered and goes on for a while."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as browser:
        async with browser.get(f"{url}/accounts/login/") as page:
            assert page.status == 200
        async with TwilioPeer(url, auth_token=TOKEN) as twilio, twilio.call(to=PHONE) as call:
            await call.connected()
            call.say(speech("hello"))
            await call.until(lambda: call.heard_bytes > 0)
            await asyncio.sleep(while_s)
            assert not call.is_over
            async with browser.get(f"{url}/healthz") as page:
                assert page.status == 200


# The proxy -------------------------------------------------------------------------------------------------
@needs_nginx
@pytest.mark.parametrize("configuration", [nginx.of_one_machine, nginx.of_compose], ids=lambda made: made.__name__)
async def test_slow_strangers_leave_the_proxy_to_others(
    daphne: StartDaphne, folder: Path, configuration: Callable[..., str]
) -> None:
    port = free_port()
    async with frontdesk(daphne, port) as server:
        text = configuration(folder=folder, port=port, upstream=server.port, full=server.port)
        with nginx.served(text, folder=folder, port=port):
            async with (
                slow_clients(port, HEAD, EACH, ATTACKER) as heads,
                slow_clients(port, BODY, EACH, ATTACKER) as bodies,
            ):
                assert held(heads) == EACH, "the attack has begun"
                await a_page_and_a_call(f"http://127.0.0.1:{port}", while_s=12)
                assert held(heads) == 0
                assert held(bodies) == MOST_OF_AN_ADDRESS
                refused = {client.answer.split(b"\r\n")[0] for client in bodies if client.answer}
                assert refused == {b"HTTP/1.1 429 Too Many Requests"}


@needs_nginx
async def test_an_office_behind_one_address_is_let_in(daphne: StartDaphne, folder: Path) -> None:
    port = free_port()
    async with frontdesk(daphne, port) as server:
        text = nginx.of_one_machine(folder=folder, port=port, upstream=server.port, full=server.port)
        with nginx.served(text, folder=folder, port=port):
            connector = aiohttp.TCPConnector(limit=0, local_addr=(OFFICE, 0))
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector) as office:

                async def look() -> int:
                    async with office.get("/accounts/login/") as page:
                        return page.status

                assert await asyncio.gather(*(look() for _ in range(MOST_OF_AN_ADDRESS))) == [200] * MOST_OF_AN_ADDRESS


# Daphne itself ---------------------------------------------------------------------------------------------
async def test_daphne_ends_slow_sockets_itself(daphne: StartDaphne) -> None:
    async with (
        frontdesk(daphne) as server,
        slow_clients(server.port, HEAD, EACH) as heads,
        slow_clients(server.port, BODY, EACH) as bodies,
        slow_clients(server.port, FILE, 2) as files,
    ):
        assert held(heads) == EACH, "the attack has begun"
        await a_page_and_a_call(server.url, while_s=22)
        assert held(heads) == held(bodies) == held(files) == 0
        assert {client.answer.split(b"\r\n")[0] for client in bodies + files} == {b"HTTP/1.1 408 Request Timeout"}
