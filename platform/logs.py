"""What the log leaves out: lines that say nothing and come all the time."""

import logging


def is_no_probe(record: logging.LogRecord) -> bool:
    """Whether a line of `django.request` is about anything but a health page: a 503 there is an answer, no error."""
    request = getattr(record, "request", None)
    return getattr(request, "path", "") not in {"/healthz", "/readyz", "/metrics"}
