"""Draws all figures: a field for each unit of each part, a bar for each thing, from nothing to its median."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bench.together.figures import Row, plain

_WIDE: Final = 30.0
"""Times the least bar that the longest may be on a plain axis."""
_BAR, _HEAD, _COLUMN = 0.26, 0.9, 8.5
"""Inches: the height of a bar and of what is around a field's bars; the width of a column."""


def draw(rows: Iterable[Row], path: Path) -> None:
    """Write a PNG."""
    fields = [list(found) for _key, found in groupby(rows, key=lambda row: (row.part, row.unit))]
    columns = [each for each in _halves(fields) if each]
    height = max(sum(map(_height, column)) for column in columns)
    figure = plt.figure(figsize=(_COLUMN * len(columns), height), layout="constrained")
    for place, column in zip(figure.subfigures(1, len(columns), squeeze=False)[0], columns, strict=True):
        heights = [*map(_height, column), height - sum(map(_height, column)) + 0.01]  # the last one stays empty
        grid = place.add_gridspec(len(heights), 1, height_ratios=heights)
        for number, field in enumerate(column):
            _bars(place.add_subplot(grid[number]), field)
    figure.suptitle("bar: median of the rounds; mark: the best; line: to the worst", fontsize=9)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _height(field: Sequence[Row]) -> float:
    return _HEAD + _BAR * len(field)


def _halves(fields: Sequence[list[Row]]) -> tuple[list[list[Row]], list[list[Row]]]:
    """Returns the fields for two columns of nearly the same height, in their order."""
    whole = sum(map(_height, fields))
    cut = min(range(len(fields) + 1), key=lambda at: abs(whole / 2 - sum(map(_height, fields[:at]))))
    return list(fields[:cut]), list(fields[cut:])


def _bars(axes: Axes, field: Sequence[Row]) -> None:
    medians, bests = [row.median for row in field], [row.best for row in field]
    places = range(len(field))
    spreads = [[0.0] * len(field), [max(row.values) - row.median for row in field]]
    bars = axes.barh(places, medians, 0.75, xerr=spreads, color="#7aa6c2", ecolor="#888888", capsize=2)
    axes.plot(bests, list(places), "k|", markersize=9)
    baselines = {row.baseline for row in field if row.baseline}
    named = len(baselines) == 1  # then the title names it
    axes.bar_label(bars, [_label(row, with_baseline=not named) for row in field], fontsize=8, padding=4)
    axes.set_yticks(places, [row.what for row in field], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.25 if named else 0.6)
    if min(bests) > 0 and max(medians) > _WIDE * min(medians):
        axes.set_xscale("log")
    title = f"{field[0].part}: {field[0].unit}" + (f", × {baselines.pop()}" if named else "")
    axes.set_title(title, fontsize=10, loc="left")
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(visible=True, axis="x", alpha=0.3)


def _label(row: Row, *, with_baseline: bool) -> str:
    if row.ratio is None:
        return plain(row.median)
    return f"{plain(row.median)}  (× {plain(row.ratio)}{f' {row.baseline}' if with_baseline else ''})"
