"""The rig of the end-to-end calls, one for each worker, and a check of all its calls together."""

import os
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
import pytest_asyncio
from openai.types.realtime import RealtimeClientEvent
from pydantic import TypeAdapter
from pytest_django import DjangoDbBlocker

from calls.sandbox.telephone.twilio_peer import TwilioPeer
from testing.databases import MigratedDatabase
from testing.servers import media_process, web_processes
from tests.call_exchange import Exchange
from tests.call_office import Office, replayed_otherwise
from tests.call_rig import ACCOUNT_SID, AUTH_TOKEN, Rig

UNREADABLE = {"invalid_json", "invalid_event", "invalid_value", "unknown_parameter", "missing_required_parameter"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def rig(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase, django_db_blocker: DjangoDbBlocker
) -> AsyncIterator[Rig]:
    """One Daphne with OpenAI's and Twilio's stand-ins around it. With Redis, `serve_media` beside it has the calls."""
    folder = tmp_path_factory.mktemp("calls")
    with web_processes(folder, migrated_database) as start, ExitStack() as beside:
        async with Exchange() as exchange:
            daphne = start(
                OPENAI_API_KEY="not-a-key",
                OPENAI_REALTIME_URL=exchange.url.replace("http", "ws", 1),
                OPENAI_BASE_URL=exchange.url,
                TWILIO_AUTH_TOKEN=AUTH_TOKEN,
                TWILIO_ACCOUNT_SID=ACCOUNT_SID,
                TWILIO_API_URL=exchange.url.removesuffix("/v1"),
            )
            exchange.shelf.tokens[ACCOUNT_SID] = AUTH_TOKEN
            line = beside.enter_context(media_process(daphne, folder)) if os.environ.get("REDIS_URL") else daphne
            office = Office(daphne.environment["DATABASE_URL"], django_db_blocker)
            async with TwilioPeer(daphne.url, auth_token=AUTH_TOKEN, media_url=line.url) as twilio:
                exchange.maker.twilio = twilio
                yield Rig(daphne, line, exchange, twilio, office)
            _calls, otherwise = await office.ask(replayed_otherwise)
            office.close()
        assert not otherwise, "a replay with the call's own settings gives the commands of the call"
        assert_valid_client_events(exchange)
        for process in (daphne, line):
            assert "Traceback" not in process.log, process.log


def assert_valid_client_events(exchange: Exchange) -> None:
    """Check that all events sent to OpenAI in these calls are valid by the `openai` package's own types."""
    adapter: TypeAdapter[RealtimeClientEvent] = TypeAdapter(RealtimeClientEvent)
    connections = [connection for lane in exchange.lanes.values() for connection in lane.connections]
    for connection in connections:
        for message in connection.received + connection.received_audio[:5]:
            adapter.validate_python(message.event)
        # The stand-in validates every event by these types, and answers with an error for unknown or missing fields.
        refused = [each.event["error"] for each in connection.sent if each.event["type"] == "error"]
        assert not [each for each in refused if each["code"] in UNREADABLE], refused
