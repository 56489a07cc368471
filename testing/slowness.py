"""How much slower this machine is than the one for which tests bound processor time."""

from __future__ import annotations

import time
from functools import cache

_STEPS = 500_000
_USUAL_S = 0.025
"""What the steps take on a core of an ordinary server with Python 3.11."""


@cache
def slowness() -> float:
    """Returns the factor, at least 1: multiply bounds of processor seconds by it."""
    return max(1.0, min(_steps() for _try in range(3)) / _USUAL_S)


def _steps() -> float:
    began, total = time.process_time(), 0
    for number in range(_STEPS):
        total += number
    return time.process_time() - began
