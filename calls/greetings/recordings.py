"""The audio of the greeting and the notice of recording: rendered ahead of calls, so that a call plays it at once.

The rows are the queue and tasks only ring the bell: any number of workers may render at the same time, and one that
is killed half-way loses nothing, because its claim expires.

A row is *wanted* if it is what would be rendered now (`content_hash`), and *playable* if it holds a good recording of
the same words, voice and language, whatever it was made with. Callers hear the playable one until the wanted one is
ready, however long that takes: a model that was shut down takes no greeting with it. A recording that the owner has
made of these words goes before all others (`own_recordings.py`). Recordings of the greeting and of the notice are
joined where one of them is the owner's (`opening.py`).
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from businesses.hours.after_hours import as_closed
from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from calls.audio import ulaw
from calls.errors import SpeechFailed
from calls.greetings import own_recordings, speech
from calls.greetings.best_first import Heard, first_few, in_order
from calls.greetings.names import names_of
from calls.greetings.opening import chosen, texts, to_render
from calls.instructions import manner
from calls.models import GreetingAudio, GreetingPart, GreetingSource, GreetingState

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
_CLAIM = timedelta(seconds=240)  # longer than all ways together may take
_FIRST_RETRY = timedelta(seconds=5)
_LONGEST_RETRY = timedelta(minutes=10)
_KEPT_OLD = timedelta(days=30)


def versions(business: Business) -> tuple[Business, ...]:
    """Returns the business as callers meet it, and as they do while it is closed if it has a greeting for that."""
    closed = as_closed(business)
    return (business,) if closed is business else (business, closed)


def content_hash(business: Business, text: str | None = None) -> str:
    """Returns a hash of everything that a rendering depends on. A new hash means that a new recording is wanted.

    `text`: of a part of the opening words; None for all of them.
    """
    parts = (
        business.opening_words() if text is None else text,
        business.voice,
        business.language,
        settings.OPENAI_SPEECH_MODEL,
        manner(business.language),
        str(ulaw.VERSION),
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def current_audio(business: Business, *, now: datetime) -> bytes:
    """Returns what callers hear first as µ-law; b"" if it is nothing, or has no good recording.

    What is wanted and not there is then requested.
    """
    parts = texts(business)
    if not parts:
        return b""
    whole = " ".join(parts)
    wanted = [content_hash(business, text) for text in (whole, parts[0], parts[-1])]
    with acting_for(business):
        rows = [Heard(*row) for row in first_few.rows(
            text=whole, first=parts[0], last=parts[-1], voice=business.voice, language=business.language,
            content_hash=wanted[0], first_hash=wanted[1], last_hash=wanted[2],
        )]  # fmt: skip
    known, own = {row.content_hash for row in rows}, {row.text for row in rows if row.is_own}
    if not known.issuperset(content_hash(business, text) for text in to_render(parts, own)):
        request_all(business, now=now)  # the settings changed without a signal, or the speech model did
    return b"".join(bytes(row.audio) for row in chosen(parts, rows))


def current(business: Business) -> GreetingAudio | None:
    """Returns the row of the business's wanted greeting, without its audio; None if it was never requested."""
    if not business.opening_words():
        return None
    rows = GreetingAudio.objects.filter(business=business, content_hash=content_hash(business))
    return rows.defer("audio").first()


def heard(business: Business) -> list[GreetingAudio]:
    """Returns the recordings that callers hear first, one after another, without their audio.

    None of them: the assistant speaks the opening words live.
    """
    parts = texts(business)
    return chosen(parts, list(_recordings(business).defer("audio"))) if parts else []


def playable(business: Business) -> GreetingAudio | None:
    """Returns the first recording that callers hear, without its audio; None if the assistant speaks live."""
    return next(iter(heard(business)), None)


def _recordings(business: Business) -> QuerySet[GreetingAudio]:
    """Returns the rows of the business's words: its owner's, then those in its voice and language, the wanted first.

    Those with `rendered_at` hold a good recording.
    """
    parts = texts(business)
    whole, first, last = " ".join(parts), parts[0], parts[-1]
    hashes = content_hash(business, whole), content_hash(business, first), content_hash(business, last)
    rows = GreetingAudio.objects.filter(business=business)
    return in_order(rows, (whole, first, last), business.voice, business.language, hashes)


def request(business: Business, *, now: datetime, text: str | None = None) -> GreetingAudio | None:
    """Make sure that the business's greeting is rendered or waits for it; None when it has no greeting.

    `text`: of a part of the opening words; None for all of them.
    """
    text = business.opening_words() if text is None else text
    if not text:
        return None
    with acting_for(business):
        row, _created = GreetingAudio.objects.get_or_create(
            business=business,
            content_hash=content_hash(business, text),
            defaults={
                "text": text,
                "voice": business.voice,
                "language": business.language,
                "next_attempt_at": now,
            },
        )
    return row


def request_all(business: Business, *, now: datetime) -> list[GreetingAudio]:
    """Make sure that all is rendered, or waits for it, that callers of this business may hear first."""
    return list(filter(None, (request(business, now=now, text=text) for text in wanted_texts(business))))


def wanted_texts(business: Business) -> list[str]:
    """Returns the words that the assistant's voice should have ready."""
    parts = texts(business)
    with acting_for(business):
        own = GreetingAudio.objects.filter(source=GreetingSource.OWN, state=GreetingState.READY, text__in=parts)
        return to_render(parts, set(own.values_list("text", flat=True)))


def request_again(row: GreetingAudio, *, now: datetime) -> None:
    """Render a greeting once more, whatever became of it; calls use the old audio until the new one is there."""
    GreetingAudio.objects.filter(pk=row.pk).update(
        state=GreetingState.PENDING, attempts=0, failure="", failure_detail={}, next_attempt_at=now
    )


def due(*, now: datetime) -> list[UUID]:
    """Returns the greetings of every business that wait for rendering."""
    with across_businesses():  # the renderer serves the whole installation; each row is then handled for its business
        return list(due_rows(now).order_by("next_attempt_at").values_list("pk", flat=True)[:50])


def due_rows(now: datetime) -> QuerySet[GreetingAudio]:
    """Returns the rows that are due. Expects the businesses to be set."""
    return GreetingAudio.objects.filter(state=GreetingState.PENDING, next_attempt_at__lte=now)


def render(greeting_id: UUID, *, now: datetime) -> bool:
    """Render one greeting if it is due and not claimed. Returns whether its audio is ready."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        row = GreetingAudio.objects.select_related("business").defer("audio").filter(pk=greeting_id).first()
    if row is None:
        return False
    with acting_for(row.business):
        if not _claim(row, now=now):
            return False
        if row.source == GreetingSource.OWN:
            return _judge(row, now=now)
        try:
            spoken = speech.speak(text=row.text, voice=row.voice, language=row.language, names=names_of(row.business))
        except SpeechFailed as failure:
            _record_failure(row, failure, now=now)
            return False
        _mine(row).update(
            state=GreetingState.READY,
            audio=spoken.audio,
            source=spoken.source,
            model=spoken.model[:60],
            heard_text=spoken.heard,
            failure="",
            failure_detail={},
            rendered_at=now,
            next_attempt_at=None,
        )
    length_s = len(spoken.audio) / ulaw.SAMPLE_RATE
    logger.info("greeting rendered: business %s, %.1f s, by %s", row.business_id, length_s, spoken.model)
    return True


def _judge(row: GreetingAudio, *, now: datetime) -> bool:
    is_accepted = own_recordings.judge(row, now=now)
    if is_accepted:
        for each in versions(row.business):
            request_all(each, now=now)  # of what is heard beside it
    return is_accepted


def remove_old(*, now: datetime) -> int:
    """Remove recordings of over a month ago that are not wanted, heard, or to go back to. Returns how many."""
    removed = 0
    with across_businesses():  # housekeeping for the whole installation
        stale = GreetingAudio.objects.filter(created_at__lt=now - _KEPT_OLD).select_related("business").defer("audio")
        for business, rows in groupby(stale.order_by("business_id"), key=lambda row: row.business):
            removed += GreetingAudio.objects.filter(pk__in={row.pk for row in rows} - _in_use(business)).delete()[0]
    return removed


def _in_use(business: Business) -> set[UUID]:
    """Returns the rows that are wanted or heard, or that a person may go back to."""
    every = versions(business)
    rows = [row for each in every for row in heard(each)]
    rows += [row for part in GreetingPart if (row := own_recordings.previous(business, part))]
    rows += [row for part in GreetingPart if (row := own_recordings.accepted(business, part))]
    hashes = [content_hash(each, text) for each in every for text in wanted_texts(each)]
    asked = GreetingAudio.objects.filter(business=business, content_hash__in=hashes).values_list("pk", flat=True)
    return {row.pk for row in rows} | set(asked)


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
