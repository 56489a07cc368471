"""Measures importing 100,000 contacts (time, processor, memory): new people, the same again, and invalid rows.

    .venv/bin/python bench/bench_imports.py                          everything, on temporary servers
    .venv/bin/python bench/bench_imports.py --rows 20000 --only sqlite

Each import runs in a separate process, with the code that reads imports in the background. The first, of a single bad
row (`one`), shows what the others cost without their rows.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.bench_broadcasts import on_postgres, on_sqlite, run  # noqa: E402
from testing.databases import manage  # noqa: E402

DATABASES = {"postgres": on_postgres, "sqlite": on_sqlite}
HEADER = "phone,name,city,tags,language,notes\n"


def main() -> None:
    """Run on the selected databases and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", choices=DATABASES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    given = parser.parse_args()
    found: dict[str, dict[str, object]] = {}
    for name, on in DATABASES.items():
        if given.only in {None, name}:
            found[name] = {"rows": given.rows, **on(importing, given.rows)}
            print(json.dumps({"part": f"contacts-{name}", **found[name]}), flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


def importing(environment: dict[str, str], rows: int) -> dict[str, object]:
    """Import a single bad row, to know what a start costs; the same good rows twice; and as many bad ones."""
    manage("migrate", "-v0", environment=environment)
    manage("create_business", "acme", "--name", "Acme", "--phone", "+97231234567", environment=environment)
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**environment, "MEDIA_ROOT": f"{folder}/media", "LOG_LEVEL": "ERROR"}
        good, bad, one = Path(folder) / "good.csv", Path(folder) / "bad.csv", Path(folder) / "one.csv"
        good.write_text(HEADER + "".join(_good(number) for number in range(rows)))
        bad.write_text(HEADER + "".join(_bad(number) for number in range(rows)))
        one.write_text(HEADER + _bad(0))
        for name, file in (("one", one), ("new", good), ("again", good), ("bad", bad)):
            started = time.monotonic()
            command = [sys.executable, "manage.py", "import_contacts", "acme", "--csv", str(file), "--tag", "all"]
            usage = run([*command, "--consent", "form"], environment)
            figures |= {
                f"{name}_s": round(time.monotonic() - started, 1),
                f"{name}_cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
                f"{name}_memory_mb": round(usage.ru_maxrss / 1024),
            }
    return figures


def _bad(number: int) -> str:
    return f"=bad{number},Avi,Haifa,,he,x\n"


def _good(number: int) -> str:
    return f"05{20_000_000 + number},Dana {number},Haifa,{'vip' if number % 3 == 0 else ''},he,note {number}\n"


if __name__ == "__main__":
    main()
