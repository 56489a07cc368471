"""Health pages of a web process, for load balancers and Prometheus: /healthz, /readyz and /metrics."""

from __future__ import annotations

import hmac
import json
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from businesses import heartbeats
from calls import model_checks
from calls.line import live, openai_lately
from calls.pages import model_words
from frontdesk import disk, embedded_worker, figures, loop_lag, missing_migrations

_seen_migrated = False

CONTENT_TYPE_OF_METRICS: Final = CONTENT_TYPE_LATEST

figures.install()


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all; one that doesn't should be restarted."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the process can take one more call, or 503 with the reasons why not."""
    status, body = readiness()
    return HttpResponse(body, status=status, content_type="application/json")


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with this process's Prometheus metrics for bearers of `METRICS_TOKEN`, and 404 for others."""
    if not may_see_metrics(request.headers.get("Authorization", "")):
        return HttpResponseNotFound()
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_OF_METRICS)


def readiness() -> tuple[int, bytes]:
    """Returns status and body of /readyz."""
    found = (database_problem(), call_problem(), worker_problem(), loop_lag.problem(), disk.problem())
    problems = [problem for problem in found if problem]
    told = {
        "ready": not problems,
        "problems": problems,
        "live_calls": live.live_calls(),
        "models": models_now(),
        "openai": {"problems": openai_lately.here.problems()},
        "background": background_now(),
    }
    return 503 if problems else 200, json.dumps(told).encode()


def may_see_metrics(authorization: str) -> bool:
    """Returns whether the bearer of this `Authorization` header may see the metrics."""
    if settings.DEBUG and not settings.METRICS_TOKEN:
        return True
    expected = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(authorization.encode(), expected.encode())


def exposition() -> bytes:
    """Returns this process's metrics in Prometheus' format."""
    return generate_latest()


def database_problem() -> str:
    """Returns why the database can't be used, in plain words; empty if it can."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "" if is_migrated() else "migrations are missing: run manage.py migrate"
    except DatabaseError:
        return "the database does not answer"


def models_now() -> dict[str, object]:
    """Returns when OpenAI's models were last checked and what was found; it makes no process unready."""
    try:
        row = model_checks.latest()
    except DatabaseError:
        row = None
    if row is None:
        return {"checked_at": None, "problems": []}
    with translation.override("en"):
        return {"checked_at": row.checked_at.isoformat(), "problems": list(model_words.sentences(row))}


def background_now() -> dict[str, object]:
    """Returns when beat and the workers were last at work, and what that means; it makes no process unready."""
    try:
        known = heartbeats.look()
    except DatabaseError:
        return {"beat_at": None, "worker_at": None, "problems": []}
    problems = ["beat is dead: web processes send its tasks, start it"] if known.beat_is_dead else []
    problems += ["no worker runs tasks: start one"] if known.worker_is_dead else []
    beat_at, worker_at = (at and at.isoformat() for at in (known.beat_at, known.worker_at))
    return {"beat_at": beat_at, "worker_at": worker_at, "problems": problems}


def is_migrated() -> bool:
    """Returns whether all migrations are applied. True is cached: a process's code doesn't change."""
    global _seen_migrated  # noqa: PLW0603 - of the process
    if not _seen_migrated:
        _seen_migrated = not missing_migrations.names()
    return _seen_migrated


def call_problem() -> str:
    """Returns why this process takes no more calls; empty if it does."""
    if live.is_draining():
        return "the process is stopping and takes no new calls"
    return "" if live.has_room() else "all lines of this process are busy"


def worker_problem() -> str:
    """Returns why this process doesn't do background work although it should; empty if all is well."""
    return "the embedded worker has ended: restart the process" if embedded_worker.has_died() else ""
