"""The bridge when the conversation fails by a mistake of ours: the caller is not left in dead air (G12, G13).

And the order in which it is told what happened.
"""

from __future__ import annotations

import asyncio
import base64
from unittest.mock import create_autospec

import pytest

from calls.conversation import Conversation
from calls.conversation.commands import Command, NextStep
from calls.conversation.events import CallerFrame, Event, KeyPressed
from calls.line import bridge as bridge_module
from calls.line import realtime_connection
from calls.line.bridge import Bridge
from calls.models import CallOutcome
from calls.records.recorder import CallRecorder
from calls.tests.test_realtime_events import PLAN

pytestmark = pytest.mark.once

FRAME = base64.b64encode(b"\xff" * 160).decode()


def break_at_the_first_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    handle, frames = Conversation.handle, 0

    def breaking(self: Conversation, event: Event) -> list[Command]:
        nonlocal frames
        frames += isinstance(event, CallerFrame)
        if frames == 1:
            frames += 1
            raise ZeroDivisionError
        return handle(self, event)

    monkeypatch.setattr(Conversation, "handle", breaking)


def open_bridge(sent: list[str], hung_up: asyncio.Event) -> Bridge:
    return Bridge(
        PLAN,
        stream_sid="MZ1",
        opened_at=asyncio.get_running_loop().time(),
        send=sent.append,
        hang_up=hung_up.set,
        connect=realtime_connection.connect,
    )


async def test_what_the_caller_said_is_told_before_the_key_that_came_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = create_autospec(CallRecorder, instance=True)
    monkeypatch.setattr(bridge_module, "CallRecorder", lambda _plan, **_options: recorder)
    monkeypatch.setattr(Conversation, "needs_ears", lambda _self, _rms: True)
    bridge = open_bridge([], asyncio.Event())
    bridge.caller_audio(base64.b64encode(b"\xff" * 320).decode())  # its second frame waits for the detector
    bridge.key_pressed("5")
    bridge.caller_left()
    await bridge.finished()
    events = [type(call.args[1]) for call in recorder.keep_trace.call_args_list]
    assert [kind for kind in events if kind in (CallerFrame, KeyPressed)] == [CallerFrame, CallerFrame, KeyPressed]


async def test_a_mistake_of_ours_ends_the_call_with_an_apology(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = create_autospec(CallRecorder, instance=True)
    monkeypatch.setattr(bridge_module, "CallRecorder", lambda _plan, **_options: recorder)
    break_at_the_first_frame(monkeypatch)
    sent: list[str] = []
    hung_up = asyncio.Event()
    bridge = open_bridge(sent, hung_up)
    bridge.caller_audio(FRAME)
    bridge.caller_audio(FRAME)
    bridge.caller_left()
    await bridge.finished()

    (ending,) = [call.args[0] for call in recorder.close.await_args_list]
    assert (ending.next_step, ending.outcome) == (NextStep.APOLOGIZE, CallOutcome.FALLBACK)
    assert hung_up.is_set()
    assert sent == []
    assert "the conversation failed at CallerFrame" in caplog.text
    assert "ZeroDivisionError" in caplog.text
