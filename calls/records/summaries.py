"""What each call was about, written after it has ended: by OpenAI, else taken from the call's own words.

The rows are the queue (`Call.summary_due_at`) and tasks only ring the bell: any number of workers may write summaries
at the same time, one that is killed half-way loses nothing because its claim expires, and tries are bounded. What is
written, the tasks that it leaves, and its telling to the business's own systems are one transaction.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from businesses.happenings import Happening, happened
from businesses.tenancy import across_businesses, acting_for
from calls.errors import SummaryFailed
from calls.followups import rescue, todo
from calls.models import Call, Speaker, SummarySource, ToolRun, Transfer, Turn
from calls.records import asking, gist, telling
from calls.records.gist import Gist

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 4
_CLAIM = timedelta(seconds=2 * asking.TIMEOUT_S + 40)
_FIRST_RETRY = timedelta(seconds=30)
_MOST_CHARACTERS: Final = 60_000
"""Of a conversation, its end: an hour of talk has about so many."""


def due(*, now: datetime) -> list[UUID]:
    """Returns the calls of every business that wait for a summary."""
    with across_businesses():  # the workers serve the whole installation; each call is then handled for its business
        return list(due_rows(now).order_by("summary_due_at").values_list("pk", flat=True)[:50])


def due_rows(now: datetime) -> QuerySet[Call]:
    """Returns the calls that are due. Expects the businesses to be set."""
    return Call.objects.filter(summary_due_at__lte=now)


def summarize(call_id: UUID, *, now: datetime) -> bool:
    """Write what one call was about if that is due and not claimed. Returns whether it was written."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        call = Call.objects.select_related("business").filter(pk=call_id).first()
    if call is None:
        return False
    with acting_for(call.business):
        attempts = call.summary_attempts
        if not Call.objects.filter(pk=call.pk, summary_due_at__lte=now, summary_attempts=attempts).update(
            summary_attempts=attempts + 1, summary_due_at=now + _CLAIM
        ):
            return False
        call.summary_attempts = attempts + 1
        turns, runs = list(Turn.objects.filter(call=call)), list(ToolRun.objects.filter(call=call))
        conversation = transcript(turns, runs)
        if not conversation:
            _mine(call).update(summary_due_at=None)
            return False
        said = [turn.text for turn in turns if turn.speaker == Speaker.CALLER and turn.text]
        plain = gist.extract(said, runs, list(Transfer.objects.filter(call=call)))
        try:
            found = asking.ask(conversation, call.business, plain=plain)
        except SummaryFailed as failure:
            logger.warning("call %s: no summary, attempt %d: %s", call.pk, attempts + 1, failure)
            if not failure.permanent and attempts + 1 < MAX_ATTEMPTS:
                pause = max(_FIRST_RETRY * 2**attempts, timedelta(seconds=failure.retry_after_s))
                _mine(call).update(summary_due_at=now + pause)
                return False
            return _keep(call, plain, SummarySource.EXTRACT, runs, now=now)
        return _keep(call, found, SummarySource.MODEL, runs, now=now)


def transcript(turns: Sequence[Turn], runs: Sequence[ToolRun]) -> str:
    """Returns what was said and heard, and then what the tools did, a line for each; "" if the caller said nothing.

    Within a line there are no line breaks, so that nobody's words can pretend to be another's.
    """
    if not any(turn.speaker == Speaker.CALLER and turn.text for turn in turns):
        return ""
    said = ((turn, turn.text if turn.speaker == Speaker.CALLER else turn.heard_text) for turn in turns if turn.text)
    lines = [f"{Speaker(turn.speaker).value.capitalize()}: {gist.line(words)}" for turn, words in said if words]
    asked = ((run, json.dumps(run.arguments, ensure_ascii=False)) for run in runs)
    lines += [f"Tool: {run.tool} {arguments} → {run.code}" for run, arguments in asked]
    return "\n".join(lines)[-_MOST_CHARACTERS:]


def _mine(call: Call) -> QuerySet[Call]:
    """Returns the call's row, as long as no other attempt has begun."""
    return Call.objects.filter(pk=call.pk, summary_attempts=call.summary_attempts)


def _keep(call: Call, found: Gist, source: SummarySource, runs: Sequence[ToolRun], *, now: datetime) -> bool:
    """Store what a call was about, unless another attempt has begun. Returns whether it was stored."""
    call.summary, call.summary_source, call.summary_due_at = found.summary, source, None
    call.wishes, call.sentiment = "\n".join(found.wishes), found.sentiment
    call.follow_ups = gist.stored(found.follow_ups)
    changes = {
        name: getattr(call, name)
        for name in ("summary", "summary_source", "summary_due_at", "wishes", "sentiment", "follow_ups")
    }
    with transaction.atomic():
        if not _mine(call).update(**changes):
            return False
        if rescue.choices_of(call.business).follow_up_tasks:
            for place, each in gist.left(found.follow_ups, runs):
                todo.add_follow_up(call.business, call, what=each.what, who="", when=each.when, place=place, now=now)
        happened(call.business, Happening.CALL_SUMMARIZED, telling.summary_of(call), now=now, key=str(call.pk))
    return True
