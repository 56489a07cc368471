"""Fetching what a member has recorded by telephone, and deleting it at Twilio. Rows are the queue.

Safe at each point: what is fetched twice is the same, and it is deleted at Twilio only after it is stored here.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from businesses.tenancy import across_businesses, acting_for
from calls.errors import SpeechFailed, SpeechFault
from calls.greetings import dictations, own_recordings
from calls.models import Dictation, DictationState
from calls.telephone import recordings
from calls.telephone.recordings import RecordingProblem, RecordingUnavailable

logger = logging.getLogger(__name__)

_CLAIM: Final = timedelta(seconds=60)
_RETRY: Final = timedelta(seconds=2)
_LATER: Final = timedelta(minutes=10)
MOST_ATTEMPTS: Final = 10
"""To fetch it: the member waits on the line. Deleting it is tried as often, at longer intervals."""
_FAULTS: Final = {RecordingProblem.TOO_LONG: SpeechFault.TOO_LONG, RecordingProblem.EMPTY: SpeechFault.SILENCE}


def due(*, now: datetime) -> list[UUID]:
    """Returns the dictations of every business of which Twilio is to be asked."""
    with across_businesses():  # the worker serves the whole installation; each row is then handled for its business
        return list(due_rows(now).order_by("due_at").values_list("pk", flat=True)[:50])


def due_rows(now: datetime) -> QuerySet[Dictation]:
    """Returns the rows that are due. Expects the businesses to be set."""
    return Dictation.objects.filter(due_at__lte=now)


def work(dictation_id: UUID, *, now: datetime) -> None:
    """Fetch one recording, or delete it at Twilio, if that is due and not claimed."""
    found = dictations.find(dictation_id)
    if found is None or found.due_at is None:
        return
    with acting_for(found.business):
        claimed = Dictation.objects.filter(pk=found.pk, due_at=found.due_at, due_at__lte=now).update(
            due_at=now + _CLAIM, attempts=found.attempts + 1
        )
        if not claimed:
            return
        mine = Dictation.objects.filter(pk=found.pk, recording_sid=found.recording_sid, due_at=now + _CLAIM)
        if found.state == DictationState.RECORDED and not _fetch(found, mine, now=now):
            return
        _delete(found, mine, now=now)


def _fetch(found: Dictation, mine: QuerySet[Dictation], *, now: datetime) -> bool:
    """Returns whether the recording may be deleted at Twilio: it is stored, or can't be had."""
    try:
        sound = recordings.fetch(found.recording_sid, longest_s=own_recordings.LONGEST_S)
        audio = own_recordings.judged(sound, text=found.text)
    except RecordingUnavailable as failure:
        if not failure.is_final and found.attempts + 1 < MOST_ATTEMPTS:
            mine.update(due_at=now + _RETRY)
            return False
        logger.warning("a recording by telephone can't be had: %s, business %s", failure.problem, found.business_id)
        fault = _FAULTS.get(failure.problem, SpeechFault.NO_AUDIO)
        mine.update(state=DictationState.REFUSED, fault=fault)
    except SpeechFailed as failure:
        mine.update(state=DictationState.REFUSED, fault=failure.fault)
    else:
        mine.update(state=DictationState.READY, audio=audio)
    return True


def _delete(found: Dictation, mine: QuerySet[Dictation], *, now: datetime) -> None:
    try:
        recordings.delete(found.recording_sid)
    except RecordingUnavailable as failure:
        is_last = found.attempts + 1 >= 2 * MOST_ATTEMPTS
        logger.warning("a recording is still at Twilio: %s, business %s", failure.problem, found.business_id)
        mine.update(due_at=None if is_last else now + _LATER)
    else:
        mine.update(due_at=None, is_at_twilio=False)
