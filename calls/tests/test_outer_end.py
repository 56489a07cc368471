"""A call that was ended elsewhere: Twilio reports it, while its stream says nothing."""

from __future__ import annotations

import asyncio
import base64

import pytest

from calls.conversation.commands import CancelResponse, ClearPlayback, EndCall, NextStep
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.conversation.events import CallerLeft, EndReported, ReportedEnd, StreamBroke
from calls.conversation.outer_end import GRACE_S
from calls.line import missing_media
from calls.line.missing_media import MissingMedia
from calls.records.traces import decode, encode
from calls.tests.table import GREETED, LINE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure

OVER = EndCall(EndReason.OVER_AT_TWILIO, NextStep.HANG_UP)
FAILED = EndCall(EndReason.FAILED_AT_TWILIO, NextStep.HANG_UP, failed=True)


def broken(cause: StreamFault) -> EndCall:
    return EndCall(EndReason.STREAM_BROKE, NextStep.APOLOGIZE, failed=True, cause=cause)


ENDS = {
    ReportedEnd.CALL_OVER: OVER,
    ReportedEnd.CALL_FAILED: FAILED,
    ReportedEnd.NO_PERSON: EndCall(EndReason.ANSWERING_MACHINE, NextStep.HANG_UP),
    ReportedEnd.STREAM_STOPPED: broken(StreamFault.STOPPED),
    ReportedEnd.STREAM_ERROR: broken(StreamFault.ERROR),
}


def ends(table: Table) -> list[EndCall]:
    return table.of(EndCall)


@pytest.mark.parametrize("report", ReportedEnd)
def test_a_report_ends_the_call_though_its_stream_goes_on(report: ReportedEnd) -> None:
    table = in_conversation()
    table.tell(EndReported(table.now, report))
    table.hear(LINE_RMS, GRACE_S - 0.1)
    assert ends(table) == []
    table.hear(LINE_RMS, 0.2)
    assert ends(table) == [ENDS[report]]
    assert table.conversation.next_deadline() is None


@pytest.mark.parametrize("report", ReportedEnd)
def test_it_ends_without_a_frame_and_also_in_the_protected_greeting_without_a_clear(report: ReportedEnd) -> None:
    table = Table(GREETED)
    table.tell(EndReported(0.5, report))
    table.wait(GRACE_S + 0.6)
    assert ends(table) == [ENDS[report]]
    assert not table.of(ClearPlayback)
    assert not table.of(CancelResponse)


@pytest.mark.parametrize("report", [ReportedEnd.CALL_OVER, ReportedEnd.STREAM_STOPPED])
def test_a_caller_who_hung_up_has_hung_up_though_a_report_came_first(report: ReportedEnd) -> None:
    table = in_conversation()
    table.tell(EndReported(table.now, report))
    table.tell(CallerLeft(table.now + 0.3))
    assert ends(table) == [EndCall(EndReason.CALLER_LEFT, NextStep.HANG_UP)]


@pytest.mark.parametrize("stream_first", [True, False])
def test_that_the_call_is_over_says_more_than_that_its_stream_is(stream_first: bool) -> None:
    reports = [ReportedEnd.STREAM_STOPPED, ReportedEnd.CALL_OVER]
    table = in_conversation()
    for report in reports if stream_first else reversed(reports):
        table.tell(EndReported(table.now, report))
    table.wait(GRACE_S)
    assert ends(table) == [OVER]


def test_why_its_socket_broke_says_more_than_that_its_stream_stopped() -> None:
    table = in_conversation()
    table.tell(EndReported(table.now, ReportedEnd.STREAM_STOPPED))
    table.tell(StreamBroke(table.now, "a flood", StreamFault.FLOOD))
    assert ends(table) == [broken(StreamFault.FLOOD)]


def test_a_socket_that_closes_after_a_report_ends_the_call_as_reported() -> None:
    table = in_conversation()
    table.tell(EndReported(table.now, ReportedEnd.CALL_OVER))
    table.tell(StreamBroke(table.now + 0.1, "its socket closed (1006)", StreamFault.CLOSED))
    assert ends(table) == [OVER], "nobody is there to be put through"


def test_repeated_reports_do_not_put_the_end_off() -> None:
    table = in_conversation()
    for _ in range(5):
        table.tell(EndReported(table.now, ReportedEnd.STREAM_ERROR))
        table.hear(LINE_RMS, 0.3)
    assert ends(table) == [broken(StreamFault.ERROR)]


@pytest.mark.parametrize("report", ReportedEnd)
def test_a_report_is_kept_in_the_trace(report: ReportedEnd) -> None:
    assert list(decode(encode([EndReported(3.25, report)]))) == [EndReported(3.25, report)]


async def test_a_stream_over_which_nothing_comes_is_dead_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing_media, "DEAD_AFTER_S", 0.05)
    loop, died = asyncio.get_running_loop(), asyncio.Event()
    deaths: list[float] = []

    def die() -> None:
        deaths.append(loop.time())
        died.set()

    watch = MissingMedia(pad=lambda _: None, dead=die)
    await asyncio.sleep(0.02)
    watch.came()
    came_at = loop.time()
    await died.wait()
    assert deaths[0] >= came_at + 0.05, "counted from what came last"
    await asyncio.sleep(0.1)
    assert len(deaths) == 1


async def test_missing_audio_is_silence_to_openai_until_it_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing_media, "MISSING_AFTER_S", 0.02)
    padded: list[bytes] = []
    enough = asyncio.Event()

    def pad(payload: str) -> None:
        padded.append(base64.b64decode(payload))
        if len(padded) >= 2:
            enough.set()

    watch = MissingMedia(pad=pad, dead=lambda: None)
    watch.came()  # a mark is no audio
    await enough.wait()
    assert set(padded) == {b"\xff" * 800}, "a tenth of a second of silence, and 0x00 would be a click"
    monkeypatch.setattr(missing_media, "MISSING_AFTER_S", 10.0)
    watch.audio_came()
    count = len(padded)
    await asyncio.sleep(0.3)
    assert len(padded) == count
    watch.close()


async def test_a_stream_that_has_ended_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing_media, "DEAD_AFTER_S", 0.02)
    died: list[str] = []
    MissingMedia(pad=died.append, dead=lambda: died.append("dead")).close()
    await asyncio.sleep(0.06)
    assert died == []
