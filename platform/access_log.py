"""Daphne's log of requests, without what must not stand in a log.

Daphne writes every request with its query at `--verbosity 1`, which is its default. Queries hold what people searched
for, and Meta's verify token; some paths hold tokens. Daphne has no setting for this, so the method that writes its
lines is replaced, in whatever way Daphne was started: importing the application does it.
"""

from __future__ import annotations

import json
from functools import wraps
from typing import Any

from daphne.access import AccessLogGenerator
from django.conf import settings

from frontdesk.log_lines import masked_path


def install() -> None:
    """Replace the method; once is enough for every server of this process."""
    written = AccessLogGenerator.write_entry
    if hasattr(written, "__wrapped__"):
        return

    @wraps(written)
    def write_entry(log: AccessLogGenerator, host: Any, date: Any, request: str, **details: Any) -> None:
        method, _blank, address = request.partition(" ")
        asked = f"{method} {masked_path(address)}"
        if settings.LOG_FORMAT == "json":
            at = date.astimezone().isoformat(timespec="milliseconds")
            line = {"time": at, "level": "INFO", "logger": "daphne.access", "message": asked, "client": str(host)}
            log.stream.write(json.dumps({**line, **details}) + "\n")
        else:
            written(log, host, date, asked, **details)

    AccessLogGenerator.write_entry = write_entry
