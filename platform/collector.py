"""Python's search for unreachable cycles, kept short: while it runs, no thread does, and every live call waits."""

from __future__ import annotations

import gc
from importlib import import_module

from django.conf import settings


def load_and_freeze() -> None:
    """Load what the first requests would, and exempt all that is loaded from the search.

    A full search goes through every object that there is: with all modules loaded some 250,000, which takes 130 ms,
    and any request may cause it. What is loaded stays for good, so only what came afterwards needs to be searched.
    """
    import_module(settings.ROOT_URLCONF)  # every view and the admin
    import_module("celery.app.amqp")  # for the first wake-up of a worker
    gc.collect()
    gc.freeze()
