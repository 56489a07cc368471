"""The time line of a call, drawn: both voices, what they were held against, and what happened when, as one SVG.

It always shows one window of the call in at most `COLUMNS` columns, so that half an hour is as quick as a minute and
zooming is a link. Time runs from left to right in every language, as on a player and on a clock's strip chart.
Units are those of the picture, 1000 wide; x runs over the window.

    y     what
    0     the time axis
    20    the caller's turns, and below them the caller's voice, which grows upwards from 110
    110   waits and signs: what was decided
    140   the assistant's voice, which grows downwards, and below it its turns
    236   marks that came back
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt
from typing import Final

from calls.models import Speaker, Turn
from calls.pages import moment_words
from calls.records.levels import STEPS_PER_S, Flag, rms_of
from calls.records.moments import Moment, Sort
from calls.records.timelines import Timeline

WIDTH: Final = 1000
HEIGHT: Final = 248
COLUMNS: Final = 500
SHORTEST_S: Final = 4
_LOUDEST: Final = 8_000.0
_LANE: Final = 84
_CALLER_Y: Final = 112
_ASSISTANT_Y: Final = 140
_MARKS_Y: Final = 238
_APART: Final = 5
"""Signs of one shape that are closer than this are drawn once."""
_MOST_ROWS: Final = 200
_TICKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600)
_ZOOMS: Final = (60, 20, 5)
_WORDS: Final = 90


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a call that is shown: `seconds` from `start_s`; of `whole_s` in all."""

    start_s: int
    seconds: int
    whole_s: int

    @property
    def end_s(self) -> int:
        """Returns where it ends."""
        return self.start_s + self.seconds

    @property
    def is_whole(self) -> bool:
        """Returns whether it shows all of the call."""
        return self.seconds >= self.whole_s

    @property
    def earlier(self) -> int | None:
        """Returns where the window before it begins; None at the beginning."""
        return max(self.start_s - self.seconds, 0) if self.start_s > 0 else None

    @property
    def later(self) -> int | None:
        """Returns where the window after it begins; None at the end."""
        return self.end_s if self.end_s < self.whole_s else None

    @property
    def zooms(self) -> list[tuple[int, int]]:
        """Returns the narrower windows to choose from: where each begins, and how long it is."""
        middle = self.start_s if self.is_whole else self.start_s + self.seconds // 2
        found = [seconds for seconds in _ZOOMS if seconds < self.whole_s]
        return [(max(min(middle - seconds // 2, self.whole_s - seconds), 0), seconds) for seconds in found]

    def x(self, at_s: float) -> float:
        """Returns where a time is drawn."""
        return round((at_s - self.start_s) / self.seconds * WIDTH, 1)

    def holds(self, from_s: float, until_s: float) -> bool:
        """Returns whether some of a stretch of time is in it."""
        return from_s < self.end_s and until_s >= self.start_s


def window_of(whole_s: float, *, start: str, seconds: str) -> Window:
    """Returns the window that an address asks for; the whole call where it asks for none that there is."""
    whole = max(ceil(whole_s), SHORTEST_S)
    wanted = _number(seconds)
    length = whole if wanted is None else min(max(wanted, SHORTEST_S), whole)
    return Window(min(max(_number(start) or 0, 0), whole - length), length, whole)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time: a turn (`number`: its position) or a wait, and what it says."""

    x: float
    width: float
    words: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """A moment. `shape`: its look, a class of the sheet, and a key of `moment_words.SHAPES`."""

    x: float
    shape: str
    path: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: when, what, and the figures behind it. `at_ms`: in the call."""

    at_ms: int
    what: str
    why: str
    is_turn: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that the template needs of one window. Paths are SVG's."""

    window: Window
    ticks: list[tuple[float, int]]
    caller: str
    voice: str
    assistant: str
    threshold: str
    floor: str
    marks: str
    early_marks: str
    waits: list[Bar]
    caller_turns: list[Bar]
    assistant_turns: list[Bar]
    signs: list[Sign]
    rows: list[Row]
    more_rows: bool
    is_exact: bool
    has_trace: bool


def drawing_of(timeline: Timeline, turns: Iterable[Turn], window: Window) -> Drawing:
    """Returns one window of a call's time line, ready to be drawn."""
    columns = _Columns(window)
    levels = timeline.levels
    shown = [moment for moment in timeline.moments if window.holds(moment.at_ms / 1000, moment.at_ms / 1000)]
    spoken = [turn for turn in turns if window.holds(turn.started_ms / 1000, _end_ms(turn) / 1000)]
    rows = sorted([*map(_row, shown), *map(_turn_row, spoken)], key=lambda row: row.at_ms)
    flags = columns.of(levels.flags, flags=True)
    return Drawing(
        window,
        ticks=list(_ticks(window)),
        caller=columns.bars(columns.of(levels.caller), _CALLER_Y, up=True),
        voice=columns.bars(columns.of(levels.caller), _CALLER_Y, up=True, only=[flag & Flag.VOICE for flag in flags]),
        assistant=columns.bars(columns.of(levels.assistant), _ASSISTANT_Y, up=False),
        threshold=columns.line(columns.of(levels.threshold)),
        floor=columns.line(columns.of(levels.floor)),
        marks=columns.marks(flags, Flag.MARK),
        early_marks=columns.marks(flags, Flag.EARLY),
        waits=list(_waits(shown, window)),
        caller_turns=[_turn_bar(turn, window) for turn in spoken if turn.speaker == Speaker.CALLER],
        assistant_turns=[_turn_bar(turn, window) for turn in spoken if turn.speaker == Speaker.ASSISTANT],
        signs=list(_signs(shown, window)),
        rows=rows[:_MOST_ROWS],
        more_rows=len(rows) > _MOST_ROWS,
        is_exact=levels.is_exact,
        has_trace=timeline.has_trace,
    )


class _Columns:
    """The columns of a window, each of one or more steps."""

    def __init__(self, window: Window) -> None:
        self._first = window.start_s * STEPS_PER_S
        steps = window.seconds * STEPS_PER_S
        self._count = min(COLUMNS, steps)
        self._steps = steps / self._count
        self._width = WIDTH / self._count

    def of(self, track: bytearray, *, flags: bool = False) -> list[int]:
        """Returns the greatest value of each column; of `flags`, all that are set."""
        edges = [self._first + round(column * self._steps) for column in range(self._count + 1)]
        parts = [track[start:end] for start, end in pairwise(edges)]
        if flags:
            return [_all_of(part) for part in parts]
        return [max(part, default=0) for part in parts]

    def bars(self, values: Sequence[int], base: int, *, up: bool, only: Sequence[int] | None = None) -> str:
        """Returns a voice: a bar in each column, as high as the voice is loud."""
        drawn = []
        for column, value in enumerate(values):
            height = _height(value)
            if height >= 0.5 and (only is None or only[column]):
                drawn.append(f"M{self._x(column)} {base}v{-height if up else height:g}")
        return "".join(drawn)

    def line(self, values: Sequence[int]) -> str:
        """Returns a level over time in the caller's lane; nothing where it was not known."""
        parts: list[list[tuple[str, str]]] = []
        is_on = False
        for column, value in enumerate(values):
            if value:
                if not is_on:
                    parts.append([])
                parts[-1].append((self._x(column), f"{round(_CALLER_Y - _height(value), 1):g}"))
            is_on = bool(value) or (is_on and self._steps <= 1)  # frames come a little early or late
        return "".join("M" + "L".join(f"{x} {y}" for x, y in _corners(part)) for part in parts)

    def marks(self, flags: Sequence[int], flag: Flag) -> str:
        """Returns a small line in each column in which a mark came back."""
        return "".join(f"M{self._x(column)} {_MARKS_Y}v8" for column, value in enumerate(flags) if value & flag)

    def _x(self, column: int) -> str:
        return f"{(column + 0.5) * self._width:g}"


def _all_of(part: bytearray) -> int:
    flags = 0
    for flag in set(part):
        flags |= flag
    return flags


def _corners(points: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Returns a line's points without those between two of the same height, which change nothing of it."""
    around = zip(points, points[1:], points[2:], strict=False)
    inner = [here for before, here, after in around if not before[1] == here[1] == after[1]]
    return [points[0], *inner, *points[1:][-1:]]


def _height(value: int) -> float:
    """Returns how high an energy is drawn: by its square root, or nobody would see a noise floor beside a voice."""
    return round(min(sqrt(rms_of(value) / _LOUDEST), 1.0) * _LANE, 1)


def _ticks(window: Window) -> Iterator[tuple[float, int]]:
    """Yields the places of the time axis, and what each says, in milliseconds."""
    step = next((each for each in _TICKS if window.seconds / each <= 10), _TICKS[-1])
    for second in range(-(-window.start_s // step) * step, window.end_s, step):
        yield window.x(second), second * 1000


def _end_ms(turn: Turn) -> int:
    return turn.started_ms if turn.ended_ms is None else turn.ended_ms


def _turn_bar(turn: Turn, window: Window) -> Bar:
    return _bar(turn.started_ms, _end_ms(turn), window, _said(turn), turn.position)


def _bar(from_ms: int, until_ms: int, window: Window, words: str, number: int | None = None) -> Bar:
    x = max(window.x(from_ms / 1000), 0.0)
    width = min(window.x(until_ms / 1000), float(WIDTH)) - x
    return Bar(x, max(round(width, 1), 1.5), words, number)


def _said(turn: Turn) -> str:
    words = turn.text if turn.speaker == Speaker.CALLER else turn.heard_text
    return f"{words[:_WORDS]}…" if len(words) > _WORDS else words


def _waits(moments: Sequence[Moment], window: Window) -> Iterator[Bar]:
    for moment in moments:
        ms = moment.facts.get("ms")
        if moment.sort in {Sort.GREETING, Sort.ANSWER} and isinstance(ms, int) and ms:
            yield _bar(max(moment.at_ms - ms, 0), moment.at_ms, window, moment_words.told(moment))


def _signs(moments: Sequence[Moment], window: Window) -> Iterator[Sign]:
    """Yields a sign for each moment that has one; of many in one place, the first of each shape."""
    last: dict[str, float] = {}
    for moment in moments:
        shape = moment_words.shape_of(moment)
        x = window.x(moment.at_ms / 1000)
        if shape and x - last.get(shape, float("-inf")) >= _APART:
            last[shape] = x
            yield Sign(x, shape, moment_words.SHAPES[shape], moment_words.told(moment))


def _row(moment: Moment) -> Row:
    return Row(moment.at_ms, moment_words.what(moment), moment_words.why(moment))


def _turn_row(turn: Turn) -> Row:
    return Row(turn.started_ms, str(Speaker(turn.speaker).label), _said(turn), is_turn=True)
