"""One record is one line of a log, whatever strangers put into it, and secrets are masked.

Foreign text stands in many records: paths of requests, names in errors of the database, answers of providers. So the
lines are cleaned where they are written, not where they are logged.
"""

from __future__ import annotations

import logging
import re
from typing import Any

LONGEST_VALUE = 300
"""Characters of one value that is put into a record."""
LONGEST_LINE = 2_000
_SAYS_TRACEBACKS = "daphne"
"""The server logs tracebacks as messages: their lines are indented instead of being joined."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SECRET_PATH = re.compile(
    r"(/invitations/|/calendar/feed/|/password/reset/key/(?!done/)|/confirm-email/"
    r"|/twilio/(?:whisper|key)/[^/\s]+/[0-9]+/|/twilio/dictation/(?!code)[^/\s]+/"
    r"|/twilio/(?:answered|progress|answerer)/[^/\s]+/)[^/\s\"'?]+"
)
_TOKEN = re.compile(r"(?<=/)(?=[\w-]*[0-9A-Z])[\w-]{24,}(?=[/\s\"'?]|$)")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_QUERY_VALUE = re.compile(r"([?&][\w.%\[\]-]*=)[^&\s\"'<>]+")
_PHONE = re.compile(r"(\+|%2B)[1-9]\d{6,14}", re.IGNORECASE)


class Line(logging.Formatter):
    """Formats a record as one line. A traceback follows it, indented, so that it can't be taken for a record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Returns the line."""
        record.message = message_of(record)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Returns the traceback."""
        return "    " + indented(masked(super().formatException(ei)))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        """Returns the stack."""
        return "    " + indented(masked(super().formatStack(stack_info)))


def message_of(record: logging.LogRecord) -> str:
    """Returns what a record says, without secrets, cut, and without line breaks that could be taken for records."""
    text = masked(_text(record))
    if record.name.startswith(_SAYS_TRACEBACKS):
        return indented(text[: 10 * LONGEST_LINE])
    return shortened(escaped(text), LONGEST_LINE)


def masked(text: str) -> str:
    """Returns the text without phone numbers, values of queries, and tokens in paths."""
    text = _SECRET_PATH.sub(r"\1…", text)
    text = _TOKEN.sub(lambda found: found[0] if _UUID.fullmatch(found[0]) else "…", text)
    return _PHONE.sub(r"\1…", _QUERY_VALUE.sub(r"\1…", text))


def masked_path(address: str) -> str:
    """Returns the path of a request as it may be logged: without its query, on one line, not too long."""
    return shortened(escaped(masked(address.partition("?")[0])), LONGEST_VALUE)


def escaped(text: str) -> str:
    """Returns the text with line breaks and other control characters written as escapes."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def indented(text: str) -> str:
    """Returns the text with every line after the first indented, and other control characters escaped."""
    return "\n    ".join(escaped(line) for line in text.split("\n"))


def shortened(text: str, longest: int) -> str:
    """Returns the text, cut if it is longer; then it says how long it was."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _text(record: logging.LogRecord) -> str:
    """Returns the record's text with each of its values cut."""
    if not isinstance(record.args, tuple) or record.name.startswith(_SAYS_TRACEBACKS):
        return record.getMessage()
    values = tuple(shortened(value, LONGEST_VALUE) if isinstance(value, str) else value for value in record.args)
    return str(record.msg) % values if values else str(record.msg)
