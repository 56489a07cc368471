"""Telling when the business is open on other days: are you open on Friday the fourth?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses.hours import has_hours, hours_of
from calls import facts
from calls.tools.kinds import Context, Outcome, Tool, ToolRefused

MOST_DAYS: Final = 14
FARTHEST: Final = timedelta(days=2 * 366)


class Days(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which days are asked about."""

    first_day: Annotated[date, msgspec.Meta(description="The day, like 2026-12-04.")]
    days: Annotated[int, msgspec.Meta(description="How many days from it on.", ge=1, le=MOST_DAYS)] = 1


def tell(context: Context, asked: Days) -> Outcome:
    """Tell the hours of days, as the wall clock shows them. Refuses days that are over or years away."""
    today = context.now.astimezone(ZoneInfo(context.business.time_zone)).date()
    if not today - timedelta(days=1) <= asked.first_day <= today + FARTHEST:
        raise ToolRefused("no_such_day", {"today": today.isoformat(), "say": "Ask the caller which day they mean."})
    hours = hours_of(context.business, since=asked.first_day)
    if hours is None:
        raise ToolRefused("unknown", {"say": "It is not known. Say so, and do not guess."})
    told = []
    for day in (asked.first_day + timedelta(days=ahead) for ahead in range(asked.days)):
        special = hours.special_of(day)
        why = {"because": special.name} if special and special.name else {}
        told.append({"day": facts.day_named(day), "hours": facts.day_hours(hours.wall_intervals(day)), **why})
    return Outcome("told", {"days": told})


TOOL = Tool(
    name="opening_hours",
    title=_("Opening hours of other days"),
    help_text=_("The assistant looks up when you are open on a day that a caller names, with exceptions and holidays."),
    description=(
        "Look up when the business is open on a day. Use it for days that are not told to you above, "
        "and whenever a caller names a date."
    ),
    arguments=Days,
    run=tell,
    outcomes={"told": _("Hours told"), "no_such_day": _("No such day"), "unknown": _("Hours not known")},
    is_offered=has_hours,
    changes_nothing=True,
    is_on_at_first=True,
)
