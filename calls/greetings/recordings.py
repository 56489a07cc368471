"""The audio of the greeting and the notice of recording: rendered ahead of calls, so that a call plays it at once.

The rows are the queue and tasks only ring the bell: any number of workers may render at the same time, and one that
is killed half-way loses nothing, because its claim expires.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from calls.audio import ulaw
from calls.audio.greeting_quality import polish
from calls.errors import SpeechFailed
from calls.greetings import speech
from calls.models import GreetingAudio, GreetingState

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
_CLAIM = timedelta(seconds=120)  # longer than the speech edge's time-out
_FIRST_RETRY = timedelta(seconds=5)
_LONGEST_RETRY = timedelta(minutes=10)
_KEPT_OLD = timedelta(days=30)


def content_hash(business: Business) -> str:
    """Returns a hash of everything that the greeting's sound depends on. A new hash means a new recording."""
    parts = (
        business.opening_words(),
        business.voice,
        business.language,
        settings.OPENAI_SPEECH_MODEL,
        speech.manner(business.language),
        str(ulaw.VERSION),
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def current_audio(business: Business, *, now: datetime) -> bytes:
    """Returns the greeting as µ-law; b"" if there is none or it is not rendered yet (rendering is then requested)."""
    if not business.opening_words():
        return b""
    row = GreetingAudio.objects.filter(business=business, content_hash=content_hash(business)).first()
    if row is None:
        request(business, now=now)  # the settings changed without a signal, or the speech model did
        return b""
    return bytes(row.audio)  # also while the same words are being rendered again


def current(business: Business) -> GreetingAudio | None:
    """Returns the row of the business's current greeting, without its audio; None if it was never requested."""
    if not business.opening_words():
        return None
    rows = GreetingAudio.objects.filter(business=business, content_hash=content_hash(business))
    return rows.defer("audio").first()


def request(business: Business, *, now: datetime) -> GreetingAudio | None:
    """Make sure that the business's greeting is rendered or waits for it; None when it has no greeting."""
    text = business.opening_words()
    if not text:
        return None
    with acting_for(business):
        row, _created = GreetingAudio.objects.get_or_create(
            business=business,
            content_hash=content_hash(business),
            defaults={
                "text": text,
                "voice": business.voice,
                "language": business.language,
                "next_attempt_at": now,
            },
        )
    return row


def request_again(row: GreetingAudio, *, now: datetime) -> None:
    """Render a greeting once more, whatever became of it; calls use the old audio until the new one is there."""
    GreetingAudio.objects.filter(pk=row.pk).update(
        state=GreetingState.PENDING, attempts=0, failure="", failure_detail={}, next_attempt_at=now
    )


def due(*, now: datetime) -> list[UUID]:
    """Returns the greetings of every business that wait for rendering."""
    with across_businesses():  # the renderer serves the whole installation; each row is then handled for its business
        rows = GreetingAudio.objects.filter(state=GreetingState.PENDING, next_attempt_at__lte=now)
        return list(rows.order_by("next_attempt_at").values_list("pk", flat=True)[:50])


def render(greeting_id: UUID, *, now: datetime) -> bool:
    """Render one greeting if it is due and not claimed. Returns whether its audio is ready."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        row = GreetingAudio.objects.select_related("business").defer("audio").filter(pk=greeting_id).first()
    if row is None:
        return False
    with acting_for(row.business):
        if not _claim(row, now=now):
            return False
        try:
            samples = speech.synthesize(text=row.text, voice=row.voice, language=row.language)
            audio = ulaw.encode(polish(samples, text=row.text))
        except SpeechFailed as failure:
            _record_failure(row, failure, now=now)
            return False
        _mine(row).update(
            state=GreetingState.READY, audio=audio, failure="", failure_detail={}, rendered_at=now, next_attempt_at=None
        )
    logger.info("greeting rendered: business %s, %.1f s", row.business_id, len(audio) / ulaw.SAMPLE_RATE)
    return True


def remove_old(*, now: datetime) -> int:
    """Remove recordings that are older than a month and no longer current. Returns how many."""
    removed = 0
    with across_businesses():  # housekeeping for the whole installation
        stale = GreetingAudio.objects.filter(created_at__lt=now - _KEPT_OLD)
        for row in stale.select_related("business").defer("audio").iterator(chunk_size=200):
            if row.content_hash != content_hash(row.business):
                removed += row.delete()[0]
    return removed


def _claim(row: GreetingAudio, *, now: datetime) -> bool:
    due_now = Q(next_attempt_at__lte=now) & Q(state=GreetingState.PENDING, attempts=row.attempts)
    claimed = GreetingAudio.objects.filter(due_now, pk=row.pk).update(
        attempts=row.attempts + 1, next_attempt_at=now + _CLAIM
    )
    row.attempts += 1
    return bool(claimed)


def _mine(row: GreetingAudio) -> QuerySet[GreetingAudio]:
    """Returns the row, unless its claim expired and another worker has claimed it."""
    return GreetingAudio.objects.filter(pk=row.pk, state=GreetingState.PENDING, attempts=row.attempts)


def _record_failure(row: GreetingAudio, failure: SpeechFailed, *, now: datetime) -> None:
    if failure.permanent or row.attempts >= MAX_ATTEMPTS:
        changes: dict[str, object] = {"state": GreetingState.FAILED, "next_attempt_at": None}
    else:
        pause = min(_FIRST_RETRY * 2 ** (row.attempts - 1), _LONGEST_RETRY)
        changes = {"next_attempt_at": now + max(pause, timedelta(seconds=failure.retry_after_s))}
    _mine(row).update(failure=failure.fault, failure_detail=failure.detail, **changes)
    logger.warning("greeting not rendered: business %s, attempt %d: %s", row.business_id, row.attempts, failure)
