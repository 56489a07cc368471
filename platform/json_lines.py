"""The log as JSON, one object for each record, for whoever collects logs (`LOG_FORMAT=json`).

The message is the line of `log_lines.py`, masked and cut the same. Beside it stand the ids that tell whose line it is:
those that the message names, and those of the request and the business for which the code just runs. Nothing else of
a record is written: Django puts whole requests there.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Final

from businesses import tenancy
from frontdesk import request_ids
from frontdesk.log_lines import Line, masked, message_of

_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CALL: Final = re.compile(rf"\bcall[ =]({_UUID})")
_BUSINESS: Final = re.compile(rf"\bbusiness[ =]({_UUID})")


class JsonLine(Line):
    """Formats a record as one JSON object on one line, a traceback within it."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the object."""
        message = message_of(record)
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
            "call": _found(_CALL, message),
            "business": _found(_BUSINESS, message) or tenancy.current_id(),
            "request": request_ids.current(),
            "traceback": masked(logging.Formatter.formatException(self, record.exc_info)) if record.exc_info else "",
            "stack": masked(record.stack_info) if record.stack_info else "",
        }
        return json.dumps({name: value for name, value in line.items() if value}, ensure_ascii=False)


def _found(pattern: re.Pattern[str], message: str) -> str:
    found = pattern.search(message)
    return found[1] if found else ""
