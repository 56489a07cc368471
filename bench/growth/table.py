"""All figures as one table: each size a column, and how many times the first the last is."""

from __future__ import annotations

from bench.growth.measuring import Cost


def print_table(figures: dict[str, dict[str, Cost]]) -> None:
    """Print milliseconds of the process and of the database, and queries; what grows most comes first."""
    sizes = list(figures)
    names = list(dict.fromkeys(name for found in figures.values() for name in found))
    rows = sorted((_row(name, [figures[size].get(name) for size in sizes]) for name in names), key=lambda row: -row[1])
    width = max((len(name) for name in names), default=0)
    print("ms of the process + ms of the database (queries), by part of the full size; last against first")
    print(" ".join([" " * width, *(f"{size:>20}" for size in sizes)]))
    for name, ratio, cells in rows:
        print(" ".join([f"{name:{width}}", *(f"{cell:>20}" for cell in cells), f"{ratio:6.1f}"]))


def _row(name: str, costs: list[Cost | None]) -> tuple[str, float, list[str]]:
    cells = [f"{cost.process_ms:.1f} + {cost.database_ms:.1f} ({cost.queries})" if cost else "" for cost in costs]
    first, last = costs[0], costs[-1]
    return name, last.ms / max(first.ms, 0.1) if first and last else 0.0, cells
