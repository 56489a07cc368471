"""What this process answered programs that use the API, for `/metrics`: by status, of which 429 is a limit."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

STATUSES: Final = (200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)

_answers = Counter("frontdesk_api_answers", "Answers of the API, by their HTTP status", ["status"])
for _status in STATUSES:
    _answers.labels(str(_status))


def answered(status: int) -> None:
    """Count one answer."""
    _answers.labels(str(status)).inc()
