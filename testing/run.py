"""The suite twice, on the embedded default and on PostgreSQL with Redis (`make test`), or in Chromium (`make browser`).

Each pass has two parts: tests that compute, then tests of real processes in real time, whose timing the
computing ones would disturb. Both are distributed to workers by file. Where a few tests of a part fail, these are
run once more with nothing beside them, and what they say then counts (docs/decisions/0086-failed-tests-run-alone.md).
Servers are started for the run and removed afterwards, and each has the migrations run once, for all workers to copy.
To use your own, set `TEST_DATABASE_URL` (its user must be allowed to create databases) and `TEST_REDIS_URL` (each
worker writes into a Redis database of its own, from that one upwards). Arguments are passed to pytest; the first of
them may be `browser`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from testing import databases, services

PARTS = {"computing": ("not realtime and not browser", 3), "in real time": ("realtime", 2)}
"""Marks and number of workers of each part: computing tests wait half of their time for processes and locks."""
REPEATED = "not pure and not once"
MOST_RUN_ALONE = 6
"""More failures than these have a cause that another run would only repeat."""


def main(arguments: list[str]) -> int:
    """Run both passes, even if one fails, or the browser tests. Returns 0 if all parts passed."""
    if arguments[:1] == ["browser"]:
        with databases.shared_template(os.environ.get("DATABASE_URL", "")) as template:
            return run_part(["-m", "browser", "tests/browser", *arguments[1:]], 2, template, dist="loadgroup")
    codes, said = [], []
    with ExitStack() as servers:
        for name in ("SQLite, everything in one process", "PostgreSQL and Redis"):
            embedded = name.startswith("SQLite")
            variables = {"DATABASE_URL": "", "REDIS_URL": ""} if embedded else served(servers)
            variables |= servers.enter_context(databases.shared_template(variables["DATABASE_URL"]))
            for part, (selected, workers) in PARTS.items():
                print(f"== {name}: tests {part}", flush=True)
                started = time.monotonic()
                marks = selected if embedded else f"{selected} and {REPEATED}"
                codes.append(run_part([*arguments, "-m", marks], workers, variables))
                outcome = "passed" if codes[-1] == 0 else f"ended with code {codes[-1]}"
                said.append(f"== {name}, {part}: {outcome} after {time.monotonic() - started:.0f} s")
    print(*said, "== not run here, as they need Chromium: the tests in a browser (make browser)", sep="\n", flush=True)
    return verdict(codes, some_only=bool(arguments))


def served(servers: ExitStack) -> dict[str, str]:
    """Returns where PostgreSQL and Redis are: yours, or started here."""
    return {
        "DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or servers.enter_context(services.postgres()),
        "REDIS_URL": os.environ.get("TEST_REDIS_URL") or servers.enter_context(services.redis()),
    }


def verdict(codes: list[int], *, some_only: bool) -> int:
    """Returns the first failure's code. Parts without any selected test are fine, unless all are empty."""
    nothing = int(pytest.ExitCode.NO_TESTS_COLLECTED)
    if some_only and set(codes) != {nothing}:
        codes = [code for code in codes if code != nothing]
    return next((code for code in codes if code), 0)


def run_part(arguments: list[str], workers: int, variables: dict[str, str], *, dist: str = "loadfile") -> int:
    """Run the selected tests beside each other, and what failed once more alone. Returns pytest's exit code."""
    with tempfile.TemporaryDirectory() as cache:
        options = ["-o", f"cache_dir={cache}"]
        code = run_pytest([*options, "-n", str(workers), "--dist", dist, *arguments], variables)
        failed = failures(Path(cache), in_groups=dist == "loadgroup")
        if code != pytest.ExitCode.TESTS_FAILED or not 0 < len(failed) <= MOST_RUN_ALONE:
            return code
        print(
            f"== {len(failed)} failed, and are run once more with nothing beside them:", *failed, sep="\n", flush=True
        )
        return run_pytest(
            [*options, "-n", "0", "--last-failed", "--last-failed-no-failures", "none", *arguments], variables
        )


def failures(cache: Path, *, in_groups: bool = False) -> list[str]:
    """Returns the names of the tests that failed in the run that used this folder as pytest's cache.

    Where tests run in groups, some versions of xdist call each `test@group`. The cache keeps the plain names.
    """
    kept = cache / "v" / "cache" / "lastfailed"
    names: list[str] = sorted(json.loads(kept.read_text())) if kept.exists() else []
    if names and in_groups:
        names = [re.sub(r"@\w+$", "", name) for name in names]
        kept.write_text(json.dumps(dict.fromkeys(names, True)))
    return names


def run_pytest(arguments: list[str], variables: dict[str, str]) -> int:
    """Run pytest with these environment variables. Returns its exit code."""
    command = [sys.executable, "-m", "pytest", "--no-loadscope-reorder", *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
