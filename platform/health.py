"""Health pages of a web process, for load balancers and Prometheus: /healthz, /readyz and /metrics."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from calls.line import live
from frontdesk import embedded_worker

_seen_migrated = False

Gauge("frontdesk_live_calls", "Calls whose media streams are connected to this process").set_function(live.live_calls)
Gauge("frontdesk_has_room", "1 while this process takes one more call").set_function(live.has_room)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all; one that doesn't should be restarted."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the process can take one more call, or 503 with the reasons why not."""
    problems = [problem for problem in (database_problem(), call_problem(), worker_problem()) if problem]
    return JsonResponse(
        {"ready": not problems, "problems": problems, "live_calls": live.live_calls()},
        status=503 if problems else 200,
    )


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with this process's Prometheus metrics for bearers of `METRICS_TOKEN`, and 404 for others."""
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.METRICS_TOKEN}"
    is_open = settings.DEBUG and not settings.METRICS_TOKEN
    if not is_open and not (settings.METRICS_TOKEN and hmac.compare_digest(given.encode(), expected.encode())):
        return HttpResponseNotFound()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def database_problem() -> str:
    """Returns why the database can't be used, in plain words; empty if it can."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "" if is_migrated() else "migrations are missing: run manage.py migrate"
    except DatabaseError:
        return "the database does not answer"


def is_migrated() -> bool:
    """Returns whether all migrations are applied. True is cached: a process's code doesn't change."""
    global _seen_migrated  # noqa: PLW0603 - of the process
    if not _seen_migrated:
        executor = MigrationExecutor(connection)
        _seen_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _seen_migrated


def call_problem() -> str:
    """Returns why this process takes no more calls; empty if it does."""
    if live.is_draining():
        return "the process is stopping and takes no new calls"
    return "" if live.has_room() else "all lines of this process are busy"


def worker_problem() -> str:
    """Returns why this process doesn't do background work although it should; empty if all is well."""
    return "the embedded worker has ended: restart the process" if embedded_worker.has_died() else ""
