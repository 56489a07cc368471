"""How cost grows with the size of an installation on PostgreSQL.

    .venv/bin/python -m bench.growth [--parts 0.01 0.1 1] [--contacts 1000000 …] [--json figures.json]

For each part of the full size a temporary PostgreSQL gets that many businesses, contacts, calls and recipients, made
by SQL (the full size takes some ten minutes and 25 GB). Measured are every page of a business with few rows among all
the others, then the same pages when that business is the large one (a fifth of all rows), what beat asks for, the parts
of the sending loop, claims, webhooks, and idle processes: processor time of this process and of PostgreSQL, and
queries, with nothing in the cache. Printed is each figure at each size, and how many times the first it is at the last.

`--database URL` uses one database instead, and keeps it: it is filled if it is empty. PostgreSQL must be on this
machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench import asked_pages
from bench.growth.measuring import Cost
from bench.growth.sizes import Size
from bench.growth.table import print_table
from testing import services

KINDS = ["pages", "programs", "work", "webhooks", "idle"]


def main() -> None:
    """Measure at each size, each in a process of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=float, nargs="+", default=[0.01, 0.1, 1.0])
    for name, number in asdict(Size()).items():
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--database", help="a PostgreSQL that stays, for one part")
    parser.add_argument("--only", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--json", type=Path, help="where all figures are written")
    options = parser.parse_args()
    whole = Size(options.businesses, options.contacts, options.calls, options.recipients)
    figures: dict[str, dict[str, Cost]] = {}
    for part in options.parts:
        print(f"== {part:g} of the full size: {whole.part(part)}", flush=True)
        figures[f"{part:g}"] = _apart(whole.part(part), options.only, options.database)
        if options.json:
            known = {size: {name: asdict(cost) for name, cost in found.items()} for size, found in figures.items()}
            options.json.write_text(json.dumps(known, indent=1))
    print_table(figures)


def _apart(size: Size, only: list[str], database: str | None) -> dict[str, Cost]:
    with tempfile.NamedTemporaryFile(suffix=".json") as kept:

        def measure(_database: str) -> None:
            found = _measured(size, only)
            Path(kept.name).write_text(json.dumps({name: asdict(cost) for name, cost in found.items()}))

        if database:
            asked_pages.apart(measure, database)
        else:
            with services.postgres() as url:
                asked_pages.apart(measure, url)
        return {name: Cost(**cost) for name, cost in json.loads(Path(kept.name).read_text()).items()}


def _measured(size: Size, only: list[str]) -> dict[str, Cost]:
    from django.conf import settings  # noqa: PLC0415 - Django is set up only now

    from bench.growth import asking, idle, making, programs, reports, work  # noqa: PLC0415
    from businesses.models import Business  # noqa: PLC0415

    settings.DEBUG, settings.ALLOWED_HOSTS = False, ["testserver"]
    found: dict[str, Cost] = {}
    if Business.objects.exists():
        rows = making.rows_kept()
    else:
        _settle_server()
        rows = making.make_small_ones(size)
        if "pages" in only:
            found |= {f"small: {name}": cost for name, cost in asking.ask_all(rows, large=False).items()}
        making.make_large_one(size)
    measures: dict[str, Callable[[], dict[str, Cost]]] = {
        "pages": lambda: {f"large: {name}": cost for name, cost in asking.ask_all(rows, large=True).items()},
        "programs": programs.figures,
        "work": work.figures,
        "webhooks": reports.reports,
        "idle": idle.figures,
    }
    for name in only:
        found |= (known := measures[name]())
        print_table({name: known})
    return found


def _settle_server() -> None:
    """Let PostgreSQL have fewer checkpoints, and plans of one process, whose time can be told."""
    from bench.growth.copying import run  # noqa: PLC0415

    for setting in ("max_wal_size = '16GB'", "max_parallel_workers_per_gather = 0"):
        run(f"ALTER SYSTEM SET {setting}")
    run("SELECT pg_reload_conf()")


if __name__ == "__main__":
    main()
