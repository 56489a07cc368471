"""Whether somebody whom WhatsApp did not remind of an appointment is called about it, and until when. Pure.

    of the reminders of one time            the person is called
    one has arrived                         never
    all failed, or could not be sent        as soon as it is a time for calls
    one is on its way                       so many hours before the appointment, or at the last time for calls before
    none that they were to get              never

What a person was not to get anyway (they had not agreed, or opted out) is nothing that WhatsApp failed to deliver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from businesses.messenger import Standing
from businesses.models import ReminderResult
from calls.outgoing.rules import Hours, Why

USEFUL: Final = timedelta(minutes=30)
"""Later than this before an appointment, a call is of no use."""
SETTLES_IN: Final = timedelta(minutes=15)
"""A telephone that is switched on has its message by then."""
_SWEPT_IN: Final = timedelta(minutes=30)
"""Surely: what is due is looked at more often."""
_NOT_TO_GET: Final = (ReminderResult.NOT_AGREED, ReminderResult.OPTED_OUT, ReminderResult.TOO_LATE)


class Reached(StrEnum):
    """Whether a reminder reached the person."""

    ARRIVED = "arrived"
    OPEN = "open"
    """It was sent, and may still arrive."""
    FAILED = "failed"
    """It was not delivered, or could not be sent."""
    NOT_TO_GET = "not_to_get"


@dataclass(frozen=True, slots=True)
class Reminded:
    """A reminder that was decided about `at` that time, and whether it reached the person."""

    at: datetime
    how: Reached


def reached(result: ReminderResult, standing: Standing | None, *, has_agreed: bool) -> Reached:
    """Returns whether a reminder reached the person. `standing`: of its message, if that is still kept.

    Where nothing could be sent, nobody has looked yet whether the person `has_agreed` to be reminded. Where no WhatsApp
    can be behind the number, they were not asked.
    """
    if result == ReminderResult.SENT:
        if standing is not None and standing.has_arrived:
            return Reached.ARRIVED
        return Reached.FAILED if standing is not None and standing.has_failed else Reached.OPEN
    if result in _NOT_TO_GET or not (has_agreed or result == ReminderResult.NO_NUMBER):
        return Reached.NOT_TO_GET
    return Reached.FAILED


def useful_until(starts_at: datetime) -> datetime:
    """Returns until when a call about an appointment is of use."""
    return starts_at - USEFUL


def may_need_a_call(reminders: Sequence[Reminded]) -> bool:
    """Returns whether none of the reminders has arrived, but one could have."""
    found = {each.how for each in reminders}
    return Reached.ARRIVED not in found and bool(found & {Reached.OPEN, Reached.FAILED})


def is_called_for(
    starts_at: datetime, reminders: Sequence[Reminded], hours: Hours, *, undelivered: timedelta, now: datetime
) -> bool:
    """Returns whether a call is to be asked for now. `undelivered`: so long before the start a message is given up."""
    last = useful_until(starts_at)
    if now > last or not may_need_a_call(reminders) or hours.refusal(now):
        return False
    on_their_way = [each.at for each in reminders if each.how is Reached.OPEN]
    if not on_their_way:
        return True
    if now < max(on_their_way) + SETTLES_IN:
        return False
    if now >= starts_at - undelivered:
        return True
    later = hours.next_moment(now + _SWEPT_IN)
    return later is None or later > last


def refusal(
    starts_at: datetime, reminders: Sequence[Reminded], *, is_as_it_was: bool, is_wanted: bool, now: datetime
) -> Why | None:
    """Returns why a call that was asked for is not made any more; None if it may be.

    `is_as_it_was`: the appointment is booked, at this time and for this number. `is_wanted`: the business still wants
    such calls.
    """
    if not is_as_it_was:
        return Why.CHANGED
    if not is_wanted:
        return Why.NOT_WANTED
    if any(each.how is Reached.ARRIVED for each in reminders):
        return Why.REMINDED
    return Why.TOO_NEAR if now > useful_until(starts_at) else None
