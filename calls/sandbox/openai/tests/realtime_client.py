"""A client of the stand-in for OpenAI: the real `openai` package over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.openai.tests.test_realtime_session import NEVER_BY_ITSELF, session_with

TIMEOUT_S = 5.0


def client_of(server: RealtimeServer, **headers: str) -> AsyncOpenAI:
    return AsyncOpenAI(
        api_key="test",
        base_url=server.http_url,
        websocket_base_url=server.websocket_url,
        max_retries=0,
        default_headers=headers,
    )


@asynccontextmanager
async def connected(server: RealtimeServer) -> AsyncIterator[AsyncRealtimeConnection]:
    """A connection, before its session is configured."""
    async with client_of(server).realtime.connect(model="gpt-realtime-2.1") as connection:
        yield connection


@asynccontextmanager
async def configured(server: RealtimeServer) -> AsyncIterator[AsyncRealtimeConnection]:
    """A connection whose session is configured."""
    async with connected(server) as connection:
        await next_of(connection, "session.created")
        await connection.send_raw(json.dumps({"type": "session.update", "session": session_with(NEVER_BY_ITSELF)}))
        await next_of(connection, "session.updated")
        yield connection


async def next_of(connection: AsyncRealtimeConnection, *kinds: str) -> dict[str, Any]:
    """Returns the next event of one of these types; others are dropped."""
    return (await events_until(connection, *kinds))[-1]


async def events_until(connection: AsyncRealtimeConnection, *kinds: str) -> list[dict[str, Any]]:
    """Returns all events up to one of these types."""
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(TIMEOUT_S):
        while not events or events[-1]["type"] not in kinds:
            event = json.loads(await connection.recv_bytes())
            events.append(event)
    return events
