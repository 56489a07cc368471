"""The bridge when the conversation fails by a mistake of ours: the caller is not left in dead air (G12, G13)."""

from __future__ import annotations

import asyncio
import base64
from unittest.mock import create_autospec

import pytest

from calls.conversation import Conversation
from calls.conversation.commands import Command, NextStep
from calls.conversation.events import CallerFrame, Event
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


async def test_a_mistake_of_ours_ends_the_call_with_an_apology(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = create_autospec(CallRecorder, instance=True)
    monkeypatch.setattr(bridge_module, "CallRecorder", lambda _plan, **_options: recorder)
    break_at_the_first_frame(monkeypatch)
    sent: list[str] = []
    hung_up = asyncio.Event()
    opened_at = asyncio.get_running_loop().time()
    bridge = Bridge(
        PLAN,
        stream_sid="MZ1",
        opened_at=opened_at,
        send=sent.append,
        hang_up=hung_up.set,
        connect=realtime_connection.connect,
    )
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
