"""Posting a wave: each message in its slot, all answers awaited together. No database here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp

from whatsapp.providers.base import Outcome, SendResult
from whatsapp.providers.registry import provider_for
from whatsapp.sending.claims import Departure
from whatsapp.sending.pace import Slots
from whatsapp.sending.results import Landing
from whatsapp.sending.waves import Wave

LATEST_S = 0.05
"""A slot is good for so long: a process that stalled must not send what it missed in one burst."""
SHORTEST_SLEEP_S = 0.0005

NewSlots = Callable[[Wave, int], Awaitable[Slots]]


async def post_all(wave: Wave, http: aiohttp.ClientSession, new_slots: NewSlots) -> list[Landing]:
    """Post every message and wait for every answer."""
    provider = provider_for(wave.account.provider)
    posts: list[tuple[Departure, asyncio.Task[SendResult]]] = []
    async for departure in _in_slots(wave, new_slots):
        message = wave.message(departure)
        posts.append((departure, asyncio.create_task(provider.send(http, wave.account, message))))
    landings = [Landing(departure, await post) for departure, post in posts]
    # The fence: whatever was not posted in time must not be posted at all, its lease may have ended.
    left = wave.departures[len(posts) :]
    stalled = SendResult(Outcome.SAFE_RETRY, text="This process was stopped for too long; nothing was sent.")
    return landings + [Landing(departure, stalled) for departure in left]


async def _in_slots(wave: Wave, new_slots: NewSlots) -> AsyncIterator[Departure]:
    """Each departure when its slot comes, as long as the wave's deadline has not passed."""
    clock = asyncio.get_running_loop().time
    opened_at, slots, first = wave.opened_at, wave.slots, 0
    for index, departure in enumerate(wave.departures):
        while index - first >= slots.count or clock() > opened_at + slots.at(index - first) + LATEST_S:
            opened_at, first = clock(), index
            slots = await new_slots(wave, len(wave.departures) - index)
            if not slots.count:
                await asyncio.sleep(slots.wait_s)
            if clock() > wave.deadline:
                return
        delay = opened_at + slots.at(index - first) - clock()
        if delay > SHORTEST_SLEEP_S:
            await asyncio.sleep(delay)
        if clock() > wave.deadline:
            return
        yield departure
