"""A call as someone who tries Frontdesk would make it: hear the greeting, say something, hear the answer, hang up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

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


async def place(twilio: TwilioPeer, plan: TrialPlan) -> MediaStream:
    """Make the call. Returns its stream. Raises `CallFailed` when there is none, or Twilio would complain."""
    async with twilio.call(to=plan.to, from_=plan.from_) as call:
        await call.connected()
        with suppress(CallFailed):  # a call that the server ends early still has something to report
            await _converse(call, plan)
    if call.record.errors:
        raise CallFailed("; ".join(call.record.errors))
    return call.stream


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
