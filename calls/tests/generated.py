"""How many calls a property is tried on: few in every run of the tests, and as many as you like by hand.

    GENERATED_CALLS=2000 .venv/bin/pytest calls/tests -m generated

Hypothesis makes the smallest example of what it finds, for five minutes at most. The tests' own time limit must not
come before: it would end one innocent example, which Hypothesis then reports as a test that fails only sometimes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

Test = TypeVar("Test", bound=Callable[..., object])

BY_HAND = int(os.environ.get("GENERATED_CALLS", "0"))
SUPPRESSED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
"""The second: a test that keeps rows takes them away itself before each call."""
TIMEOUT_S = 0 if BY_HAND else 600
"""0: none. Five minutes for the smallest example, and as long for finding and repeating it on a slow machine."""


def generated(examples: int) -> Callable[[Test], Test]:
    """Try a property on so many generated calls, or on `GENERATED_CALLS` where that is set."""
    wanted = settings(max_examples=BY_HAND or examples, suppress_health_check=SUPPRESSED)

    def decorate(test: Test) -> Test:
        marked: Test = pytest.mark.generated(pytest.mark.timeout(TIMEOUT_S)(wanted(test)))
        return marked

    return decorate
