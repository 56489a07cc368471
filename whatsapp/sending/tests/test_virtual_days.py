"""Days in virtual time: a Meta that holds messages for up to a day, loses answers and knows people by other ids."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from businesses.models import Business
from testing.virtual_days import VirtualDays

MESSAGES = 3_000
"""`python -m bench.bench_virtual_days` runs 100,000, with 200 kills."""


@pytest.mark.once
@pytest.mark.timeout(600)
def test_nobody_twice_nobody_forgotten_and_nobody_who_refused(acme: Business) -> None:
    cache.clear()
    found = VirtualDays(acme, messages=MESSAGES, kills=60, seed=1).run(days=2)
    assert (found.doubled, found.forgotten, found.after_a_stop) == (0, 0, 0), found
    assert found.kills == 60
    assert found.lost > MESSAGES / 100, found
    assert found.held > MESSAGES / 100, found
    assert found.refused > 5, found
    assert found.skipped > 5, found
