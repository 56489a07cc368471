"""The page about mutants: figures, and each survivor with its reason.

The reasons are in `explained.toml`, by what stays the same when lines move; earlier runs that are worth comparing
with are in `history.toml`. A run needs neither and changes neither.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from testing.mutants.operators import Mutant
from testing.mutants.trial import Verdict

EXPLAINED = Path(__file__).with_name("explained.toml")
HISTORY = Path(__file__).with_name("history.toml")
Key = tuple[str, str, str, str, int]

HEAD = """\
# Mutants: what the tests notice when a rule breaks

A mutant is the program with one change: `<` in place of `<=`, a condition of a query left out, a statement removed.
The tests that reach the changed function run; when one fails, the mutant is *killed*, otherwise it *survives*. A
survivor is a rule that no test holds, or a change that makes no difference. At least 90 % should be killed, and each
survivor has its reason below. `make mutants` writes this page, from a sample that `SEED=` and `SAMPLE=` choose
(`SAMPLE=0` tries all, in hours); `ONLY=calls/conversation` stays with one room. It isn't part of `make test`.

A survivor that matters gets a test. Otherwise write its reason into `testing/mutants/explained.toml`.
"""


def written(verdicts: Mapping[str, Sequence[Verdict]], *, seed: int, sample: int, total: int, only: str) -> str:
    """The whole page."""
    reasons = explanations()
    rows = [_row(name, tried, reasons) for name, tried in verdicts.items()]
    survivors = [one.mutant for tried in verdicts.values() for one in tried if not one.by]
    explained = [mutant for mutant in survivors if mutant.key in reasons]
    unexplained = [mutant for mutant in survivors if mutant.key not in reasons]
    within = f" of `{only}`" if only else ""
    parts = [
        HEAD,
        f"Seed {seed}: {sample} of {total} mutants{within}.\n",
        "| room | tried | killed | share | survivors explained |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n",
    ]
    if runs := history():
        parts.append(
            "## Over time\n\n| | seed | room | tried | killed | share |\n|---|---|---|---|---|---|\n"
            + "\n".join(runs)
            + "\n"
        )
    if unexplained:
        parts.append("## To explain\n\n" + "\n".join(map(_entry, unexplained)) + "\n")
    if explained:
        entries = (f"{_entry(mutant)}\n  {reasons[mutant.key]}" for mutant in explained)
        parts.append("## Explained\n\n" + "\n".join(entries) + "\n")
    return "\n".join(parts)


def explanations(path: Path = EXPLAINED) -> dict[Key, str]:
    """Why a survivor may survive, by its key."""
    entries = tomllib.loads(path.read_text()).get("mutant", []) if path.exists() else []
    return {
        (entry["file"], entry["function"], entry["original"], entry["change"], entry.get("nth", 0)): entry["why"]
        for entry in entries
    }


def history(path: Path = HISTORY) -> list[str]:
    """Returns the rows of the table of earlier runs, a row for each of their rooms."""
    runs = tomllib.loads(path.read_text()).get("run", []) if path.exists() else []
    return [
        f"| {run['when']} | {run['seed']} | {room} | {tried} | {killed} | {_percent(killed, tried)} |"
        for run in runs
        for room, (killed, tried) in run["killed"].items()
    ]


def summary(verdicts: Mapping[str, Sequence[Verdict]]) -> str:
    """The figures in a line."""
    tried = [verdict for each in verdicts.values() for verdict in each]
    killed = sum(bool(verdict.by) for verdict in tried)
    return f"{killed} of {len(tried)} killed, {_percent(killed, len(tried))}"


def _row(name: str, tried: Sequence[Verdict], reasons: Mapping[Key, str]) -> str:
    killed = sum(bool(verdict.by) for verdict in tried)
    explained = sum(not verdict.by and verdict.mutant.key in reasons for verdict in tried)
    survivors = len(tried) - killed
    return f"| {name} | {len(tried)} | {killed} | {_percent(killed, len(tried))} | {explained} of {survivors} |"


def _entry(mutant: Mutant) -> str:
    nth = f" (number {mutant.nth + 1} of its kind)" if mutant.nth else ""
    place = f"`{mutant.file}` {mutant.function or 'at the top'}"
    return f"- {place}: `{mutant.change}`{nth} in\n  `{mutant.original}`"


def _percent(killed: int, tried: int) -> str:
    return f"{round(100 * killed / tried)} %" if tried else "none"
