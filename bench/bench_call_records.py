"""What the database's part of a call costs: reading its plan when its stream opens, and writing its end.

    .venv/bin/python bench/bench_call_records.py                     SQLite and a temporary PostgreSQL
    .venv/bin/python bench/bench_call_records.py --only sqlite --calls 500

Processor time of this side alone (that of PostgreSQL is not in it), with the settings of production, and how many
statements each takes. The code is that of a running call, with its threads and connections; calls come one by one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from bench.bench_broadcasts import on_postgres, on_sqlite  # noqa: E402 - needs the path
from testing.databases import manage  # noqa: E402

DATABASES = {"sqlite": on_sqlite, "postgres": on_postgres}


def main() -> None:
    """Print a line for each database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--only", choices=DATABASES)
    given = parser.parse_args()
    for name, on in DATABASES.items():
        if given.only in {None, name}:
            print(json.dumps({"part": f"call-records-{name}", **on(measured, given.calls)}), flush=True)


def measured(environment: dict[str, str], calls: int) -> dict[str, object]:
    """Returns what a process of its own found on this database."""
    manage("migrate", "-v0", environment=environment)
    manage("create_business", "acme", "--name", "Acme", "--phone", "+97231234567", environment=environment)
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "frontdesk.settings", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "bench.calls_on_record", str(calls)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    main()
