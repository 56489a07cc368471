"""Draws what a call costs each server, and how late its audio is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bench.town.figures import Row

_WIDTH = 0.8


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write a PNG."""
    figure, (costs, delays) = plt.subplots(1, 2, figsize=(13, 5))
    _bars(costs, rows, [row.median for row in rows], [row.median - row.best for row in rows])
    costs.set(ylabel="% of a core per call (median, down to the best)", title="what a call costs", yscale="log")
    late = [max((each.waits.p99 for each in row.trials if each.waits), default=1.0) for row in rows]
    _bars(delays, rows, late, None)
    delays.set(ylabel="p99 from OpenAI to the caller, ms (worst round)", title="an answer's first audio", yscale="log")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=120, bbox_inches="tight")


def _bars(axes: Axes, rows: Sequence[Row], heights: Sequence[float], below: Sequence[float] | None) -> None:
    names = list(dict.fromkeys(row.server for row in rows))
    counts = sorted({row.calls for row in rows})
    width = _WIDTH / len(counts)
    for number, calls in enumerate(counts):
        mine = [(index, row) for index, row in enumerate(rows) if row.calls == calls]
        places = [names.index(row.server) - _WIDTH / 2 + width * (number + 0.5) for _index, row in mine]
        tall = [heights[index] for index, _row in mine]
        errors = [[below[index] for index, _row in mine], [0.0] * len(mine)] if below else None
        bars = axes.bar(places, tall, width * 0.9, yerr=errors, label=f"{calls} calls", capsize=2)
        axes.bar_label(bars, fmt="%.2f", fontsize=7)
    axes.set_xticks(range(len(names)), names)
    axes.grid(visible=True, axis="y", alpha=0.3)
    axes.legend()
