"""Fetching the files of busy times. The rows are the queue, as with webhooks (`businesses/hooks/sending.py`).

A source is claimed by one conditional UPDATE that also says until when; a worker that is killed loses nothing, since
the claim ends and the file is fetched again. What was read last stays until another file has been read whole: an
address that fails takes no busy time away. Threads ask the network and read files (each in a process of its own), and
no database.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from businesses import safe_http
from businesses.credentials import CredentialsUnreadable, decrypt_text
from businesses.ics import apart, sources
from businesses.ics.busy import Busy
from businesses.ics.problems import FileProblem, UnusableFile
from businesses.models import CalendarSource
from businesses.safe_http import NoAnswer, Problem
from businesses.tenancy import across_businesses, acting_for

logger = logging.getLogger(__name__)

AT_ONCE: Final = 4
TIMEOUT_S: Final = 20.0
CLAIM: Final = timedelta(minutes=2)
"""Longer than a request and the reading of the file."""
MOST_BYTES: Final = 5_000_000
EVERY: Final = timedelta(minutes=15)
SLOWEST: Final = timedelta(hours=6)
"""Between the tries of an address that keeps failing."""
WHOLE_EVERY: Final = timedelta(hours=12)
"""So often the file is read although its server says that it is unchanged: the time that is looked at has moved on."""
BACK: Final = timedelta(days=1)
AHEAD: Final = timedelta(days=400)
"""Services can be booked a year ahead."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    source: CalendarSource
    token: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of a try. `found` is None if nothing was read: there is a problem, or the file is unchanged."""

    found: list[Busy] | None = None
    etag: str = ""
    status: int | None = None
    problem: str = ""


def fetch_due(*, clock: Callable[[], datetime], keep_going: Callable[[], bool]) -> int:
    """Fetch what is due until nothing is left, or `keep_going()` is false. Returns the number of tries."""
    tried = 0
    flights: dict[Future[_Result], _Claimed] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="calendars") as pool:
        while True:
            while keep_going() and len(flights) < AT_ONCE:
                claimed = _claim_next(clock())
                if claimed is None:
                    break
                flights[_begin(claimed, pool)] = claimed
                tried += 1
            if not flights:
                return tried
            for flight in wait(flights, return_when=FIRST_COMPLETED).done:
                _settle(flights.pop(flight), flight.result(), clock())


def pause_after(failures: int) -> timedelta:
    """Returns how long to wait after so many failures in a row."""
    return min(EVERY * (1 << min(failures, 10)), SLOWEST)


def _claim_next(now: datetime) -> _Claimed | None:
    with across_businesses():  # the workers serve the whole installation; each file is then read for its business
        for source in due_rows(now).select_related("business").order_by("due_at")[:20]:
            token = uuid4()
            mine = CalendarSource.objects.filter(pk=source.pk, due_at__lte=now)
            if mine.update(due_at=now + CLAIM, claim_token=token):
                return _Claimed(source, token, now)
    return None


def due_rows(now: datetime) -> QuerySet[CalendarSource]:
    """Returns the addresses that are due. Expects the businesses to be set."""
    return CalendarSource.objects.filter(due_at__lte=now)


def _begin(claimed: _Claimed, pool: ThreadPoolExecutor) -> Future[_Result]:
    source = claimed.source
    try:
        url = decrypt_text(source.encrypted_url)
    except CredentialsUnreadable:
        logger.error("calendar source %s: its address can't be decrypted (FIELD_ENCRYPTION_KEYS)", source.pk)
        return pool.submit(lambda: _Result(problem=FileProblem.UNDECRYPTED))
    is_fresh = source.read_at is not None and claimed.at - source.read_at < WHOLE_EVERY
    return pool.submit(_fetch, url, source.etag if is_fresh else "", source.business.time_zone, claimed.at)


def _fetch(url: str, etag: str, zone: str, now: datetime) -> _Result:
    headers = {"Accept": "text/calendar, */*;q=0.1"} | ({"If-None-Match": etag} if etag else {})
    try:
        answer = safe_http.get(url, timeout_s=TIMEOUT_S, most=MOST_BYTES, headers=headers)
        if answer.status == HTTPStatus.NOT_MODIFIED and etag:
            return _Result(etag=etag, status=answer.status)
        if answer.status != HTTPStatus.OK:
            return _Result(status=answer.status, problem=FileProblem.STATUS)
        found = apart.read(answer.body, zone=zone, first=now - BACK, until=now + AHEAD)
    except NoAnswer as failure:
        return _Result(problem=failure.problem)
    except UnusableFile as failure:
        return _Result(problem=failure.problem)
    except Exception:  # one file's trouble must not keep the others from being read
        logger.exception("a calendar could not be fetched")
        return _Result(problem=Problem.BROKEN)
    given = answer.headers.get("etag", "")
    return _Result(found, etag=given if len(given) <= 300 and given.isprintable() else "", status=answer.status)


def _settle(claimed: _Claimed, result: _Result, now: datetime) -> None:
    source = claimed.source
    with acting_for(source.business):
        mine = CalendarSource.objects.filter(pk=source.pk, claim_token=claimed.token)
        seen = {"claim_token": None, "checked_at": now, "status": result.status, "problem": result.problem}
        if result.problem:
            failures = source.failures + 1
            logger.info("calendar source %s: fetch failed, %d in a row: %s", source.pk, failures, result.problem)
            mine.update(failures=min(failures, 30_000), due_at=now + pause_after(failures), **seen)
            return
        if result.found is not None:
            seen["read_at"] = claimed.at
        with transaction.atomic():
            if mine.select_for_update(no_key=True).first() is None:
                return  # it was removed meanwhile, or somebody asked for another try
            if result.found is not None:
                sources.store(source, result.found)
            mine.update(failures=0, due_at=now + EVERY, worked_at=now, etag=result.etag, **seen)
