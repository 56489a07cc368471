"""Python's search for unreachable objects, kept short: while it runs, nothing else in the process does."""

from __future__ import annotations

import gc


def exempt_what_is_loaded() -> None:
    """Leave all that there is now out of every later search.

    A full search through the modules of the project, some 250,000 objects, takes 100 to 150 ms. They stay for good.
    """
    gc.collect()
    gc.freeze()
