"""What the API answers when it can't do what is asked: problem+json (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse


class Refused(Exception):
    """The answer is this status, and `detail` says what to do. `more` are further members of the problem."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.more = status, detail, more


def problem(status: int, detail: str, **more: Any) -> HttpResponse:
    """Returns a problem as an answer."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return HttpResponse(json.dumps(body, default=str), status=status, content_type="application/problem+json")
