"""Whom callers can be put through to at a moment: a business's people and departments, their hours and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from businesses import hours
from businesses.models import Business
from businesses.prepared import Prepared
from businesses.tenancy import acting_for
from calls.models import ReachedWhen, TransferTarget

MOST_TARGETS: Final = 20
"""Of a business: the model reads all of them in each call."""
MOST_NUMBERS: Final = 5
"""Of one person or department."""
switched_on: Final = Prepared(lambda: TransferTarget.objects.filter(is_on=True)[:MOST_TARGETS])
"""What `reach_of` and `to_ring` ask of targets."""


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


@dataclass(frozen=True, slots=True)
class People:
    """What the model is told of people. `can_transfer`: there is somebody; None: if there is a fallback number.

    `unreached`: to whom this caller was put through already, in vain; "" for nobody by name.
    """

    can_transfer: bool | None = None
    reach: Reach = NOBODY
    unreached: tuple[str, ...] = ()


ANYBODY: Final = People()


def reach_of(business: Business, *, now: datetime) -> Reach:
    """Returns who can be reached. Expects the business to be set."""
    here = reached(_switched_on(business), business, now=now)
    return Reach(
        now=tuple(_named(target) for target, is_reached in here if is_reached),
        later=tuple(_named(target) for target, is_reached in here if not is_reached),
    )


def to_ring(business: Business, name: str, *, now: datetime) -> TransferTarget | None:
    """Returns who is rung for a caller who wants `name`, or whoever is first if that is ""; None for nobody."""
    here = reached(_switched_on(business), business, now=now)
    return next((target for target, is_reached in here if is_reached and name in ("", target.name)), None)


def reached(
    targets: Iterable[TransferTarget], business: Business, *, now: datetime
) -> list[tuple[TransferTarget, bool]]:
    """Returns each target with whether it may be rung now. Who follows hours that nobody has written always may."""
    targets = [each for each in targets if each.numbers]
    is_open = True
    if any(each.reached_when == ReachedWhen.OPEN for each in targets):
        standing = hours.standing(business, now)
        is_open = standing is None or standing.is_open
    local = now.astimezone(ZoneInfo(business.time_zone))
    return [(each, is_reached_at(each, local, is_open=is_open)) for each in targets]


def is_reached_at(target: TransferTarget, local: datetime, *, is_open: bool = True) -> bool:
    """Returns whether a target may be rung at a time of the business's own clock. `is_open`: the business is."""
    if target.reached_when == ReachedWhen.ALWAYS:
        return True
    if target.reached_when == ReachedWhen.OPEN:
        return is_open
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
    with acting_for(business):
        return switched_on.rows()


def _named(target: TransferTarget) -> Somebody:
    return Somebody(target.name, target.about)
