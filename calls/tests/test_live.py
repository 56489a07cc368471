"""Which calls this process holds, and whether it takes more."""

from __future__ import annotations

from typing import Any

import pytest

from calls.line import live


@pytest.fixture(autouse=True)
def empty_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_here", live._Registry())


def add(call_sid: str, stream_sid: str, closed: list[str]) -> live.LiveCall:
    return live.add(call_sid=call_sid, close=lambda: closed.append(stream_sid))


def test_room_ends_with_the_last_place(settings: Any) -> None:
    settings.CALLS_PER_PROCESS = 2
    first = add("CA1", "MZ1", [])
    assert (live.live_calls(), live.has_room()) == (1, True)
    add("CA2", "MZ2", [])
    assert (live.live_calls(), live.has_room()) == (2, False)
    live.remove(first)
    live.remove(first)
    assert (live.live_calls(), live.has_room()) == (1, True)


def test_a_draining_process_has_no_room() -> None:
    add("CA1", "MZ1", [])
    assert not live.is_draining()
    live.begin_draining()
    assert (live.is_draining(), live.has_room(), live.live_calls()) == (True, False, 1)


def test_the_older_of_two_sockets_of_a_call_is_closed() -> None:
    closed: list[str] = []
    older = add("CA1", "MZ1", closed)
    newer = live.add(call_sid="CA1", close=lambda: closed.append("newer"))
    assert closed == ["MZ1"]
    live.remove(older)  # the older one's clean-up must not forget the newer
    assert live.live_calls() == 1
    live.remove(newer)
    assert live.live_calls() == 0
