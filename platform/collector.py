"""Python's search for unreachable cycles, kept short: while it runs, no thread does, and every live call waits."""

from __future__ import annotations

import gc
from importlib import import_module

from django.conf import settings


def freeze() -> None:
    """Exempt what the program has loaded from the search.

    A full search goes through every object that there is: with all modules loaded some 250,000, which takes 130 ms,
    and any request may cause it. What is loaded stays for good, so only what came afterwards needs to be searched.
    """
    import_module(settings.ROOT_URLCONF)  # with every view and the admin; otherwise the first request loads it
    gc.collect()
    gc.freeze()
