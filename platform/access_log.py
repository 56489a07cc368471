"""Daphne's log of requests, without what must not stand in a log.

Daphne writes every request with its query at `--verbosity 1`, which is its default. Queries hold what people searched
for, and Meta's verify token; some paths hold tokens. Daphne has no setting for this, so the method that writes its
lines is replaced, in whatever way Daphne was started: importing the application does it.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from daphne.access import AccessLogGenerator

from frontdesk.log_lines import masked_path


def install() -> None:
    """Replace the method; once is enough for every server of this process."""
    written = AccessLogGenerator.write_entry
    if hasattr(written, "__wrapped__"):
        return

    @wraps(written)
    def write_entry(log: AccessLogGenerator, host: Any, date: Any, request: str, **details: Any) -> None:
        method, _blank, address = request.partition(" ")
        written(log, host, date, f"{method} {masked_path(address)}", **details)

    AccessLogGenerator.write_entry = write_entry
