"""Small charts as SVG, drawn on the server, each with its figures as a table. `templates/pages/chart.html` shows them.

Time runs from left to right in every language, as on a clock's strip chart. Series differ by dash or pattern and not
by colour alone, and the table says what the picture does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

WIDTH: Final = 600
HEIGHT: Final = 150
_TOP: Final = 10  # room for half a stroke
_MOST_LABELS: Final = 6
_GAP_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Figure:
    """One value: the number that is drawn, and how it is written; None draws nothing."""

    number: float | None
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Values over time, one for each column. `key`: its look, a class of the sheet (`series-…`)."""

    key: str
    label: StrOrPromise
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle and what it says. Units of the picture."""

    key: str
    x: float
    y: float
    width: float
    height: float
    words: str

    @property
    def path(self) -> str:
        """Returns its outline in SVG: shorter than the four numbers by their names, and a page has dozens."""
        return f"M{self.x:.1f} {self.y:.1f}h{self.width:.1f}v{self.height:.1f}h{-self.width:.1f}z"


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a line and what it says."""

    key: str
    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word below a column. `anchor` is SVG's."""

    x: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as the template draws it. `top`: what the upper line stands for."""

    heading: StrOrPromise
    columns: Sequence[str]
    series: Sequence[Series]
    top: str
    column_heading: StrOrPromise = ""
    limit_y: float | None = None
    limit_shown: str = ""
    bars: list[Bar] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    """(key, points of an SVG polyline); a line stops where nothing was measured."""
    labels: list[Label] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Returns whether there is nothing to draw."""
        return not any(figure.number for each in self.series for figure in each.figures)

    @property
    def limit_text_y(self) -> float:
        """Returns where the limit is written: above its line."""
        return (self.limit_y or 0) - 6

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """Returns the table: a row for each column."""
        return [
            (column, [each.figures[place].shown for each in self.series]) for place, column in enumerate(self.columns)
        ]


def bar_chart(
    heading: StrOrPromise, columns: Sequence[str], series: Sequence[Series], *, column_heading: StrOrPromise = ""
) -> Chart:
    """Returns a chart of columns, the series of each on top of one another."""
    sums = [sum(each.figures[place].number or 0 for each in series) for place in range(len(columns))]
    most = max(sums, default=0)
    shown = _shown_most(series, most) if len(series) == 1 else f"{most:g}"
    chart = Chart(heading, columns, series, shown if most else "", column_heading, labels=_labels(columns))
    step = WIDTH / max(len(columns), 1)
    for place, column in enumerate(columns):
        y = float(HEIGHT)
        for each in series:
            figure = each.figures[place]
            if figure.number:
                height = figure.number / most * (HEIGHT - _TOP)
                y -= height
                left, width = (place + _GAP_SHARE / 2) * step, step * (1 - _GAP_SHARE)
                words = f"{column} – {each.label}: {figure.shown}"
                chart.bars.append(Bar(each.key, round(left, 1), round(y, 1), round(width, 1), round(height, 1), words))
    return chart


def line_chart(
    heading: StrOrPromise,
    columns: Sequence[str],
    series: Sequence[Series],
    *,
    column_heading: StrOrPromise = "",
    limit: float | None = None,
    limit_shown: str = "",
) -> Chart:
    """Returns a chart of lines. `limit` is drawn as a line of its own, and the picture reaches up to it."""
    numbers = [figure.number for each in series for figure in each.figures if figure.number is not None]
    most = max([*numbers, limit or 0])
    limit_y = _y(limit, most) if limit is not None and most else None
    top = _shown_most(series, most) if not limit or most > limit else ""
    chart = Chart(heading, columns, series, top, column_heading, limit_y, limit_shown, labels=_labels(columns))
    step = WIDTH / max(len(columns), 1)
    for each in series:
        run: list[str] = []
        for place, figure in enumerate(each.figures):
            if figure.number is None:
                _end_run(chart, each.key, run)
                run = []
                continue
            x, y = round((place + 0.5) * step, 1), _y(figure.number, most)
            run.append(f"{x},{y}")
            chart.dots.append(Dot(each.key, x, y, f"{columns[place]} – {each.label}: {figure.shown}"))
        _end_run(chart, each.key, run)
    return chart


def _y(number: float, most: float) -> float:
    return round(HEIGHT - number / most * (HEIGHT - _TOP), 1) if most else float(HEIGHT)


def _end_run(chart: Chart, key: str, run: list[str]) -> None:
    if len(run) > 1:
        chart.lines.append((key, " ".join(run)))


def _shown_most(series: Sequence[Series], most: float) -> str:
    """Returns the largest value as it is written; "" if the picture reaches beyond it."""
    return next((figure.shown for each in series for figure in each.figures if figure.number == most), "")


def _labels(columns: Sequence[str]) -> list[Label]:
    """Returns the words below the first, the last and some columns between them."""
    count = len(columns)
    step = WIDTH / max(count, 1)
    every = max(-(-count // _MOST_LABELS), 1)
    places = range(0, count, every)
    middles = [Label(round((place + 0.5) * step, 1), columns[place], "middle") for place in places]
    return [Label(0, columns[0], "start"), *middles[1:]] if columns else []  # a middle would be cut off at the edge
