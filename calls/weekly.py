"""The figures of weeks as pages show them, what each promises, and what an owner should change.

| figure | promise |
|---|---|
| greetings | every caller who stays on the line hears the greeting whole |
| interruptions | 19 of 20 are silent within 0.75 s of the caller's first voice |
| answers | 19 of 20 are heard within 2.5 s of the caller's last word |

A week in which too little was measured promises nothing of the last two: one slow moment would break it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from businesses.models import Business
from calls.models import WeekOfCalls

INTERRUPTION_MS: Final = 750
ANSWER_MS: Final = 2_500
STEP_MS: Final = 10
"""Times are counted in steps of so much: a percentile is exact to half a step."""
ENOUGH: Final = 20
"""Times that must have been measured before a percentile says something."""
MANY_FALSE: Final = 0.25
"""Share of false pauses among all pauses from which on they are many."""


class Promise(StrEnum):
    """What a week may fall short of."""

    GREETINGS = "greetings"
    INTERRUPTIONS = "interruptions"
    ANSWERS = "answers"


class Advice(StrEnum):
    """What an owner should try."""

    MORE_VOICE = "more_voice"  # many false pauses
    LESS_VOICE = "less_voice"  # slow to fall silent, and hardly ever in vain


@dataclass(frozen=True, slots=True)
class Week:
    """The figures of one week; all zero for one without calls. Times in milliseconds, None if never measured."""

    monday: date
    row: WeekOfCalls

    def interruption_ms(self, percent: int) -> int | None:
        """Returns the time within which so many of a hundred interruptions were silent."""
        return percentile(self.row.interruptions, percent)

    def answer_ms(self, percent: int) -> int | None:
        """Returns the time within which so many of a hundred answers were heard."""
        return percentile(self.row.answers, percent)

    @property
    def silence_share(self) -> float | None:
        """Returns the part of the calls' time in which nobody spoke."""
        spoken = self.row.caller_ms + self.row.assistant_ms  # a little more where both spoke at once
        return self.row.silence_ms / (spoken + self.row.silence_ms) if spoken else None

    @property
    def talk_share(self) -> float | None:
        """Returns the assistant's part of what was said."""
        spoken = self.row.caller_ms + self.row.assistant_ms
        return self.row.assistant_ms / spoken if spoken else None

    @property
    def broken(self) -> list[Promise]:
        """Returns what the week fell short of."""
        row, found = self.row, list[Promise]()
        if row.greetings_heard < row.greetings:
            found.append(Promise.GREETINGS)
        if measured(row.interruptions) >= ENOUGH and (self.interruption_ms(95) or 0) > INTERRUPTION_MS:
            found.append(Promise.INTERRUPTIONS)
        if measured(row.answers) >= ENOUGH and (self.answer_ms(95) or 0) > ANSWER_MS:
            found.append(Promise.ANSWERS)
        return found


def monday_of(business: Business, at: datetime) -> date:
    """Returns the first day of a moment's week, by the business's clock."""
    day = at.astimezone(ZoneInfo(business.time_zone)).date()
    return day - timedelta(days=day.weekday())


def weeks(business: Business, *, now: datetime, number: int) -> list[Week]:
    """Returns the last weeks, the oldest first and the present one last, in one query."""
    last = monday_of(business, now)
    mondays = [last - timedelta(weeks=back) for back in reversed(range(number))]
    rows = WeekOfCalls.objects.filter(business=business, monday__gte=mondays[0])
    found = {row.monday: row for row in rows}
    return [Week(monday, found.get(monday) or WeekOfCalls(business=business, monday=monday)) for monday in mondays]


SUMS: Final = (
    "calls", "greetings", "greetings_heard", "greetings_left", "pauses", "false_pauses",
    "caller_ms", "assistant_ms", "silence_ms",
)  # fmt: skip
"""The names of what is added up, of a week and of several."""


def together(several: Sequence[Week]) -> Week:
    """Returns the figures of several weeks as those of one, which begins with the first of them."""
    row = WeekOfCalls(monday=several[0].monday)
    for name in SUMS:
        setattr(row, name, sum(getattr(week.row, name) for week in several))
    for name in ("interruptions", "answers"):
        setattr(row, name, dict(sum((Counter(getattr(week.row, name)) for week in several), Counter())))
    return Week(row.monday, row)


def fallen_short(business: Business, *, now: datetime) -> list[Promise]:
    """Returns what this week or the last one fell short of."""
    return list(dict.fromkeys(promise for week in weeks(business, now=now, number=2) for promise in week.broken))


def advice(business: Business, latest: Sequence[Week]) -> dict[Advice, Mapping[str, int]]:
    """Returns what the last weeks suggest, each with the settings to try."""
    pauses = sum(week.row.pauses for week in latest)
    if pauses < ENOUGH or not business.barge_in_enabled:
        return {}
    false_share = sum(week.row.false_pauses for week in latest) / pauses
    frames = business.barge_in_voice_frames
    if false_share >= MANY_FALSE and frames < 12:
        return {Advice.MORE_VOICE: {"barge_in_voice_frames": frames + 3}}
    is_slow = any(Promise.INTERRUPTIONS in week.broken for week in latest)
    if is_slow and false_share < MANY_FALSE / 5 and frames > 4:
        return {Advice.LESS_VOICE: {"barge_in_voice_frames": frames - 2}}
    return {}


def measured(steps: Mapping[str, int]) -> int:
    """Returns how many times were counted."""
    return sum(steps.values())


def percentile(steps: Mapping[str, int], percent: int) -> int | None:
    """Returns the time that so many of a hundred did not exceed, to half a step; None if there is none."""
    total = measured(steps)
    if not total:
        return None
    wanted, seen = total * percent / 100, 0
    for step, times in sorted((int(step), times) for step, times in steps.items()):
        seen += times
        if seen >= wanted:
            return step * STEP_MS + STEP_MS // 2
    raise AssertionError("the last step reaches every share")
