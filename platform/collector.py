"""What a web process loads before its first request, so that no search for unreachable objects goes through it."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from importlib import import_module

from django.conf import settings

from businesses import garbage
from calls.audio import detector


def load_and_freeze(*, serves_pages: bool) -> None:
    """Load what the first requests or calls would, and exempt all that is loaded. Any of them may begin a search."""
    garbage.pause()
    if serves_pages:
        import_module(settings.ROOT_URLCONF)  # every view and the admin
    detector.of_this_process()
    import_module("celery.app.amqp")  # for the first wake-up of a worker
    garbage.exempt_and_resume()
    with suppress(OSError, AttributeError):  # where there is no glibc
        ctypes.CDLL(None).malloc_trim(0)
