"""A span for each request and each task. Both are known by their names in the code: no path, no query, no argument."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from celery import signals
from django.http import HttpRequest, HttpResponse

from businesses import spans
from businesses.spans import Span, SpanKind
from frontdesk import request_ids

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PROBES: Final = frozenset({"healthz", "readyz", "metrics"})


class RequestSpans:
    """Middleware, before all others. What no address of ours matches is a stranger's guess, or a file: no span."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle the request."""
        began_ns = time.time_ns()
        response = self.get_response(request)
        found = request.resolver_match
        if found is not None and found.route not in _PROBES:
            method = request.method if request.method in _METHODS else "_OTHER"
            spans.tell(
                Span(
                    name=f"{method} /{found.route}",
                    began_ns=began_ns,
                    ended_ns=time.time_ns(),
                    kind=SpanKind.SERVER,
                    has_failed=response.status_code >= 500,
                    attributes={
                        "http.request.method": str(method),
                        "http.route": f"/{found.route}",
                        "http.response.status_code": response.status_code,
                        "frontdesk.request": request_ids.current(),
                    },
                )
            )
        return response


_running: dict[str, int] = {}
"""When each task of this process began, by its id."""


def watch_tasks() -> None:
    """Make a span of each task that this process runs."""
    signals.task_prerun.connect(_begins, dispatch_uid="spans")
    signals.task_postrun.connect(_is_over, dispatch_uid="spans")


def _begins(*, task_id: str, **_more: Any) -> None:
    _running[task_id] = time.time_ns()


def _is_over(*, task_id: str, task: Any, state: str | None = None, **_more: Any) -> None:
    began_ns = _running.pop(task_id, None)
    if began_ns is not None:
        spans.tell(
            Span(
                name=f"task {task.name}",
                began_ns=began_ns,
                ended_ns=time.time_ns(),
                kind=SpanKind.CONSUMER,
                has_failed=state == "FAILURE",
                attributes={"frontdesk.task": str(task.name), "frontdesk.task_id": UUID(task_id)},
            )
        )
