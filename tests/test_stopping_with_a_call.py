"""SIGTERM in the middle of a call: a real process, a real call over its sockets, a stand-in for OpenAI."""

import asyncio
import signal

from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from testing.servers import Daphne, StartDaphne

PHONE = "+15005550006"
CALLER = "+15005550001"
ENDED_CALLS = """
from businesses.tenancy import across_businesses
from calls.models import Call

with across_businesses():
    print(*Call.objects.values_list("status", "end_reason").order_by("started_at"), sep="\\n")
"""


async def stopping(server: Daphne) -> None:
    """Wait until the process says that it is stopping."""
    async with asyncio.timeout(30):
        while "Stopping: no new calls" not in server.log:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)


async def test_the_running_call_goes_on_and_no_other_is_taken(daphne: StartDaphne) -> None:
    async with RealtimeServer() as openai:
        server = await asyncio.to_thread(
            daphne, OPENAI_API_KEY="any", OPENAI_REALTIME_URL=openai.websocket_url, OPENAI_BASE_URL=openai.http_url
        )
        await asyncio.to_thread(server.manage, "create_business", "acme", "--name", "Acme", "--phone", PHONE)
        async with TwilioPeer(server.url) as twilio:
            async with twilio.call(to=PHONE, from_=CALLER) as running:
                await running.connected()
                server.process.send_signal(signal.SIGTERM)
                await stopping(server)
                async with twilio.call(to=PHONE, from_=CALLER) as late:
                    await late.ended()
                assert not running.is_over
                assert server.process.poll() is None
                await running.hang_up()
            assert await asyncio.to_thread(server.process.wait, 20) == 0, server.log
    ended = await asyncio.to_thread(server.manage, "shell", "--no-imports", "-c", ENDED_CALLS)
    assert ended.splitlines()[0] == "('ended', 'caller_left')"
