"""Draws the trade-off between the delay of a real interruption and the number of false ones."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

Points = dict[str, list[tuple[float, float]]]
"""By detector: (median delay in ms, false commits a minute), one for each strictness."""

_NEVER = 0.01  # a logarithmic axis has no zero


def draw(points: Points, path: Path) -> None:
    """Write a PNG."""
    figure, axes = plt.subplots(figsize=(8, 5))
    for name, found in points.items():
        delays, rates = zip(*found, strict=True)
        axes.plot(delays, [max(rate, _NEVER) for rate in rates], marker="o", label=name)
    axes.set(xlabel="speech → commit, median ms", ylabel=f"false commits a minute (0 drawn at {_NEVER})", yscale="log")
    axes.set_title("Noise, music, keys, bumps, typing, tones")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=120, bbox_inches="tight")
