"""After a call it is written what it was about: asked for once, tried again a few times, of what was really heard."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from businesses.models import Business, WebhookDelivery, WebhookEndpoint
from businesses.tenancy import acting_for
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.followups import rescue
from calls.models import AfterCalls, Call, Sentiment, SummarySource, Task, ToolRun, Turn
from calls.records import asking, finishing, summaries
from calls.records.gist import Gist
from calls.sandbox.openai import summary_endpoint
from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.text_faults import CutText, NoJsonSchema, OtherText, RefuseToWrite, SlowText
from calls.tests.conftest import NOW, kept, make_business, make_live_call
from calls.tests.stand_in import stand_in

SUMMARY = (
    "The caller said: “When are you open?” Later: “Thank you, bye.” The assistant's last words: “From eight to six,”"
)
CALLER_SAID = "When are you open? Thank you, bye."


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


@pytest.fixture
def promised(db: None) -> Call:
    """A call in which two things are promised."""
    call = make_live_call(make_business(), caller_number="+972541234567")
    promises = "We will call you back tomorrow. I will send the price list."
    say(
        call,
        ("caller", "I need the price list. This is unacceptable!", ""),
        ("assistant", promises, promises),
    )
    end(call)
    return call


def summarized(call: Call, settings: Any, *faults: Any) -> bool:
    with stand_in(Scenario(faults=faults), settings):
        return summaries.summarize(call.pk, now=NOW)


def tasks_of(call: Call) -> list[tuple[str, str, str]]:
    with acting_for(call.business):
        found = Task.objects.filter(call=call).order_by("follow_up")
        return [(task.kind, task.about, task.when) for task in found]


def test_a_call_that_has_ended_is_summed_up_once(ended: Call, settings: Any) -> None:
    assert summaries.due(now=NOW) == [ended.pk]
    assert summarized(ended, settings) is True
    after = kept(ended)
    assert (after.summary, after.summary_source) == (SUMMARY, SummarySource.MODEL)
    assert (after.wishes, after.follow_ups, after.sentiment) == ("When are you open?", [], Sentiment.CONTENT)
    assert (after.summary_due_at, after.summary_attempts) == (None, 1)
    assert summaries.due(now=NOW + timedelta(days=1)) == []
    assert summaries.summarize(ended.pk, now=NOW) is False


def test_what_is_left_to_do_becomes_tasks_once(promised: Call, settings: Any) -> None:
    wanted = [
        ("follow_up", "We will call you back tomorrow.", "tomorrow"),
        ("follow_up", "I will send the price list.", ""),
    ]
    assert summarized(promised, settings) is True
    assert tasks_of(promised) == wanted
    assert kept(promised).sentiment == Sentiment.UNHAPPY
    with acting_for(promised.business):
        Call.objects.filter(pk=promised.pk).update(summary="", summary_due_at=NOW)
    assert summarized(promised, settings) is True
    assert tasks_of(promised) == wanted


def test_what_a_tool_has_done_or_an_owner_does_not_want_is_no_task(promised: Call, settings: Any) -> None:
    ToolRun.objects.create(
        business=promised.business, call=promised, tool="take_message", tool_call_id="1", at=NOW, code="taken",
        arguments={"about": "The price list"}, fingerprint="0" * 64,
    )  # fmt: skip
    assert summarized(promised, settings) is True
    assert [about for _kind, about, _when in tasks_of(promised)] == ["I will send the price list."]
    assert kept(promised).follow_ups[0]["what"] == "We will call you back tomorrow."


def test_an_owner_can_do_without_such_tasks(promised: Call, settings: Any) -> None:
    with acting_for(promised.business):
        rescue.choose(promised.business, AfterCalls(follow_up_tasks=False))
    assert summarized(promised, settings) is True
    assert (tasks_of(promised), len(kept(promised).follow_ups)) == ([], 2)


def test_a_worker_that_dies_while_it_writes_leaves_nothing_half(
    promised: Call, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(summaries, "happened", dies)
        with pytest.raises(SystemExit):
            summarized(promised, settings)
    assert (kept(promised).summary, tasks_of(promised)) == ("", [])
    later = NOW + timedelta(minutes=5)
    assert summaries.due(now=later) == [promised.pk]
    with stand_in(Scenario(), settings):
        assert summaries.summarize(promised.pk, now=later) is True
    assert len(tasks_of(promised)) == 2


def test_their_own_systems_are_told(promised: Call, settings: Any) -> None:
    with acting_for(promised.business):
        WebhookEndpoint.objects.create(
            business=promised.business, url="https://x.example/", kinds=["call.summarized"], created_at=NOW
        )
        assert summarized(promised, settings) is True
        [row] = WebhookDelivery.objects.all()
    data = json.loads(row.body)["data"]
    assert (data["id"], data["caller"], data["sentiment"]) == (str(promised.pk), "+972541234567", "unhappy")
    assert data["wishes"] == ["I need the price list."]
    assert data["follow_ups"][0] == {"what": "We will call you back tomorrow.", "when": "tomorrow"}


@pytest.mark.parametrize(
    "fault",
    [
        NoJsonSchema(times=1),
        CutText(times=1),
        OtherText(text="no JSON", times=1),
        OtherText(text='{"summary": "x"}', times=1),
    ],
    ids=["an old model", "cut", "no JSON", "another form"],
)
def test_without_data_there_is_a_text(ended: Call, settings: Any, fault: Any) -> None:
    assert summarized(ended, settings, fault) is True
    after = kept(ended)
    assert (after.summary, after.summary_source) == (SUMMARY, SummarySource.MODEL)
    assert (after.wishes, after.sentiment) == ("", Sentiment.UNKNOWN)


@pytest.mark.parametrize("fault", [RefuseToWrite(), CutText(reason="content_filter")], ids=["refused", "filtered"])
def test_a_model_that_refuses_is_not_asked_again_and_nothing_is_made_up(ended: Call, settings: Any, fault: Any) -> None:
    assert summarized(ended, settings, fault) is True
    after = kept(ended)
    assert (after.summary, after.summary_source) == (CALLER_SAID, SummarySource.EXTRACT)
    assert (after.sentiment, after.summary_attempts, after.summary_due_at) == (Sentiment.UNKNOWN, 1, None)


def test_an_answer_that_takes_too_long_is_tried_again(
    ended: Call, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "TIMEOUT_S", 0.2)
    assert summarized(ended, settings, SlowText(seconds=1)) is False
    assert (kept(ended).summary, kept(ended).summary_due_at) == ("", NOW + timedelta(seconds=30))


def test_two_workers_do_not_ask_twice(ended: Call, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def meanwhile(*_: object, **__: object) -> Gist:
        asked.append(summaries.summarize(ended.pk, now=NOW))
        return Gist("what it was about")

    monkeypatch.setattr(asking, "ask", meanwhile)
    assert summaries.summarize(ended.pk, now=NOW) is True
    assert asked == [False]


def test_an_answer_to_a_claim_that_has_ended_is_dropped(
    ended: Call, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*_: object, **__: object) -> Gist:
        monkeypatch.setattr(asking, "ask", lambda *_, **__: Gist("the second"))
        assert summaries.summarize(ended.pk, now=NOW + timedelta(minutes=5)) is True
        return Gist("the first")

    monkeypatch.setattr(asking, "ask", slowly)
    assert summaries.summarize(ended.pk, now=NOW) is False
    assert kept(ended).summary == "the second"


def test_a_service_that_is_away_is_tried_a_few_times(ended: Call, settings: Any) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"  # nobody listens there
    now: datetime = NOW
    for attempt in range(1, summaries.MAX_ATTEMPTS + 1):
        assert summaries.due(now=now) == [ended.pk]
        is_last = attempt == summaries.MAX_ATTEMPTS
        assert summaries.summarize(ended.pk, now=now) is is_last
        assert kept(ended).summary_attempts == attempt
        assert summaries.due(now=now) == []
        now += timedelta(minutes=10)
    assert summaries.due(now=now) == []
    assert (kept(ended).summary, kept(ended).summary_source) == (CALLER_SAID, SummarySource.EXTRACT)


def test_nothing_is_asked_about_a_caller_who_said_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_live_call(make_business())
    say(call, ("assistant", "Hello.", "Hello."))
    end(call)
    monkeypatch.setattr(asking, "ask", lambda *_, **__: pytest.fail("it asked"))
    assert summaries.summarize(call.pk, now=NOW) is False
    assert kept(call).summary_due_at is None


def test_the_language_is_the_businesss() -> None:
    hebrew = Business(name="x", language="he")
    assert "Write in Hebrew." in asking.instructions(hebrew)
    assert "Write every text in Hebrew." in asking.instructions_for_data(hebrew)
    words = summary_endpoint.summary("Assistant: a\nCaller: שלום", "Write in Hebrew.")
    assert words == "המתקשרים אמרו: ”שלום“ המילים האחרונות של העוזר: ”a“"
