"""Whom callers can be put through to at a moment: a business's people and departments, their hours and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from businesses.models import Business
from calls.models import ReachedWhen, TransferTarget

MOST_TARGETS: Final = 20
"""Of a business: the model reads all of them in each call."""
MOST_NUMBERS: Final = 5
"""Of one person or department."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person or department, as the model is told of them. `about`: what they help with, in the business's words."""

    name: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom the assistant may put callers through to, in the business's order, and who can't be reached at this time."""

    now: tuple[Somebody, ...] = ()
    later: tuple[Somebody, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anybody is named at all."""
        return bool(self.now or self.later)


NOBODY: Final = Reach()


def reach_of(business: Business, *, now: datetime) -> Reach:
    """Returns who can be reached. Expects the business to be set."""
    here = [each for each in _switched_on(business) if each.numbers]
    open_now = {each.pk: is_reached_at(each, _local(business, now)) for each in here}
    return Reach(
        now=tuple(_named(each) for each in here if open_now[each.pk]),
        later=tuple(_named(each) for each in here if not open_now[each.pk]),
    )


def to_ring(business: Business, name: str, *, now: datetime) -> TransferTarget | None:
    """Returns who is rung for a caller who wants `name`, or whoever is first if that is ""; None for nobody."""
    local = _local(business, now)
    here = [each for each in _switched_on(business) if each.numbers and is_reached_at(each, local)]
    return next((each for each in here if name in ("", each.name)), None)


def is_reached_at(target: TransferTarget, local: datetime) -> bool:
    """Returns whether a target may be rung at a time of the business's own clock."""
    if target.reached_when == ReachedWhen.ALWAYS:
        return True
    begins, ends = target.from_time, target.until_time
    if begins is None or ends is None or begins == ends:
        return _is_day(target, local.weekday())
    if begins < ends:
        return begins <= local.time() < ends and _is_day(target, local.weekday())
    if local.time() >= begins:  # until after midnight
        return _is_day(target, local.weekday())
    return local.time() < ends and _is_day(target, (local.weekday() - 1) % 7)


def _is_day(target: TransferTarget, weekday: int) -> bool:
    return not target.weekdays or str(weekday) in target.weekdays


def _switched_on(business: Business) -> list[TransferTarget]:
    return list(TransferTarget.objects.filter(business=business, is_on=True)[:MOST_TARGETS])


def _local(business: Business, now: datetime) -> datetime:
    return now.astimezone(ZoneInfo(business.time_zone))


def _named(target: TransferTarget) -> Somebody:
    return Somebody(target.name, target.about)
