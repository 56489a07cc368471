"""A call survives the process that carries it (G16): it is killed in mid-call, and another one goes on.

Two web processes on one database; Twilio's requests go to the first as long as it listens, as through a proxy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pytest_django import DjangoDbBlocker

from calls.conversation.events import StreamResumed
from calls.models import Task
from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.receptionist.engine import CallTool, Say
from calls.sandbox.telephone.placed_call import PlacedCall
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from testing import numbered
from testing.called_businesses import open_business
from testing.databases import MigratedDatabase
from testing.servers import Daphne, web_processes
from tests.call_exchange import Exchange, Lane
from tests.call_hearing import heard_in
from tests.call_office import Office, records_of
from tests.call_rig import AUTH_TOKEN, scenario, speech

pytestmark = [pytest.mark.realtime, pytest.mark.asyncio(loop_scope="module")]

GREETING = "Good morning, the clinic, how may we help you?"
ANSWER = "We are open from nine to five, and on Fridays until noon, and closed on all the holidays."
REST = "Sorry, we were interrupted. Until noon on Fridays."
LONGEST_GAP_S = 3.0
CALLS_AT_ONCE = 10


@dataclass
class House:
    """Two processes, one of which is killed."""

    first: Daphne
    second: Daphne
    exchange: Exchange
    office: Office

    @asynccontextmanager
    async def calling(self, plan: Scenario | None = None) -> AsyncIterator[tuple[PlacedCall, Lane]]:
        """Call a business of its own."""
        business, number = await self.office.ask(open_business, greeting=GREETING, is_rendered=True)
        lane = self.exchange.lanes[business.name] = Lane(plan or scenario())
        peer = TwilioPeer(self.first.url, others=[self.second.url], auth_token=AUTH_TOKEN, public_url=self.first.url)
        async with peer as twilio, twilio.call(to=number) as call:
            await call.connected()
            yield call, lane

    async def kill(self, call: PlacedCall) -> None:
        """Kill the first process, and wait until the call goes on."""
        self.first.process.kill()
        await asyncio.to_thread(self.first.process.wait)
        await call.until(lambda: len(call.flow.streams) == 2)


@asynccontextmanager
async def opened(
    folder: Path, migrated_database: MigratedDatabase, django_db_blocker: DjangoDbBlocker
) -> AsyncIterator[House]:
    """Start both processes."""
    with web_processes(folder, migrated_database) as start:
        async with Exchange() as exchange:
            told: dict[str, Any] = {
                "OPENAI_API_KEY": "not-a-key", "OPENAI_REALTIME_URL": exchange.url.replace("http", "ws", 1),
                "OPENAI_BASE_URL": exchange.url, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "DRAIN_SECONDS": "2",
            }  # fmt: skip
            first = await asyncio.to_thread(lambda: start(**told))
            second = await asyncio.to_thread(lambda: start(beside=first, PUBLIC_URL=first.url, **told))
            office = Office(first.environment["DATABASE_URL"], django_db_blocker)
            yield House(first, second, exchange, office)
            office.close()


@pytest_asyncio.fixture(loop_scope="module")
async def house(
    tmp_path: Path, migrated_database: MigratedDatabase, django_db_blocker: DjangoDbBlocker
) -> AsyncIterator[House]:
    async with opened(tmp_path, migrated_database, django_db_blocker) as house:
        yield house


def parts_heard(call: PlacedCall) -> list[bytes]:
    """Returns what the caller heard in each stream."""
    return [heard_in(stream) for stream in call.flow.streams]


async def test_a_heard_greeting_is_not_heard_again_and_the_next_question_is_answered(house: House) -> None:
    async with house.calling() as (call, _lane):
        await call.quiet(0.5, after_bytes=len(numbered.audio(GREETING)))
        await house.kill(call)
        await call.quiet(1.5, after_bytes=0)
        assert heard_in(call.stream) == b"", "nothing was lost, so nothing is said"
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > 0)
        await call.quiet(0.8)
        before, after = parts_heard(call)
    assert before == numbered.audio(GREETING)
    assert after == numbered.audio("This answer is long enough to be interrupted in its middle, and goes on.")
    kept = await house.office.ask(records_of, call.flow.ids.call_sid)
    assert (kept.call.stream_number, kept.call.end_reason, kept.call.user_has_spoken) == (1, "caller_left", True)
    assert [turn.speaker for turn in kept.turns] == ["assistant", "caller", "assistant"]
    assert sum(isinstance(line, StreamResumed) for line in kept.trace) == 1
    assert kept.turns[1].started_ms > 4_000, "times go on"


async def test_a_greeting_that_was_cut_off_by_the_kill_is_heard_whole(house: House) -> None:
    async with house.calling() as (call, _lane):
        await call.until(lambda: call.heard_bytes > 4_000)
        await house.kill(call)
        await call.quiet(0.8, after_bytes=len(numbered.audio(GREETING)))
        before, after = parts_heard(call)
    assert after == numbered.audio(GREETING)
    assert numbered.audio(GREETING).startswith(before)


async def test_an_answer_that_was_cut_off_is_made_up_for(house: House) -> None:
    async with house.calling(scenario(replies=((Say(ANSWER),), (Say(REST),)))) as (call, lane):
        await call.quiet(0.5, after_bytes=len(numbered.audio(GREETING)))
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > len(numbered.audio(GREETING)) + 12_000)
        await house.kill(call)
        await call.until(lambda: call.heard_bytes > 0)
        assert call.now < LONGEST_GAP_S
        await call.quiet(0.8)
        assert heard_in(call.stream) == numbered.audio(REST)
    asked = lane.received("response.create")[-1]["response"]
    assert asked["metadata"]["kind"] == "resumption"
    known = [each["item"]["content"][0] for each in lane.received("conversation.item.create")]
    assert known[0]["text"] == GREETING
    assert ANSWER.startswith(known[-1]["text"])
    assert len(known[-1]["text"]) < len(ANSWER), "it was not all heard"


async def test_what_a_tool_did_before_the_kill_is_known_after_it_and_done_once(house: House) -> None:
    message = CallTool("take_message", '{"about": "The order has not come"}')
    async with house.calling(scenario(replies=((message,), (Say(ANSWER),), (message,), (Say(REST),)))) as (call, lane):
        await call.quiet(0.5, after_bytes=len(numbered.audio(GREETING)))
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > len(numbered.audio(GREETING)) + 4_000)
        await house.kill(call)
        await call.until(lambda: heard_in(call.stream).endswith(numbered.audio(REST)))
    told = [each["item"]["content"][0]["text"] for each in lane.received("conversation.item.create") if
            each["item"].get("role") == "system"]  # fmt: skip
    assert len(told) == 1, "the session of the second process"
    assert 'take_message: {"outcome": "taken"' in told[0]
    assert await house.office.ask(lambda: list(Task.objects.values_list("about", flat=True))) == [
        "The order has not come"
    ]


async def test_a_process_that_must_stop_hands_its_calls_over(house: House) -> None:
    """A deploy: `DRAIN_SECONDS` are over, and the caller is still talking."""
    async with house.calling() as (call, _lane):
        await call.quiet(0.5, after_bytes=len(numbered.audio(GREETING)))
        await asyncio.to_thread(house.first.stop)
        await call.until(lambda: len(call.flow.streams) == 2)
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > 0)
    kept = await house.office.ask(records_of, call.flow.ids.call_sid)
    assert (kept.call.stream_number, kept.call.end_reason) == (1, "caller_left")
    assert "DRAIN_SECONDS are over" in house.first.log


async def test_a_socket_that_breaks_in_a_living_process_is_opened_again(house: House) -> None:
    async with house.calling() as (call, _lane):
        await call.quiet(0.5, after_bytes=len(numbered.audio(GREETING)))
        assert call.flow.socket
        await call.flow.socket.break_off()
        await call.until(lambda: len(call.flow.streams) == 2)
        await call.quiet(1.0, after_bytes=0)
        assert heard_in(call.stream) == b""
    kept = await house.office.ask(records_of, call.flow.ids.call_sid)
    assert (kept.call.stream_number, kept.call.end_reason) == (1, "caller_left")


async def talk(call: PlacedCall) -> None:
    """Speak as a caller who asks something whenever it was quiet for a while. Ends with the call."""
    while True:
        await call.quiet(0.9, after_bytes=0, timeout_s=60)
        call.say(speech("hello"))
        await call.until(lambda: call.quiet_for < 0.1, 60)


async def heard_after_the_kill(call: PlacedCall) -> tuple[bytes, bytes]:
    """Wait until the caller has heard more of the new stream than a greeting. Returns what they heard in each."""
    more = len(numbered.audio(GREETING)) + 8_000
    await call.until(lambda: len(call.flow.streams) == 2 and call.heard_bytes > more, 40)
    before, after = parts_heard(call)
    return before, after


async def test_calls_that_are_killed_at_many_points(house: House) -> None:
    """Ten calls that began at different times lose their process together, in a greeting, a question or an answer."""
    plan = scenario(replies=tuple((Say(f"{ANSWER} {number}"),) for number in range(9)))
    async with AsyncExitStack() as calls:
        running: list[PlacedCall] = []
        for _ in range(CALLS_AT_ONCE):
            call, _lane = await calls.enter_async_context(house.calling(plan))
            running.append(call)
            calls.callback(asyncio.create_task(talk(call)).cancel)
            await asyncio.sleep(0.7)
        await house.kill(running[0])
        parts = await asyncio.gather(*map(heard_after_the_kill, running))
    greeting = numbered.audio(GREETING)
    for before, after in parts:
        assert before.count(greeting) + after.count(greeting) == 1, "the greeting is heard whole, once"
    assert [call.record.errors for call in running] == [[]] * CALLS_AT_ONCE
