"""The door of the API: whose token it is, what it may do and how often, before anything of the API is loaded.

A request then runs for the token's business alone, and what it does is in the audit log with the token's name. The
library behind it is loaded with the first request, since most processes never get one.
"""

from __future__ import annotations

import logging
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from businesses import api_tokens, audit
from businesses.hidden import is_hidden
from businesses.models import ApiToken
from businesses.tenancy import acting_for
from frontdesk import api_figures
from frontdesk.api.problems import problem

logger = logging.getLogger(__name__)

OPENAPI: Final = "openapi.json"
A_MINUTE: Final = 300
"""Requests of one token. Without Redis each process counts for itself."""
READS: Final = {"GET", "HEAD"}


@csrf_exempt  # who asks shows a token, and no cookie
@never_cache
def api(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer one request of the API, and count it. Its texts are English: programs and their authors read them."""
    try:
        answer = _let_in(request, rest)
    except Exception:
        api_figures.answered(500)
        raise
    api_figures.answered(answer.status_code)
    return answer


def _let_in(request: HttpRequest, rest: str) -> HttpResponse:
    with translation.override("en"):
        if rest == OPENAPI:
            return _openapi(request)
        now = timezone.now()
        scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
        token = api_tokens.found(given.strip(), now=now) if scheme.lower() == "bearer" else None
        if token is None or is_hidden(token.business_id):
            refused = problem(401, "Send a valid access token: Authorization: Bearer fd_…")
            refused["WWW-Authenticate"] = "Bearer"
            return refused
        if not _has_turns_left(token, minute=int(now.timestamp()) // 60):
            refused = problem(429, f"At most {A_MINUTE} requests a minute. Wait for the next one.")
            refused["Retry-After"] = str(60 - int(now.timestamp()) % 60)
            return refused
        if request.method not in READS and not token.may_write:
            return problem(403, "This access token may only read. Make one that may change things.")
        with (
            acting_for(token.business),
            timezone.override(ZoneInfo(token.business.time_zone)),
            audit.acting_token(token.name, request),
        ):
            return _answer(request, rest, token)


def _answer(request: HttpRequest, rest: str, token: ApiToken) -> HttpResponse:
    if "\0" in rest or "%00" in request.META["QUERY_STRING"] or b"\\u0000" in request.body:
        return problem(400, "A text can't hold the character NUL.")  # no database could store it
    try:
        match = resolve(f"/{rest}", urlconf="frontdesk.api.routes")
    except Resolver404:
        return problem(404, "There is no such address.")
    setattr(request, "token", token)  # noqa: B010 - a request has no such field
    answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return answer


def _openapi(request: HttpRequest) -> HttpResponse:
    from frontdesk.api.routes import description  # noqa: PLC0415 - it loads pydantic

    if request.method not in READS:
        return problem(405, "This address is only read.")
    return HttpResponse(description(), content_type="application/json")


def _has_turns_left(token: ApiToken, *, minute: int) -> bool:
    """Count one request. Where the counter can't be reached, nobody is refused."""
    key = f"api:{token.pk}:{minute}"
    try:
        cache.add(key, 0, 120)
        return cache.incr(key) <= A_MINUTE
    except Exception as error:
        logger.warning("the API's requests can't be counted: %s", type(error).__name__)
        return True


def token_of(request: Any) -> ApiToken:
    """Returns the token of a request that has been let in."""
    token: ApiToken = request.token
    return token
