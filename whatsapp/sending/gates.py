"""Whether a running broadcast may send at this moment, and if not, why it must pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from businesses import usage
from businesses.models import DailyLimits
from whatsapp.broadcasts import categories
from whatsapp.broadcasts.schedule import Window, opens_at
from whatsapp.models import Broadcast, WindowZone
from whatsapp.people.phone_numbers import zone_of
from whatsapp.reasons import Cause, Reason, reason
from whatsapp.sending import day_limits, quota
from whatsapp.sending.quota import PeopleGauge
from whatsapp.states import PauseReason
from whatsapp.template_variables import unfillable_part

UNLIMITED = 1_000_000
TEMPLATE_LOOK = timedelta(minutes=15)
"""How often to check whether a template's pause has ended, after the expected time: Meta's second lasts 6 h, not 3."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A broadcast must pause. With `resume_at` it resumes automatically."""

    reason: PauseReason
    because: Reason | None = None
    resume_at: datetime | None = None


def room_for(
    broadcast: Broadcast, gauge: PeopleGauge, now: datetime, *, limits: DailyLimits | None = None
) -> int | Closed:
    """Returns how many messages may leave at most, given the template, hours, trial and 24-hour limit.

    `limits`: those of the business's day, if the caller has read them.
    """
    shut = closed(broadcast, now)
    if shut:
        return shut
    today = day_limits.read(broadcast.business, now, limits=limits)
    if today.because:
        return Closed(PauseReason.DAY_LIMIT, today.because, usage.next_day(broadcast.business, now))
    trial = quota.trial_left(broadcast)
    if trial == 0:
        return Closed(PauseReason.CANARY_REVIEW)
    people = gauge.read(broadcast.sender, now)
    if people == 0:
        because = reason(Cause.PEOPLE_LIMIT, limit=broadcast.sender.messaging_limit or 0)
        return Closed(PauseReason.QUOTA_24H, because, quota.goes_on_at(broadcast, now))
    return min(UNLIMITED if limit is None else limit for limit in (trial, people, today.left))


def closed(broadcast: Broadcast, now: datetime) -> Closed | None:
    """Returns why nothing of this broadcast may leave now; None if it may."""
    if not broadcast.sender.is_proved:
        is_disconnected = broadcast.sender.cause == Cause.DISCONNECTED
        return Closed(PauseReason.ACCOUNT, reason(Cause.DISCONNECTED if is_disconnected else Cause.NOT_PROVED))
    if shut := closed_by_template(broadcast, now):
        return shut
    window = window_of(broadcast)
    if window and broadcast.window_zone == WindowZone.BUSINESS:
        resume_at = opens_at(now, window, broadcast.business.time_zone)
        if resume_at:
            return Closed(PauseReason.WINDOW, resume_at=resume_at)
    return None


def closed_by_template(broadcast: Broadcast, now: datetime) -> Closed | None:
    """Returns why its template, as the provider has it now, can't be sent as the broadcast has it; None if it can."""
    if part := unfillable_part(broadcast.template_components):
        return Closed(PauseReason.TEMPLATE, reason(Cause.TEMPLATE_UNFILLABLE, part=part))
    template = broadcast.template
    if not template.can_be_sent:
        because = reason(Cause.TEMPLATE_STATUS, status=template.status, words=template.status_detail)
        until = template.paused_until
        return Closed(PauseReason.TEMPLATE, because, until and max(until, now + TEMPLATE_LOOK))
    if template.content_hash != broadcast.template_hash:
        return Closed(PauseReason.TEMPLATE, reason(Cause.TEMPLATE_CHANGED))
    if categories.has_moved(broadcast):
        return Closed(PauseReason.CATEGORY, categories.why(broadcast))
    return None


def person_reachable_at(broadcast: Broadcast, address: str, now: datetime) -> datetime | None:
    """Returns when the sending hours begin by this person's clock; None if it is within them now."""
    window = window_of(broadcast)
    if window is None or broadcast.window_zone != WindowZone.RECIPIENT:
        return None
    return opens_at(now, window, zone_of(address) or broadcast.business.time_zone)


def window_of(broadcast: Broadcast) -> Window | None:
    """Returns the hours in which messages of this broadcast may leave; None for any hour."""
    if broadcast.send_from is None or broadcast.send_until is None:
        return None
    return Window(broadcast.send_from, broadcast.send_until)
