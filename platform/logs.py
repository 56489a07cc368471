"""Filters that keep frequent lines without information out of the log."""

import logging


def is_no_probe(record: logging.LogRecord) -> bool:
    """Returns False for `django.request` lines about health pages, where a 503 is a normal answer."""
    request = getattr(record, "request", None)
    return getattr(request, "path", "") not in {"/healthz", "/readyz", "/metrics"}
