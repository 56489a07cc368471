"""Which rooms of the stand-ins may import which, and who outside may import the stand-ins at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.databases import ROOT

pytestmark = pytest.mark.pure

SANDBOX = ROOT / "calls" / "sandbox"
MAY_IMPORT = {"openai": {"receptionist", "voices"}, "telephone": set(), "receptionist": set(), "voices": set()}
DOORS = {
    "calls/management/commands/call.py",
    "calls/management/commands/sandbox.py",
    "calls/synthetic/caller.py",
    "calls/synthetic/outcomes.py",
}
"""Commands, and the call with which an installation tries itself: all of them stand for Twilio or OpenAI."""


def imported(path: Path) -> Iterator[str]:
    """The rooms of the stand-ins that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.split(".")[2] for name in names if name.startswith("calls.sandbox."))


def production(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.py") if "tests" not in path.parts]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_only_what_the_documentation_says(room: str) -> None:
    found = {other for path in production(SANDBOX / room) for other in imported(path)}
    assert found - {room} == MAY_IMPORT[room]


def test_every_room_is_listed() -> None:
    rooms = {path.parent.relative_to(SANDBOX).parts[0] for path in SANDBOX.glob("*/*.py")}
    assert rooms - {"tests"} == set(MAY_IMPORT)


def test_production_imports_the_stand_ins_at_few_doors_only() -> None:
    files = [path for app in ("calls", "businesses", "whatsapp", "platform") for path in production(ROOT / app)]
    outside = [path for path in files if SANDBOX not in path.parents]
    assert {str(path.relative_to(ROOT)) for path in outside if any(imported(path))} == DOORS
