"""The short form of `make faults`: real processes, calls and a broadcast, and what is broken among them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from testing.databases import ROOT

pytestmark = [pytest.mark.realtime, pytest.mark.once, pytest.mark.timeout(420)]


def test_nothing_is_lost_or_doubled_while_one_thing_after_another_fails() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "testing.faults", "--short"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-2_000:]}"
