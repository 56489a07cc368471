"""Voice messages in words, and telling the business of them: each becomes a task, once.

The task waits for the words for as long as one question to OpenAI takes. Where it has no answer, the task is made
without, as the message can be heard; the words follow when OpenAI is back.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from businesses.tenancy import across_businesses, acting_for
from calls.followups import todo
from calls.greetings import transcription
from calls.greetings.names import names_of
from calls.greetings.transcription import NotTranscribed
from calls.models import Task, TaskState, TranscriptState, Voicemail, VoicemailState
from calls.openai_errors import Meaning
from calls.records import voicemail_sound

logger = logging.getLogger(__name__)

MOST: Final = 50
_CLAIM: Final = timedelta(seconds=120)
"""Longer than OpenAI may take for a message."""
PAUSES: Final = tuple(timedelta(seconds=each) for each in (30, 120, 600, 3_600, 21_600, 86_400))
LONGEST: Final = 10_000
"""Characters: five minutes have some five thousand."""
_STATES: Final = {
    None: TranscriptState.NO_MODEL,
    Meaning.NO_ACCESS: TranscriptState.NO_ACCESS,
    Meaning.NO_CREDIT: TranscriptState.NO_CREDIT,
}


def due(*, now: datetime) -> list[UUID]:
    """Returns the messages of every business that are to be transcribed."""
    with across_businesses():  # the workers serve the whole installation; each row is then handled for its business
        return list(due_rows(now).order_by("transcript_due_at").values_list("pk", flat=True)[:MOST])


def due_rows(now: datetime) -> QuerySet[Voicemail]:
    """Returns the rows that are due. Expects the businesses to be set."""
    return Voicemail.objects.filter(transcript_due_at__lte=now)


def work(voicemail_id: UUID, *, now: datetime) -> TranscriptState | None:
    """Have one message written down, and tell the business. Returns None if another process has it."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        row = Voicemail.objects.select_related("business", "call").filter(pk=voicemail_id).first()
    if row is None or row.transcript_due_at is None or row.transcript_due_at > now:
        return None
    with acting_for(row.business):
        mine = Voicemail.objects.filter(pk=row.pk, transcript_attempts=row.transcript_attempts)
        mine = mine.filter(transcript_due_at=row.transcript_due_at)
        if not mine.update(transcript_attempts=row.transcript_attempts + 1, transcript_due_at=now + _CLAIM):
            return None
        row.transcript_attempts += 1
        told = _listened(row, now=now)
        _tell(row, told, now=now)
    return TranscriptState(told["transcript_state"])


def _listened(row: Voicemail, *, now: datetime) -> dict[str, Any]:
    """Returns what to write of a message's words."""
    audio = voicemail_sound.read(row.business_id, row.pk)
    if audio is None:  # removed meanwhile
        return {"transcript_state": TranscriptState.FAILED, "transcript_due_at": None}
    try:
        said = transcription.heard(audio, language=row.business.language, names=names_of(row.business))
    except NotTranscribed as failure:
        return _put_off(row, failure, now=now)
    words = said.replace("\0", "").strip()[:LONGEST]
    state = TranscriptState.DONE if words else TranscriptState.NO_WORDS
    return {"transcript": words, "transcript_state": state, "transcript_due_at": None}


def _put_off(row: Voicemail, failure: NotTranscribed, *, now: datetime) -> dict[str, Any]:
    logger.warning("voicemail %s: no transcript, try %d: %s", row.pk, row.transcript_attempts, failure)
    is_last = failure.meaning in (None, Meaning.BAD_REQUEST) or row.transcript_attempts > len(PAUSES)
    if is_last:
        return {
            "transcript_state": _STATES.get(failure.meaning, TranscriptState.FAILED),
            "transcript_due_at": None,
        }
    pause = max(PAUSES[row.transcript_attempts - 1], timedelta(seconds=failure.retry_after_s))
    state = _STATES.get(failure.meaning, TranscriptState.WAITING)
    return {"transcript_state": state, "transcript_due_at": now + pause}


def _tell(row: Voicemail, told: dict[str, Any], *, now: datetime) -> None:
    """Write the words, and the task that is made of them, in one transaction. An erased message stays erased."""
    with transaction.atomic():
        same = Voicemail.objects.select_for_update(no_key=True, of=("self",))
        found = same.filter(pk=row.pk, state=VoicemailState.KEPT, transcript_attempts=row.transcript_attempts).first()
        if found is None:
            return
        words = told.get("transcript", "")
        if found.settled_at is None:
            task = todo.take_voicemail(row.business, row.call, about=words, now=now)
            told = {**told, "task": task, "settled_at": now}
        elif words and found.task_id:
            Task.objects.filter(pk=found.task_id, about="", state=TaskState.OPEN).update(about=todo.as_text(words))
        Voicemail.objects.filter(pk=row.pk).update(**told)
