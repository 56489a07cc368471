"""One fault: what was in flight when it struck, what callers heard, and how long it took until all was well."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

from asgiref.sync import sync_to_async

from calls.models import Call
from testing.faults.callers import CallSeen, Crew, Outcome
from testing.faults.catalogue import Fault
from testing.faults.messages import Course, Messages, Sending, on_record
from testing.faults.strikes import World
from testing.slowness import slowness

IN_FLIGHT_TIMEOUT_S = 30
AFTERWARDS_S = 5.0
SETTLED_TIMEOUT_S = 60
RECOVERY_TIMEOUT_S = 60
LINE_S = 0.5
"""What the line, the playback and looking fifty times a second add to a silence of exactly so long."""


@dataclass(frozen=True)
class Result:
    """What a fault did. Times are seconds; `calls_back_s` and `messages_back_s` count from its mending."""

    fault: Fault
    sending: Sending
    in_flight: int
    outcomes: Counter[Outcome]
    greetings: tuple[int, int]
    """Heard whole and once, of all callers who were served."""
    went_on: int
    """Calls whose stream broke, and that went on in another."""
    silence_s: float
    course: Course
    calls_back_s: float | None
    messages_back_s: float | None
    notes: list[str]
    """Of each call that was not as it should be: what Twilio complains about, and what is on record."""

    @property
    def may_be_the_machine(self) -> bool:
        """Returns whether something went wrong that a machine with other work explains: no lost or doubled message."""
        return bool(self.wrongs()) and not self.course.doubled and not self.course.lost

    def wrongs(self) -> list[str]:
        """Returns what must not happen and did; empty if the installation has kept its promises."""
        heard, served = self.greetings
        most_s = (self.fault.silence_s + LINE_S) * slowness()
        found = [
            (self.outcomes[Outcome.APOLOGY], "callers reached nobody"),
            (not self.fault.reaches_nobody and self.outcomes[Outcome.VOICE_FALLBACK], "callers found no server"),
            (served - heard, "greetings were not heard whole and once"),
            (self.silence_s > most_s, f"a caller heard nothing for {self.silence_s:.1f} s (at most {most_s:.1f})"),
            (self.course.doubled, "messages were doubled"),
            (self.course.lost, "messages were lost"),
            (self.calls_back_s is None, "calls are not taken again"),
            (self.messages_back_s is None, "messages are not sent again"),
        ]
        return [f"{count} {what}" if count is not True else what for count, what in found if count]


async def tried(fault: Fault, world: World, crew: Crew, messages: Messages) -> Result:
    """Wait until calls and a broadcast are under way, break something, mend it, and see what comes of it."""
    await asyncio.to_thread(world.house.wait_until_whole)
    sending = await asyncio.to_thread(messages.begin, fault.seconds + AFTERWARDS_S + 4)
    give_up_at = time.monotonic() + IN_FLIGHT_TIMEOUT_S
    while len(crew.running) < crew.size - 1 or not sending.has_begun:
        if time.monotonic() > give_up_at:
            state = await asyncio.to_thread(sending.state)
            raise TimeoutError(f"{len(crew.running)} calls run; the broadcast: {state}")
        await asyncio.sleep(0.05)
    in_flight = set(crew.running)
    struck_at = time.monotonic()
    strike = fault.strike(world)
    await asyncio.to_thread(next, strike, None)
    await asyncio.sleep(max(struck_at + fault.seconds - time.monotonic(), 0))
    await asyncio.to_thread(next, strike, None)
    mended_at = time.monotonic()
    calls_back_s = await _calls_back(crew, mended_at)
    messages_back_s = await _messages_back(sending, mended_at)
    await asyncio.sleep(max(mended_at + AFTERWARDS_S - time.monotonic(), 0))
    await crew.over(in_flight)
    course = await asyncio.to_thread(sending.settled, SETTLED_TIMEOUT_S)
    about = [f"the broadcast: {await asyncio.to_thread(sending.state)}"] if course.waiting or course.lost else []
    calls = [call for call in crew.calls if call.ended_at > struck_at]
    return Result(
        fault=fault,
        sending=sending,
        in_flight=len(in_flight),
        outcomes=Counter(call.outcome for call in calls),
        greetings=_greetings(calls),
        went_on=sum(call.streams > 1 for call in calls),
        silence_s=max((call.dead_air_s for call in calls), default=0.0),
        course=course,
        calls_back_s=calls_back_s,
        messages_back_s=messages_back_s,
        notes=about
        + [
            note
            for call in calls
            if call.outcome is not Outcome.SERVED or call.is_greeting_wrong or call.dead_air_s > fault.silence_s
            for note in await _notes(call)
        ],
    )


@sync_to_async
def _notes(call: CallSeen) -> list[str]:
    with on_record():
        records = [
            f"{kept.pk} {kept.status} {kept.outcome} {kept.end_reason} {kept.end_detail}, {call.streams} streams"
            for kept in Call.objects.filter(twilio_call_sid=call.call_sid)
        ]
    course = f"{call.outcome}, {call.ended_at - call.began_at:.1f} s, nothing heard for {call.dead_air_s:.1f} s"
    return [f"{course}: {', '.join(records) or 'no record'}", *call.errors]


def _greetings(calls: list[CallSeen]) -> tuple[int, int]:
    served = [call for call in calls if call.outcome is Outcome.SERVED]
    return sum(not call.is_greeting_wrong for call in served), len(served)


async def _calls_back(crew: Crew, mended_at: float) -> float | None:
    """Returns how long after the mending a caller who rang then was first served."""
    while (began_at := time.monotonic()) < mended_at + RECOVERY_TIMEOUT_S:
        if await crew.connects():
            return began_at - mended_at
        await asyncio.sleep(0.1)
    return None


async def _messages_back(sending: Sending, mended_at: float) -> float | None:
    """Returns how long after the mending the first message was sent; 0 if none was left to send."""
    while time.monotonic() < mended_at + RECOVERY_TIMEOUT_S:
        found = sending.posted_since(mended_at)
        if found is not None:
            return found
        if sending.is_all_posted:
            return 0.0
        await asyncio.sleep(0.1)
    return None
