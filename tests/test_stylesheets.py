"""Style sheets are whole: a browser drops a rule that it can't read, and says nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from testing.databases import ROOT

pytestmark = pytest.mark.pure
SHEETS = sorted((ROOT / "static").rglob("*.css"))


def strays(text: str) -> list[str]:
    """Returns each line with a bracket too many, or with a declaration outside a rule."""
    found, depth = [], 0
    for line in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).splitlines():
        for sign in line:
            depth += {"{": 1, "}": -1}.get(sign, 0)
            if depth < 0 or (sign == ";" and depth == 0 and not line.startswith("@import")):
                found.append(line)
                depth = 0
    return found + ["a bracket is open at the end"] * bool(depth)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_rule_is_broken(sheet: Path) -> None:
    assert strays(sheet.read_text()) == []


@pytest.mark.parametrize("text", ["a { b: c; } }", " b: c; }\nd { e: f; }", "a { b: c;"])
def test_a_broken_rule_is_found(text: str) -> None:
    assert strays(text)
