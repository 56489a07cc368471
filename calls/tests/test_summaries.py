"""After a call there is a summary: asked for once, tried again a few times, of what was really heard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.models import Call, Turn
from calls.records import finishing, summaries
from calls.sandbox.openai import summary_endpoint
from calls.sandbox.openai.server import RealtimeServer
from calls.tests.conftest import NOW, kept, make_business, make_live_call


def end(call: Call) -> None:
    with acting_for(call.business):
        finishing.end_if_open(call.pk, next_step=NextStep.HANG_UP, failed=False, reason=EndReason.CALLER_LEFT, now=NOW)


def say(call: Call, *turns: tuple[str, str, str]) -> None:
    for position, (speaker, text, heard) in enumerate(turns):
        Turn.objects.create(
            business=call.business, call=call, position=position, speaker=speaker, text=text, heard_text=heard,
            started_ms=position * 1000, ended_ms=position * 1000 + 900,
        )  # fmt: skip


@pytest.fixture
def ended(db: None) -> Call:
    call = make_live_call(make_business())
    say(
        call,
        ("assistant", "Hello, this is the clinic.", "Hello, this is the clinic."),
        ("caller", "When are you open?", "When are you open?"),
        ("assistant", "From eight to six, and on Fridays until noon.", "From eight to six,"),
        ("caller", "Thank you, bye.", ""),
    )
    end(call)
    return call


def stand_in_answers(summarize: Callable[[], bool], settings: Any) -> bool:
    """Run it while the stand-in for OpenAI listens."""

    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with RealtimeServer() as server:
            settings.OPENAI_BASE_URL = server.http_url
            ready.set()
            await asyncio.get_running_loop().run_in_executor(None, done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        return summarize()
    finally:
        done.set()
        thread.join()


def test_a_call_that_has_ended_is_summed_up_once(ended: Call, settings: Any) -> None:
    assert summaries.due(now=NOW) == [ended.pk]
    assert stand_in_answers(lambda: summaries.summarize(ended.pk, now=NOW), settings) is True
    after = kept(ended)
    assert after.summary == (
        "The caller said: “When are you open?” Later: “Thank you, bye.” "
        "The assistant's last words: “From eight to six,”"
    )
    assert (after.summary_due_at, after.summary_attempts) == (None, 1)
    assert summaries.due(now=NOW + timedelta(days=1)) == []
    assert summaries.summarize(ended.pk, now=NOW) is False


def test_two_workers_do_not_ask_twice(ended: Call, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def meanwhile(*_: object) -> str:
        asked.append(summaries.summarize(ended.pk, now=NOW))
        return "what it was about"

    monkeypatch.setattr(summaries, "_ask", meanwhile)
    assert summaries.summarize(ended.pk, now=NOW) is True
    assert asked == [False]


def test_a_service_that_is_away_is_tried_a_few_times(ended: Call, settings: Any) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"  # nobody listens there
    now: datetime = NOW
    for attempt in range(1, summaries.MAX_ATTEMPTS + 1):
        assert summaries.due(now=now) == [ended.pk]
        assert summaries.summarize(ended.pk, now=now) is False
        assert kept(ended).summary_attempts == attempt
        assert summaries.due(now=now) == []
        now += timedelta(minutes=10)
    assert summaries.due(now=now) == []
    assert kept(ended).summary == ""


def test_nothing_is_asked_about_a_caller_who_said_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_live_call(make_business())
    say(call, ("assistant", "Hello.", "Hello."))
    end(call)
    monkeypatch.setattr(summaries, "_ask", lambda *_: pytest.fail("it asked"))
    assert summaries.summarize(call.pk, now=NOW) is False
    assert kept(call).summary_due_at is None


def test_the_language_is_the_businesss() -> None:
    assert "Write in Hebrew." in summaries.instructions(Business(name="x", language="he"))
    words = summary_endpoint.summary("Assistant: a\nCaller: שלום", "Write in Hebrew.")
    assert words == "המתקשרים אמרו: ”שלום“ המילים האחרונות של העוזר: ”a“"
