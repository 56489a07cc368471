"""A business's row is locked so that rows which point to it can still be committed.

PostgreSQL checks a foreign key when its row is committed, by a lock of the row that it points to. A full lock of a
business waits for that one, while the wave of messages that wants it may hold the day's totals, which the holder of the
full lock wants next: both die of a deadlock, and the caller of that moment gets no assistant. `make soak` found it.
"""

from __future__ import annotations

import re

import pytest

from testing.rooms import ROOT

pytestmark = pytest.mark.pure

FULL = re.compile(r"\bBusiness\.\w+\.select_for_update\((?!no_key=True)")


def test_no_business_is_locked_against_rows_that_point_to_it() -> None:
    files = [each for app in ("businesses", "calls", "whatsapp", "platform") for each in (ROOT / app).rglob("*.py")]
    assert len(files) > 300
    full = [
        str(path.relative_to(ROOT)) for path in files if "tests" not in path.parts and FULL.search(path.read_text())
    ]
    assert full == [], "say no_key=True"
