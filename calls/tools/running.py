"""Carries out what the model asks for: once in effect, whatever is repeated, refused or killed.

A tool's work and its row (`ToolRun`) are one transaction, and the tools of a call run one after the other, as each
locks the call's row first. A process that is killed in the middle has done nothing; one that is killed afterwards has
done everything, and the row tells the next process's assistant so (`results_of`). The model may ask for the same thing
again, in other words of its own or because the answer was lost: the stored outcome is its answer then.

The database may be lost while it commits: then nobody knows which of the two it was, until it is asked again. The same
request is put to it once more, and finds the row or acts now. Where that fails too, the model is told that it is not
known (`NOT_KNOWN`).
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
from django.db import DatabaseError, transaction

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.models import Call, ToolRun, ToolSwitch
from calls.short_waits import own_connection, waits_for_locks_at_most
from calls.tools.kinds import Context, Outcome, Tool, ToolRefused
from calls.tools.registry import tool_named

logger = logging.getLogger(__name__)

FAILED: Final = "failed"
BAD_ARGUMENTS: Final = "bad_arguments"
NOT_KNOWN: Final = "not_known"
_HONESTLY: Final = "It did not work, and nothing was done. Tell the caller so."
_IN_DOUBT: Final = "Nobody knows yet whether it was done. Tell the caller so, and that somebody will look after it."
_LONGEST_ARGUMENTS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a request. `output`: JSON for the model. The flags are those of `ToolFinished`."""

    output: str
    has_failed: bool = False
    must_be_told: bool = True


class _InDoubt(Exception):
    """The database was lost while it was to commit: what was asked for is done, or nothing of it is."""


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
    request = _Request(call_id, business, tool, tool_call_id[:100], arguments, now)
    try:
        run = _once_more_if_in_doubt(request)
    except _InDoubt:
        logger.error("call %s: %s: the database was lost while it was to commit", call_id, name)
        return Done(_output(NOT_KNOWN, {"say": _IN_DOUBT}), has_failed=True)
    except Exception as error:  # a tool's mistake must not cost the call; what it was asked stays out of the log
        logger.error("call %s: %s failed: %s", call_id, name, type(error).__name__)
        return Done(_output(FAILED, {"say": _HONESTLY}), has_failed=True)
    return Done(
        _output(run.code, run.told),
        has_failed=not run.fingerprint and not tool.changes_nothing,
        must_be_told=not tool.changes_nothing,
    )


@dataclass(frozen=True, slots=True)
class _Request:
    """What `run_tool` was asked."""

    call_id: UUID
    business: Business
    tool: Tool[Any]
    tool_call_id: str
    arguments: str
    now: datetime


def _once_more_if_in_doubt(request: _Request) -> ToolRun:
    try:
        return _in_one_transaction(request)
    except _InDoubt:
        try:
            with own_connection(), waits_for_locks_at_most():  # a new one: the other is lost
                return _in_one_transaction(request)
        except DatabaseError as error:
            raise _InDoubt from error


def _in_one_transaction(request: _Request) -> ToolRun:
    """Returns what has come of a request. Whatever it raises but `_InDoubt` says that nothing was done."""
    run = None
    try:
        with acting_for(request.business), transaction.atomic():
            call = Call.objects.select_for_update(no_key=True).get(pk=request.call_id)
            context = Context(request.business, call, request.now, _options(request.business, request.tool))
            run = _run(context, request.tool, request.tool_call_id, request.arguments)
    except DatabaseError as error:
        if run is not None:
            raise _InDoubt from error
        raise
    return run


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
    if not tool.changes_nothing and (same := _done_before(context, tool, fingerprint)):
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


def _done_before(context: Context, tool: Tool[Any], fingerprint: str) -> ToolRun | None:
    """Returns the run that has done the same in this call, if what it has done still holds."""
    same = ToolRun.objects.filter(call=context.call, tool=tool.name, fingerprint=fingerprint).order_by("-pk").first()
    return same if same and tool.still_holds(context, same) else None


def _output(code: str, told: dict[str, Any]) -> str:
    return json.dumps({"outcome": code, **told}, ensure_ascii=False)
