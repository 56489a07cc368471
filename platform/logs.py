"""What the processes log, and filters that keep frequent lines without information out of it."""

import logging
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http.multipartparser import MultiPartParserError

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
TELLTALES = ("websockets", "httpcore2", "urllib3", "django.db.backends", "asyncio")
"""These log credentials, what is said in calls, and rows of the database at DEBUG."""

REFUSED = (SuspiciousOperation, MultiPartParserError, BadRequest, PermissionDenied)
"""What Django raises where a request is wrong, and answers with a 400 or a 403."""
SUSPICIONS = (
    "DisallowedHost DisallowedRedirect DisallowedModelAdminLookup DisallowedModelAdminToField InvalidSessionKey"
    " RequestDataTooBig SuspiciousFileOperation SuspiciousMultipartForm SuspiciousOperation SuspiciousSession"
    " TooManyFieldsSent TooManyFilesSent"
).split()


def config(*, level: str, form: str = "") -> dict[str, Any]:
    """Returns Django's `LOGGING`: one line per record, on the console. `form`: `json`, or text."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"()": "frontdesk.log_lines.Line", "format": FORMAT},
            "json": {"()": "frontdesk.json_lines.JsonLine"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": form or "text", "filters": ["no_absence"]},
            "recent": {"class": "frontdesk.recent_errors.RecentErrors", "level": "ERROR", "filters": ["no_absence"]},
        },
        "root": {"handlers": ["console", "recent"], "level": level},
        "filters": {
            "no_probes": {"()": "django.utils.log.CallbackFilter", "callback": is_no_probe},
            "no_absence": {"()": "django.utils.log.CallbackFilter", "callback": is_worth_a_line},
            "refused": {"()": "django.utils.log.CallbackFilter", "callback": in_one_line},
        },
        "loggers": {
            "django.request": {"filters": ["no_probes", "refused"]},
            **{f"django.security.{name}": {"filters": ["refused"]} for name in SUSPICIONS},
            # These log every wake-up, every few seconds; failures are errors and still logged.
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "psycopg.pool": {"level": "ERROR"},  # each attempt to reach a database that is away, which is said once
            # These log every request with its client's address.
            "django.channels.server": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "twilio.http_client": {"level": "WARNING"},  # with the numbers that it asks for
            **{name: {"level": "INFO"} for name in TELLTALES},
        },
    }


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Returns False for what a database that is away makes fail, which is told in one line."""
    from businesses import database_absence  # noqa: PLC0415 - imports Django's database, which needs the settings

    return database_absence.is_worth_a_line(record)


def is_no_probe(record: logging.LogRecord) -> bool:
    """Returns False for `django.request` lines about health pages, where a 503 is a normal answer."""
    request = getattr(record, "request", None)
    return getattr(request, "path", "") not in {"/healthz", "/readyz", "/metrics"}


def in_one_line(record: logging.LogRecord) -> bool:
    """Make a line of a refused request a warning without a traceback: anybody can cause as many as they like."""
    if record.exc_info and isinstance(record.exc_info[1], REFUSED):
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    return True
