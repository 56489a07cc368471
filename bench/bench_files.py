"""Measures what reading files of people in a process apart costs: processor time against reading them here.

    .venv/bin/python bench/bench_files.py [--rows 20000]

Each line: rows, seconds until the first row and until the last, processor seconds of both processes, and their ratio
to reading the same file with the same readers in one process.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

from openpyxl import Workbook  # noqa: E402

from whatsapp.tables.cells import Cells  # noqa: E402
from whatsapp.tables.csv_file import read_csv  # noqa: E402
from whatsapp.tables.tables import open_table  # noqa: E402
from whatsapp.tables.xlsx_sheets import open_sheet  # noqa: E402

HEADER = ["phone", "name", "city", "tags", "language", "notes"]
TRIES = 3
Reader = Callable[[BinaryIO], Iterator[Cells]]


def main() -> None:
    """Print a line for each kind of file: a small one, and one of many rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    given = parser.parse_args()
    for rows in (20, given.rows):
        for name, content, reader in (("csv", csv_of(rows), read_csv), ("xlsx", xlsx_of(rows), read_sheet)):
            with TemporaryFile() as file:
                file.write(content)
                file.flush()
                print(json.dumps({"part": f"files-{name}", "rows": rows, **measured(file, reader)}), flush=True)


def measured(file: BinaryIO, reader: Reader) -> dict[str, float]:
    """Returns the medians of a few tries, which take turns."""
    apart, here = [], []
    for _try in range(TRIES):
        apart.append(read_apart(file))
        here.append(read_here(file, reader))
    first, whole, cpu = (statistics.median(each) for each in zip(*apart, strict=True))
    return {
        "first_s": round(first, 3),
        "all_s": round(whole, 2),
        "cpu_s": round(cpu, 2),
        "cpu_ratio": round(cpu / max(statistics.median(here), 0.001), 2),
    }


def read_apart(file: BinaryIO) -> tuple[float, float, float]:
    """Returns seconds until the first row and the last, and processor seconds of both processes."""
    began, before = time.monotonic(), processor_s()
    with open_table(file) as table:
        next(table.rows)
        first = time.monotonic() - began
        for _row in table.rows:
            pass
    return first, time.monotonic() - began, processor_s() - before


def read_here(file: BinaryIO, reader: Reader) -> float:
    """Returns processor seconds of reading the file in this process."""
    before = processor_s()
    file.seek(0)
    for _row in reader(file):
        pass
    return processor_s() - before


def read_sheet(file: BinaryIO) -> Iterator[Cells]:
    """Returns the rows of a workbook's sheet."""
    return open_sheet(file, "", "")[0]


def processor_s() -> float:
    """Returns processor seconds of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def csv_of(rows: int) -> bytes:
    """Returns a file with so many people."""
    lines = [",".join(HEADER), *(",".join(person(number)) for number in range(rows))]
    return "\n".join(lines).encode()


def xlsx_of(rows: int) -> bytes:
    """Returns a workbook with so many people."""
    book, file = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(HEADER)
    for number in range(rows):
        book.active.append(person(number))
    book.save(file)
    return file.getvalue()


def person(number: int) -> list[str]:
    """Returns the cells of one row."""
    return [f"05{20_000_000 + number}", f"Dana {number}", "Haifa", "vip", "he", f"note {number}"]


if __name__ == "__main__":
    main()
