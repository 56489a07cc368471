"""The errors that this process has logged last, masked as in the log, for the operator's page."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from frontdesk.log_lines import message_of

MOST: Final = 10


@dataclass(frozen=True, slots=True)
class LoggedError:
    """One of them. `kind`: the class of its exception; "" if there was none."""

    at: datetime
    logger: str
    message: str
    kind: str


_last: deque[LoggedError] = deque(maxlen=MOST)


class RecentErrors(logging.Handler):
    """Keeps the last errors. Any thread may log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record's line."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        at = datetime.fromtimestamp(record.created, UTC)
        _last.append(LoggedError(at, record.name, message_of(record), kind))


def newest_first() -> list[LoggedError]:
    """Returns the last errors of this process."""
    return list(reversed(_last))
