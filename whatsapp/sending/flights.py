"""Posting a wave: each message in its slot, all answers awaited together. Uses no database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from whatsapp.providers.base import ProviderClient, SendOutcome, SendResult
from whatsapp.providers.registry import provider_for
from whatsapp.sending.claims import Departure
from whatsapp.sending.logbook import Logbook
from whatsapp.sending.pace import Slots
from whatsapp.sending.results import Landing
from whatsapp.sending.waves import Wave

if TYPE_CHECKING:
    import aiohttp

logger = logging.getLogger(__name__)

LATEST_S = 0.05
"""How late a message may use its slot: a process that stalled must not send what it missed in one burst."""
TICK_S = 0.003
"""Messages of a quick number whose slots lie within it leave together, each at its slot or later: the event loop then
wakes once for all of them."""

NewSlots = Callable[[Wave, int], Awaitable[Slots | None]]


async def post_all(wave: Wave, http: aiohttp.ClientSession, new_slots: NewSlots, book: Logbook) -> list[Landing]:
    """Post every message in its slot, and return all answers."""
    provider = provider_for(wave.account.provider)
    posts = [
        (departure, asyncio.create_task(_send(provider, http, wave, departure, book)))
        async for departure in _in_slots(wave, new_slots)
    ]
    landings = [Landing(departure, await post) for departure, post in posts]
    # The fence: what was not posted in time must not be posted at all, because its lease may have ended.
    left = wave.departures[len(posts) :]
    kept = SendResult(SendOutcome.SAFE_RETRY, text="The broadcast or this process was stopped; nothing was sent.")
    return landings + [Landing(departure, kept) for departure in left]


async def _send(
    provider: ProviderClient, http: aiohttp.ClientSession, wave: Wave, departure: Departure, book: Logbook
) -> SendResult:
    """Post one message. An error of ours makes its outcome unknown, and must not lose the wave's other answers."""
    book.begin(departure.attempt_id)
    try:
        result = await provider.send(http, wave.account, wave.message(departure))
        if result.outcome in {SendOutcome.ACCEPTED, SendOutcome.HELD}:
            is_held = result.outcome is SendOutcome.HELD
            book.accepted(departure.attempt_id, result.message_id, held=is_held)
        return result
    except Exception as problem:
        logger.exception("A message of broadcast %s could not be posted", wave.broadcast.pk)
        return SendResult(SendOutcome.UNKNOWN, text=f"It could not be posted: {type(problem).__name__}.")


async def _in_slots(wave: Wave, new_slots: NewSlots) -> AsyncIterator[Departure]:
    """Yields each departure when its slot comes, until the wave's deadline passes or its broadcast is stopped."""
    clock = time.monotonic  # an event loop's own clock may go by milliseconds
    opened_at, slots, first = wave.opened_at, wave.slots, 0
    for index, departure in enumerate(wave.departures):
        while True:
            if clock() > wave.deadline:
                return
            if index - first >= slots.count or clock() > opened_at + slots.at(index - first) + LATEST_S:
                opened_at, first = clock(), index
                found = await new_slots(wave, len(wave.departures) - index)
                if found is None:
                    return
                slots = found
                if not slots.count:
                    await asyncio.sleep(slots.wait_s)
            elif (delay := opened_at + slots.at(index - first) - clock()) > 0:
                await asyncio.sleep(max(delay, TICK_S))  # perhaps for much longer, where the process is held up
            else:
                break
        yield departure
