"""Calls end to end: Twilio's stand-in, a real Daphne process on its own database, OpenAI's stand-in; real sockets.

One Daphne serves all tests of a worker, so effects of one call on another become visible. Both stand-ins and the
tests run in one event loop, and its clock is used for all measured times.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from businesses.models import Business
from calls.conversation.end_reasons import EndReason
from calls.models import CallStatus
from calls.sandbox.openai.scenario import Fault, Scenario
from calls.sandbox.receptionist.engine import Say
from calls.sandbox.telephone import wav_files
from calls.sandbox.telephone.called_person import CalledPerson
from calls.sandbox.telephone.media_stream import LineConditions
from calls.sandbox.telephone.placed_call import PlacedCall
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from testing.called_businesses import open_business
from testing.servers import Daphne
from tests.call_exchange import Exchange, Lane
from tests.call_office import Office, Records, records_of

AUTH_TOKEN = "end-to-end-auth-token"
ACCOUNT_SID = f"AC{'7' * 32}"
FALLBACK = "+12125559999"
ANSWER = "This answer is long enough to be interrupted in its middle, and goes on."
SECOND = "And that is all."


@cache
def speech(name: str) -> bytes:
    """Returns recorded speech (µ-law): `hello`, `one-moment-please`, `nobody-is-available`, `not-in-service`."""
    return wav_files.read_as_ulaw(Path(__file__).parent / "audio" / f"{name}.wav")


def scenario(*faults: Fault, **values: Any) -> Scenario:
    """Returns a scenario in which the assistant answers `ANSWER`, then `SECOND`, ten times as fast as played."""
    defaults: dict[str, Any] = {"replies": ((Say(ANSWER),), (Say(SECOND),)), "speed": 10.0, "transcript_delay_s": 0.1}
    return Scenario(faults=faults, **{**defaults, **values})


@dataclass(frozen=True)
class Desk:
    """A business that can be called, and its lane of the stand-in for OpenAI."""

    business: Business
    number: str
    lane: Lane


@dataclass
class Rig:
    """Everything that end-to-end calls need. `line` is the process that holds the calls: Daphne, or `serve_media`."""

    daphne: Daphne
    line: Daphne
    exchange: Exchange
    twilio: TwilioPeer
    office: Office

    async def desk(
        self, plan: Scenario | None = None, *, greeting: str = "", is_rendered: bool = True, **values: Any
    ) -> Desk:
        """Create a business with these settings. Returns its desk."""
        business, number = await self.office.ask(open_business, greeting=greeting, is_rendered=is_rendered, **values)
        lane = self.exchange.lanes[business.name] = Lane(plan or scenario())
        return Desk(business, number, lane)

    @asynccontextmanager
    async def calling(
        self, desk: Desk, line: LineConditions | None = None, people: Sequence[CalledPerson] = ()
    ) -> AsyncIterator[PlacedCall]:
        """Place a call, and hang up after the block. Yields once the stream is open; Twilio must report no errors.

        `people`: who answers the numbers that are dialled, in turn.
        """
        async with self.twilio.call(to=desk.number, line=line, people=people) as call:
            await call.connected()
            yield call
        assert call.record.errors == []

    async def records(self, call: PlacedCall) -> Records:
        """Returns the records of an ended call, once they are complete."""
        give_up_at = time.monotonic() + 30.0
        while not (kept := await self.office.ask(records_of, call.flow.ids.call_sid)).is_whole:
            assert time.monotonic() < give_up_at, "its process has not written its end"
            await asyncio.sleep(0.05)
        assert kept.call.status == CallStatus.ENDED
        return kept

    def logged(self, call_id: object) -> str:
        """Returns the server's log lines about a call."""
        return "\n".join(line for line in self.line.log.splitlines() if str(call_id) in line)


async def eventually(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Wait for a condition in another process, by polling it 50 times a second."""
    give_up_at = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        await asyncio.sleep(0.02)


async def reaches_the_fallback(rig: Rig, call: PlacedCall, reason: EndReason, cause: str) -> Records:
    """Check that the caller is put through, and that the record says why."""
    await call.ended(40.0)
    assert [verb.name for verb in call.record.verbs][:3] == ["Connect", "Say", "Dial"]
    assert call.record.verbs[2].text == FALLBACK
    records = await rig.records(call)
    assert (records.call.outcome, records.call.end_reason) == ("fallback", reason)
    assert records.call.end_detail == {"cause": cause}
    return records
