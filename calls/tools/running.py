"""Carries out what the model asks for: once in effect, whatever is repeated, refused or killed.

A tool's work and its row (`ToolRun`) are one transaction, and the tools of a call run one after the other, as each
locks the call's row first. A process that is killed in the middle has done nothing; one that is killed afterwards has
done everything, and the row tells the next process's assistant so (`results_of`). The model may ask for the same thing
again, in other words of its own or because the answer was lost: the stored outcome is its answer then.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.models import Call, ToolRun, ToolSwitch
from calls.tools.kinds import Context, Outcome, Tool, ToolRefused
from calls.tools.registry import tool_named

logger = logging.getLogger(__name__)

FAILED: Final = "failed"
BAD_ARGUMENTS: Final = "bad_arguments"
_HONESTLY: Final = "It did not work, and nothing was done. Tell the caller so."
_LONGEST_ARGUMENTS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a request. `output`: JSON for the model. The flags are those of `ToolFinished`."""

    output: str
    has_failed: bool = False
    must_be_told: bool = True


def run_tool(call_id: UUID, business: Business, *, tool_call_id: str, name: str, arguments: str, now: datetime) -> Done:
    """Carry a request out, or return what came of the same one before. Never raises.

    Args:
        call_id: the call that asks; its row must exist.
        business: the call's business.
        tool_call_id: OpenAI's id of the request.
        name: which tool.
        arguments: JSON, as the model wrote it.
        now: aware.
    """
    tool = tool_named(name)
    if tool is None:
        return Done(_output(FAILED, {"say": _HONESTLY}), has_failed=True)
    try:
        with acting_for(business), transaction.atomic():
            call = Call.objects.select_for_update(no_key=True).get(pk=call_id)
            run = _run(Context(business, call, now, _options(business, tool)), tool, tool_call_id[:100], arguments)
    except Exception as error:  # a tool's mistake must not cost the call; what it was asked stays out of the log
        logger.error("call %s: %s failed: %s", call_id, name, type(error).__name__)
        return Done(_output(FAILED, {"say": _HONESTLY}), has_failed=True)
    return Done(
        _output(run.code, run.told),
        has_failed=not run.fingerprint and not tool.changes_nothing,
        must_be_told=not tool.changes_nothing,
    )


def _options(business: Business, tool: Tool[Any]) -> dict[str, str]:
    """Returns what the owner has chosen for a tool."""
    if not tool.options:
        return {}
    chosen = ToolSwitch.objects.filter(business=business, tool=tool.name).values_list("options", flat=True).first()
    return {name: str(value) for name, value in (chosen or {}).items()}


def results_of(call: Call) -> tuple[str, ...]:
    """Returns what the tools of a call have done, in order, as a new session of the model is told it."""
    runs = ToolRun.objects.filter(call=call).order_by("pk")
    return tuple(f"{run.tool}: {_output(run.code, run.told)}" for run in runs)


def _run(context: Context, tool: Tool[Any], tool_call_id: str, written: str) -> ToolRun:
    if known := ToolRun.objects.filter(call=context.call, tool_call_id=tool_call_id).first():
        return known
    row = ToolRun(
        business=context.business, call=context.call, tool=tool.name, tool_call_id=tool_call_id, at=context.now
    )
    try:
        arguments = msgspec.json.decode(written[:_LONGEST_ARGUMENTS] or "{}", type=tool.arguments)
    except msgspec.DecodeError as error:  # of a validation it names the field and what was expected, not what was said
        row.code, row.told = BAD_ARGUMENTS, {"problem": str(error), "say": "Ask for what is missing."}
        row.save()
        return row
    row.arguments = json.loads(msgspec.json.encode(arguments))
    fingerprint = hashlib.sha256(json.dumps(row.arguments, sort_keys=True).encode()).hexdigest()
    if not tool.changes_nothing and (same := _done_before(context.call, tool, fingerprint)):
        return same
    try:
        with transaction.atomic():
            outcome = tool.run(context, arguments)
    except ToolRefused as refusal:
        outcome, fingerprint = Outcome(refusal.code, refusal.told), ""
    row.code, row.told = outcome.code, dict(outcome.told)
    row.fingerprint = "" if tool.changes_nothing else fingerprint
    row.save()
    return row


def _done_before(call: Call, tool: Tool[Any], fingerprint: str) -> ToolRun | None:
    """Returns the run that has done the same in this call, if nothing has undone it since."""
    done = ToolRun.objects.filter(call=call).exclude(fingerprint="").order_by("-pk")
    for run in done:
        if run.tool == tool.name and run.fingerprint == fingerprint:
            return run
        if run.tool in tool.undone_by:
            return None
    return None


def _output(code: str, told: dict[str, Any]) -> str:
    return json.dumps({"outcome": code, **told}, ensure_ascii=False)
