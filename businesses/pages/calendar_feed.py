"""What is booked, for calendars of other programs: an address that needs no sign-in, only its secret."""

from __future__ import annotations

import hashlib
import logging
from typing import Final

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from businesses.hidden import is_hidden
from businesses.ics import feeds
from businesses.models import CalendarFeed
from businesses.tenancy import acting_for

logger = logging.getLogger(__name__)

AN_HOUR: Final = 240
"""Requests of one address. Programs ask every five minutes at most; several people may have subscribed."""


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Returns the file; 304 if the program has it already, 404 for a secret that was revoked."""
    now = timezone.now()
    row = feeds.found(token, now=now)
    if row is None or is_hidden(row.business_id):
        return HttpResponseNotFound("There is no such calendar.\n", content_type="text/plain")
    if not _has_turns_left(row, hour=int(now.timestamp()) // 3600):
        refused = HttpResponse(f"At most {AN_HOUR} requests an hour.\n", status=429, content_type="text/plain")
        refused["Retry-After"] = str(3600 - int(now.timestamp()) % 3600)
        return refused
    with acting_for(row.business):
        file = feeds.file_of(row, now=now)
    etag = f'"{hashlib.sha256(file).hexdigest()[:32]}"'
    answer = HttpResponse(file, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="appointments.ics"'
    answer["X-Robots-Tag"] = "noindex"
    answer["Cache-Control"] = "private, no-cache"
    answer["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=answer) or answer


def _has_turns_left(row: CalendarFeed, *, hour: int) -> bool:
    """Count one request. Where the counter can't be reached, nobody is refused."""
    key = f"feed:{row.pk}:{hour}"
    try:
        cache.add(key, 0, 7200)
        return cache.incr(key) <= AN_HOUR
    except Exception as error:
        logger.warning("requests of calendars can't be counted: %s", type(error).__name__)
        return True
