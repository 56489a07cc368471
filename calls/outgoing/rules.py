"""Whether a person may be called at a moment: go, wait until then, or never. Pure.

    never                                     wait
    the business has switched it off          hours where the person is, own hours, days off
    no agreement, blocked, opted out          the day's calls or money are used up: until the next day
    a number that may not be dialled          no line to spare, no minutes: a little while
    too late: asked for days ago              an earlier call of which nobody knows: until it must be over
    a wait that ends when a call is useless

Hours are those of every zone in which the telephone may be. 8:00 to 21:00 is what 47 CFR 64.1200(c)(1) allows for
calls in the USA, and inside what is customary elsewhere; an owner can only narrow it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

LEGAL: Final = (time(8), time(21))
"""From and until, by the clock of the person who is called."""
TOO_LATE: Final = timedelta(days=5)
"""A call that could not be made for so long isn't made any more: nobody expects it."""
SETTLES_IN: Final = timedelta(minutes=15)
"""A call of which nobody knows whether Twilio has made it is over by then."""
_SOON: Final = timedelta(seconds=30)
_LATER: Final = timedelta(minutes=10)
_DAYS_AHEAD: Final = 15


class Why(StrEnum):
    """Why a call is not made, or not yet, or how it failed. `calls/pages/outgoing_words.py` has the words."""

    OFF = "off"
    NOT_AGREED = "not_agreed"
    BLOCKED = "blocked"
    OPTED_OUT = "opted_out"
    NOT_A_NUMBER = "not_a_number"
    COSTLY = "costly"
    COUNTRY = "country"
    OURS = "ours"
    NO_OWN_NUMBER = "no_own_number"
    TOO_LATE = "too_late"
    NEVER_OPEN = "never_open"
    NOT_WANTED = "not_wanted"
    CHANGED = "changed"
    REMINDED = "reminded"
    TOO_NEAR = "too_near"

    HOURS_THERE = "hours_there"
    OWN_HOURS = "own_hours"
    DAY_OFF = "day_off"
    CALLS_TODAY = "calls_today"
    PERSON_TODAY = "person_today"
    DAY_LIMIT = "day_limit"
    NO_MINUTES = "no_minutes"
    NO_LINE = "no_line"
    ONE_BEFORE = "one_before"
    RETRY = "retry"
    TWILIO_AWAY = "twilio_away"

    REFUSED = "refused"
    NO_STREAM = "no_stream"
    NOT_TAKEN = "not_taken"


@dataclass(frozen=True, slots=True)
class Hours:
    """When a person may be called. `zones`: where their telephone may be; `own`: the business's times in `own_zone`.

    `is_off`: whether a day of the business's calendar is a day off.
    """

    zones: tuple[ZoneInfo, ...]
    own: tuple[time, time]
    own_zone: ZoneInfo
    is_off: Callable[[date], bool]

    def refusal(self, moment: datetime) -> Why | None:
        """Returns why nobody is called at a moment (aware); None if it is a time for calls."""
        if not all(_within(LEGAL, moment.astimezone(zone)) for zone in self.zones):
            return Why.HOURS_THERE
        here = moment.astimezone(self.own_zone)
        if not _within(self.own, here):
            return Why.OWN_HOURS
        return Why.DAY_OFF if self.is_off(here.date()) else None

    def next_moment(self, now: datetime) -> datetime | None:
        """Returns the first time for calls from `now` on, in UTC; None if there is none within two weeks."""
        candidates = sorted({now.astimezone(UTC), *(each for each in self._starts(now) if each >= now)})
        return next((each for each in candidates if self.refusal(each) is None), None)

    def _starts(self, now: datetime) -> Iterator[datetime]:
        # Every time for calls is cut from intervals, so it begins where one of them does.
        for zone, opens in [*((zone, LEGAL[0]) for zone in self.zones), (self.own_zone, self.own[0])]:
            today = now.astimezone(zone).date()
            for ahead in range(_DAYS_AHEAD):
                yield datetime.combine(today + timedelta(days=ahead), opens, tzinfo=zone).astimezone(UTC)


def _within(window: tuple[time, time], local: datetime) -> bool:
    return window[0] <= local.time() < window[1]


@dataclass(frozen=True, slots=True)
class Facts:
    """What counts for one call at a moment.

    `refusal`: why this person or number is never called. `used_up`: a limit of the day is reached. `lines`: calls that
    take a line of the business, of `most_lines`; `outgoing`: those among them that we make. `is_on_the_line`: another
    call to the number is under way. `unknown_at`: when one was dialled of which nobody knows what became. `next_day`:
    when the business's next day begins. `useful_until`: a later call is of no use; None: any within `TOO_LATE` is.
    """

    asked_at: datetime
    refusal: Why | None
    used_up: bool
    has_minutes: bool
    lines: int
    outgoing: int
    most_lines: int
    today: int
    most_a_day: int
    to_person_today: int
    most_per_person: int
    is_on_the_line: bool
    unknown_at: datetime | None
    next_day: datetime
    useful_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """The person may be called now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: it is looked at again `until` then."""

    until: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Never:
    """The person is not called."""

    why: Why


def judge(facts: Facts, hours: Hours, *, now: datetime) -> Go | Wait | Never:
    """Returns whether a call may be made now. One that would have to wait too long isn't made."""
    verdict = _judge(facts, hours, now)
    last = facts.useful_until
    return Never(verdict.why) if isinstance(verdict, Wait) and last and verdict.until > last else verdict


def _judge(facts: Facts, hours: Hours, now: datetime) -> Go | Wait | Never:
    if facts.refusal:
        return Never(facts.refusal)
    if now - facts.asked_at >= TOO_LATE:
        return Never(Why.TOO_LATE)
    if why := hours.refusal(now):
        then = hours.next_moment(now)
        return Wait(then, why) if then else Never(Why.NEVER_OPEN)
    for is_so, why, until in _obstacles(facts, now):
        if is_so:
            return Wait(until, why)
    return Go()


def _obstacles(facts: Facts, now: datetime) -> Iterator[tuple[bool, Why, datetime]]:
    yield facts.used_up, Why.DAY_LIMIT, facts.next_day
    yield facts.today >= facts.most_a_day, Why.CALLS_TODAY, facts.next_day
    yield facts.to_person_today >= facts.most_per_person, Why.PERSON_TODAY, facts.next_day
    yield not facts.has_minutes, Why.NO_MINUTES, now + _LATER
    yield facts.is_on_the_line, Why.ONE_BEFORE, now + _SOON
    if facts.unknown_at is not None and now < facts.unknown_at + SETTLES_IN:
        yield True, Why.ONE_BEFORE, facts.unknown_at + SETTLES_IN
    yield not has_room(facts), Why.NO_LINE, now + _SOON


def has_room(facts: Facts) -> bool:
    """Returns whether there is a line for one more outgoing call: one stays free, and they take at most half."""
    return facts.lines + 1 < facts.most_lines and facts.outgoing < max(facts.most_lines // 2, 1)
