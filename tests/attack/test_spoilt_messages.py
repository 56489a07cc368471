"""Real messages, spoilt: a call goes on, a webhook is taken in or refused, a file is read, refused or asked about.

Defended: the process that carries calls, and the queue of news. Hypothesis spoils the same messages in each run; on
more, and others, by hand: `GENERATED_REQUESTS=2000 .venv/bin/pytest tests/attack/test_spoilt_messages.py`. With
coverage as a guide: `make fuzz`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from testing.fuzz.targets import NAMES, target

pytestmark = pytest.mark.once

BY_HAND = int(os.environ.get("GENERATED_REQUESTS", "0"))
EXAMPLES = {"line": 400, "news": 2000, "tables": 800}


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    """What can't be understood is logged, thousands of times here."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_real_is_taken(name: str) -> None:
    for seed in target(name).SEEDS:
        target(name).try_bytes(seed)


@pytest.mark.timeout(0 if BY_HAND else 300)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_spoilt_breaks_nothing(name: str) -> None:
    tried_here = target(name)

    @settings(
        max_examples=BY_HAND or EXAMPLES[name],
        derandomize=not BY_HAND,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(seed=some.sampled_from(tried_here.SEEDS), number=some.integers(0, 2**62))
    def tried(seed: bytes, number: int) -> None:
        tried_here.try_bytes(tried_here.spoil(seed, Random(number)))  # noqa: S311

    tried()
