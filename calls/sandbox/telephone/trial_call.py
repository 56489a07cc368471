"""A call as someone who tries Frontdesk would make it: hear the greeting, say something, hear the answer, hang up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from calls.audio.ulaw import SAMPLE_RATE
from calls.sandbox.telephone.after_the_beep import AfterTheBeep, Recorded, Tray
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
    """`speech` (µ-law; may be empty) is what the caller says, and said again in the answer if they `interrupt`."""

    to: str
    from_: str
    speech: bytes
    interrupts: bool = False
    people: tuple[CalledPerson, ...] = ()
    """Who answers the numbers to which the caller is put through."""
    after_beep: AfterTheBeep = field(default_factory=AfterTheBeep)
    """What the caller does who is asked for a message."""
    tray: Tray | None = None
    """Where the recording of the message is put."""
    keys: tuple[str, ...] = ()
    """What the caller presses, in turn: where keys are asked for, else in the conversation, before anything is said."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """Keys that were pressed in the conversation, `at` seconds after its stream opened."""

    at: float
    keys: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A call that was made: its streams, the numbers that were dialled, and the messages that were left.

    `back_after_s`: from the end of the last number until the caller heard the assistant again; None if they did not.
    """

    streams: tuple[MediaStream, ...]
    dialled: tuple[Dialled, ...]
    back_after_s: float | None
    messages: tuple[Recorded, ...] = ()
    pressed: tuple[Pressed, ...] = ()


async def place(twilio: TwilioPeer, plan: TrialPlan) -> Trial:
    """Make the call. Raises `CallFailed` when it has neither stream nor message, or Twilio would complain."""
    pressed = list[Pressed]()
    async with twilio.call(
        to=plan.to, from_=plan.from_, people=plan.people, after_beep=plan.after_beep, tray=plan.tray, keys=plan.keys
    ) as call:
        with suppress(CallFailed):  # a call that the server ends early still has something to report
            await call.connected()
            await _converse(call, plan, pressed)
    if call.record.errors:
        raise CallFailed("; ".join(call.record.errors))
    if not call.flow.streams and not any(verb.name == "Record" for verb in call.record.verbs):
        raise CallFailed("The call has no media stream, and the caller was not asked for a message.")
    messages = tuple(call.record.messages)
    return Trial(tuple(call.flow.streams), tuple(call.record.dialled), _back_after_s(call), messages, tuple(pressed))


def _back_after_s(call: PlacedCall) -> float | None:
    socket = call.flow.socket
    heard = call.stream.playback.stretches if socket else ()
    if not call.record.dialled or socket is None or socket.started_at is None or not heard:
        return None
    seconds = socket.started_at + heard[0].start / SAMPLE_RATE - call.record.dialled[-1].ended_at
    return seconds if seconds > 0 else None


async def _converse(call: PlacedCall, plan: TrialPlan, pressed: list[Pressed]) -> None:
    if await _begins(call, 0, _GREETING_BEGINS_S):
        await call.quiet(_QUIET_S, timeout_s=_UTTERANCE_ENDS_S)
    while call.flow.keys:  # those that nobody has asked for
        before = call.heard_bytes
        pressed.append(_press(call, call.flow.keys.pop(0)))
        await _answered(call, before)
    if not plan.speech:
        return
    await _speak(call, plan.speech)
    before = call.heard_bytes
    if plan.interrupts and await _begins(call, before + _HEARD_BEFORE_INTERRUPTING, _ANSWER_BEGINS_S):
        await _speak(call, plan.speech)
        before = call.heard_bytes
    await _answered(call, before)


async def _answered(call: PlacedCall, before: int) -> None:
    if await _begins(call, before, _ANSWER_BEGINS_S):
        await call.quiet(_QUIET_S, timeout_s=_UTTERANCE_ENDS_S)


def _press(call: PlacedCall, keys: str) -> Pressed:
    for key in keys:
        call.press(key)
    return Pressed(call.now, keys)


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
