"""A call as someone who tries Frontdesk would make it: hear the greeting, say something, hear the answer, hang up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from calls.audio.ulaw import SAMPLE_RATE
from calls.sandbox.telephone.called_person import CalledPerson, Dialled
from calls.sandbox.telephone.media_stream import MediaStream
from calls.sandbox.telephone.placed_call import CallFailed, PlacedCall
from calls.sandbox.telephone.twilio_peer import TwilioPeer

_GREETING_BEGINS_S = 5.0
_ANSWER_BEGINS_S = 15.0
_UTTERANCE_ENDS_S = 120.0
_QUIET_S = 1.0
_HEARD_BEFORE_INTERRUPTING = 8000  # bytes: 1 s


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """`speech` (µ-law) is what the caller says. If the caller `interrupts`, it is said again during the answer."""

    to: str
    from_: str
    speech: bytes
    interrupts: bool = False
    people: tuple[CalledPerson, ...] = ()
    """Who answers the numbers to which the caller is put through."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A call that was made: its streams, and the numbers that were dialled.

    `back_after_s`: from the end of the last number until the caller heard the assistant again; None if they did not.
    """

    streams: tuple[MediaStream, ...]
    dialled: tuple[Dialled, ...]
    back_after_s: float | None


async def place(twilio: TwilioPeer, plan: TrialPlan) -> Trial:
    """Make the call. Raises `CallFailed` when it has no stream, or Twilio would complain."""
    async with twilio.call(to=plan.to, from_=plan.from_, people=plan.people) as call:
        await call.connected()
        with suppress(CallFailed):  # a call that the server ends early still has something to report
            await _converse(call, plan)
    if call.record.errors:
        raise CallFailed("; ".join(call.record.errors))
    return Trial(tuple(call.flow.streams), tuple(call.record.dialled), _back_after_s(call))


def _back_after_s(call: PlacedCall) -> float | None:
    socket, heard = call.flow.socket, call.stream.playback.stretches
    if not call.record.dialled or socket is None or socket.started_at is None or not heard:
        return None
    seconds = socket.started_at + heard[0].start / SAMPLE_RATE - call.record.dialled[-1].ended_at
    return seconds if seconds > 0 else None


async def _converse(call: PlacedCall, plan: TrialPlan) -> None:
    if await _begins(call, 0, _GREETING_BEGINS_S):
        await call.quiet(_QUIET_S, timeout_s=_UTTERANCE_ENDS_S)
    await _speak(call, plan.speech)
    before = call.heard_bytes
    if plan.interrupts and await _begins(call, before + _HEARD_BEFORE_INTERRUPTING, _ANSWER_BEGINS_S):
        await _speak(call, plan.speech)
        before = call.heard_bytes
    if await _begins(call, before, _ANSWER_BEGINS_S):
        await call.quiet(_QUIET_S, timeout_s=_UTTERANCE_ENDS_S)


async def _speak(call: PlacedCall, speech: bytes) -> None:
    call.say(speech)
    await call.until(lambda: not call.stream.caller.is_speaking, _UTTERANCE_ENDS_S)


async def _begins(call: PlacedCall, heard_bytes: int, within_s: float) -> bool:
    """Returns whether the caller hears more than so many bytes before the time is over."""
    try:
        await call.until(lambda: call.heard_bytes > heard_bytes, within_s)
    except TimeoutError:
        return False
    return True
