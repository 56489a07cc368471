"""A mutant that a test notices is killed, one that none notices survives; and what is changed where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from testing.databases import ROOT
from testing.mutants import page
from testing.mutants.operators import mutants_of

pytestmark = pytest.mark.once

DOOR = '''\
"""Who may come in."""

def may_enter(age: int, *, is_guest: bool) -> bool:
    """Whether the door opens."""
    return age >= 18 or is_guest


def unwatched(age: int) -> int:
    return age
'''
TEST = """\
from room.door import may_enter

def test_grown_ups_enter() -> None:
    assert may_enter(18, is_guest=False)
    assert not may_enter(17, is_guest=False)
"""


def changes(source: str) -> list[str]:
    return [mutant.change for mutant in mutants_of(source, "door.py")]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("return a < b", ["a < b → None", "< → <="]),
        ("return a is not b", ["a is not b → None", "is not → is"]),
        ("x = a not in b and c", ["not in → in", "and → or"]),
        ("x = not a", ["not a → a"]),
        ("x = a + 7", ["+ → -", "7 → 6", "7 → 8"]),
        ("x = 500.0", ["500.0 → 1000.0"]),
        ("x = True", ["True → False"]),
        ("if a: pass", ["a → not (a)"]),
        ("self.x = a", ["self.x = a → pass"]),
        ("a.push(b)", ["a.push(b) → pass"]),
        ("x = rows.filter(pk=a, state=b)", ["pk=a, → nothing", "state=b → nothing"]),
        ("x = 't.id = %s AND t.free'", ["t.id = %s → %s IS NOT NULL"]),
        ("x = {S.ONE, S.TWO}", ["S.ONE, → nothing", "S.TWO → nothing"]),
        ("x = max(a)", ["max → min"]),
        ("logger.info('%s', a + b)", []),
        ("x: Annotated[int, 3 < 4] = a", []),
        ("x = f'{a + b}'", []),
    ],
)
def test_each_kind_of_change(statement: str, expected: list[str]) -> None:
    assert changes(f"def f():\n    {statement}\n") == expected


def test_a_name_at_the_top_of_a_file_is_no_rule_but_a_set_of_states_is() -> None:
    assert changes("LEASE_S = 15\nOPEN = (S.ONE, S.TWO)\n") == ["S.ONE, → nothing", "S.TWO → nothing"]


def test_a_change_is_known_again_when_lines_above_it_move() -> None:
    moved = mutants_of(f"import os\n\n{DOOR}", "door.py")
    assert [mutant.key for mutant in mutants_of(DOOR, "door.py")] == [mutant.key for mutant in moved]


def test_killed_and_surviving(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").touch()
    (room / "door.py").write_text(DOOR)
    (tmp_path / "test_door.py").write_text(TEST)
    options = ["--sample", "0", "--source", "room", "--tests", "test_door.py", "--page", "page.md"]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        "DJANGO_SETTINGS_MODULE": "testing.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "testing.mutants", *options],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if "door.py" in line and "/" in line]
    assert [line.partition(": ")[2] for line in lines] == [
        "age >= 18 or is_guest → None | killed by test_grown_ups_enter",
        ">= → > | killed by test_grown_ups_enter",
        "18 → 36 | killed by test_grown_ups_enter",
        "or → and | killed by test_grown_ups_enter",
        "age → None | SURVIVED 0 tests",
    ]
    assert "| the given room | 5 | 4 | 80 % | 0 of 1 |" in (tmp_path / "page.md").read_text()
    assert (room / "door.py").read_text() == DOOR


def test_a_reason_is_found_by_its_mutant(tmp_path: Path) -> None:
    (mutant, *_others) = mutants_of(DOOR, "door.py")
    reasons = tmp_path / "explained.toml"
    reasons.write_text(
        f'[[mutant]]\nfile = "door.py"\nfunction = "may_enter"\noriginal = """{mutant.original}"""\n'
        f'change = """{mutant.change}"""\nwhy = "Nobody is asked."\n'
    )
    assert page.explanations(reasons) == {mutant.key: "Nobody is asked."}


def test_every_reason_is_about_a_mutant_that_there_is() -> None:
    files = {file for file, *_rest in page.explanations()}
    keys = {mutant.key for file in files for mutant in mutants_of((ROOT / file).read_text(), file)}
    assert set(page.explanations()) <= keys


def test_earlier_runs_are_kept_whatever_is_run(tmp_path: Path) -> None:
    path = tmp_path / "history.toml"
    assert page.history(path) == []
    path.write_text('[[run]]\nwhen = "in May"\nseed = 3\nkilled = { core = [9, 12], sending = [0, 0] }\n')
    assert page.history(path) == ["| in May | 3 | core | 12 | 9 | 75 % |", "| in May | 3 | sending | 0 | 0 | none |"]
    assert "| before the rules were stated at their limits | 9 |" in page.written(
        {}, seed=1, sample=0, total=0, only=""
    )
