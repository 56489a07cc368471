"""What failed is run once more under its own name, however pytest's plugin for several workers has called it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from testing.run import failures

pytestmark = pytest.mark.pure

PLAIN = ["tests/test_a.py::test_b", "tests/test_a.py::test_c[dana@acme.test]", "tests/test_a.py::test_d[he]"]


@pytest.mark.parametrize("group", ["", "@en"])
def test_the_names_of_failed_tests_are_plain(tmp_path: Path, group: str) -> None:
    kept = tmp_path / "v" / "cache" / "lastfailed"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({f"{name}{group}": True for name in PLAIN}))
    assert failures(tmp_path, in_groups=True) == PLAIN
    assert sorted(json.loads(kept.read_text())) == PLAIN


def test_nothing_has_failed(tmp_path: Path) -> None:
    assert failures(tmp_path, in_groups=True) == []
