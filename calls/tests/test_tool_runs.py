"""Tools act once in effect: whatever is repeated, refused, fails or happens at the same time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from django.db import connection

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.models import BlockedCaller, Call, ToolRun, ToolSwitch
from calls.tests.conftest import NOW, make_business, make_call
from calls.tools import registry, running
from calls.tools.kinds import Context, Outcome, Tool, ToolRefused, for_good


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    number: str


def block(context: Context, wanted: Wanted) -> Outcome:
    """A tool with an effect that can be counted."""
    if wanted.number == "+999":
        BlockedCaller.objects.create(business=context.business, number="+998", blocked_at=context.now)
        raise ToolRefused("not_allowed", {"say": "Not this one."})
    if wanted.number == "+1":
        raise RuntimeError("a mistake of ours")
    BlockedCaller.objects.create(business=context.business, number=wanted.number, blocked_at=context.now)
    return Outcome("blocked", {"number": wanted.number})


def unblock(context: Context, wanted: Wanted) -> Outcome:
    BlockedCaller.objects.filter(business=context.business, number=wanted.number).delete()
    return Outcome("unblocked")


def count(context: Context, _wanted: Wanted) -> Outcome:
    return Outcome("counted", {"blocked": BlockedCaller.objects.filter(business=context.business).count()})


def is_blocked(context: Context, run: ToolRun) -> bool:
    return BlockedCaller.objects.filter(business=context.business, number=run.told["number"]).exists()


BLOCK = Tool("block", "Block", "", "Block.", Wanted, block, {}, still_holds=is_blocked, is_on_at_first=True)
UNBLOCK = replace(BLOCK, name="unblock", run=unblock, still_holds=for_good)
COUNT = replace(BLOCK, name="count", run=count, changes_nothing=True)


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = {tool.name: tool for tool in (BLOCK, UNBLOCK, COUNT)}
    monkeypatch.setattr(registry, "TOOLS", tuple(tools.values()))
    monkeypatch.setattr(registry, "_BY_NAME", tools)


@pytest.fixture
def call(transactional_db: None) -> Call:
    return make_call(make_business())


def ask(call: Call, name: str, tool_call_id: str, arguments: str = '{"number": "+5"}') -> dict[str, Any]:
    done = running.run_tool(call.pk, call.business, tool_call_id=tool_call_id, name=name, arguments=arguments, now=NOW)
    result: dict[str, Any] = json.loads(done.output)
    return {**result, "has_failed": done.has_failed, "must_be_told": done.must_be_told}


def blocked(business: Business) -> list[str]:
    with acting_for(business):
        return list(BlockedCaller.objects.order_by("number").values_list("number", flat=True))


def runs(call: Call) -> list[tuple[str, str]]:
    with acting_for(call.business):
        return list(ToolRun.objects.filter(call=call).order_by("pk").values_list("tool", "code"))


def test_a_tool_acts_and_is_on_record(call: Call) -> None:
    assert ask(call, "block", "c1") == {
        "outcome": "blocked", "number": "+5", "has_failed": False, "must_be_told": True,
    }  # fmt: skip
    assert (blocked(call.business), runs(call)) == (["+5"], [("block", "blocked")])


@pytest.mark.parametrize("again", ["c1", "c2"])
def test_the_same_request_again_acts_no_second_time(call: Call, again: str) -> None:
    """`c1`: OpenAI repeats itself. `c2`: the model asks once more, as the answer was lost with its session."""
    first = ask(call, "block", "c1")
    assert ask(call, "block", again, '{ "number":"+5" }') == first
    assert (blocked(call.business), len(runs(call))) == (["+5"], 1)


def test_what_was_undone_can_be_done_again(call: Call) -> None:
    ask(call, "block", "c1")
    ask(call, "unblock", "c2")
    ask(call, "block", "c3")
    assert blocked(call.business) == ["+5"]


def test_a_look_up_runs_anew(call: Call) -> None:
    assert ask(call, "count", "c1")["blocked"] == 0
    ask(call, "block", "c2")
    looked_up = ask(call, "count", "c3")
    assert (looked_up["blocked"], looked_up["has_failed"], looked_up["must_be_told"]) == (1, False, False)


def test_what_is_refused_leaves_nothing_behind_and_may_be_tried_again(call: Call) -> None:
    refused = ask(call, "block", "c1", '{"number": "+999"}')
    assert (refused["outcome"], refused["say"], refused["has_failed"]) == ("not_allowed", "Not this one.", True)
    ask(call, "block", "c2", '{"number": "+999"}')
    assert (blocked(call.business), runs(call)) == ([], [("block", "not_allowed")] * 2)


@pytest.mark.parametrize("arguments", ["", "{", "[]", '{"number": 5}', '{"number": "+5", "more": 1}', "x" * 10_000])
def test_arguments_that_don_t_fit_are_told_and_nothing_is_done(call: Call, arguments: str) -> None:
    told = ask(call, "block", "c1", arguments)
    assert (told["outcome"], told["has_failed"]) == ("bad_arguments", True)
    assert told["problem"]
    assert blocked(call.business) == []


def test_a_mistake_of_ours_is_told_honestly_and_says_no_number_in_the_log(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    told = ask(call, "block", "c1", '{"number": "+1"}')
    assert (told["outcome"], told["has_failed"]) == ("failed", True)
    assert "RuntimeError" in caplog.text
    assert "+1" not in caplog.text
    assert runs(call) == []


def test_a_tool_that_is_unknown_fails(call: Call) -> None:
    assert ask(call, "fly", "c1")["outcome"] == "failed"


def test_requests_at_the_same_time_act_once(call: Call) -> None:
    def in_thread(number: int) -> str:
        try:
            return str(ask(call, "block", f"c{number}")["outcome"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(in_thread, range(4))) == {"blocked"}
    assert (blocked(call.business), len(runs(call))) == (["+5"], 1)


def test_what_was_done_is_told_to_the_next_process_in_order(call: Call) -> None:
    ask(call, "block", "c1")
    ask(call, "count", "c2")
    with acting_for(call.business):
        assert running.results_of(call) == (
            'block: {"outcome": "blocked", "number": "+5"}',
            'count: {"outcome": "counted", "blocked": 1}',
        )


def test_a_business_offers_what_its_owner_switched_on(call: Call) -> None:
    def offered() -> list[tuple[str, str]]:
        with acting_for(call.business):
            return [(each.tool.name, each.function()["description"]) for each in registry.offered_by(call.business)]

    assert [name for name, _ in offered()] == ["block", "unblock", "count"]
    with acting_for(call.business):
        ToolSwitch.objects.create(business=call.business, tool="block", guidance="Ask twice.")
        ToolSwitch.objects.create(business=call.business, tool="unblock", is_on=False)
    assert offered() == [("block", "Block. Ask twice."), ("count", "Block.")]


def test_arguments_are_described_to_the_model_without_references() -> None:
    registry.schema_of.cache_clear()
    assert registry.schema_of("block") == {
        "type": "object",
        "properties": {"number": {"type": "string"}},
        "required": ["number"],
        "additionalProperties": False,
    }
    registry.schema_of.cache_clear()
