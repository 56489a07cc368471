"""What is asked of Twilio about messages after the beep: is there a recording, the recording itself, and to delete it.

The rows are the queue (`Voicemail.due_at`) and any number of workers may ask: a row is claimed by one conditional
UPDATE that also says until when. Who is killed loses nothing, as the claim ends and the step is done again.

    OFFERED    Twilio has told nothing for too long: has it recorded anything?    RECORDED, NONE
    RECORDED   the recording is fetched and stored                                KEPT, SILENT, LOST
    any other  it is deleted at Twilio, if it is still there
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from businesses.tenancy import across_businesses, acting_for
from calls.audio.ulaw import SAMPLE_RATE
from calls.models import TranscriptState, Voicemail, VoicemailState
from calls.records import voicemail_sound
from calls.telephone import recordings, voicemail
from calls.telephone.recordings import RecordingProblem, RecordingUnavailable

logger = logging.getLogger(__name__)

MOST: Final = 50
_CLAIM: Final = timedelta(minutes=3)
"""Longer than a request with everything that follows from it."""
PAUSES: Final = tuple(timedelta(seconds=each) for each in (2, 5, 15, 60, 300, 1_200, 3_600, 14_400, 43_200, 86_400))
"""After each failure: a recording that is late is there within seconds; eleven tries in two days."""
_LONGER_S: Final = 30.0
"""Twilio's recordings may be a little longer than was asked for."""


def due(*, now: datetime) -> list[UUID]:
    """Returns the rows of every business for which Twilio is to be asked."""
    with across_businesses():  # the workers serve the whole installation; each row is then handled for its business
        return list(due_rows(now).order_by("due_at").values_list("pk", flat=True)[:MOST])


def due_rows(now: datetime) -> QuerySet[Voicemail]:
    """Returns the rows that are due. Expects the businesses to be set."""
    return Voicemail.objects.filter(due_at__lte=now)


def work(voicemail_id: UUID, *, clock: Callable[[], datetime]) -> VoicemailState | None:
    """Do the next step of a row. Returns its state then; None if it is gone, not due, or another process has it."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        row = Voicemail.objects.select_related("business", "call").filter(pk=voicemail_id).first()
    now = clock()
    if row is None or row.due_at is None:
        return None
    with acting_for(row.business):
        mine = Voicemail.objects.filter(pk=row.pk, attempts=row.attempts, due_at=row.due_at)
        if row.due_at > now or not mine.update(attempts=row.attempts + 1, due_at=now + _CLAIM):
            return None
        row.attempts += 1
        try:
            told = _step(row, clock)
        except RecordingUnavailable as failure:
            told = _put_off(row, failure, now=clock())
        except OSError:  # `voicemail_sound` has told of it
            told = _put_off(row, RecordingUnavailable(RecordingProblem.UNREACHABLE), now=clock())
        _settle(row, told)
    return VoicemailState(told.get("state", row.state))


def _step(row: Voicemail, clock: Callable[[], datetime]) -> dict[str, Any]:
    """Returns what to write of a row, once its step is done. Raises `RecordingUnavailable` and `OSError`."""
    if row.state == VoicemailState.OFFERED:
        return _asked_for(row, clock)
    if row.state == VoicemailState.RECORDED:
        return _fetched(row, clock)
    if row.is_at_twilio:
        recordings.delete(row.recording_sid)
    return {"is_at_twilio": False, "due_at": None}


def _asked_for(row: Voicemail, clock: Callable[[], datetime]) -> dict[str, Any]:
    found = recordings.of_call(row.call.twilio_call_sid)
    for recording_sid in found:
        voicemail.left(row, recording_sid, now=clock())
    return {} if found else {"state": VoicemailState.NONE, "settled_at": clock(), "due_at": None}


def _fetched(row: Voicemail, clock: Callable[[], datetime]) -> dict[str, Any]:
    audio = recordings.fetch(row.recording_sid, longest_s=row.longest_s + _LONGER_S)
    voicemail_sound.write(row.business_id, row.pk, audio)
    now, is_spoken = clock(), voicemail_sound.has_voice(audio)
    told: dict[str, Any] = {"has_sound": True, "seconds": round(Decimal(len(audio)) / SAMPLE_RATE, 2), "problem": ""}
    told |= {"due_at": now, "attempts": 0}
    if is_spoken:
        waits = {"transcript_state": TranscriptState.WAITING, "transcript_due_at": now}
        return told | waits | {"state": VoicemailState.KEPT}
    return told | {"state": VoicemailState.SILENT, "settled_at": now}


def _put_off(row: Voicemail, failure: RecordingUnavailable, *, now: datetime) -> dict[str, Any]:
    logger.warning("voicemail %s: %s, try %d: %s", row.pk, row.state, row.attempts, failure.problem)
    told: dict[str, Any] = {"problem": failure.problem.value}
    if failure.is_final or row.attempts > len(PAUSES):
        return told | _given_up(row, failure, now=now)
    return told | {"due_at": now + PAUSES[row.attempts - 1]}


def _given_up(row: Voicemail, failure: RecordingUnavailable, *, now: datetime) -> dict[str, Any]:
    """Returns what to write of a row of which nothing more can be had."""
    if row.state not in (VoicemailState.OFFERED, VoicemailState.RECORDED):
        logger.error("voicemail %s: its recording stays at Twilio, which does not delete it", row.pk)
        return {"due_at": None}
    if failure.problem is RecordingProblem.EMPTY:
        return {"state": VoicemailState.SILENT, "settled_at": now, "due_at": now, "attempts": 0}
    is_left = row.state == VoicemailState.RECORDED
    return {"state": VoicemailState.LOST if is_left else VoicemailState.NONE, "settled_at": now, "due_at": None}


def _settle(row: Voicemail, told: dict[str, Any]) -> None:
    """Write what came of a step, if the row is as it was: not erased, and claimed by nobody else meanwhile."""
    same = Voicemail.objects.filter(pk=row.pk, state=row.state, attempts=row.attempts)
    if told and not same.update(**told) and told.get("has_sound"):
        kept = Voicemail.objects.filter(pk=row.pk, has_sound=True).exists()
        if not kept:
            voicemail_sound.drop(row.business_id, row.pk)
